// Properties and locks, as Google bounds them.
const VALUE_MAX_BYTES = 9 * 1024;
const STORE_MAX_BYTES = 500 * 1024;
const LOOK_EVERY_MS = 5;

/** PropertiesService's stores. */
export class Properties {
  constructor() {
    this.stores = {};
  }

  all(scope) {
    return this.stores[scope] || {};
  }

  set(scope, values) {
    const store = { ...this.all(scope), ...values };
    if (Object.values(values).some((value) => Buffer.byteLength(value) > VALUE_MAX_BYTES)) {
      throw new Error('Argument too large: value');
    }
    if (Buffer.byteLength(JSON.stringify(store)) > STORE_MAX_BYTES) {
      throw new Error('You have exceeded the property storage quota. Please remove some properties and try again.');
    }
    this.stores[scope] = store;
  }

  remove(scope, name) {
    delete this.stores[scope]?.[name];
  }
}

/** LockService's locks: whoever holds one is an execution. */
export class Locks {
  constructor() {
    this.holders = {};
  }

  async take(scope, ms, execution) {
    const until = Date.now() + ms;
    do {
      this.holders[scope] ??= execution;
      if (this.holders[scope] === execution) {
        return true;
      }
      await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY_MS); });
    } while (Date.now() < until);
    return false;
  }

  release(scope, execution) {
    if (this.holders[scope] === execution) {
      delete this.holders[scope];
    }
  }

  releaseAll(execution) {
    for (const scope of Object.keys(this.holders)) {
      this.release(scope, execution);
    }
  }
}
