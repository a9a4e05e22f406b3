// What the services share. Evaluated inside the script's context, so that scripts only meet objects of their own realm.
(function (kit) {
  const SCOPES = 'https://www.googleapis.com/auth/';

  /** Returns the object with every member that is not modelled refused instead of undefined. */
  kit.strict = (name, members) => new Proxy(members, {
    get(target, member) {
      if (member in target || typeof member === 'symbol' || member === 'toJSON' || member === 'then') {
        return target[member];
      }
      throw new TypeError(`harness: ${name}.${String(member)} is not modelled`);
    },
    set(target, member) {
      throw new TypeError(`harness: ${name}.${String(member)} cannot be set`);
    },
  });

  /** Refuses a call that the manifest's scopes, or this execution's authorisation, do not cover. */
  kit.need = (what, ...scopes) => {
    if (kit.meta.authMode === 'NONE') {
      throw new Error(`You do not have permission to call ${what}.`);
    }
    const full = scopes.map((scope) => SCOPES + scope);
    if (full.length && !full.some((scope) => kit.meta.scopes.includes(scope))) {
      throw new Error(`Specified permissions are not sufficient to call ${what}. Required permissions: ${full.join(' || ')}`);
    }
    for (const scope of full.filter((each) => kit.meta.scopes.includes(each))) {
      kit.call('scope.used', scope);
    }
  };

  // a later hour for tests: the script's clock runs ahead by so much
  const RealDate = kit.global.Date;
  kit.global.Date = class Date extends RealDate {
    constructor(...args) {
      super(...(args.length ? args : [RealDate.now() + kit.meta.laterMs]));
    }

    static now() {
      return RealDate.now() + kit.meta.laterMs;
    }
  };
})
