// UrlFetchApp, ScriptApp, Session, Utilities, console.
(function (kit) {
  const { call, strict, need, global, meta } = kit;
  const OPTIONS = ['method', 'contentType', 'headers', 'payload', 'muteHttpExceptions', 'followRedirects', 'validateHttpsCertificates'];
  const SENT_BY_GOOGLE = ['host', 'content-length', 'user-agent', 'x-forwarded-for'];

  function blob(data, type, name) {
    const bytes = typeof data === 'string' ? call('text.bytes', data) : Array.from(data);
    return strict('Blob', {
      getBytes: () => bytes, getDataAsString: () => call('bytes.text', bytes),
      getContentType: () => type || null, getName: () => name || null, $blob: true,
    });
  }

  const isBlob = (value) => Boolean(value && typeof value === 'object' && '$blob' in value);
  const part = (value) => (isBlob(value) ? { bytes: value.getBytes(), type: value.getContentType(), name: value.getName() } : String(value));

  function asked(url, options) {
    const unknown = Object.keys(options).filter((name) => !OPTIONS.includes(name));
    if (unknown.length) {
      throw new Error(`harness: UrlFetchApp takes no option ${unknown}`);
    }
    for (const [name, value] of Object.entries(options.headers || {})) {
      if (SENT_BY_GOOGLE.includes(name.toLowerCase()) || typeof value !== 'string' || /[\r\n]/.test(value)) {
        throw new Error(`Attribute provided with invalid value: Header:${name}`);
      }
    }
    const { payload } = options;
    const form = payload && typeof payload === 'object' && !isBlob(payload)
      ? Object.entries(payload).map(([name, value]) => [name, part(value)]) : null;
    return {
      url: String(url), method: (options.method || 'get').toUpperCase(), headers: options.headers || {},
      type: options.contentType || null, form, text: form || payload === undefined ? null : part(payload),
      follow: options.followRedirects !== false,
    };
  }

  function response(found) {
    return strict('HTTPResponse', {
      getResponseCode: () => found.status, getContentText: () => found.text, getHeaders: () => found.headers,
    });
  }

  global.UrlFetchApp = strict('UrlFetchApp', {
    fetch: (url, options = {}) => {
      need('UrlFetchApp.fetch', 'script.external_request');
      const request = asked(url, options);
      const found = call('fetch', request);
      if (found.status >= 400 && !options.muteHttpExceptions) {
        const host = request.url.split('/').slice(0, 3).join('/');
        throw new Error(`Request failed for ${host} returned code ${found.status}. Truncated server response: ${found.text.slice(0, 100)} (use muteHttpExceptions option to examine full response)`);
      }
      return response(found);
    },
  });

  global.ScriptApp = strict('ScriptApp', {
    AuthMode: strict('AuthMode', { NONE: 'NONE', LIMITED: 'LIMITED', FULL: 'FULL', CUSTOM_FUNCTION: 'CUSTOM_FUNCTION' }),
    getIdentityToken: () => {
      need('ScriptApp.getIdentityToken');
      if (!meta.scopes.includes('openid')) {
        return null;
      }
      call('scope.used', 'openid');
      return call('identity', meta.user, meta.scopes.includes('https://www.googleapis.com/auth/userinfo.email'));
    },
  });

  const user = () => strict('User', {
    getEmail: () => { need('Session.getActiveUser', 'userinfo.email'); return meta.user; },
  });
  global.Session = strict('Session', { getActiveUser: user, getEffectiveUser: user });

  global.Utilities = strict('Utilities', {
    getUuid: () => call('uuid'),
    sleep: (ms) => {
      if (!(ms >= 0 && ms <= 300000)) {
        throw new Error('The value for milliseconds is out of range.');
      }
      call('sleep', ms);
    },
    formatDate: (date, zone, format) => call('date.text', date.getTime(), zone, format),
    newBlob: blob,
    base64DecodeWebSafe: (text) => call('base64.bytes', text),
  });

  const logged = (level) => (...parts) => {
    call('log', level, parts.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(' '));
  };
  global.console = strict('console', { log: logged('INFO'), info: logged('INFO'), warn: logged('WARNING'), error: logged('ERROR') });
})
