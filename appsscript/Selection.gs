/** Between rows of the tab and users: rows are found by their User ID, columns by their header. */

const ID_HEADER = 'User ID';

/** Rows: looking up whether a row is hidden takes a call each, and a larger selection is a push of everything. */
const SELECTION_MAX = 1000;

/**
 * Returns the users of the selected rows.
 *
 * @return {Selection}
 */
function sidebarSelection() {
  const sheet = SpreadsheetApp.getActiveSpreadsheet().getActiveSheet();
  const column = idColumn_(sheet);
  const numbers = column ? selectedRows_(sheet) : [];
  if (numbers.length > SELECTION_MAX) {
    return { account_ids: [], rows: [], hidden: 0, too_many: numbers.length };
  }
  return withoutHidden_(sheet, column, numbers);
}

/**
 * Selects a user's row.
 *
 * @param {string} accountId
 * @return {boolean} Whether the user has a row.
 */
function sidebarGoTo(accountId) {
  const spreadsheet = SpreadsheetApp.getActiveSpreadsheet();
  const active = spreadsheet.getActiveSheet();
  const others = spreadsheet.getSheets().filter((sheet) => sheet.getSheetId() !== active.getSheetId());
  for (const sheet of [active].concat(others)) {
    const row = rowOf_(sheet, String(accountId));
    if (row) {
      spreadsheet.setActiveSheet(sheet);
      sheet.setActiveRange(sheet.getRange(row, 1, 1, sheet.getLastColumn()));
      return true;
    }
  }
  return false;
}

/**
 * Returns the column of the User IDs, from 1; 0 if the tab has none.
 *
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 * @return {number}
 */
function idColumn_(sheet) {
  const width = sheet.getLastColumn();
  if (!width) {
    return 0;
  }
  const headers = sheet.getRange(1, 1, 1, width).getDisplayValues()[0];
  return headers.map((header) => header.trim().toLowerCase()).indexOf(ID_HEADER.toLowerCase()) + 1;
}

/**
 * Returns the numbers of the selected rows below the header, in order, each once.
 *
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 * @return {number[]}
 */
function selectedRows_(sheet) {
  const list = sheet.getActiveRangeList();
  const last = sheet.getLastRow();
  const found = new Set();
  for (const range of list ? list.getRanges() : []) {
    const end = Math.min(range.getLastRow(), last);
    for (let row = Math.max(range.getRow(), 2); row <= end; row++) {
      found.add(row);
    }
  }
  return Array.from(found).sort((left, right) => left - right);
}

/**
 * Returns users and numbers of the rows that can be seen and have a User ID.
 *
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 * @param {number} column
 * @param {number[]} numbers
 * @return {Selection}
 */
function withoutHidden_(sheet, column, numbers) {
  /** @type {Selection} */
  const found = { account_ids: [], rows: [], hidden: 0, too_many: 0 };
  const ids = numbers.length ? idsBetween_(sheet, column, numbers[0], numbers[numbers.length - 1]) : [];
  const known = new Set();
  for (const row of numbers) {
    const id = ids[row - numbers[0]];
    if (id && (sheet.isRowHiddenByFilter(row) || sheet.isRowHiddenByUser(row))) {
      found.hidden += 1;
    } else if (id) {
      found.rows.push(row);
      known.add(id);
    }
  }
  found.account_ids = Array.from(known);
  return found;
}

/**
 * Returns the User IDs of neighbouring rows, as they are shown: an id is text whatever it looks like.
 *
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 * @param {number} column
 * @param {number} first
 * @param {number} last
 * @return {string[]}
 */
function idsBetween_(sheet, column, first, last) {
  return sheet.getRange(first, column, last - first + 1, 1).getDisplayValues().map((cells) => cells[0].trim());
}

/**
 * Returns the number of a user's row; 0 if there is none.
 *
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 * @param {string} accountId
 * @return {number}
 */
function rowOf_(sheet, accountId) {
  const column = idColumn_(sheet);
  const last = sheet.getLastRow();
  if (!column || last < 2) {
    return 0;
  }
  const place = idsBetween_(sheet, column, 2, last).indexOf(accountId);
  return place < 0 ? 0 : place + 2;
}
