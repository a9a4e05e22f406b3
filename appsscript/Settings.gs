/** Where the service is and which connection this spreadsheet uses: one answer for everybody who works in it. */

const SERVICE_URL_PROPERTY = 'service_url';
const CONNECTION_PROPERTY = 'connection';

/** Hosts that plain http may go to: they never leave the machine. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/;
const ENCRYPTED = /^https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[\w.~-]+)*$/;
const CONNECTION_NAME = /^[\w-]{1,64}$/;

/**
 * Returns the settings; empty texts before the first setting.
 *
 * @return {{service_url: string, connection: string}}
 */
function settings_() {
  const kept = PropertiesService.getDocumentProperties().getProperties();
  return {
    service_url: kept[SERVICE_URL_PROPERTY] || '',
    connection: kept[CONNECTION_PROPERTY] || '',
  };
}

/**
 * Keeps the settings of this spreadsheet. Asks nobody.
 *
 * @param {{service_url: string, connection: string}} wanted
 * @return {{ok: boolean, error?: ServiceError}} What is wrong with them, if anything is; then nothing is kept.
 */
function sidebarSetUp(wanted) {
  const url = String((wanted && wanted.service_url) || '').trim().replace(/\/+$/, '');
  const connection = String((wanted && wanted.connection) || '').trim();
  const wrong = problemOfAddress_(url) || problemOfConnection_(connection);
  if (wrong) {
    return { ok: false, error: wrong };
  }
  /** @type {Object<string, string>} */
  const kept = {};
  kept[SERVICE_URL_PROPERTY] = url.replace(/^https?:\/\/[^/]+/i, (start) => start.toLowerCase());
  kept[CONNECTION_PROPERTY] = connection;
  PropertiesService.getDocumentProperties().setProperties(kept);
  return { ok: true };
}

/**
 * @param {string} url
 * @return {ServiceError|null}
 */
function problemOfAddress_(url) {
  const host = url.replace(/^https?:\/\/[^/]+/i, (start) => start.toLowerCase());
  if (ENCRYPTED.test(host) || LOOPBACK.test(host)) {
    return null;
  }
  if (/^http:/i.test(url)) {
    return error_('usage', `The service's address must start with https://, and “${url}” does not.`,
      'What you type and your identity travel there. Ask the admin for the https address.');
  }
  return error_('usage', `“${url}” is not the address of a service.`,
    'It looks like https://sheetsync.example.org, without a path of a page and without a question mark.');
}

/**
 * @param {string} connection
 * @return {ServiceError|null}
 */
function problemOfConnection_(connection) {
  return CONNECTION_NAME.test(connection) ? null : error_('usage', `“${connection}” is not the name of a connection.`,
    'It is the word after “connections.” in sheetsync.toml, such as shop. Ask the admin.');
}
