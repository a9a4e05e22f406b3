/** What the sidebar shows before it has asked the service anything. */

/**
 * Returns where we are. Asks nothing over the network.
 *
 * @return {SidebarContext}
 */
function sidebarContext() {
  const spreadsheet = SpreadsheetApp.getActiveSpreadsheet();
  const settings = settings_();
  const identity = identity_();
  return {
    connection: settings.connection,
    service_url: settings.service_url,
    console_url: settings.service_url && `${settings.service_url}/`,
    spreadsheet_id: spreadsheet.getId(),
    spreadsheet_name: spreadsheet.getName(),
    tab: spreadsheet.getActiveSheet().getName(),
    selection: sidebarSelection(),
    client_id: identity.client_id,
    email: identity.email,
    version: ADDON_VERSION,
  };
}
