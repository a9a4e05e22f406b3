// The harness as a server: `node tests/appsscript/serve.mjs --sheets URL …`; the address is the first line printed.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Host } from './harness/host.mjs';

const BODY_MAX_BYTES = 50 * 2 ** 20;
const SHIM = fs.readFileSync(path.join(import.meta.dirname, 'harness', 'browser.js'), 'utf8');
const ADD_ON = path.join(import.meta.dirname, '..', '..', 'appsscript');

/** What a spreadsheet's page shows of the script: a sidebar of 300 px and dialogs. */
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Spreadsheet</title><style>
body { margin: 0; background: #e8eaed; font: 14px Arial, sans-serif }
aside { position: fixed; right: 0; top: 0; bottom: 0; width: 300px; background: #fff; display: flex; flex-direction: column }
aside h2 { font-size: 16px; margin: 12px } iframe { border: 0; flex: 1; width: 100% }
dialog { padding: 0; border: 1px solid #999 } dialog h2 { font-size: 16px; margin: 12px } [hidden] { display: none }
h1 { font-size: 16px; margin: 12px }
</style></head><body><main><h1>Spreadsheet</h1></main><aside aria-label="Sidebar" hidden><h2></h2></aside>
<dialog aria-label="Dialog"><h2></h2></dialog><script>
const seen = {};
async function look() {
  const shown = await (await fetch('/shown')).json();
  for (const [kind, found] of Object.entries(shown)) {
    if (found.number === seen[kind]) continue;
    seen[kind] = found.number;
    const box = document.querySelector(kind === 'sidebar' ? 'aside' : 'dialog');
    box.querySelector('h2').textContent = found.title;
    box.querySelector('iframe')?.remove();
    const frame = box.appendChild(Object.assign(document.createElement('iframe'), { name: kind, title: kind }));
    frame.style.width = frame.style.minWidth = (found.width || 300) + 'px';
    if (found.height) frame.style.height = found.height + 'px';
    frame.src = '/frame/' + kind + '?' + found.number;
    if (kind === 'sidebar') box.hidden = false; else if (!box.open) box.showModal();
  }
}
addEventListener('message', (event) => {
  const box = document.querySelector(event.data.close === 'sidebar' ? 'aside' : 'dialog');
  box.querySelector('iframe').remove();
  if (event.data.close === 'sidebar') box.hidden = true; else box.close();
});
setInterval(look, 100); look();
</script></body></html>`;

/** The server over one host. */
class Server {
  constructor(host) {
    this.host = host;
    this.routes = {
      'POST /run': (body) => this.run(body),
      'POST /script': (body) => this.script(body),
      'POST /control': (body) => this.control(body),
      'GET /state': () => this.state(),
      'GET /shown': () => this.shown(),
    };
  }

  /** A menu entry, or an event such as onOpen: runs as who works in the spreadsheet. */
  async run({ name, args, answers, ...options }) {
    if (answers) {
      this.host.answers = [...answers];
    }
    return this.outcome(() => this.host.run(name, args, options));
  }

  /** A call of a page: runs as whom the browser takes for the person, and never a private function. */
  async script({ name, args }) {
    const { mode, email } = this.host.browser;
    if (mode === 'denied') {
      return { failed: { name: 'ScriptError', message: 'PERMISSION_DENIED' } };
    }
    if (name.endsWith('_')) {
      return { failed: { name: 'TypeError', message: `google.script.run.${name} is not a function` } };
    }
    return this.outcome(() => this.host.run(name, args, { user: mode === 'other' ? email : this.host.user }));
  }

  async outcome(run) {
    try {
      return { found: await run() };
    } catch (error) {
      return { failed: { name: error.name, message: error.message, script: error.script || '' } };
    }
  }

  /** Sets what surrounds the script; see README.md. */
  async control({ select, typed, faults, browser, user, executionMs, fetchesLeft, laterMs, answers, forget }) {
    const { host } = this;
    if (select) await host.book.select(select.tab, select.ranges);
    if (typed) host.book.typed.push(...typed);
    if (faults) host.fetcher.faults = faults;
    if (browser) host.browser = browser;
    if (user) host.user = user;
    if (answers) host.answers = answers;
    if (executionMs) host.executionMs = executionMs;
    if (laterMs !== undefined) host.laterMs = laterMs;
    if (fetchesLeft !== undefined) host.fetcher.left = fetchesLeft;
    if (forget) Object.assign(host, { ui: { menus: [], toasts: [], asked: [], shown: [] }, logs: [] }).fetcher.sent = [];
    return {};
  }

  /** Returns what people saw, and what the script did. */
  state() {
    const { ui, logs, fetcher, properties, scopes, locks, book } = this.host;
    return {
      ...ui, logs, fetches: fetcher.sent, properties: properties.stores, scopes: [...scopes], locks: locks.holders,
      active: book.active, selections: book.selections,
    };
  }

  /** Returns the newest sidebar and dialog, without their content. */
  shown() {
    const found = {};
    this.host.ui.shown.forEach(({ kind, title, width, height }, number) => { found[kind] = { title, width, height, number: number + 1 }; });
    return found;
  }

  frame(kind) {
    const found = this.host.ui.shown.findLast((each) => each.kind === kind);
    return found && found.html.replace(/<head[^>]*>|^/i, (start) => `${start}<script>${SHIM}</script>`);
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, 'http://127.0.0.1');
    const route = this.routes[`${request.method} ${pathname}`];
    if (route) {
      return respond(response, 200, 'application/json', JSON.stringify(await route(await read(request))));
    }
    const page = pathname === '/' ? PAGE : pathname.startsWith('/frame/') ? this.frame(pathname.slice(7)) : null;
    return page ? respond(response, 200, 'text/html; charset=utf-8', page) : respond(response, 404, 'text/plain', 'There is nothing here.');
  }
}

function respond(response, status, type, body) {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_MAX_BYTES) {
      throw new Error('The body is too large.');
    }
    parts.push(part);
  }
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    folder: { type: 'string', default: ADD_ON },
    sheets: { type: 'string' },
    identity: { type: 'string' },
    spreadsheet: { type: 'string' },
    user: { type: 'string', default: 'ed@example.org' },
    audience: { type: 'string', default: 'sheet.apps.googleusercontent.com' },
    route: { type: 'string', multiple: true, default: [] },
  },
});
const routes = Object.fromEntries(values.route.map((route) => route.split('=', 2)));
const host = new Host({ ...values, routes });
const server = new Server(host);
const listener = http.createServer((request, response) => {
  server.answer(request, response).catch((error) => respond(response, 500, 'text/plain', String(error.stack)));
});
listener.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${listener.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
