/** History: what was done, by whom, and how it ended. */

const HISTORY_LISTED = 20;

/** Shows the selected user's changes, or the last runs where not exactly one row is selected. */
function showHistory() {
  act_(() => {
    const ids = sidebarSelection().account_ids;
    if (ids.length === 1) {
      tellUser_(ids[0]);
    } else {
      tellRuns_();
    }
  });
}

/** Shows the last runs. */
function tellRuns_() {
  const { runs } = ask_('GET', ofConnection_('runs'), { query: { limit: HISTORY_LISTED } });
  const lines = runs.map(runLine_);
  tell_('The last runs', lines.length ? lines.concat('', 'Select one row for the changes of its user.') : ['Nothing was done yet.']);
}

/**
 * Shows a user's last changes.
 *
 * @param {string} accountId
 */
function tellUser_(accountId) {
  const query = { limit: HISTORY_LISTED, account_id: accountId };
  const { operations } = ask_('GET', ofConnection_('history'), { query });
  const lines = operations.map((each) => {
    const when = each.sent_at ? moment_(each.sent_at) : 'not sent';
    const message = each.message ? `: ${each.message}` : '';
    return `${when}  ${each.action}, ${String(each.status).replace(/_/g, ' ')}, by ${String(each.actor).replace(/^\w+:/, '')}${message}`;
  });
  tell_(`The last changes of user ${accountId}`, lines.length ? lines : ['Nothing was changed from here yet.']);
}
