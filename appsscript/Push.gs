/** Push: carries out exactly the plan whose numbers the person saw. */

/** What a dialog's button may do: function of what it was given, and of the request's key. */
const ACTS = { push: startPush_ };

/**
 * Starts a push, and keeps which: the sidebar picks it up, whatever becomes of this execution.
 *
 * @param {Object<string, *>} given With the plan's digest, and whether the person agreed to what it charges.
 * @param {string} key
 * @return {Run}
 */
function startPush_(given, key) {
  const run = ask_('POST', ofConnection_('pushes'), { body: { plan: given.digest, agree_charges: Boolean(given.charges) }, key });
  sidebarRemember({ run: { run: run.run, kind: run.kind }, plan: null, asked: null });
  return run;
}

/** Previews the rows that a filter shows, and pushes them once the person agreed to the totals. */
function pushChanges() {
  act_(() => offer_('Push', planned_('visible', [])));
}

/** The same for the selected rows. */
function pushSelectedRows() {
  act_(() => {
    const ids = selectedIds_();
    if (ids) {
      offer_('Push', planned_('selected', ids));
    }
  });
}

/**
 * Asks whether a plan is to be pushed.
 *
 * @param {'Push'|'Undo'} verb
 * @param {{plan: Plan, warnings?: string[]}} found
 */
function offer_(verb, found) {
  const { plan } = found;
  const lines = [place_(plan)].concat(remarks_(plan, found.warnings || []));
  if (!sendable_(plan).length) {
    tell_(`There is nothing to ${verb.toLowerCase()}`, lines);
    return;
  }
  if (needsApproval_(plan)) {
    const { approval } = ask_('GET', `plans/${encodeURIComponent(plan.digest)}`);
    if (!approval.approved_by) {
      tell_(`A second person has to approve ${summary_(plan)}`, lines.concat(approvalWords_()));
      return;
    }
    lines.push(`Approved by ${approval.approved_by.replace(/^\w+:/, '')}.`);
  }
  const charges = plan.charges || [];
  if (charges.length && !agreesToCharges_(plan, charges)) {
    return;
  }
  confirm_({
    title: `${verb} ${summary_(plan)}`,
    lines: lines.concat(charged_(charges)),
    verb: `${verb} ${many_(sendable_(plan).length, 'change')}`,
    act: 'push',
    given: { digest: plan.digest, charges: charges.length },
  });
}

/**
 * Asks, apart from the push itself, whether customers are to be charged these amounts; this question needs no page.
 *
 * @param {Plan} plan
 * @param {Charge[]} charges
 * @return {boolean}
 */
function agreesToCharges_(plan, charges) {
  const ui = SpreadsheetApp.getUi();
  const lines = [place_(plan)].concat(charged_(charges), 'The credit is deducted at once, and the customer is charged the rest.', '',
    'Yes: go on to the push. No: nothing is done.');
  return ui.alert(`Charge ${many_(charges.length, 'customer')}?`, lines.join('\n'), ui.ButtonSet.YES_NO) === ui.Button.YES;
}

/** @return {string} */
function approvalWords_() {
  return `Over the approval limit. An approver looks at it and agrees in the console: ${settings_().service_url}/ ` +
    'Then choose “Push changes…” again, without changing the rows.';
}
