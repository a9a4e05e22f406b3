/** Pages: made from the HTML files, which may include one another. */

/**
 * Returns a page.
 *
 * @param {string} name The file, without .html.
 * @param {Object<string, *>} [values] What its scriptlets may use.
 * @return {GoogleAppsScript.HTML.HtmlOutput}
 */
function page_(name, values) {
  const template = HtmlService.createTemplateFromFile(name);
  Object.assign(template, values || {});
  return template.evaluate();
}

/**
 * Returns a file's content, for a scriptlet: include_('SidebarStyle') between <?!= and ?>.
 *
 * @param {string} name The file, without .html.
 * @return {string}
 */
function include_(name) {
  return HtmlService.createHtmlOutputFromFile(name).getContent();
}
