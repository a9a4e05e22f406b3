/** How a request ended: done, refused, or without an answer. These are kept apart: only a refusal did nothing for sure. */

/** Answers of machines between Google and the service, not of the service. */
const GATEWAY_STATUSES = [502, 503, 504];

/**
 * Returns an answer as a reply.
 *
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 * @param {string} id Of the request.
 * @return {ServiceReply}
 */
function understood_(response, id) {
  const status = response.getResponseCode();
  const body = contentType_(response) === 'text/csv' ? file_(response) : parsed_(response.getContentText());
  const told = body && body.error;
  if (status >= 200 && status < 300 && body) {
    return { ok: true, status, body, request_id: id };
  }
  if (told && told.code && told.message) {
    const error = error_(told.code, told.message, told.hint || '', told.details);
    return { ok: false, kind: 'refused', status, error, request_id: id };
  }
  return strange_(response, status, id);
}

/**
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 * @return {string} Such as `application/json`.
 */
function contentType_(response) {
  return header_(response, 'content-type').split(';')[0].trim().toLowerCase();
}

/**
 * Returns a file that the service sent to be saved.
 *
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 * @return {{name: string, text: string}}
 */
function file_(response) {
  const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(header_(response, 'content-disposition'));
  return { name: named ? decodeURIComponent(named[1]) : 'results.csv', text: response.getContentText() };
}

/**
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 * @param {string} name In small letters.
 * @return {string}
 */
function header_(response, name) {
  const headers = /** @type {Object<string, *>} */ (response.getHeaders());
  const found = Object.keys(headers).find((each) => each.toLowerCase() === name);
  return found ? String(headers[found]) : '';
}

/**
 * Returns an answer that is not the service's.
 *
 * @param {GoogleAppsScript.URL_Fetch.HTTPResponse} response
 * @param {number} status
 * @param {string} id
 * @return {Failed}
 */
function strange_(response, status, id) {
  if (status === 504) {
    return { ok: false, kind: 'timeout', status, error: late_(), request_id: id };
  }
  const hint = GATEWAY_STATUSES.indexOf(status) >= 0 ? 'The service may be starting. Try again in a minute.'
    : 'The admin compares the address in “Set up…” with the one that sheetsync serve answers at.';
  const error = error_('unreachable', `Something answered with ${status}, but it is not the service.`, hint);
  return { ok: false, kind: 'unreachable', status, error, request_id: id };
}

/**
 * Returns a failure of the fetch itself as a reply. Google tells them apart by their words only.
 *
 * @param {*} failure
 * @param {string} id
 * @return {Failed}
 */
function unanswered_(failure, id) {
  const words = String((failure && failure.message) || failure);
  if (/time(d)?[ -]?out|deadline/i.test(words)) {
    return { ok: false, kind: 'timeout', status: 0, error: late_(), request_id: id };
  }
  const daily = /too many times for one day|bandwidth quota|quota exceeded/i.test(words);
  const error = daily
    ? error_('google_quota', 'Google allows this account no more requests today.', 'Go on in the console, or tomorrow.')
    : error_('unreachable', 'The service cannot be reached from Google.',
      `Try again in a minute. If it stays, show the admin these words: ${words.replace(/[?&][^ ]*/g, '')}`);
  return { ok: false, kind: 'unreachable', status: 0, error, request_id: id };
}

/** @return {ServiceError} */
function late_() {
  return error_('timeout', 'The service took too long to answer. It may have done what was asked, or not.',
    'Press the same button again: it is recognised and not done twice.');
}

/**
 * @param {Failed['kind']} kind
 * @param {ServiceError} error
 * @return {Failed}
 */
function notAsked_(kind, error) {
  return { ok: false, kind, status: 0, error, request_id: '' };
}

/**
 * @param {string} code
 * @param {string} message
 * @param {string} hint
 * @param {Object<string, *>} [details]
 * @return {ServiceError}
 */
function error_(code, message, hint, details) {
  return { code, message, hint, details: details || {} };
}

/**
 * @param {string} text
 * @return {*} The JSON, or null.
 */
function parsed_(text) {
  try {
    return JSON.parse(text);
  } catch (notJson) {
    return null;
  }
}
