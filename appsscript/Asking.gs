/** How the menu asks the service: like the sidebar, but it waits for the end and throws what went wrong. */

/** Times that a request without an answer is sent; a repeat carries the same key and is not done twice. */
const ATTEMPTS = 3;
const AGAIN_MS = 2000;

/** The first pause before a look at a run; each is twice the one before: seven requests in a minute. */
const LOOK_FIRST_MS = 1000;
const LOOK_LAST_MS = 32000;

/**
 * Asks the service.
 *
 * @param {string} method
 * @param {string} path Below /api/v1/.
 * @param {{query?: Object, body?: Object, key?: string, file?: CsvFile}} [options]
 * @return {*} The reply's body.
 * @throws {Error} With the reply in `reply`, unless the service did it.
 */
function ask_(method, path, options) {
  const request = Object.assign({ method, path: `/api/v1/${path}`, key: Utilities.getUuid() }, options);
  let reply = sidebarCall(request);
  for (let attempt = 1; attempt < ATTEMPTS && isUnanswered_(reply); attempt++) {
    Utilities.sleep(AGAIN_MS);
    reply = sidebarCall(request);
  }
  if (!reply.ok) {
    throw refusal_(reply);
  }
  return reply.body;
}

/**
 * @param {ServiceReply} reply
 * @return {boolean}
 */
function isUnanswered_(reply) {
  return reply.kind === 'timeout' || reply.kind === 'unreachable';
}

/**
 * Returns the path of something of this spreadsheet's connection.
 *
 * @param {string} rest
 * @return {string}
 */
function ofConnection_(rest) {
  return `connections/${encodeURIComponent(settings_().connection)}${rest && `/${rest}`}`;
}

/**
 * Starts a run and waits for its end, but not for ever: the service goes on by itself.
 *
 * @param {string} path Of the connection.
 * @param {string} words What is going on.
 * @param {{body?: Object, key?: string, file?: CsvFile}} options
 * @return {Run} As it was when we looked last.
 */
function carryOut_(path, words, options) {
  toast_(`${words} …`);
  return follow_(ask_('POST', ofConnection_(path), options), words);
}

/**
 * Waits for a run's end, with growing pauses.
 *
 * @param {Run} run
 * @param {string} words
 * @return {Run}
 */
function follow_(run, words) {
  let found = run;
  for (let pause = LOOK_FIRST_MS; !found.ended_at && pause <= LOOK_LAST_MS; pause *= 2) {
    Utilities.sleep(pause);
    found = ask_('GET', `runs/${run.run}`, { query: { rows: 'none' } });
    toast_(`${words}: ${progress_(found)}`);
  }
  return found;
}

/**
 * Returns the result of a request that is answered with it, or with a run where it takes long.
 *
 * @param {string} path Of the connection.
 * @param {string} words
 * @param {Object} body
 * @return {*}
 */
function result_(path, words, body) {
  toast_(`${words} …`);
  const found = ask_('POST', ofConnection_(path), { body });
  if (!found.state) {
    return found;
  }
  const run = follow_(found, words);
  if (run.ended_at && run.state === 'done') {
    return run.result;
  }
  throw refusal_(unfinished_(run));
}

/**
 * Returns a run that did not end well as a reply.
 *
 * @param {Run} run
 * @return {Failed}
 */
function unfinished_(run) {
  const told = run.result && run.result.error;
  const error = told || (run.ended_at
    ? error_('interrupted', `It ended without a result (${run.state}).`, 'Choose the same entry again.')
    : error_('busy', `It goes on: ${progress_(run)}.`, 'Open the sidebar, which shows how it ends, or look at History later.'));
  return { ok: false, kind: 'refused', status: 0, error, request_id: (error.details || {}).request_id || '' };
}

/**
 * @param {Failed} reply
 * @return {Error & {reply: Failed}}
 */
function refusal_(reply) {
  return Object.assign(new Error(reply.error.message), { reply });
}

/**
 * Does what a menu entry stands for: set up first where nothing is, and whatever goes wrong is said with what to do.
 *
 * @param {function(): void} work
 */
function act_(work) {
  if (!settings_().service_url) {
    setUp();
    return;
  }
  try {
    work();
  } catch (problem) {
    if (!problem.reply) {
      throw problem;
    }
    tellProblem_(problem.reply);
  }
}
