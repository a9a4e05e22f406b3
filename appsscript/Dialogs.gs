/**
 * Questions and answers. A dialog's button says what it does. With several Google accounts in one browser, Google lets no page
 * call the script: whoever's dialog never reported back gets plain questions instead, for which no page is needed.
 */

const DIALOG_PROPERTY = 'dialog';
const DIALOG_WIDTH = 420;

/** Milliseconds after which a dialog that did not report back is taken for one that cannot. */
const REPORTS_WITHIN_MS = 3000;

/** Milliseconds for which it stays that way: then it is tried again. */
const PLAIN_FOR_MS = 12 * 3600 * 1000;

/**
 * Says something for a moment.
 *
 * @param {string} text
 */
function toast_(text) {
  SpreadsheetApp.getActiveSpreadsheet().toast(text, MENU, 8);
}

/**
 * Shows something that stays until it is closed.
 *
 * @param {string} title
 * @param {string[]} lines
 */
function tell_(title, lines) {
  const ui = SpreadsheetApp.getUi();
  ui.alert(title, lines.join('\n'), ui.ButtonSet.OK);
}

/**
 * Shows what went wrong, and what to do.
 *
 * @param {Failed} reply
 */
function tellProblem_(reply) {
  const lines = [reply.error.hint];
  if (reply.error.code === 'unauthenticated') {
    lines.push(`The script's client id, for auth.google_audiences of the service: ${identity_().client_id}`);
  }
  if (reply.request_id) {
    lines.push(`Request ${reply.request_id}`);
  }
  tell_(reply.error.message, lines.filter((line) => line));
}

/**
 * Asks before something is done, and does it.
 *
 * @param {Question} question
 */
function confirm_(question) {
  if (!isPlain_()) {
    openDialog_(question);
    return;
  }
  const ui = SpreadsheetApp.getUi();
  const lines = question.lines.concat('', `Yes: ${question.verb}. No: nothing is done.`);
  if (ui.alert(`${question.verb}?`, [question.title].concat(lines).join('\n'), ui.ButtonSet.YES_NO) === ui.Button.YES) {
    const run = ACTS[question.act](question.given, Utilities.getUuid());
    ended_(follow_(run, question.verb), question.verb);
  }
}

/**
 * @param {Question} question
 */
function openDialog_(question) {
  PropertiesService.getUserProperties().setProperty(DIALOG_PROPERTY, JSON.stringify({ opened_ms: Date.now() }));
  const values = { question: Object.assign({ key: Utilities.getUuid(), email: identity_().email }, question) };
  const page = page_('Confirm', values).setWidth(DIALOG_WIDTH).setHeight(180 + 22 * Math.min(question.lines.length, 12));
  SpreadsheetApp.getUi().showModalDialog(page, MENU);
}

/** @return {boolean} Whether this person gets plain questions. */
function isPlain_() {
  const kept = parsed_(PropertiesService.getUserProperties().getProperty(DIALOG_PROPERTY) || 'null');
  const age = kept ? Date.now() - kept.opened_ms : 0;
  return Boolean(kept) && age > REPORTS_WITHIN_MS && age < PLAIN_FOR_MS;
}

/**
 * Called by a dialog as soon as it is there: it works. Unless it works as somebody else than the menu, which Google does
 * with several accounts open; then the person is told, and gets plain questions next time.
 *
 * @param {string} email As whom the menu ran.
 * @return {{same: boolean, email: string}}
 */
function dialogReady(email) {
  const now = identity_().email;
  const same = now === email;
  if (same) {
    PropertiesService.getUserProperties().deleteProperty(DIALOG_PROPERTY);
  }
  return { same, email: now };
}

/**
 * Called by a dialog's button. The run goes on in the service; the sidebar shows it.
 *
 * @param {{act: string, given: Object, key: string, email: string}} answer
 * @return {{ok: boolean, error?: ServiceError, request_id?: string}}
 */
function dialogConfirmed(answer) {
  if (!dialogReady(answer.email).same || !Object.prototype.hasOwnProperty.call(ACTS, answer.act)) {
    return { ok: false, error: error_('other_account', 'This window works as another Google account.', 'Close it and choose again.') };
  }
  try {
    ACTS[answer.act](answer.given, answer.key);
    openSidebar();
    return { ok: true };
  } catch (problem) {
    if (!problem.reply) {
      throw problem;
    }
    return { ok: false, error: problem.reply.error, request_id: problem.reply.request_id };
  }
}

/**
 * Says how a run ended: briefly if nobody has to look at anything.
 *
 * @param {Run} run
 * @param {string} words
 */
function ended_(run, words) {
  if (!run.ended_at || run.state === 'failed') {
    tellProblem_(unfinished_(run));
    return;
  }
  const counts = (run.result && run.result.counts) || run.counts || {};
  const sentence = `${words}: ${counted_(counts)}.`;
  if (run.state === 'done' && !Object.keys(ATTENTION).some((name) => counts[name])) {
    toast_(sentence);
  } else {
    tell_(run.state === 'done' ? 'Some rows need you' : `It ended early (${run.state})`,
      [sentence, 'The column Message says why, row by row. “Verify” looks again and sends nothing.']);
  }
}
