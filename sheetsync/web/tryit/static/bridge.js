/*
 * Stands where Apps Script stands: `google.script.run` with the functions that the sidebar calls. It forwards
 * requests to the same HTTP API, with the session of the page, and knows no rule of the product.
 */
'use strict';

(() => {
  /** Milliseconds after which a request counts as unanswered; Apps Script gives up at about a minute. */
  const TIMEOUT_MS = 60000;
  const MEMORY = 'sheetsync-sidebar';
  const csrf = document.querySelector('meta[name=csrf]').content;
  const sheet = () => window.parent.tryIt;

  function recalled() {
    return JSON.parse(window.localStorage.getItem(MEMORY) || '{}');
  }

  const functions = {
    sidebarContext: () => ({
      connection: sheet().connection,
      service_url: window.location.origin,
      console_url: window.location.origin + '/',
      spreadsheet_id: '',
      spreadsheet_name: 'Demo',
      tab: sheet().title(),
      selection: sheet().selection(),
      client_id: '',
      version: 'demo',
    }),
    sidebarSelection: () => sheet().selection(),
    sidebarGoTo: (accountId) => sheet().goTo(accountId),
    sidebarRecall: recalled,
    sidebarRemember: (facts) => {
      const kept = Object.fromEntries(Object.entries({ ...recalled(), ...facts }).filter(([, value]) => value !== null));
      window.localStorage.setItem(MEMORY, JSON.stringify(kept));
      return kept;
    },
    sidebarSetUp: () => null,
    sidebarCall: callService,
  };

  async function callService(request) {
    await sheet().flush();
    const id = crypto.randomUUID();
    const headers = { 'X-CSRF-Token': csrf, 'X-Request-Id': id };
    if (request.method === 'POST') headers['Idempotency-Key'] = request.key || crypto.randomUUID();
    const options = { method: request.method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
    if (request.file) options.body = formOf(request.file);
    else if (request.method === 'POST') {
      headers['Content-Type'] = 'application/json';
      options.body = JSON.stringify(request.body || {});
    }
    try {
      return await understood(await fetch(address(request), options), id);
    } catch (failure) {
      return unanswered(failure, id);
    }
  }

  function address(request) {
    const query = Object.entries(request.query || {}).filter(([, value]) => value !== null && value !== undefined);
    return request.path + (query.length ? '?' + new URLSearchParams(query) : '');
  }

  function formOf(file) {
    const form = new FormData();
    for (const [name, value] of Object.entries(file)) {
      if (name === 'name' || name === 'text' || value === null || value === undefined || value === '') continue;
      form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
    }
    form.append('file', new Blob([file.text], { type: 'text/csv' }), file.name || 'import.csv');
    return form;
  }

  async function understood(response, id) {
    if (response.ok && (response.headers.get('Content-Type') || '').startsWith('text/csv')) {
      const name = decodeURIComponent((response.headers.get('Content-Disposition') || '').split("''")[1] || 'results.csv');
      return { ok: true, status: response.status, body: { name, text: await response.text() }, request_id: id };
    }
    const body = await response.json();
    if (response.ok) return { ok: true, status: response.status, body, request_id: id };
    return { ok: false, kind: 'refused', status: response.status, error: body.error, request_id: id };
  }

  function unanswered(failure, id) {
    const isLate = failure.name === 'TimeoutError';
    const message = isLate ? 'The service took too long to answer. It may have done what was asked, or not.' : 'The service cannot be reached.';
    const hint = isLate ? 'Press the same button again: it is recognised and not done twice.' : 'Is “sheetsync demo” still running?';
    return { ok: false, kind: isLate ? 'timeout' : 'unreachable', status: 0, error: { code: 'unreachable', message, hint, details: {} }, request_id: id };
  }

  /** `google.script.run` as Apps Script has it: handlers first, then one call. */
  function runner(done, failed) {
    return new Proxy({}, {
      get(_target, name) {
        if (name === 'withSuccessHandler') return (handler) => runner(handler, failed);
        if (name === 'withFailureHandler') return (handler) => runner(done, handler);
        return (...given) => {
          Promise.resolve().then(() => functions[name](...given)).then(done, failed);
        };
      },
    });
  }

  window.google = { script: { run: runner(() => {}, () => {}), host: { close: () => {} } } };
})();
