/* The page around the grid: keeps it in step with the workbook, turns the sandbox's switches, and answers the sidebar. */
'use strict';

(() => {
  /** Milliseconds between two looks at the workbook, and at the sandbox's switches. */
  const LOOK_MS = 700;
  const csrf = document.querySelector('meta[name=csrf]').content;
  const connection = document.querySelector('meta[name=connection]').content;
  const byId = (id) => document.getElementById(id);
  let version = '';
  let title = 'Credits';
  let writing = Promise.resolve();
  let waiting = 0;

  const grid = new window.Grid(byId('grid'), {
    onEdit: (changes) => write(changes),
    onMove: ({ row, letter, text }) => {
      byId('place').textContent = letter + row.row;
      byId('content').textContent = text;
    },
    onRefuse: (column) => say(column.header + ' belongs to Sheetsync: choose an Action and type an Amount instead.'),
  });

  function say(text) {
    byId('say').textContent = text;
  }

  async function send(method, path, body) {
    const options = { method, headers: { 'X-CSRF-Token': csrf } };
    if (body !== undefined) {
      options.headers['Content-Type'] = 'application/json';
      options.body = JSON.stringify(body);
    }
    const response = await fetch('/try-it/' + path, options);
    if (response.status === 204) return null;
    const found = await response.json();
    if (!response.ok) throw new Error(found.error.message + ' ' + found.error.hint);
    return found;
  }

  /** Type into the workbook, one edit after the other; the sidebar's next request waits for it. */
  function write(changes) {
    waiting += 1;
    writing = writing.then(() => send('POST', 'tab', changes)).then((told) => {
      say(told.missing.length ? 'These users have no row any more: ' + told.missing.join(', ') : changes.length === 1 ? 'Saved.' : changes.length + ' cells saved.');
    }).catch((error) => {
      say(error.message);
      version = ''; // show what the workbook really holds
    }).finally(() => { waiting -= 1; });
  }

  async function look() {
    try {
      if (!waiting && !document.hidden) await lookNow();
    } catch (error) {
      say('The demo does not answer. Is “sheetsync demo” still running?');
    }
    setTimeout(look, LOOK_MS);
  }

  async function lookNow() {
    const found = await send('GET', 'tab?version=' + encodeURIComponent(version));
    if (found && !waiting) {
      version = found.version;
      title = found.title;
      byId('sheet-tab').textContent = title;
      grid.show(found.columns, found.rows);
      byId('grid').classList.toggle('empty', !found.rows.length);
    }
    drawWeather(await send('GET', 'weather'));
  }

  function drawWeather(found) {
    byId('write-count').textContent = found.writes;
    for (const button of document.querySelectorAll('[data-switch]')) {
      button.setAttribute('aria-checked', String(found.switches[button.dataset.switch]));
    }
  }

  for (const button of document.querySelectorAll('[data-switch]')) {
    button.addEventListener('click', async () => {
      const isOn = button.getAttribute('aria-checked') !== 'true';
      drawWeather(await send('POST', 'weather', { [button.dataset.switch]: isOn }));
      say(button.textContent + (isOn ? ': on. ' + button.title + '.' : ': off.'));
    });
  }

  byId('spend').addEventListener('click', async () => {
    const [row] = grid.selectedRows();
    if (!row) return say('Pull first, then select a row.');
    try {
      await send('POST', 'customers/' + encodeURIComponent(row.account_id) + '/spend', {});
      say('User ' + row.account_id + ' spent 3 credits. The tab does not know yet.');
    } catch (error) {
      say(error.message);
    }
    return undefined;
  });

  /** What the sidebar's bridge asks. */
  window.tryIt = {
    connection,
    title: () => title,
    flush: () => writing,
    goTo: (accountId) => grid.goTo(accountId),
    selection: () => {
      const rows = grid.selectedRows().filter((row) => row.account_id);
      const seen = rows.filter((row) => !row.hidden);
      return {
        account_ids: [...new Set(seen.map((row) => row.account_id))], rows: seen.map((row) => row.row),
        hidden: rows.length - seen.length, too_many: 0,
      };
    },
  };

  look();
})();
