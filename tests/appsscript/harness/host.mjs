// Google's side: state that outlives an execution, and the answers to what executions ask.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { Fetcher } from './fetching.mjs';
import { Locks, Properties } from './keeping.mjs';
import { Book } from './spreadsheet.mjs';

const HERE = import.meta.dirname;
const EXECUTION_MAX_MS = 6 * 60_000;
const SIMULTANEOUS_MAX = 30;

/** Milliseconds of real time for a second that the script sleeps; its clock still counts the second. */
const SECOND_MS = 40;

function filesOf(folder, pattern) {
  return fs.readdirSync(folder).filter((name) => pattern.test(name)).sort()
    .map((name) => ({ name, code: fs.readFileSync(path.join(folder, name), 'utf8') }));
}

/** One spreadsheet with the add-on in it. */
export class Host {
  /**
   * @param {Object} options
   * @param {string} options.folder of the add-on's files.
   * @param {string} options.sheets address of the spreadsheet emulator.
   * @param {string} options.identity address of the identity emulator.
   * @param {string} options.spreadsheet id.
   * @param {string} options.user e-mail address of who works in the spreadsheet.
   * @param {string} options.audience client id of the script's project.
   * @param {Object<string, string>} options.routes start of an address → where it really is.
   */
  constructor({ folder, sheets, identity, spreadsheet, user, audience, routes }) {
    Object.assign(this, { folder, identity, user, audience });
    this.manifest = JSON.parse(fs.readFileSync(path.join(folder, 'appsscript.json'), 'utf8'));
    this.services = filesOf(path.join(HERE, 'services'), /\.js$/);
    this.book = new Book({ address: sheets, id: spreadsheet });
    this.fetcher = new Fetcher({ routes, whitelist: this.manifest.urlFetchWhitelist });
    this.properties = new Properties();
    this.locks = new Locks();
    this.ui = { menus: [], toasts: [], asked: [], shown: [] };
    Object.assign(this, { answers: [], logs: [], scopes: new Set(), executions: 0, running: 0, laterMs: 0, executionMs: EXECUTION_MAX_MS });
    this.browser = { mode: 'same', email: null };
  }

  /**
   * Runs one function of the script in an execution of its own.
   *
   * @param {string} name
   * @param {Array<*>} args
   * @param {{authMode?: string, hasUi?: boolean, user?: string}} [options]
   * @returns {Promise<*>} what it returned.
   */
  run(name, args = [], { authMode = 'FULL', hasUi = true, user = this.user } = {}) {
    if (!/^[A-Za-z]\w*$/.test(name)) {
      return Promise.reject(new Error(`Script function not found: ${name}`));
    }
    if (this.running >= SIMULTANEOUS_MAX) {
      return Promise.reject(new Error('There are too many scripts running simultaneously for this Google user account.'));
    }
    const { port1, port2 } = new MessageChannel();
    const shared = new SharedArrayBuffer(4);
    const execution = { id: `e${(this.executions += 1)}`, sleptMs: 0, port: port1, flag: new Int32Array(shared) };
    const workerData = { port: port2, shared, name, argsJson: JSON.stringify(args), ...this.script({ authMode, hasUi, user }) };
    const worker = new Worker(path.join(HERE, 'execution.mjs'), { transferList: [port2], workerData });
    return this.until(worker, execution);
  }

  /** Returns what an execution needs to know; the files are read each time, so an edit counts at once. */
  script({ authMode, hasUi, user }) {
    const html = Object.fromEntries(filesOf(this.folder, /\.html$/).map(({ name, code }) => [name.slice(0, -5), code]));
    const meta = { scopes: this.manifest.oauthScopes || [], authMode, hasUi, user, html, spreadsheetId: this.book.id, laterMs: this.laterMs };
    return { scripts: filesOf(this.folder, /\.gs$/), services: this.services, meta };
  }

