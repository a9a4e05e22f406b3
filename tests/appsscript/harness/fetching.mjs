// UrlFetchApp's other end: real HTTP, to this machine only.
import { randomBytes } from 'node:crypto';

const URL_MAX = 2082;
const BODY_MAX_BYTES = 50 * 2 ** 20;
const FETCH_MAX_MS = 60_000;
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//;

/** Carries out a fetch as Google's servers would. */
export class Fetcher {
  /**
   * @param {{routes: Object<string, string>, whitelist: string[]|undefined}} options
   *     Start of an address → where it really is; addresses that the manifest allows.
   */
  constructor({ routes, whitelist }) {
    Object.assign(this, { routes, whitelist, faults: [], sent: [], left: Infinity });
  }

  async fetch(request) {
    this.check(request);
    const entry = { method: request.method, url: request.url, headers: request.headers, status: 0 };
    this.sent.push(entry);
    const fault = this.faults.shift();
    if (fault && !fault.after) {
      throw new Error(words(fault.kind, request.url));
    }
    const found = await this.send(request);
    entry.status = found.status;
    if (fault) {
      throw new Error(words(fault.kind, request.url));
    }
    return found;
  }

  check({ url }) {
    if (this.left <= 0) {
      throw new Error('Service invoked too many times for one day: urlfetch.');
    }
    this.left -= 1;
    if (url.length > URL_MAX) {
      throw new Error('Limit Exceeded: URLFetch URL Length.');
    }
    if (this.whitelist && !this.whitelist.some((start) => url.startsWith(start))) {
      throw new Error(`UrlFetch calls to ${url} are not permitted by your admin`);
    }
  }

  async send(request) {
    const start = Object.keys(this.routes).find((each) => request.url.startsWith(each));
    const url = start ? this.routes[start] + request.url.slice(start.length) : request.url;
    if (!LOOPBACK.test(url)) {
      throw new Error(`DNS error: ${request.url}`);
    }
    const { body, type } = content(request);
    const headers = { ...request.headers, 'user-agent': 'Mozilla/5.0 (compatible; Google-Apps-Script)' };
    if (type) {
      headers['content-type'] = type;
    }
    try {
      const reply = await fetch(url, {
        method: request.method, headers, body, redirect: request.follow ? 'follow' : 'manual',
        signal: AbortSignal.timeout(FETCH_MAX_MS),
      });
      return { status: reply.status, text: await reply.text(), headers: Object.fromEntries(reply.headers) };
    } catch (error) {
      throw new Error(words(error.name === 'TimeoutError' ? 'timeout' : 'unreachable', request.url));
    }
  }
}

/** Returns a failure in Google's words. */
function words(kind, url) {
  return { timeout: `Timeout: ${url}`, unreachable: `Address unavailable: ${url}`, dns: `DNS error: ${url}` }[kind];
}

/** Returns the body and its type: a form that holds a blob is multipart. */
function content({ form, text, type }) {
  if (!form) {
    return { body: text === null ? undefined : bytesOf(text), type };
  }
  if (form.every(([, value]) => typeof value === 'string')) {
    return { body: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' };
  }
  const boundary = randomBytes(12).toString('hex');
  const parts = form.flatMap(([name, value]) => [Buffer.from(head(boundary, name, value)), bytesOf(value), Buffer.from('\r\n')]);
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  if (body.length > BODY_MAX_BYTES) {
    throw new Error('Limit Exceeded: URLFetch POST Size.');
  }
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

function head(boundary, name, value) {
  const file = typeof value === 'string' ? '' : `; filename="${value.name}"\r\nContent-Type: ${value.type || 'application/octet-stream'}`;
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
}

function bytesOf(value) {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from(Int8Array.from(value.bytes).buffer);
}
