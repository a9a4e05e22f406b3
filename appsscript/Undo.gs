/** Undo: a plan that takes back what a push is proven to have changed; shown and pushed like any other. */

const PUSHES_LISTED = 9;

/** Lets a person choose one of the last pushes, and take it back once they agreed to the totals. */
function undoPush() {
  act_(() => {
    const runs = lastPushes_();
    if (!runs.length) {
      tell_('There is no push to undo', ['See “History”.']);
      return;
    }
    const lines = runs.map((run, place) => `${place + 1}:  ${runLine_(run)}`);
    const typed = answer_('Undo which push?', `${lines.join('\n')}\n\nType its number.`);
    const chosen = typed === null ? null : runs[Number(typed) - 1];
    if (chosen) {
      offerUndo_(chosen);
    } else if (typed !== null) {
      tell_(`“${typed}” is not one of the numbers`, [`They go from 1 to ${runs.length}.`]);
    }
  });
}

/**
 * @param {Run} run
 */
function offerUndo_(run) {
  const found = result_('undos', 'Looking at what it changed', { run: run.run });
  const skipped = (found.skipped || []).map((each) => `${each.operation} is not undone: ${each.message}`);
  offer_('Undo', { plan: found.plan, warnings: (found.warnings || []).concat(skipped.slice(0, ROWS_LISTED)) });
}

/** @return {Run[]} Pushes that have ended, newest first. */
function lastPushes_() {
  const { runs } = ask_('GET', ofConnection_('runs'), { query: { limit: 100 } });
  return runs.filter((run) => run.kind === 'push' && run.ended_at && run.done > 0).slice(0, PUSHES_LISTED);
}

/**
 * @param {Run} run
 * @return {string}
 */
function runLine_(run) {
  const rows = run.total === null ? '' : `, ${progress_(run)}`;
  return `${moment_(run.started_at)}  ${run.kind.replace(/_/g, ' ')} by ${run.actor.replace(/^\w+:/, '')}${rows} (${run.state})`;
}
