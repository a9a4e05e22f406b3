/*
 * A small spreadsheet grid (role=grid): arrows, ranges with Shift, typing, dropdowns, copy and paste of several cells.
 * It knows cells and text; what they mean is the service's business.
 */
'use strict';

class Grid {
  /**
   * @param {HTMLElement} box
   * @param {{onEdit: function(Array): void, onMove: function(Object): void}} hooks
   */
  constructor(box, hooks) {
    this.box = box;
    this.hooks = hooks;
    this.columns = [];
    this.rows = [];
    this.at = { row: 0, column: 0 };
    this.anchor = { row: 0, column: 0 };
    this.editor = null;
    this.table = document.createElement('table');
    this.table.setAttribute('role', 'grid');
    this.table.setAttribute('aria-label', 'Tab Credits');
    this.table.setAttribute('aria-multiselectable', 'true');
    box.append(this.table);
    this.table.addEventListener('keydown', (event) => this.onKey(event));
    this.table.addEventListener('mousedown', (event) => this.onMouse(event));
    this.table.addEventListener('dblclick', (event) => this.cellOf(event.target) && this.edit());
    document.addEventListener('copy', (event) => this.onCopy(event));
    document.addEventListener('paste', (event) => this.onPaste(event));
  }

  /** Show a tab; what has not changed stays, so that focus and position do, too. */
  show(columns, rows) {
    const isNew = JSON.stringify(columns) !== JSON.stringify(this.columns);
    this.columns = columns;
    this.rows = rows;
    if (isNew) this.drawHead();
    const body = this.table.tBodies[0];
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((row, number) => this.drawRow(body, row, number));
    this.move(this.at.row, this.at.column, { isQuiet: true, keepsRange: true });
  }

  drawHead() {
    this.table.replaceChildren();
    const head = this.table.createTHead().insertRow();
    head.setAttribute('role', 'row');
    head.append(this.headCell('', 'corner'));
    for (const column of this.columns) {
      const cell = this.headCell(column.header, column.editable ? 'typed' : '');
      cell.title = column.note;
      head.append(cell);
    }
    this.table.createTBody();
  }

  headCell(text, kind) {
    const cell = document.createElement(text ? 'th' : 'td');
    cell.textContent = text;
    cell.className = kind;
    if (text) {
      cell.scope = 'col';
      cell.setAttribute('role', 'columnheader');
    } else cell.setAttribute('role', 'presentation');
    return cell;
  }

  drawRow(body, row, number) {
    let line = body.rows[number];
    if (!line) {
      line = body.insertRow();
      line.setAttribute('role', 'row');
      const head = document.createElement('th');
      head.scope = 'row';
      head.setAttribute('role', 'rowheader');
      line.append(head);
    }
    if (line.cells[0].textContent !== String(row.row)) line.cells[0].textContent = row.row;
    this.columns.forEach((column, place) => {
      const cell = line.cells[place + 1] || this.newCell(line, column);
      this.drawCell(cell, column, row.cells[place]);
    });
  }

  newCell(line, column) {
    const cell = line.insertCell();
    cell.setAttribute('role', 'gridcell');
    cell.tabIndex = -1;
    cell.dataset.field = column.field;
    if (column.number) cell.classList.add('number');
    if (column.choices.length) cell.classList.add('choice');
    if (!column.editable) cell.setAttribute('aria-readonly', 'true');
    return cell;
  }

  drawCell(cell, column, text) {
    if (cell.dataset.text === text || (this.editor && this.editor.parentNode === cell)) return;
    cell.dataset.text = text;
    cell.textContent = text;
    cell.title = text.length > 30 ? text : '';
    if (column.field === 'status') cell.dataset.status = text.toLowerCase().replaceAll(' ', '_');
  }

  cell(row, column) {
    const line = this.table.tBodies[0] && this.table.tBodies[0].rows[row];
    return line ? line.cells[column + 1] : null;
  }

  cellOf(target) {
    return target.closest ? target.closest('[role=gridcell]') : null;
  }

