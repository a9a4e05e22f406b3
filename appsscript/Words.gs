/** Sentences for people: numbers first, a word for every status, and always which system it is. */

/** Row statuses of what a plan would send, once a second person agreed where that is needed. */
const PLANNED = ['edited', 'awaiting_approval'];

/** Row statuses that somebody has to look at, in the words of the tab. */
const ATTENTION = {
  invalid: 'Invalid',
  conflict: 'Conflict',
  rejected: 'Rejected',
  not_applied: 'Not applied',
  confirmation_required: 'Confirmation Required',
  already_sent: 'Already sent',
};

/** Rows that are listed; the others are counted. */
const ROWS_LISTED = 30;

/**
 * @param {number} number
 * @param {string} noun Such as `change`.
 * @return {string} Such as `1,204 changes`.
 */
function many_(number, noun) {
  return `${grouped_(String(number))} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * Returns an amount with a comma between thousands. Amounts stay texts: no number of the machine ever holds one.
 *
 * @param {string} amount Such as `1250.00`.
 * @return {string}
 */
function grouped_(amount) {
  const [whole, fraction] = amount.split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}

/**
 * @param {{connection: string, environment: string}} about
 * @return {string} Such as `shop · LIVE`.
 */
function place_(about) {
  return `${about.connection} · ${about.environment === 'live' ? 'LIVE' : 'SANDBOX'}`;
}

/**
 * @param {Plan} plan
 * @return {Array<PlanRow>} What a push of it sends.
 */
function sendable_(plan) {
  return plan.rows.filter((row) => PLANNED.indexOf(row.status) >= 0);
}

/**
 * @param {Plan} plan
 * @return {boolean} Whether it is over the approval limit.
 */
function needsApproval_(plan) {
  return plan.rows.some((row) => row.status === 'awaiting_approval');
}

/**
 * @param {Plan} plan
 * @return {string} Such as `41 changes: +1,250 credits, 4 resets`.
 */
function summary_(plan) {
  const parts = totals_(plan.totals);
  const rows = sendable_(plan);
  const resets = rows.filter((row) => row.action === 'reset').length;
  return `${many_(rows.length, 'change')}: ${parts.concat(resets ? [many_(resets, 'reset')] : []).join(', ')}`;
}

/**
 * @param {Plan['totals']} totals
 * @return {string[]}
 */
function totals_(totals) {
  return Object.keys(totals).map((unit) => {
    const { added, removed } = totals[unit];
    const signed = [['+', added], ['−', removed]].filter(([, amount]) => /[1-9]/.test(amount))
      .map(([sign, amount]) => sign + grouped_(amount));
    return `${signed.join(' and ') || '±0'} ${unit.replace(/_/g, ' ')}`;
  });
}

/**
 * Returns what a person should know about a plan beside its totals.
 *
 * @param {Plan} plan
 * @param {string[]} warnings
 * @return {string[]}
 */
function remarks_(plan, warnings) {
  const rows = plan.rows.filter((row) => row.status in ATTENTION);
  const hidden = plan.hidden ? [`${many_(plan.hidden, 'changed row')} hidden by your filter: left out.`] : [];
  const head = rows.length ? [`${many_(rows.length, 'row')} not sent, because somebody has to look:`] : [];
  return plan.over_limits.concat(hidden, warnings, head, listed_(rows));
}

/**
 * @param {Charge[]} charges
 * @return {string[]} Whom a plan charges, and what: such as `Charges user 7: 19.99 EUR`.
 */
function charged_(charges) {
  const lines = charges.slice(0, ROWS_LISTED).map((each) => `Charges user ${each.account_id}: ${each.charge}`);
  return charges.length > ROWS_LISTED ? lines.concat(`… and ${charges.length - ROWS_LISTED} more; see the column Invoice preview.`) : lines;
}

/**
 * @param {Array<PlanRow>} rows
 * @return {string[]}
 */
function listed_(rows) {
  const lines = rows.slice(0, ROWS_LISTED).map((row) => {
    const where = row.row ? `Row ${row.row}, user` : 'User';
    return `${where} ${row.account_id}: ${ATTENTION[row.status]}. ${row.message}`;
  });
  return rows.length > ROWS_LISTED ? lines.concat(`… and ${many_(rows.length - ROWS_LISTED, 'more row')}; see the column Message.`) : lines;
}

/**
 * @param {Run} run
 * @return {string} Such as `12 of 41`.
 */
function progress_(run) {
  const done = run.total === null ? String(run.done) : `${run.done} of ${run.total}`;
  return run.ended_at ? `${done}, ended` : `${done} so far`;
}

/**
 * @param {Object<string, number>} counts
 * @return {string} Such as `38 confirmed, 3 confirmation required`.
 */
function counted_(counts) {
  const parts = Object.keys(counts).filter((name) => counts[name]);
  return parts.map((name) => `${counts[name]} ${name.replace(/_/g, ' ')}`).join(', ') || 'nothing to do';
}

/**
 * Returns a moment as the spreadsheet's people read it.
 *
 * @param {string} text ISO 8601.
 * @return {string}
 */
function moment_(text) {
  const zone = SpreadsheetApp.getActiveSpreadsheet().getSpreadsheetTimeZone();
  return Utilities.formatDate(new Date(text), zone, 'yyyy-MM-dd HH:mm');
}
