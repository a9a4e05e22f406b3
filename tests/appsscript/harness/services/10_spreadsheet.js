// SpreadsheetApp: the tab is the emulator's, so that the add-on, the service and people see one spreadsheet.
(function (kit) {
  const { call, strict, need, global } = kit;
  const SHEETS = ['spreadsheets.currentonly', 'spreadsheets'];
  const CONTAINER = 'script.container.ui';

  const letters = (column) => (column > 26 ? letters(Math.floor((column - 1) / 26)) : '') +
    String.fromCharCode(65 + ((column - 1) % 26));

  function range(sheet, row, column, rows, columns) {
    if (![row, column, rows, columns].every((each) => Number.isInteger(each) && each >= 1)) {
      throw new Error('The coordinates of the range are outside the dimensions of the sheet.');
    }
    return strict('Range', {
      getRow: () => row, getColumn: () => column, getNumRows: () => rows, getNumColumns: () => columns,
      getLastRow: () => row + rows - 1, getLastColumn: () => column + columns - 1,
      getSheet: () => sheet,
      getA1Notation: () => `${letters(column)}${row}:${letters(column + columns - 1)}${row + rows - 1}`,
      getDisplayValues: () => call('sheet.values', sheet.getSheetId(), row, column, rows, columns),
      getDisplayValue: () => call('sheet.values', sheet.getSheetId(), row, column, 1, 1)[0][0],
    });
  }

  function sheet(id) {
    const members = {
      getSheetId: () => id,
      getName: () => call('sheet.name', id),
      getLastRow: () => call('sheet.size', id)[0],
      getLastColumn: () => call('sheet.size', id)[1],
      getRange: (row, column, rows = 1, columns = 1) => range(self, row, column, rows, columns),
      isRowHiddenByFilter: (row) => call('sheet.hidden', id, row).filter,
      isRowHiddenByUser: (row) => call('sheet.hidden', id, row).user,
      getActiveRangeList: () => {
        const found = call('selection.get', id);
        return found.length ? strict('RangeList', { getRanges: () => found.map((each) => range(self, ...each)) }) : null;
      },
      setActiveRange: (wanted) => {
        call('selection.set', id, [[wanted.getRow(), wanted.getColumn(), wanted.getNumRows(), wanted.getNumColumns()]]);
        return wanted;
      },
    };
    const self = strict('Sheet', members);
    return self;
  }

  const spreadsheet = strict('Spreadsheet', {
    getId: () => kit.meta.spreadsheetId,
    getName: () => call('book.name'),
    getSpreadsheetTimeZone: () => call('book.zone'),
    getSheets: () => call('book.sheets').map((each) => sheet(each.id)),
    getSheetByName: (name) => {
      const found = call('book.sheets').find((each) => each.name === name);
      return found ? sheet(found.id) : null;
    },
    getActiveSheet: () => sheet(call('book.active')),
    setActiveSheet: (wanted) => { call('book.activate', wanted.getSheetId()); return wanted; },
    toast: (message, title, seconds) => { call('ui.toast', String(message), title || '', seconds === undefined ? 5 : seconds); },
  });

  function menu(caption) {
    const items = [];
    const members = {
      addItem: (title, name) => {
        if (typeof name !== 'string' || name.endsWith('_')) {
          throw new Error(`harness: a menu cannot call ${name}`);
        }
        items.push({ title, name });
        return self;
      },
      addSeparator: () => { items.push({ separator: true }); return self; },
      addToUi: () => { call('ui.menu', caption, items); },
    };
    const self = strict('Menu', members);
    return self;
  }

  const buttons = (...names) => strict('ButtonSet', Object.fromEntries(names.map((name) => [name, name])));
  const suspended = (kind, args) => {
    need(`Ui.${kind}`, CONTAINER);
    call('lock.suspend'); // Google: locks do not persist while a dialog suspends the script
    const [title, text, set] = args.length > 1 && args[1] in { OK: 1, OK_CANCEL: 1, YES_NO: 1, YES_NO_CANCEL: 1 }
      ? ['', args[0], args[1]] : args.length === 1 ? ['', args[0], 'OK'] : args;
    return call('ui.ask', kind, title, text, set || 'OK');
  };

  const ui = strict('Ui', {
    ButtonSet: buttons('OK', 'OK_CANCEL', 'YES_NO', 'YES_NO_CANCEL'),
    Button: buttons('OK', 'CANCEL', 'YES', 'NO', 'CLOSE'),
    createMenu: menu,
    createAddonMenu: () => menu(''),
    alert: (...args) => suspended('alert', args).button,
    prompt: (...args) => {
      const found = suspended('prompt', args);
      return strict('PromptResponse', { getSelectedButton: () => found.button, getResponseText: () => found.text });
    },
    showSidebar: (output) => { need('Ui.showSidebar', CONTAINER); call('ui.show', 'sidebar', output.getTitle(), output.getContent(), 300, null); },
    showModalDialog: (output, title) => {
      need('Ui.showModalDialog', CONTAINER);
      call('ui.show', 'dialog', title, output.getContent(), output.getWidth(), output.getHeight());
    },
  });

  global.SpreadsheetApp = strict('SpreadsheetApp', {
    getActiveSpreadsheet: () => { need('SpreadsheetApp.getActiveSpreadsheet', ...SHEETS); return spreadsheet; },
    getUi: () => {
      if (!kit.meta.hasUi) {
        throw new Error('Cannot call SpreadsheetApp.getUi() from this context.');
      }
      return ui;
    },
    flush: () => { need('SpreadsheetApp.flush', ...SHEETS); call('book.flush'); },
  });
})
