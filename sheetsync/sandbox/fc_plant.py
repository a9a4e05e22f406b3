"""The made-up laundries behind FasCard's read-only lists: places, machines, satellites, prices."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sheetsync.sandbox.exact import to_decimal
from sheetsync.sandbox.fc_requests import PACKAGES
from sheetsync.sandbox.fc_site import ACCOUNT_ID, FOREIGN_ID

Record = dict[str, object]

# Everything happens around one moment, so that a report is the same every time.
NOW = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
FOREIGN_PLACE = 9
_PLACES = ((2, 5, "Main Street", "America/New_York"), (3, 5, "=Harbour & Sons", "America/Chicago"))
_EQUIPMENT = ((31, "Washer 20 lb", 1), (32, "Dryer 30 lb", 2), (33, "Kiosk", 4))
_MACHINES_PER_PLACE = 6
MACHINE_CHANGES = 75
SATELLITE_CHANGES = 25
# Minutes from Sunday midnight: Tuesday, the whole day.
_TUESDAY, _DAY = 2 * 1440, 1440
_STATUS_TEXT = {0: "Offline", 2: "Idle", 3: "Running", 6: "Error", 77: "Status 77"}
_STATISTICS = {100: 40, 101: 44, 200: 310, 201: 305, 202: 4, 203: 1, 300: 12}


def ago(**span: float) -> str:
    """Print a moment before `NOW`, without offset, as the server does."""
    return (NOW - timedelta(**span)).replace(tzinfo=None).isoformat()


def foreign_place() -> Record:
    """Return a place of another account, which the server's list has been seen to hold."""
    return {**_place(FOREIGN_PLACE, 50, "Elsewhere", "UTC"), "AccountID": FOREIGN_ID}


def _place(place_id: int, group: int, name: str, zone: str) -> Record:
    return {
        "ID": place_id,
        "AccountID": ACCOUNT_ID,
        "LocationGroupID": group,
        "Enabled": True,
        "Name": name,
        "Addr1": f"{place_id} Quay Road",
        "Addr2": None,
        "City": "Dover",
        "State": "DE",
        "ZipCode": "01990",
        "Phone": "+1 555 0100",
        "Amenities": "WiFi, snacks",
        "TimeZone": zone,
        "Latitude": Decimal("39.158168"),
        "Longitude": Decimal("-75.524368"),
        "LogoImageExists": False,
        "ThemeColor1": "#1c2e53",
        "ThemeColor2": "#ffffff",
        "CouponExists": place_id == 2,
    }


def _machines() -> list[Record]:
    return [
        _machine(place_id, number) for place_id, *_ in _PLACES for number in range(1, _MACHINES_PER_PLACE + 1)
    ]


def _machine(place_id: int, number: int) -> Record:
    machine_id = 1000 * place_id + number
    running = number == 3
    return {
        "ID": machine_id,
        "LocationID": place_id,
        "MachNo": f"{100 + number:04}",
        "Label": f"Washer {number}" if number <= 3 else f"Dryer {number}",
        "EquipID": 31 if number <= 3 else 32,
        # One that the document does not explain: firmware is newer than paper.
        "Status": 3 if running else 77 if number == 6 else 2,
        "Enabled": True,
        "VendAllowed": True,
        "UserActive": running,
        "FinishTime": ago(minutes=-12) if running else None,
        "Price": Decimal("3.75") if number <= 3 else Decimal("0.25"),
        "Model": "HC20",
        "SerialNumber": f"00{machine_id}E5",
        "InServiceDate": ago(days=400),
        "LastServiceDate": None if number % 2 else ago(days=31),
        "Notes": None,
        "PairedMachineID": None,
        "Pocket": None if number <= 3 else 1 + number % 2,
        "WifiAffinity": None,
    }