  /** Move to a cell; with `extends` the range from the anchor to it is selected. */
  move(row, column, options = {}) {
    if (!this.rows.length) return;
    const old = this.cell(this.at.row, this.at.column);
    if (old) old.tabIndex = -1;
    this.at = {
      row: Math.max(0, Math.min(row, this.rows.length - 1)),
      column: Math.max(0, Math.min(column, this.columns.length - 1)),
    };
    if (!options.extends && !options.keepsRange) this.anchor = { ...this.at };
    const cell = this.cell(this.at.row, this.at.column);
    cell.tabIndex = 0;
    if (!options.isQuiet) {
      cell.focus({ preventScroll: true });
      this.reveal(cell);
    }
    this.paintRange();
    this.hooks.onMove(this.current());
  }

  /** Scroll so that neither the header nor the row numbers cover a cell. */
  reveal(cell) {
    const outer = this.box.getBoundingClientRect();
    const inner = cell.getBoundingClientRect();
    const top = outer.top + this.table.tHead.offsetHeight;
    const left = outer.left + this.cell(0, 0).parentNode.cells[0].offsetWidth;
    if (inner.top < top) this.box.scrollTop -= top - inner.top;
    else if (inner.bottom > outer.bottom - 16) this.box.scrollTop += inner.bottom - outer.bottom + 16;
    if (inner.left < left) this.box.scrollLeft -= left - inner.left;
    else if (inner.right > outer.right - 16) this.box.scrollLeft += inner.right - outer.right + 16;
  }

  range() {
    const [a, b] = [this.at, this.anchor];
    return {
      top: Math.min(a.row, b.row), bottom: Math.min(Math.max(a.row, b.row), this.rows.length - 1),
      left: Math.min(a.column, b.column), right: Math.max(a.column, b.column),
    };
  }

