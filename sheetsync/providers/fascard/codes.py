"""What FasCard's numbers mean, as far as its overview says; any other number is shown as it is."""

from collections.abc import Mapping

Codes = Mapping[object, str]

TRANSACTION_TYPES: Codes = {2: "Add value", 3: "Adjust value"}

TRANSACTION_SUB_TYPES: Codes = {
    (2, 2): "Cash to employee",
    (3, 0): "Admin adjustment",
    (3, 3): "Refund",
}
"""Type and sub-type → name; the same sub-type means something else below another type."""

MACHINE_STATUS: Codes = {
    0: "Offline",
    1: "Disabled",
    2: "Online but idle",
    3: "Running",
    4: "Diagnostic mode",
    5: "Duplicate machine number",
    6: "Error",
    100: "Requested firmware does not exist",
    101: "Firmware downloading to satellite",
    102: "Firmware downloading to reader",
}

MAINTENANCE_ERRORS: Codes = {
    0: "OK",
    1: "Unable to communicate with machine",
    2: "Leaking water",
    3: "Stuck in cycle",
    4: "Not filling",
    5: "Not draining",
    6: "Not heating",
    7: "Door problem",
    100: "Part or all of config was rejected",
    101: "One or more messages timed out or were rejected",
    999: "Unknown machine problem",
    1000: "Machine code indicates error",
}

POCKETS: Codes = {1: "Top", 2: "Bottom"}

CARD_TYPES: Codes = {0: "Undefined", 1: "Laundry", 2: "Credit", 3: "User token"}

SATELLITE_STATUS: Codes = {0: "Offline", 1: "Online"}

UPLINK_STATUS: Codes = {
    0: "Status unknown",
    1: "Unable to get DHCP address",
    2: "No response from internet",
    3: "Unable to establish VPN connection",
    4: "Unable to establish FasServer connection",
    5: "No authorization",
    6: "SNMP and/or API to Router OS failed",
    7: "No connection at interface",
    8: "No connection to wireless access point",
    9: "No response from gateway",
    10: "Fully online with server",
    11: "No response from FasCard data center router",
    12: "Available but not currently in use",
    13: "Uplink not defined",
}

EQUIPMENT_CLASSES: Codes = {
    0: "Unknown",
    1: "Washer",
    2: "Dryer",
    3: "Washer & dryer",
    4: "Kiosk",
    5: "Door",
    6: "Vending",
    7: "Self-test",
    8: "Demo",
    9: "Point of sale",
}

OPTION_TYPES: Codes = {0: "Base price", 1: "Adder price", 2: "Feature"}

FEATURES: Codes = {0: "Machine start", 1: "Discount", 2: "Points multiplier", 3: "Free start"}

COUPON_TYPES: Codes = {
    0: "Join loyalty program",
    1: "Bonus added to account",
    2: "Free start credits added to account",
    3: "Loyalty points added to account",
    4: "Discount applied to account",
    5: "User added to user group",
}

STATISTICS: Codes = {
    100: "Satellite VPN connections, least",
    101: "Satellite VPN connections, most",
    102: "TCP sockets, least",
    103: "TCP sockets, most",
    104: "Authorizations, least",
    105: "Authorizations, most",
    106: "Incoming connections",
    107: "Disconnections",
    108: "Successful authorizations",
    109: "Duplicates detected",
    110: "Unknown satellites detected",
    200: "Card authorizations",
    201: "Captures",
    202: "Declines",
    203: "Errors",
    300: "Logged messages",
}

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
