"""The table of FasCard's reports: addresses, parameters, columns. ``reporting`` carries it out.

Every address is documented in the vendor's overview, is read with GET, and moves no credits.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sheetsync.ports import Narrowing, ReportInfo
from sheetsync.providers.fascard import codes
from sheetsync.providers.fascard.fields import Field, Record
from sheetsync.providers.fascard.unfolding import options, prices, schedules, statistics

HISTORY_MOST = 1000
"""Changes that FasCard gives of one machine or satellite; there is no way to ask for older ones."""

ALL_TYPES = ",".join(str(kind) for kind in codes.STATISTICS)

PLACE = "LocationID"


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        shows: what its rows are.
        path: below ``/api/``; a word in braces, such as ``{machine}``, stands for an id.
        fields: columns in order. Below ``machine``, ``satellite``, ``equipment`` and ``location`` stands what
            the address names, or the place of a record.
        query: parameters that are always sent.
        each: what is gone through, one request each.
        pages: of everybody's records by ``lastID``, newest first.
        place: the field that names a record's location; empty where a record has none.
        at_place: the server itself narrows by ``LocationID``.
        by_place: is asked for location by location; without one the server lists only what is running.
        time: the field by which rows are older or newer; empty where nothing has a time.
        from_time: the parameter by which the server itself narrows by time.
        most: records of one answer; where that is reached, older ones are missing.
        unfold: makes rows of a record.
    """

    shows: str
    path: str
    fields: tuple[Field, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    each: str = ""
    pages: bool = False
    place: str = ""
    at_place: bool = False
    by_place: bool = False
    time: str = ""
    from_time: str = ""
    most: int = 0
    unfold: Callable[[Record], Iterable[Record]] = lambda record: (record,)

    @property
    def narrowing(self) -> frozenset[Narrowing]:
        """The ways to ask for less."""
        ways: dict[Narrowing, bool] = {
            "since": bool(self.time),
            "location": bool(self.place) or bool(self.each),
            "limit": True,
        }
        return frozenset(way for way, known in ways.items() if known)

    def info(self, name: str) -> ReportInfo:
        """Return what the catalogue says."""
        return ReportInfo(name, self.shows, tuple(each.column for each in self.fields), self.narrowing)


_WHERE = (Field(PLACE, "Location ID", "id"), Field("location.Name", "Location"))
_MACHINE = (
    Field("machine.LocationID", "Location ID", "id"),
    Field("location.Name", "Location"),
    Field("MachineID", "Machine ID", "id"),
    Field("machine.MachNo", "Machine number", "id"),
    Field("machine.Label", "Label"),
)
_SATELLITE = (
    Field("satellite.LocationID", "Location ID", "id"),
    Field("location.Name", "Location"),
    Field("SatelliteID", "Satellite ID", "id"),
    Field("satellite.Name", "Satellite"),
)
_PRICED = (
    Field("location.ID", "Location ID", "id"),
    Field("location.Name", "Location"),
    Field("equipment.ID", "Equipment ID", "id"),
    Field("equipment.EquipName", "Equipment"),
)
_UPLINKS = tuple(
    Field(f"UplinkStatus.{place}", f"Uplink {place + 1}", codes=codes.UPLINK_STATUS) for place in range(3)
)
_VPN = (
    Field("StartupTime", "Started", "time"),
    Field("VPNConnectTime", "VPN connected", "time"),
    Field("VPNIPv4Addr", "VPN address"),
    Field("PublicIPv4Addr", "Public address"),
)
_LOAD = (
    Field("ProcessorLoad", "Processor load %", "number"),
    Field("FasSatMemoryUsage", "Memory bytes", "number"),
)

REPORTS: Mapping[str, Report] = {
    "transactions": Report(
        "transactions of all user accounts, newest first",
        "Transact",
        (
            Field("ID", "Transaction ID", "id"),
            Field("DateTime", "Time", "time"),
            Field("TransType", "Type", codes=codes.TRANSACTION_TYPES),
            Field("TransSubType", "Sub-type", codes=codes.TRANSACTION_SUB_TYPES, under="TransType"),
            Field("UserAccountID", "User ID", "id"),
            *_WHERE,
            Field("MachNo", "Machine number", "id"),
            Field("BalanceAmount", "Change Balance", "money"),
            Field("BonusAmount", "Change Bonus", "money"),
            Field("LoyaltyPoints", "Change Loyalty Points", "number"),
            Field("FreeStarts", "Change Free Starts", "number"),
            Field("NewBalance", "New Balance", "money"),
            Field("NewBonus", "New Bonus", "money"),
            Field("NewLoyaltyPoints", "New Loyalty Points", "number"),
            Field("NewFreeStarts", "New Free Starts", "number"),
            Field("CashAmount", "Cash", "money"),
            Field("CreditCardAmount", "Credit card", "money"),
            Field("CreditCardNumber", "Credit card ends in"),
            Field("CreditCardName", "Credit card name"),
            Field("LoyaltyCardNumber", "Loyalty card", "id"),
            Field("UnfundedAmount", "Unfunded", "money"),
            Field("AdditionalInfo", "Additional info"),
            Field("EmployeeUserID", "Employee user ID", "id"),
            Field("RdrTransID", "Reader transaction ID", "id"),
            Field("RootTransactID", "Root transaction ID", "id"),
        ),
        pages=True,
        place=PLACE,
        time="DateTime",
    ),
    "locations": Report(
        "locations",
        "Location",
        (
            Field("ID", "Location ID", "id"),
            Field("Name", "Location"),
            Field("LocationGroupID", "Location group ID", "id"),
            Field("Enabled", "Enabled", "yes_no"),
            Field("Addr1", "Address 1"),
            Field("Addr2", "Address 2"),
            Field("City", "City"),
            Field("State", "State"),
            Field("ZipCode", "Zip code"),
            Field("Phone", "Phone"),
            Field("Amenities", "Amenities"),
            Field("TimeZone", "Time zone"),
            Field("Latitude", "Latitude", "number"),
            Field("Longitude", "Longitude", "number"),
            Field("CouponExists", "Has coupons", "yes_no"),
            Field("LogoImageExists", "Has a logo", "yes_no"),
            Field("ThemeColor1", "Colour 1"),
            Field("ThemeColor2", "Colour 2"),
        ),
        place="ID",
    ),
    "location-groups": Report(
        "location groups",
        "LocationGroup",
        (Field("ID", "Location group ID", "id"), Field("Name", "Location group")),
    ),
    "machines": Report(
        "machines",
        "Machine",
        (
            Field("ID", "Machine ID", "id"),
            *_WHERE,
            Field("MachNo", "Machine number", "id"),
            Field("Label", "Label"),
            Field("EquipID", "Equipment ID", "id"),
            Field("Status", "Status", codes=codes.MACHINE_STATUS),
            Field("Enabled", "Enabled", "yes_no"),
            Field("VendAllowed", "Vend allowed", "yes_no"),
            Field("UserActive", "In use", "yes_no"),
            Field("FinishTime", "Finishes", "time"),
            Field("Price", "Start price", "money"),
            Field("Model", "Model"),
            Field("SerialNumber", "Serial number"),
            Field("InServiceDate", "In service since", "time"),
            Field("LastServiceDate", "Last service", "time"),
            Field("Notes", "Notes"),
            Field("PairedMachineID", "Paired machine ID", "id"),
            Field("Pocket", "Pocket", codes=codes.POCKETS),
            Field("WifiAffinity", "Wi-fi affinity", "number"),
        ),
        place=PLACE,
        at_place=True,
        by_place=True,
    ),
    "machine-history": Report(
        "changes of the machines' status, newest first for each",
        "Machine/{machine}/History",
        (
            *_MACHINE,
            Field("StatusTime", "Time", "time"),
            Field("Status", "Status", codes=codes.MACHINE_STATUS),
            Field("StatusText", "Status text"),
            Field("MaintError", "Maintenance", codes=codes.MAINTENANCE_ERRORS),
            Field("MlvMachError", "MLV machine error"),
            Field("MlvMachCode", "MLV machine code"),
            Field("StartTime", "Start", "time"),
            Field("FinishTime", "Finish", "time"),
            Field("CardType", "Card", codes=codes.CARD_TYPES),
            Field("UserID", "Login user ID", "id"),
            Field("CoinCount", "Coins", "number"),
            Field("CoinAmount", "Coin amount", "money"),
            Field("CoinCount2", "Coins 2", "number"),
            Field("CoinAmount2", "Coin amount 2", "money"),
            Field("SatelliteID", "Satellite ID", "id"),
            Field("SatelliteName", "Satellite"),
            Field("MACAddr", "MAC address"),
            Field("FirmwareVersion", "Firmware", "version"),
            Field("HardwareVersion", "Hardware version"),
            Field("RdrWifiStrength", "Reader wi-fi dB", "number"),
            Field("SatWifiStrength", "Satellite wi-fi dB", "number"),
            Field("ID", "Status ID", "id"),
        ),
        query={"Limit": str(HISTORY_MOST)},
        each="machine",
        time="StatusTime",
        most=HISTORY_MOST,
    ),
    "equipment": Report(
        "equipment and its options",
        "Equip",
        (
            Field("ID", "Equipment ID", "id"),
            Field("EquipName", "Equipment"),
            Field("EquipClass", "Class", codes=codes.EQUIPMENT_CLASSES),
            Field("SupportsDualPocket", "Dual pocket", "yes_no"),
            Field("Options", "Options", shape=options),
        ),
        place=PLACE,
        at_place=True,
    ),
    "equipment-pricing": Report(
        "prices of the equipment at each location",
        "Equip/{equipment}/Location/{location}/Pricing",
        (
            *_PRICED,
            Field("When", "When"),
            Field("StartTime", "From", "weekly"),
            Field("Duration", "Minutes", "number"),
            Field("OptionType", "Option type", codes=codes.OPTION_TYPES),
            Field("OptionNo", "Option number"),
            Field("OptionPrice", "Price", "money"),
        ),
        each="equipment",
        unfold=prices,
    ),
    "equipment-schedule": Report(
        "weekly schedule of prices and features at each location",
        "Equip/{equipment}/Schedule/{location}",
        (
            *_PRICED,
            Field("StartTime", "From", "weekly"),
            Field("EndTime", "To", "weekly"),
            Field("What", "What"),
            Field("Name", "Name"),
            Field("OptionNo", "Option number"),
            Field("OptionPrice", "Price", "cents"),
            Field("FeatureNo", "Feature", codes=codes.FEATURES),
            Field("Value", "Value", "number"),
            Field("Meaning", "Meaning"),
            Field("DefaultTime", "All as usual at", "weekly"),
        ),
        each="equipment",
        unfold=schedules,
    ),
    "value-packages": Report(
        "add-value packages: what is spent and what bonus it gives",
        "AddValuePackage",
        (
            Field("ID", "Package ID", "id"),
            Field("SpendAmount", "Spend", "money"),
            Field("BonusAmount", "Bonus", "money"),
        ),
    ),
    "coupons": Report(
        "coupons of the person who is signed in",
        "Coupon",
        (
            Field("ID", "Coupon ID", "id"),
            Field("Name", "Coupon"),
            Field("CouponType", "Type", codes=codes.COUPON_TYPES),
            Field("Desc", "Description"),
            Field("Code", "Code"),
            Field("Param1", "Parameter"),
            Field("UserAddDate", "Added", "time"),
            Field("EndDate", "Ends", "time"),
        ),
    ),
    "cards": Report(
        "cards of the person who is signed in, without their PIN",
        "Card",
        (
            Field("ID", "Card ID", "id"),
            Field("Name", "Card"),
            Field("Number", "Number"),
            Field("CreationDate", "Created", "time"),
            Field("Deposit", "Deposit", "money"),
            Field("DepositAccountID", "Deposit account ID", "id"),
        ),
    ),
    "satellites": Report(
        "satellites",
        "Satellite",
        (
            Field("ID", "Satellite ID", "id"),
            *_WHERE,
            Field("Name", "Satellite"),
            Field("Status", "Status"),
            Field("StatusTime", "Status at", "time"),
            Field("StatusChangeTime", "Status since", "time"),
            *_VPN,
            Field("MACAddr", "MAC address"),
            Field("FirmwareVersion", "Firmware", "version"),
            Field("OSMachine", "Machine"),
            Field("UptimeDay", "Uptime % of a day", "number"),
            Field("UptimeWeek", "Uptime % of a week", "number"),
            Field("DisconnectsDay", "Disconnects in a day", "number"),
            Field("DisconnectsWeek", "Disconnects in a week", "number"),
            Field("WifiFreqChan", "Wi-fi channel", "number"),
            Field("WifiAffinity", "Wi-fi affinity", "number"),
            Field("ReadersOnline", "Readers online", "number"),
            Field("ReadersDefined", "Readers defined", "number"),
            Field("ReadersAssigned", "Readers assigned", "number"),
            *_UPLINKS,
            *_LOAD,
        ),
        place=PLACE,
        at_place=True,
    ),
    "satellite-history": Report(
        "changes of the satellites' status, newest first for each",
        "Satellite/{satellite}/History",
        (
            *_SATELLITE,
            Field("StatusTime", "Time", "time"),
            Field("Status", "Status", codes=codes.SATELLITE_STATUS),
            *_VPN,
            Field("FirmwareVersion", "Firmware", "version"),
            Field("OSMachine", "Machine"),
            Field("ReadersOnline", "Readers online", "number"),
            Field("ReadersDefined", "Readers defined", "number"),
            *_UPLINKS,
            *_LOAD,
            Field("ID", "Status ID", "id"),
        ),
        query={"Limit": str(HISTORY_MOST)},
        each="satellite",
        time="StatusTime",
        most=HISTORY_MOST,
    ),
    "statistics": Report(
        "system statistics, the latest or since a time; for support administrators",
        "SysStats",
        (
            Field("Types", "Statistic", codes=codes.STATISTICS),
            Field("Start", "From", "time"),
            Field("Duration", "Seconds", "number"),
            Field("Value", "Value", "number"),
        ),
        query={"Types": ALL_TYPES},
        time="Start",
        from_time="MinDateTime",
        unfold=statistics,
    ),
}
"""Name on the command line → report."""
