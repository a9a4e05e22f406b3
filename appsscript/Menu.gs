/** The menu Credits, and nothing else. Building it needs no permission, so it is there before anybody allowed anything. */

const MENU = 'Credits';

/** Title and function of each entry; null is a line between them. Three dots: it asks before it does anything. */
const ENTRIES = [
  ['Open sidebar', 'openSidebar'],
  null,
  ['Pull users and credits', 'pullUsers'],
  ['Refresh selected rows', 'refreshSelectedRows'],
  null,
  ['Set action for edited rows…', 'setAction'],
  ['Preview changes', 'previewChanges'],
  ['Push changes…', 'pushChanges'],
  ['Push selected rows…', 'pushSelectedRows'],
  ['Verify', 'verifyChanges'],
  ['Undo a push…', 'undoPush'],
  null,
  ['Import CSV…', 'importCsv'],
  ['History', 'showHistory'],
  null,
  ['Set up…', 'setUp'],
  ['Help and about', 'showHelp'],
];

/** Runs when somebody installs the add-on: the menu is there at once. */
function onInstall() {
  onOpen();
}

/** Runs when the spreadsheet opens, without any permission (AuthMode.NONE or LIMITED). */
function onOpen() {
  const ui = SpreadsheetApp.getUi();
  addEntries_(ui.createAddonMenu()).addToUi(); // under Extensions: the only menu that a published add-on may have
  addEntries_(ui.createMenu(MENU)).addToUi();
}

/**
 * @param {GoogleAppsScript.Base.Menu} menu
 * @return {GoogleAppsScript.Base.Menu}
 */
function addEntries_(menu) {
  for (const entry of ENTRIES) {
    if (entry) {
      menu.addItem(entry[0], entry[1]);
    } else {
      menu.addSeparator();
    }
  }
  return menu;
}
