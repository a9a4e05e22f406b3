/** Preview: what a push would do. Sends nothing. */

/** Previews the rows that a filter shows. */
function previewChanges() {
  act_(() => {
    const found = planned_('visible', []);
    tell_(sendable_(found.plan) ? summary_(found.plan) : 'There is nothing to push',
      [place_(found.plan)].concat(remarks_(found.plan, found.warnings || []), sendable_(found.plan) ? ['“Push changes…” sends them.'] : []));
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
