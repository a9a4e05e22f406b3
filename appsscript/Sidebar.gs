/** Opens the sidebar; its page is Sidebar.html and the files that it includes. */

/** Opens the sidebar. It asks the service by itself, and says what to do where it cannot. */
function openSidebar() {
  SpreadsheetApp.getUi().showSidebar(page_('Sidebar').setTitle(MENU));
}

/**
 * Opens the sidebar where it shows a run.
 *
 * @param {Run} run
 */
function openSidebarOn_(run) {
  sidebarRemember({ run: { run: run.run, kind: run.kind }, plan: null, asked: null });
  openSidebar();
}
