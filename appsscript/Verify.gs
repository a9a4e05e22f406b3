/** Verify: looks again at everything that is not proven yet. Sends nothing. */

/** Verifies. */
function verifyChanges() {
  act_(() => ended_(carryOut_('verifications', 'Verifying', { body: {} }), 'Verified'));
}
