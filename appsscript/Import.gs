/** Import: lines of a CSV become edits in the tab. Sends nothing to the credit system. */

/** Opens the sidebar's import; where pages cannot run, asks for a tab that holds the lines. */
function importCsv() {
  act_(() => {
    if (isPlain_()) {
      importTab_();
    } else {
      sidebarRemember({ view: 'import' });
      openSidebar();
    }
  });
}

/** Imports the lines of another tab, into which Google's own File, Import has put the CSV. */
function importTab_() {
  const name = answer_('Import which tab?',
    'Put the file into a tab of its own with File, Import, Insert new sheet. Then type the name of that tab here.');
  const sheet = name === null ? null : SpreadsheetApp.getActiveSpreadsheet().getSheetByName(name.trim());
  if (sheet) {
    importLines_(sheet);
  } else if (name !== null) {
    tell_(`There is no tab “${name}”`, ['Its name stands at the bottom of the spreadsheet.']);
  }
}

/**
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 */
function importLines_(sheet) {
  const [height, width] = [sheet.getLastRow(), sheet.getLastColumn()];
  if (height < 2) {
    tell_(`The tab “${sheet.getName()}” holds no lines`, ['The first row names the columns: user_id or email, action, amount.']);
    return;
  }
  const lines = sheet.getRange(1, 1, height, width).getDisplayValues().map((cells) => cells.map(quoted_).join(','));
  const file = { name: `${sheet.getName()}.csv`, text: `${lines.join('\r\n')}\r\n` };
  ended_(carryOut_('imports', 'Importing', { file }), 'Imported');
}

/**
 * @param {string} text
 * @return {string} As a field of a CSV.
 */
function quoted_(text) {
  return `"${text.replace(/"/g, '""')}"`;
}