  paintRange() {
    for (const cell of this.table.querySelectorAll('[aria-selected=true]')) cell.removeAttribute('aria-selected');
    const { top, bottom, left, right } = this.range();
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) this.cell(row, column).setAttribute('aria-selected', 'true');
    }
  }

  current() {
    const row = this.rows[this.at.row];
    const column = this.columns[this.at.column];
    return { row, column, text: row.cells[this.at.column], letter: String.fromCharCode(65 + this.at.column) };
  }

  /** Return the rows of the selected range. */
  selectedRows() {
    if (!this.rows.length) return [];
    const { top, bottom } = this.range();
    return this.rows.slice(top, bottom + 1);
  }

  goTo(accountId) {
    const row = this.rows.findIndex((each) => each.account_id === accountId);
    if (row < 0) return false;
    this.anchor = { row, column: 0 };
    this.move(row, this.columns.length - 1, { extends: true, isQuiet: true });
    this.at = { row, column: 0 };
    this.anchor = { row, column: this.columns.length - 1 };
    this.paintRange();
    this.reveal(this.cell(row, 0));
    this.hooks.onMove(this.current());
    return true;
  }

  onMouse(event) {
    const cell = this.cellOf(event.target);
    if (!cell || this.editor && this.editor.parentNode === cell) return;
    if (this.editor) this.commit();
    event.preventDefault();
    this.move(cell.parentNode.sectionRowIndex, cell.cellIndex - 1, { extends: event.shiftKey });
  }

  onKey(event) {
    if (this.editor || !this.rows.length) return;
    const { row, column } = this.at;
    const far = event.ctrlKey || event.metaKey;
    const steps = {
      ArrowUp: [far ? 0 : row - 1, column], ArrowDown: [far ? this.rows.length : row + 1, column],
      ArrowLeft: [row, far ? 0 : column - 1], ArrowRight: [row, far ? this.columns.length : column + 1],
      Home: [far ? 0 : row, 0], End: [far ? this.rows.length : row, this.columns.length],
      PageUp: [row - 15, column], PageDown: [row + 15, column],
    };
    if (steps[event.key]) this.move(...steps[event.key], { extends: event.shiftKey });
    else if (event.key === 'Enter' || event.key === 'F2') this.edit();
    else if (event.key === 'Delete' || event.key === 'Backspace') this.clear();
    else if (event.key.length === 1 && !far && !event.altKey) this.edit(event.key);
    else return;
    event.preventDefault();
  }

  /** Begin to type into the current cell; a letter overwrites, Enter keeps what is there. */
  edit(first) {
    const { column, text } = this.current();
    if (!column.editable) return this.hooks.onRefuse(column);
    const cell = this.cell(this.at.row, this.at.column);
    const editor = column.strict ? this.select(column, text, first) : this.input(column, first === undefined ? text : first);
    editor.setAttribute('aria-label', column.header);
    this.editor = editor;
    cell.replaceChildren(editor);
    editor.focus();
    editor.addEventListener('keydown', (event) => this.onEditKey(event));
    editor.addEventListener('blur', () => this.editor === editor && this.commit());
    if (column.strict) editor.addEventListener('change', () => this.editor === editor && this.commit(0));
    return undefined;
  }

  select(column, text, first) {
    const editor = document.createElement('select');
    for (const choice of ['', ...column.choices]) editor.append(new Option(choice, choice));
    const begun = first && column.choices.find((choice) => choice.toLowerCase().startsWith(first.toLowerCase()));
    editor.value = begun || text;
    return editor;
  }

  input(column, text) {
    const editor = document.createElement('input');
    editor.type = 'text';
    editor.value = text;
    editor.autocomplete = 'off';
    if (!column.choices.length) return editor;
    const list = document.createElement('datalist');
    list.id = 'choices-' + column.field;
    list.append(...column.choices.map((choice) => new Option(choice)));
    const old = document.getElementById(list.id);
    if (old) old.remove();
    this.box.append(list);
    editor.setAttribute('list', list.id);
    return editor;
  }

  onEditKey(event) {
    event.stopPropagation();
    if (event.key === 'Enter') this.commit(event.shiftKey ? -1 : 1);
    else if (event.key === 'Tab') this.commit(0, event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') this.commit(0, 0, true);
    else return;
    event.preventDefault();
  }

  /** End typing; `down` and `right` say where to go next. */
  commit(down, right = 0, isCancelled = false) {
    const editor = this.editor;
    if (!editor) return;
    const text = isCancelled ? this.current().text : editor.value;
    this.editor = null;
    const cell = this.cell(this.at.row, this.at.column);
    cell.replaceChildren(text);
    cell.dataset.text = text;
    if (text !== this.current().text) this.put([{ row: this.at.row, column: this.at.column, text }]);
    if (down !== undefined) this.move(this.at.row + down, this.at.column + right);
  }

  clear() {
    const { top, bottom, left, right } = this.range();
    const cells = [];
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) cells.push({ row, column, text: '' });
    }
    this.put(cells.filter(({ row, column, text }) => this.rows[row].cells[column] !== text));
  }

  /** Change cells here, and hand on what changed; cells that nobody may type into are left alone. */
  put(cells) {
    const allowed = cells.filter(({ row, column }) => this.rows[row] && this.columns[column] && this.columns[column].editable);
    if (cells.length && !allowed.length) return this.hooks.onRefuse(this.columns[cells[0].column]);
    const changes = allowed.map(({ row, column, text }) => {
      this.rows[row].cells[column] = text;
      this.drawCell(this.cell(row, column), this.columns[column], text);
      return { row: this.rows[row].row, account_id: this.rows[row].account_id, field: this.columns[column].field, text };
    });
    if (changes.length) this.hooks.onEdit(changes);
    return undefined;
  }

  isActive() {
    return !this.editor && this.table.contains(document.activeElement);
  }

  onCopy(event) {
    if (!this.isActive()) return;
    const { top, bottom, left, right } = this.range();
    const lines = this.rows.slice(top, bottom + 1).map((row) => row.cells.slice(left, right + 1).join('\t'));
    event.clipboardData.setData('text/plain', lines.join('\n'));
    event.preventDefault();
  }

  /** Paste several cells, as every spreadsheet program copies them; one cell fills a selected range. */
  onPaste(event) {
    if (!this.isActive()) return;
    event.preventDefault();
    const lines = event.clipboardData.getData('text/plain').replace(/\r?\n$/, '').split(/\r?\n/).map((line) => line.split('\t'));
    const { top, bottom, left, right } = this.range();
    const isFill = lines.length === 1 && lines[0].length === 1;
    const [height, width] = isFill ? [bottom - top + 1, right - left + 1] : [lines.length, Math.max(...lines.map((line) => line.length))];
    const cells = [];
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const line = lines[isFill ? 0 : row];
        const text = line[isFill ? 0 : column];
        if (text !== undefined) cells.push({ row: top + row, column: left + column, text });
      }
    }
    this.put(cells);
  }
}

window.Grid = Grid;
