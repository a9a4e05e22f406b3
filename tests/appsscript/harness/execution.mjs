// One execution of the script: a worker with a fresh V8 context that holds what Google's runtime holds and nothing else.
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import vm from 'node:vm';

const { port, shared, scripts, services, name, argsJson, meta } = workerData;
const flag = new Int32Array(shared);

/** Asks the host and blocks until it answers, as every service of Google's does. Only strings cross. */
function ask(method, json) {
  Atomics.store(flag, 0, 0);
  port.postMessage({ method, json });
  Atomics.wait(flag, 0, 0);
  return receiveMessageOnPort(port).message;
}

/** Runs the function in a context of its own and returns what it returned as JSON, or what it threw. */
function execute() {
  const context = vm.createContext({}); // no timers, no fetch, no URL, no modules
  const inside = (code, filename) => vm.runInContext(code, context, { filename });
  const call = inside(`(ask => (method, ...args) => {
    const reply = JSON.parse(ask(method, JSON.stringify(args)));
    if (reply.failed !== undefined) throw new Error(reply.failed);
    return reply.found;
  })`)(ask);
  const facts = inside('(text => JSON.parse(text))')(JSON.stringify(meta));
  facts.compile = (code, params) => vm.compileFunction(code, params, { parsingContext: context });
  const kit = { call, meta: facts, global: inside('globalThis') };
  for (const service of services) {
    inside(service.code, service.name)(kit);
  }
  for (const script of scripts) {
    inside(script.code, script.name);
  }
  const found = inside(`typeof ${name} === 'function' ? ${name} : undefined`);
  if (!found) {
    throw new Error(`Script function not found: ${name}`);
  }
  const args = inside('(text => JSON.parse(text))')(argsJson);
  return inside(`(value => {
    const legal = (each) => each === null || each === undefined || ['string', 'number', 'boolean'].includes(typeof each) ||
      (typeof each === 'object' && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(each)) &&
       Object.values(each).every(legal));
    return legal(value) ? JSON.stringify({ found: value === undefined ? null : value }) : JSON.stringify({ illegal: true });
  })`)(found(...args));
}

try {
  port.postMessage({ done: JSON.parse(execute()) });
} catch (error) {
  const told = { name: error?.name || 'Error', message: error?.message || String(error), stack: String(error?.stack || '') };
  port.postMessage({ done: { failed: told } });
}
