/** Requests to the service: one place that builds them, sends them, and says how they ended. */

const PATH = /^\/api\/v1\/[\w.~%:@/-]+$/;
const METHODS = ['GET', 'POST', 'DELETE'];

/** Characters: Google refuses longer addresses. */
const URL_MAX = 2000;

/**
 * Sends one request to the service. Whatever the service or the network does, this returns it and does not throw.
 *
 * @param {ServiceRequest} request
 * @return {ServiceReply}
 */
function sidebarCall(request) {
  const settings = settings_();
  if (!settings.service_url || !settings.connection) {
    return notAsked_('not_set_up', error_('not_set_up', 'This spreadsheet is not connected to a service yet.',
      'Choose “Set up…” in the menu Credits. The admin knows the address and the name of the connection.'));
  }
  const wrong = problemOfRequest_(request, settings);
  if (wrong) {
    return notAsked_('refused', wrong);
  }
  const token = ScriptApp.getIdentityToken();
  if (!token) {
    return notAsked_('not_set_up', error_('no_identity', 'Google does not say who you are.',
      'Reload the spreadsheet and allow the add-on again. With several Google accounts open, see “Help and about”.'));
  }
  return send_(settings.service_url, request, token);
}

/**
 * @param {ServiceRequest} request
 * @param {{service_url: string}} settings
 * @return {ServiceError|null}
 */
function problemOfRequest_(request, settings) {
  const path = request && request.path;
  if (typeof path !== 'string' || !PATH.test(path) || /\/\.{0,2}(\/|$)|%2e|%2f|%5c/i.test(path)) {
    return error_('usage', `“${path}” is not a path of the service.`, 'Paths start with /api/v1/.');
  }
  if (METHODS.indexOf(request.method) < 0) {
    return error_('usage', `“${request.method}” is not a method of the service.`, `It takes ${METHODS.join(', ')}.`);
  }
  const length = address_(settings.service_url, request).length;
  return length <= URL_MAX ? null : error_('usage', `The address of the request has ${length} characters.`,
    `Google allows ${URL_MAX}. Ask for less at once.`);
}

/**
 * @param {string} base
 * @param {ServiceRequest} request
 * @return {string}
 */
function address_(base, request) {
  const query = request.query || {};
  const parts = Object.keys(query)
    .filter((name) => query[name] !== null && query[name] !== undefined)
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(String(query[name]))}`);
  return base + request.path + (parts.length ? `?${parts.join('&')}` : '');
}

/**
 * @param {string} base
 * @param {ServiceRequest} request
 * @param {string} token
 * @return {ServiceReply}
 */
function send_(base, request, token) {
  const id = Utilities.getUuid();
  const key = request.method === 'POST' ? request.key || Utilities.getUuid() : '';
  if (request.method === 'POST') {
    SpreadsheetApp.flush(); // so that the service reads the cell that was typed last
  }
  const options = options_(request, { token, id, key });
  let response;
  try {
    response = UrlFetchApp.fetch(address_(base, request), options);
  } catch (failure) {
    return keyed_(unanswered_(failure, id), key);
  }
  return keyed_(understood_(response, id), key);
}

/**
 * @param {ServiceReply} reply
 * @param {string} key
 * @return {ServiceReply}
 */
function keyed_(reply, key) {
  return key ? Object.assign(reply, { key }) : reply;
}

/**
 * @param {ServiceRequest} request
 * @param {{token: string, id: string, key: string}} given
 * @return {GoogleAppsScript.URL_Fetch.URLFetchRequestOptions}
 */
function options_(request, given) {
  const headers = {
    Authorization: `Bearer ${given.token}`,
    'X-Sheetsync-Spreadsheet': SpreadsheetApp.getActiveSpreadsheet().getId(),
    'X-Request-Id': given.id,
  };
  if (given.key) {
    headers['Idempotency-Key'] = given.key;
  }
  const options = {
    method: /** @type {GoogleAppsScript.URL_Fetch.HttpMethod} */ (request.method.toLowerCase()),
    headers,
    muteHttpExceptions: true,
    followRedirects: false, // the token is for the address that was set, and for no other
  };
  return Object.assign(options, content_(request));
}

/**
 * @param {ServiceRequest} request
 * @return {GoogleAppsScript.URL_Fetch.URLFetchRequestOptions}
 */
function content_(request) {
  if (request.file) {
    return { payload: form_(request.file) };
  }
  if (request.method !== 'POST') {
    return {};
  }
  return { contentType: 'application/json', payload: JSON.stringify(request.body || {}) };
}

/**
 * Returns the parts of a form with a file; Google sends a form that holds a blob as multipart.
 *
 * @param {CsvFile} file
 * @return {Object<string, *>}
 */
function form_(file) {
  const form = { file: Utilities.newBlob(file.text, 'text/csv', file.name || 'import.csv') };
  for (const name of Object.keys(file)) {
    const value = file[name];
    if (name !== 'name' && name !== 'text' && value !== null && value !== undefined && value !== '') {
      form[name] = typeof value === 'object' ? JSON.stringify(value) : String(value);
    }
  }
  return form;
}
