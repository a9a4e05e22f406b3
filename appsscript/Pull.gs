/** Pull: the credit system's users and balances into the tab. Edits that were not sent stay. */

/** Pulls everybody. */
function pullUsers() {
  act_(() => pulled_(carryOut_('pulls', 'Pulling users and credits', { body: {} })));
}

/** Reads the selected rows anew. */
function refreshSelectedRows() {
  act_(() => {
    const ids = selectedIds_();
    if (ids) {
      pulled_(carryOut_('pulls', `Refreshing ${many_(ids.length, 'row')}`, { body: { account_ids: ids } }));
    }
  });
}

/**
 * @param {Run} run
 */
function pulled_(run) {
  if (!run.ended_at || run.state !== 'done') {
    tellProblem_(unfinished_(run));
    return;
  }
  const { accounts, kept_edits: kept, missing } = run.result;
  const parts = [`${many_(accounts, 'user')} pulled`];
  if (kept) {
    parts.push(`${many_(kept, 'unsent edit')} kept`);
  }
  if (missing) {
    parts.push(`${many_(missing, 'row')} of users that the credit system no longer has`);
  }
  toast_(`${parts.join(', ')}.`);
}

/** @return {string[]|null} Users of the selected rows; null if the person was told why there are none. */
function selectedIds_() {
  const found = sidebarSelection();
  if (found.too_many) {
    tell_(`${many_(found.too_many, 'row')} are selected`, [`At most ${SELECTION_MAX}. For more, choose the entry for all rows.`]);
  } else if (!found.account_ids.length) {
    const hidden = found.hidden ? [`${many_(found.hidden, 'selected row')} hidden by a filter or by hand: left out.`] : [];
    tell_('No row with a user is selected', hidden.concat('Select cells in the rows that you mean, in the tab with the column User ID.'));
  }
  return found.account_ids.length ? found.account_ids : null;
}
