/** The add-on's version; the same as the service's that it was made with. */
const ADDON_VERSION = '0.1.0';