def machine_history(machine_id: int, limit: int) -> list[Record]:
    """List a machine's changes of status, newest first."""
    states = (2, 3, 2, 3, 0, 6, 77)
    return [
        {
            "ID": 5_000_000_000 + 1000 * machine_id - back,
            "MachineID": machine_id,
            "SatelliteID": 70 + machine_id // 1000,
            "SatelliteName": f"Sat {machine_id // 1000}",
            "Status": (status := states[back % len(states)]),
            "StatusText": _STATUS_TEXT[status],
            "StatusTime": ago(minutes=25 * back),
            "MACAddr": "00:1B:C5:00:00:01",
            "FirmwareVersion": 10413,
            "HardwareVersion": 2,
            "StartTime": ago(minutes=25 * back + 1) if status == 3 else None,
            "FinishTime": ago(minutes=25 * back - 24) if status == 3 else None,
            "RdrWifiStrength": -61,
            "SatWifiStrength": -58,
            "CoinCount": 4 * back,
            "CoinAmount": to_decimal(100 * back, 2),
            "CoinCount2": None,
            "CoinAmount2": None,
            "CardType": 1 if status == 3 else 0,
            "UserID": 500_007 if status == 3 else None,
            "MaintError": 3 if status == 6 else 0,
            "MlvMachError": 0,
            "MlvMachCode": 0,
        }
        for back in range(min(limit, MACHINE_CHANGES))
    ]


def _satellite(place_id: int) -> Record:
    return {
        "ID": 70 + place_id,
        "LocationID": place_id,
        "Name": f"Sat {place_id}",
        "MACAddr": f"00:1B:C5:00:01:{place_id:02}",
        "FirmwareVersion": 12001,
        "Status": "Online",
        "StatusTime": ago(minutes=1),
        "StartupTime": ago(days=9),
        "VPNConnectTime": ago(days=2),
        "StatusChangeTime": None,
        "VPNIPv4Addr": "10.8.0.7",
        "PublicIPv4Addr": "192.0.2.7",
        "OSMachine": "Linux armv7l",
        "UptimeDay": 100,
        "UptimeWeek": 99,
        "DisconnectsDay": 0,
        "DisconnectsWeek": 2,
        "WifiFreqChan": 6,
        "WifiAffinity": None,
        "ReadersOnline": 6,
        "ReadersDefined": 6,
        "ReadersAssigned": 0,
        "UplinkStatus": [10, 12, 13],
        "ProcessorLoad": 7,
        "FasSatMemoryUsage": 48_234_496,
    }


def satellite_history(satellite_id: int, limit: int) -> list[Record]:
    """List a satellite's changes, newest first."""
    return [
        {
            "ID": 8_000_000_000 + 1000 * satellite_id - back,
            "SatelliteID": satellite_id,
            "Status": 1 - back % 2,
            "StatusTime": ago(hours=5 * back),
            "FirmwareVersion": 12001,
            "OSMachine": "Linux armv7l",
            "StartupTime": ago(days=9),
            "VPNConnectTime": ago(days=2),
            "VPNIPv4Addr": "10.8.0.7",
            "PublicIPv4Addr": "192.0.2.7",
            "ReadersOnline": 6,
            "ReadersDefined": 6,
            "UplinkStatus": [10 if back % 2 == 0 else 2, 12, 99],
            "ProcessorLoad": 7,
            "FasSatMemoryUsage": 48_234_496,
        }
        for back in range(min(limit, SATELLITE_CHANGES))
    ]


def _equip(equip_id: int, name: str, kind: int) -> Record:
    options = [
        {"OptionNo": 0, "OptionType": 0, "Name": "Normal"},
        {"OptionNo": 1, "OptionType": 1, "Name": "Hot"},
        {"OptionNo": 2, "OptionType": 2, "Name": "Machine Start"},
    ]
    return {
        "ID": equip_id,
        "EquipName": name,
        "EquipClass": kind,
        "Options": options if kind in (1, 2) else [],
        "SupportsDualPocket": kind == 2,
    }