  /** Answers an execution until it ends. */
  until(worker, execution) {
    this.running += 1;
    this.book.forget();
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        this.running -= 1;
        this.locks.releaseAll(execution.id);
        execution.port.close();
        worker.terminate();
        settle(value);
      };
      const tooLong = () => end(reject, new Error('Exceeded maximum execution time'));
      const timer = setTimeout(tooLong, this.executionMs);
      execution.port.on('message', async (message) => {
        if (message.done) {
          return this.ended(message.done, (value) => end(resolve, value), (error) => end(reject, error));
        }
        const reply = await this.reply(execution, message);
        if (execution.sleptMs > this.executionMs) {
          return tooLong();
        }
        execution.port.postMessage(JSON.stringify(reply));
        Atomics.store(execution.flag, 0, 1);
        return Atomics.notify(execution.flag, 0);
      });
      worker.on('error', (error) => end(reject, error));
    });
  }

  ended({ found, failed, illegal }, done, fail) {
    if (failed) {
      return fail(Object.assign(new Error(failed.message), { name: failed.name, script: failed.stack }));
    }
    return illegal ? fail(new Error('harness: the function returned what cannot cross, such as a Date')) : done(found);
  }

  async reply(execution, { method, json }) {
    try {
      return { found: (await this.answer(execution, method, JSON.parse(json))) ?? null };
    } catch (error) {
      return { failed: error.message };
    }
  }

  answer(execution, method, args) {
    const { book, locks, properties, ui } = this;
    const answers = {
      'scope.used': (scope) => { this.scopes.add(scope); },
      'book.name': async () => (await book.facts()).properties.title,
      'book.zone': async () => (await book.facts()).properties.timeZone || 'Etc/GMT',
      'book.sheets': () => book.sheets(),
      'book.active': () => book.activeId(),
      'book.activate': (id) => { book.active = id; },
      'book.flush': () => book.flush(),
      'sheet.name': (id) => book.nameOf(id),
      'sheet.size': (id) => book.size(id),
      'sheet.values': (...place) => book.values(...place),
      'sheet.hidden': (id, row) => book.hidden(id, row),
      'selection.get': (id) => book.selections[id] || [[1, 1, 1, 1]],
      'selection.set': (id, ranges) => { book.selections[id] = ranges; },
      'ui.toast': (message, title, seconds) => { ui.toasts.push({ message, title, seconds }); },
      'ui.menu': (caption, items) => { ui.menus.push({ caption, items }); },
      'ui.ask': (kind, title, text, buttons) => this.ask({ kind, title, text, buttons }),
      'ui.show': (kind, title, html, width, height) => { ui.shown.push({ kind, title, html, width, height }); },
      'properties.all': (scope) => properties.all(scope),
      'properties.set': (scope, values) => properties.set(scope, values),
      'properties.remove': (scope, name) => properties.remove(scope, name),
      'lock.take': (scope, ms) => locks.take(scope, ms, execution.id),
      'lock.held': (scope) => locks.holders[scope] === execution.id,
      'lock.release': (scope) => locks.release(scope, execution.id),
      'lock.suspend': () => locks.releaseAll(execution.id),
      identity: (email, named) => this.token(email, named),
      fetch: (request) => this.fetcher.fetch(request),
      sleep: (ms) => this.sleep(execution, ms),
      uuid: () => randomUUID(),
      'text.bytes': (text) => [...new Int8Array(Buffer.from(text))],
      'bytes.text': (bytes) => Buffer.from(Int8Array.from(bytes).buffer).toString(),
      'base64.bytes': (text) => [...new Int8Array(Buffer.from(text, 'base64url'))],
      'date.text': (ms, zone, format) => dateText(ms, zone, format),
      log: (level, message) => { this.logs.push({ level, message }); },
    };
    if (!answers[method]) {
      throw new Error(`harness: nobody answers ${method}`);
    }
    return answers[method](...args);
  }

  /** Returns what the person answers to a dialog that blocks; without an answer the execution would hang for ever. */
  ask(question) {
    this.ui.asked.push(question);
    const answer = this.answers.shift();
    if (!answer) {
      throw new Error(`harness: nobody answers “${question.title}: ${question.text}”`);
    }
    return { button: answer.button, text: answer.text || '' };
  }

  async token(email, named) {
    const query = new URLSearchParams({ email: named ? email : '', aud: this.audience });
    const reply = await fetch(`${this.identity}/token?${query}`);
    return (await reply.json()).token;
  }

  async sleep(execution, ms) {
    execution.sleptMs += ms;
    await new Promise((resolve) => { setTimeout(resolve, (ms / 1000) * SECOND_MS); });
  }
}

/** Returns a moment in a zone, in the one format that is modelled. */
function dateText(ms, timeZone, format) {
  if (format !== 'yyyy-MM-dd HH:mm') {
    throw new Error(`harness: Utilities.formatDate with ${format} is not modelled`);
  }
  return new Date(ms).toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
}
