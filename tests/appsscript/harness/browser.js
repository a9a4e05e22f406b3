// google.script in the page: calls go to the harness, which runs them as executions of the script.
(() => {
  const AT_ONCE = 10;
  let busy = 0;
  const waiting = [];

  /** Refuses what Google refuses to carry from a page to the script. */
  function legal(values) {
    const good = (each) => each === null || each === undefined || ['string', 'number', 'boolean'].includes(typeof each) ||
      (typeof each === 'object' && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(each)) && Object.values(each).every(good));
    if (!values.every(good)) {
      throw new Error('Failed due to illegal value in property.');
    }
    return values;
  }

  async function post(name, args) {
    if (busy >= AT_ONCE) {
      await new Promise((resolve) => { waiting.push(resolve); });
    }
    busy += 1;
    try {
      const reply = await fetch('/script', { method: 'POST', body: JSON.stringify({ name, args }) });
      return await reply.json();
    } finally {
      busy -= 1;
      (waiting.shift() || (() => {}))();
    }
  }

  function run(succeeded, failed, about) {
    return new Proxy({}, {
      get(_target, name) {
        if (name === 'withSuccessHandler') return (handler) => run(handler, failed, about);
        if (name === 'withFailureHandler') return (handler) => run(succeeded, handler, about);
        if (name === 'withUserObject') return (value) => run(succeeded, failed, value);
        if (String(name).endsWith('_')) return undefined;
        return (...args) => {
          post(name, legal(args)).then((reply) => {
            if (!reply.failed) {
              (succeeded || (() => {}))(reply.found, about);
            } else if (failed) {
              failed(Object.assign(new Error(reply.failed.message), { name: 'ScriptError' }), about);
            } else {
              console.error('Uncaught', reply.failed.message);
            }
          });
        };
      },
    });
  }

  const host = {
    close: () => { window.parent.postMessage({ close: window.name }, '*'); },
    setHeight: () => {}, setWidth: () => {}, editor: { focus: () => {} }, origin: location.origin,
  };
  window.google = { script: { run: run(), host } };
})();