def pricing() -> Record:
    """Return what an equipment costs: as a rule, and on Tuesdays."""
    return {
        "DefaultPrices": [
            {"OptionType": 0, "OptionNo": 0, "OptionPrice": Decimal("3.75")},
            {"OptionType": 1, "OptionNo": 1, "OptionPrice": Decimal("0.50")},
        ],
        "Schedule": [
            {
                "StartTime": _TUESDAY,
                "Duration": _DAY,
                "Options": [{"OptionType": 0, "OptionNo": 0, "OptionPrice": Decimal("2.50")}],
            }
        ],
    }


def schedule(equip_id: int, place_id: int) -> Record:
    """Return an equipment's weekly schedule at a place; unlike the pricing, prices are in cents."""
    return {
        "EquipID": equip_id,
        "LocationID": place_id,
        "DefaultTime": 0,
        "Schedule": [
            {
                "StartTime": _TUESDAY,
                "EndTime": _TUESDAY + _DAY,
                "Prices": [{"Name": "Normal", "OptionNo": 0, "OptionPrice": Decimal(250)}],
                "Features": [
                    {"Name": "Machine Start", "FeatureNo": 0, "Value": 1},
                    {"Name": "Discount", "FeatureNo": 1, "Value": 80},
                    {"Name": "Free Start", "FeatureNo": 3, "Value": -1},
                ],
            }
        ],
    }


def _packages() -> list[Record]:
    return [
        {
            "ID": number,
            "AccountID": ACCOUNT_ID,
            "SpendAmount": to_decimal(cash, 2),
            "BonusAmount": to_decimal(bonus, 2),
        }
        for number, (cash, bonus) in enumerate(PACKAGES.items(), start=41)
    ]


def _coupons() -> list[Record]:
    rows = ((1, "Welcome", "5.00", ago(days=-60)), (4, "Tuesday", "0.1", None), (99, "-Mystery", "", None))
    return [
        {
            "ID": number,
            "AccountID": ACCOUNT_ID,
            "CouponType": kind,
            "Name": name,
            "Desc": f"{name} coupon",
            "Code": f"00{number}",
            "Param1": value,
            "UserAddDate": ago(days=20),
            "EndDate": end,
        }
        for number, (kind, name, value, end) in enumerate(rows, start=51)
    ]


def _cards() -> list[Record]:
    return [
        {
            "ID": 61,
            "Name": "Office card",
            "Number": "00012345",
            "PIN": "0421",
            "CreationDate": ago(days=500),
            "Deposit": Decimal("2.00"),
            "DepositAccountID": ACCOUNT_ID,
        }
    ]


@dataclass
class Plant:
    """Every list, built once."""

    locations: list[Record] = field(default_factory=lambda: [_place(*place) for place in _PLACES])
    groups: list[Record] = field(default_factory=lambda: [{"ID": 5, "AccountID": ACCOUNT_ID, "Name": "City"}])
    machines: list[Record] = field(default_factory=_machines)
    satellites: list[Record] = field(default_factory=lambda: [_satellite(*place[:1]) for place in _PLACES])
    equipment: list[Record] = field(default_factory=lambda: [_equip(*one) for one in _EQUIPMENT])
    packages: list[Record] = field(default_factory=_packages)
    coupons: list[Record] = field(default_factory=_coupons)
    cards: list[Record] = field(default_factory=_cards)

    @property
    def location_ids(self) -> frozenset[int]:
        """Ids of the places of our account."""
        return frozenset(place[0] for place in _PLACES)


def statistics(kinds: list[int], start: datetime | None, end: datetime | None, step_s: int) -> list[Record]:
    """List statistics grouped by kind: the latest of each, or one for every step between two times."""
    steps = 1 if start is None and end is None else 6
    newest = end or NOW
    return [
        {
            "Types": kind,
            "Start": (newest - timedelta(seconds=step_s * (steps - number))).replace(tzinfo=None).isoformat(),
            "Duration": Decimal(step_s),
            "Value": Decimal(_STATISTICS.get(kind, 0)) + Decimal("0.5") * (number % 2),
        }
        for kind in kinds
        for number in range(steps)
        if start is None or newest - timedelta(seconds=step_s * (steps - number)) >= start
    ]
