/** What survives closing the sidebar: kept for one person in one spreadsheet. */

/** Characters: Google keeps 9 KB a property, and a character may take three bytes. */
const MEMORY_MAX = 3000;

/**
 * Returns what was kept.
 *
 * @return {Memory}
 */
function sidebarRecall() {
  const kept = PropertiesService.getUserProperties().getProperty(memoryName_());
  return kept ? JSON.parse(kept) : {};
}

/**
 * Keeps facts beside those that are kept already; null forgets one.
 *
 * @param {Memory} facts
 * @return {Memory} All that is kept now.
 */
function sidebarRemember(facts) {
  const lock = LockService.getUserLock();
  lock.waitLock(LOCK_WAIT_MS);
  try {
    return kept_(Object.assign(sidebarRecall(), facts));
  } finally {
    lock.releaseLock();
  }
}

/** Milliseconds that a second execution of the same person waits; each holds the lock for two short calls. */
const LOCK_WAIT_MS = 5000;

/**
 * @param {Memory} facts
 * @return {Memory}
 */
function kept_(facts) {
  for (const name of Object.keys(facts)) {
    if (facts[name] === null) {
      delete facts[name];
    }
  }
  const text = JSON.stringify(facts);
  if (text.length > MEMORY_MAX) {
    throw new Error(`This is too much to remember: ${text.length} characters of at most ${MEMORY_MAX}.`);
  }
  PropertiesService.getUserProperties().setProperty(memoryName_(), text);
  return facts;
}

/** @return {string} Where this spreadsheet's facts are among those of the person's other spreadsheets. */
function memoryName_() {
  return `memory ${SpreadsheetApp.getActiveSpreadsheet().getId()}`;
}
