/** Who works here, as Google tells it. No token is ever kept: each request gets its own. */

/**
 * Returns what the person's identity token says, without the token.
 *
 * @return {{client_id: string, email: string}} Empty texts where Google tells nothing.
 */
function identity_() {
  const token = ScriptApp.getIdentityToken();
  const claims = token ? claims_(token) : {};
  return { client_id: String(claims.aud || ''), email: String(claims.email || '') };
}

/**
 * Returns the claims of a token. They are only shown; the service checks them.
 *
 * @param {string} token
 * @return {Object<string, *>}
 */
function claims_(token) {
  const bytes = Utilities.base64DecodeWebSafe(padded_(token.split('.')[1] || ''));
  return JSON.parse(Utilities.newBlob(bytes).getDataAsString());
}

/**
 * Returns base64 with the padding that tokens leave out and Google's decoder wants.
 *
 * @param {string} text
 * @return {string}
 */
function padded_(text) {
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}
