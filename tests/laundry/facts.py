"""What the laundry is like, and its weather."""

import threading
from dataclasses import dataclass
from typing import Literal

USERNAME = "office@laundry.example"
PASSWORD = "Str0ng & secret pässword"
ACCOUNT = 12
STORE = "F0002"
OTHER_ACCOUNT = 13

MONEY = ("Balance", "Bonus")
WHOLE = ("LoyaltyPoints", "FreeStarts")
UNITS = (*MONEY, *WHOLE)
CHANGE_FIELDS = {
    "Balance": "BalanceAmount",
    "Bonus": "BonusAmount",
    "LoyaltyPoints": "LoyaltyPoints",
    "FreeStarts": "FreeStarts",
}
FIELDS = {
    (2, 2): {"TransType", "TransSubType", "Cash", "LocationID", "AdditionalInfo"},
    (3, 0): {"TransType", "TransSubType", *UNITS, "SetExactValue", "AdditionalInfo"},
    (3, 3): {"TransType", "TransSubType", *UNITS, "AdditionalInfo"},
}

Answer = Literal["ok", "drop", "500", "html", "gone", "cut", "busy", "refuse", "empty", "401", "redirect"]
JSON = "application/json; charset=utf-8"
PAGE = b"<html><head><title>Bad Gateway</title></head><body>IIS</body></html>"


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to one value request.

    Attributes:
        answer: what the client hears.
        applied: whether it counts; ``late`` then waits for ``Laundry.deliver``.
        before, after: what the customer's balance moves right before and right after it, in cents.
        note: what is kept of ``AdditionalInfo``: all, nothing, or so many characters.
        times: how often it counts.
        off: cents that it counts beside what was asked for.
        kill: when the client's process group is killed.
    """

    answer: Answer = "ok"
    applied: bool = True
    late: bool = False
    before: int = 0
    after: int = 0
    note: int | None = None
    times: int = 1
    off: int = 0
    kill: Literal["", "before", "after"] = ""
    gate: threading.Event | None = None


CALM = Weather()
