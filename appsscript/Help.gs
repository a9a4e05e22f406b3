/** Help and about: what an admin needs before anything works, and what a person needs when it does not. Asks no service. */

/** Shows it. */
function showHelp() {
  const facts = helpFacts_();
  if (isPlain_()) {
    tell_('Help and about', facts.map(([name, value]) => `${name}: ${value}`).concat('', SEVERAL_ACCOUNTS));
    return;
  }
  const page = page_('Help', { facts, cure: SEVERAL_ACCOUNTS }).setWidth(DIALOG_WIDTH).setHeight(520);
  SpreadsheetApp.getUi().showModalDialog(page, 'Help and about');
}

const SEVERAL_ACCOUNTS = 'Sidebar empty, or it asks for permission again and again? Several Google accounts are signed in to this ' +
  'browser, and Google mixes them up. Open the spreadsheet in a private window, or in a browser profile, with one account. ' +
  'The entries of the menu work either way.';

/** @return {Array<[string, string]>} Name and value, ready to be copied. */
function helpFacts_() {
  const settings = settings_();
  const identity = identity_();
  return [
    ['Client id (for auth.google_audiences)', identity.client_id || 'Google tells none: reload the spreadsheet and allow the add-on again'],
    ['Spreadsheet id (for sheet.spreadsheet_id)', SpreadsheetApp.getActiveSpreadsheet().getId()],
    ['You are', identity.email || 'unknown'],
    ['Service', settings.service_url || 'not set: choose “Set up…”'],
    ['Connection', settings.connection || 'not set: choose “Set up…”'],
    ['Add-on', ADDON_VERSION],
  ];
}
