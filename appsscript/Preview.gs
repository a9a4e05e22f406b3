/** Preview: what a push would do. Sends nothing. */

/** Previews the rows that a filter shows. */
function previewChanges() {
  act_(() => {
    const { plan, warnings } = planned_('visible', []);
    const lines = [place_(plan)].concat(remarks_(plan, warnings || []));
    if (!sendable_(plan).length) {
      tell_('There is nothing to push', lines);
    } else if (needsApproval_(plan)) {
      tell_(summary_(plan), lines.concat(approvalWords_()));
    } else {
      tell_(summary_(plan), lines.concat(charged_(plan.charges || []), '“Push changes…” sends them.'));
    }
  });
}

/**
 * @param {'visible'|'selected'} scope
 * @param {string[]} ids
 * @return {{plan: Plan, warnings?: string[]}}
 */
function planned_(scope, ids) {
  return result_('plans', 'Previewing', { scope, account_ids: ids });
}
