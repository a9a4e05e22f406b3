// Properties and locks, with Google's bounds.
(function (kit) {
  const { call, strict, need, global, meta } = kit;

  function properties(scope) {
    const members = {
      getProperty: (name) => call('properties.all', scope)[name] ?? null,
      getProperties: () => call('properties.all', scope),
      setProperty: (name, value) => { call('properties.set', scope, { [name]: String(value) }); return self; },
      setProperties: (values) => {
        call('properties.set', scope, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])));
        return self;
      },
      deleteProperty: (name) => { call('properties.remove', scope, name); return self; },
    };
    const self = strict('Properties', members);
    return self;
  }

  const store = (scope) => () => { need('PropertiesService'); return properties(scope); };
  global.PropertiesService = strict('PropertiesService', {
    getDocumentProperties: store(`document ${meta.spreadsheetId}`),
    getUserProperties: store(`user ${meta.user}`),
  });

  function lock(scope) {
    const members = {
      tryLock: (ms) => call('lock.take', scope, ms),
      waitLock: (ms) => {
        if (!call('lock.take', scope, ms)) {
          throw new Error('Lock timeout: another process was holding the lock for too long.');
        }
      },
      hasLock: () => call('lock.held', scope),
      releaseLock: () => { call('lock.release', scope); },
    };
    return strict('Lock', members);
  }

  global.LockService = strict('LockService', {
    getDocumentLock: () => lock(`document ${meta.spreadsheetId}`),
    getUserLock: () => lock(`user ${meta.user}`),
  });
})
