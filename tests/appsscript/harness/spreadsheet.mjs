// The host's view of the spreadsheet: everything is read from the emulator over HTTP.

/** One spreadsheet in the emulator, with what people have selected and typed. */
export class Book {
  /**
   * @param {{address: string, id: string}} where of the emulator, and the spreadsheet's id.
   */
  constructor({ address, id }) {
    Object.assign(this, { address, id, active: null, selections: {}, typed: [] });
    this.forget();
  }

  /** Forgets what was read: another execution, or a flush, reads anew. */
  forget() {
    this.sheetsRead = null;
    this.valuesRead = {};
    this.hiddenRead = {};
  }

  /** Asks the emulator. */
  async ask(path, init = {}) {
    const headers = { authorization: 'Bearer somebody', 'content-type': 'application/json' };
    const reply = await fetch(`${this.address}${path}`, { headers, ...init });
    const body = await reply.json();
    if (!reply.ok) {
      throw new Error(body.error?.message || `the emulator answers ${reply.status}`);
    }
    return body;
  }

  /** Returns title and tabs. */
  async facts() {
    const read = this.sheetsRead || await this.ask(`/v4/spreadsheets/${this.id}?fields=properties,sheets.properties`);
    this.sheetsRead = read; // another execution may have forgotten it meanwhile
    return read;
  }

  async sheets() {
    return (await this.facts()).sheets.map(({ properties }) => ({ id: properties.sheetId || 0, name: properties.title }));
  }

  async nameOf(sheetId) {
    const found = (await this.sheets()).find((each) => each.id === sheetId);
    if (!found) {
      throw new Error('The sheet was deleted.');
    }
    return found.name;
  }

  async activeId() {
    return this.active ?? (await this.sheets())[0].id;
  }

  /** Returns all cells of a tab as they are shown. */
  async cells(sheetId) {
    const range = encodeURIComponent(`'${(await this.nameOf(sheetId)).replaceAll("'", "''")}'`);
    const read = this.valuesRead[sheetId] || (await this.ask(`/v4/spreadsheets/${this.id}/values/${range}`)).values || [];
    this.valuesRead[sheetId] = read;
    return read;
  }

  async size(sheetId) {
    const cells = await this.cells(sheetId);
    return [cells.length, Math.max(0, ...cells.map((row) => row.length))];
  }

  async values(sheetId, row, column, rows, columns) {
    const cells = await this.cells(sheetId);
    return Array.from({ length: rows }, (_, down) =>
      Array.from({ length: columns }, (__, right) => String(cells[row - 1 + down]?.[column - 1 + right] ?? '')));
  }

  /** Returns who hides a row. */
  async hidden(sheetId, row) {
    let read = this.hiddenRead[sheetId];
    if (!read) {
      const name = encodeURIComponent(`'${(await this.nameOf(sheetId)).replaceAll("'", "''")}'`);
      const found = await this.ask(`/v4/spreadsheets/${this.id}?ranges=${name}&includeGridData=true&fields=sheets.data.rowMetadata`);
      read = found.sheets[0].data[0].rowMetadata || [];
      this.hiddenRead[sheetId] = read;
    }
    const about = read[row - 1] || {};
    return { filter: Boolean(about.hiddenByFilter), user: Boolean(about.hiddenByUser) };
  }

  /** Lets what a person typed last arrive; until then only their own screen shows it. */
  async flush() {
    const edits = this.typed.splice(0);
    if (edits.length) {
      const body = JSON.stringify({ spreadsheetId: this.id, edits: edits.map((type) => ({ type })) });
      await this.ask('/control/edit', { method: 'POST', body });
    }
    this.forget();
  }

  /** Selects ranges such as `A2:F3` of a tab. */
  async select(tab, ranges) {
    const found = (await this.sheets()).find((each) => each.name === tab);
    if (!found) {
      throw new Error(`There is no tab ${tab}.`);
    }
    this.active = found.id;
    this.selections[found.id] = ranges.map(corners);
  }
}

/** Returns row, column, rows and columns of a range such as `B2:C9`. */
function corners(text) {
  const found = /^([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?$/.exec(text);
  if (!found) {
    throw new Error(`${text} is not a range such as A2:C9.`);
  }
  const number = (letters) => [...letters].reduce((sum, each) => sum * 26 + each.charCodeAt(0) - 64, 0);
  const [, left, top, right = left, bottom = top] = found;
  return [Number(top), number(left), Number(bottom) - Number(top) + 1, number(right) - number(left) + 1];
}
