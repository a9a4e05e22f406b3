/** The first setting, by plain questions: works before anything else does. */

/** Asks where the service is and which connection belongs here, and tries it. */
function setUp() {
  const before = settings_();
  const url = answer_('Where is the service?', `Its address, such as https://sheetsync.example.org${now_(before.service_url)}`);
  const connection = url === null ? null
    : answer_('Which connection?', `Its name in sheetsync.toml, such as shop${now_(before.connection)}`);
  if (url === null || connection === null) {
    return;
  }
  const wanted = { service_url: url || before.service_url, connection: connection || before.connection };
  const done = sidebarSetUp(wanted);
  if (done.error) {
    tell_(done.error.message, [done.error.hint]);
  } else {
    tryIt_();
  }
}

/** Asks the service once, so that a mistake shows now and not at the first push. */
function tryIt_() {
  act_(() => {
    const found = ask_('GET', ofConnection_(''));
    tell_('It works', [place_(found), `You are ${identity_().email}, ${found.role}.`, 'Next: “Pull users and credits”.']);
  });
}

/**
 * @param {string} value
 * @return {string}
 */
function now_(value) {
  return value ? `\nNow: ${value}. Leave the field empty to keep it.` : '';
}
