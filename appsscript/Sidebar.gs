/** Opens the sidebar; its page is Sidebar.html and the files that it includes. */

/** Opens the sidebar. It asks the service by itself, and says what to do where it cannot. */
function openSidebar() {
  SpreadsheetApp.getUi().showSidebar(page_('Sidebar').setTitle(MENU));
}
