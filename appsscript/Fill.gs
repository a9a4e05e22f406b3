/** Set action: for rows that hold an amount, or an overtyped balance, and no action. */

const FILL_ACTIONS = ['add', 'reset', 'adjust'];

/** Asks which action, shows how many rows it concerns and what they come to, and sets it. */
function setAction() {
  act_(() => {
    const action = askedAction_();
    const reason = action && answer_('Why?', 'The reason for rows that have none. It may stay empty, except for Adjust.');
    if (action && reason !== null) {
      offerFill_(action, reason);
    }
  });
}

/** @return {string|null} The action's code. */
function askedAction_() {
  const words = 'Type Add (on top of the balance), Reset (to the amount) or Adjust (a signed amount, with a reason).';
  const typed = answer_('Which action?', words);
  const found = typed === null ? null : typed.trim().toLowerCase();
  if (found !== null && FILL_ACTIONS.indexOf(found) < 0) {
    tell_(`“${typed}” is not an action`, [words]);
    return null;
  }
  return found;
}

/**
 * @param {string} action
 * @param {string} reason
 */
function offerFill_(action, reason) {
  const found = ask_('POST', ofConnection_('fills'), { body: { action, reason, dry_run: true } });
  const hidden = found.hidden ? [`${many_(found.hidden, 'row')} hidden by your filter: left out.`] : [];
  const left = (found.left || []).map((row) => `Row ${row.row}, user ${row.account_id}: left as it is. ${row.message}`);
  const more = left.length > ROWS_LISTED ? [`… and ${many_(left.length - ROWS_LISTED, 'more row')}.`] : [];
  const lines = [place_(found)].concat(hidden, left.slice(0, ROWS_LISTED), more);
  if (!found.rows) {
    tell_('No row waits for an action', lines);
    return;
  }
  const word = action.charAt(0).toUpperCase() + action.slice(1);
  confirmHere_(`Set ${word} in ${many_(found.rows, 'row')}`, [totals_(found.totals || {}).join(', ')].concat(lines), () => {
    const done = ask_('POST', ofConnection_('fills'), { body: { action, reason } });
    toast_(`${word} set in ${many_(done.filled, 'row')}. Preview them next.`);
  });
}

/**
 * Asks with a plain question and does it at once: nothing leaves for the credit system.
 *
 * @param {string} verb
 * @param {string[]} lines
 * @param {function(): void} work
 */
function confirmHere_(verb, lines, work) {
  const ui = SpreadsheetApp.getUi();
  if (ui.alert(`${verb}?`, lines.filter((line) => line).join('\n'), ui.ButtonSet.YES_NO) === ui.Button.YES) {
    work();
  }
}

/**
 * @param {string} title
 * @param {string} text
 * @return {string|null} What was typed; null if the person went back.
 */
function answer_(title, text) {
  const ui = SpreadsheetApp.getUi();
  const found = ui.prompt(title, text, ui.ButtonSet.OK_CANCEL);
  return found.getSelectedButton() === ui.Button.OK ? found.getResponseText() : null;
}
