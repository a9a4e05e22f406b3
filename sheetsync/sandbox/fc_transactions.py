"""FasCard's list of transactions: one line for every step that changed the four units of an account."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sheetsync.sandbox.book import Account, Book, Cause, Change
from sheetsync.sandbox.exact import to_decimal
from sheetsync.sandbox.fc_site import (
    ACCOUNT_ID,
    FOREIGN_ID,
    OFFICE_USER_ID,
    FasCardSite,
    Query,
    choose_page,
    require,
    to_time,
)
from sheetsync.sandbox.wire import Response, json_response

# Unit code → name of the unit, of its change and of its result.
UNITS = {
    "balance": ("Balance", "BalanceAmount", "NewBalance"),
    "bonus": ("Bonus", "BonusAmount", "NewBonus"),
    "loyalty_points": ("LoyaltyPoints", "LoyaltyPoints", "NewLoyaltyPoints"),
    "free_starts": ("FreeStarts", "FreeStarts", "NewFreeStarts"),
}
# The document calls an id "long", and they are: this does not fit into 32 bits. Between two of ours is room.
_FIRST_ID = 3_000_000_000
_STEP = 4
_FOREIGN, _GUEST = 1, 2
# A purchase at a machine is no type that the document explains; its users know it as 100.
_KINDS: dict[tuple[Cause, bool], tuple[int, int]] = {
    ("customer", True): (2, 1),
    ("customer", False): (100, 0),
    ("admin", True): (3, 0),
    ("admin", False): (3, 0),
    ("api", True): (3, 0),
    ("api", False): (3, 0),
}
_PLACE = 2
_MACHINE = 101


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line; amounts by unit code in minor units."""

    number: int
    at_s: float
    account: Account
    deltas: Mapping[str, int]
    kind: tuple[int, int]
    info: str = ""
    location: int | None = None
    machine: int | None = None
    cash_minor: int = 0
    employee: int | None = None

    @property
    def id(self) -> int:
        """Its record id."""
        return _FIRST_ID + _STEP * self.number


@dataclass
class Transactions:
    """Watches the book and writes the list; a value request says what its own line shall hold."""

    book: Book
    site: FasCardSite
    now_s: Callable[[], float] = time.time
    _all: list[Transaction] = field(default_factory=list, repr=False)
    _ids: list[int] = field(default_factory=list, repr=False)
    _ids_of: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        """Begin with the next change."""
        self.book.watch(self._note)

    def last_of(self, account_id: str) -> Transaction | None:
        """Return an account's newest line, visible or not."""
        with self._lock:
            ids = self._ids_of.get(account_id)
            return self._find(ids[-1]) if ids else None

    def describe(
        self, *, kind: tuple[int, int], info: str, location: int | None, cash_minor: int
    ) -> Transaction:
        """Complete the newest line; the caller holds the book's lock since it made the change."""
        with self._lock:
            line = replace(
                self._all[-1],
                kind=kind,
                info=info,
                location=location,
                machine=None,
                cash_minor=cash_minor,
                employee=OFFICE_USER_ID,
            )
            self._all[-1] = line
            return line

    def page(self, query: Query) -> Response:
        """`GET /api/Transact`."""
        require("Reports", held=self.site.reports)
        account = query.whole("UserAccountID") or 0
        visible_s = self.now_s() - self.site.listed_late_s
        with self._lock:
            ids = list(self._ids if account == 0 else self._ids_of.get(str(account), []))
            guests = self.site.guest_purchases and not account
            others = [_FOREIGN] * self.site.foreign_records + [_GUEST] * guests
            if others:
                ids = [own + other for own in ids for other in (0, *others)]
            chosen = choose_page(
                ids,
                query,
                older=query.flag("Older"),
                site=self.site,
                keeps=lambda one: self._find(one).at_s <= visible_s,
            )
            return json_response([self._show(one) for one in chosen])

    def _note(self, account: Account, changes: Sequence[Change]) -> None:
        deltas = {change.unit: change.delta_minor for change in changes if change.unit in UNITS}
        if not deltas:
            return
        cause = changes[0].cause
        kind = _KINDS[cause, min(deltas.values()) >= 0]
        spent = kind[0] == 100
        line = Transaction(
            number=len(self._all) + 1,
            at_s=changes[0].at_s,
            account=account,
            deltas=deltas,
            kind=kind,
            info="" if spent else changes[0].note,
            location=_PLACE if cause == "customer" else None,
            machine=_MACHINE if spent else None,
            employee=OFFICE_USER_ID if cause == "admin" else None,
        )
        with self._lock:
            self._all.append(line)
            self._ids.append(line.id)
            self._ids_of.setdefault(account.id, []).append(line.id)

    def _find(self, transaction_id: int) -> Transaction:
        return self._all[(transaction_id - _FIRST_ID) // _STEP - 1]

    def _show(self, transaction_id: int) -> dict[str, object]:
        line = self._find(transaction_id)
        if transaction_id == line.id + _GUEST:
            return _guest(transaction_id, line)
        shown: dict[str, object] = {
            "ID": transaction_id,
            "RdrTransID": line.number if line.machine else 0,
            "AccountID": FOREIGN_ID if transaction_id == line.id + _FOREIGN else ACCOUNT_ID,
            "DateTime": to_time(line.at_s),
            "TransType": line.kind[0],
            "TransSubType": line.kind[1],
            "LocationID": line.location or 0,
            "MachNo": line.machine or 0,
            "CashAmount": to_decimal(line.cash_minor, 2),
            "CreditCardNumber": None,
            "CreditCardAmount": Decimal("0.00"),
            "LoyaltyCardNumber": card_number(line.account.id),
            "AdditionalInfo": line.info or None,
            "UserAccountID": int(line.account.id),
            "CreditCardName": None,
            "EmployeeUserID": line.employee,
            "RootTransactID": transaction_id,
            "UnfundedAmount": Decimal("0.00"),
        }
        for unit, (_, change, result) in UNITS.items():
            shown[change] = show_amount(self.book, unit, line.deltas.get(unit, 0))
            shown[result] = show_amount(self.book, unit, line.account.balances[unit])
        return shown


def _guest(transaction_id: int, line: Transaction) -> dict[str, object]:
    """Show a guest's purchase with a credit card: whose account it touches is null or 0, and both occur."""
    zero = Decimal("0.00")
    return {
        "ID": transaction_id,
        "RdrTransID": line.number,
        "AccountID": ACCOUNT_ID,
        "DateTime": to_time(line.at_s),
        "TransType": 100,
        "TransSubType": 0,
        "LocationID": _PLACE,
        "MachNo": _MACHINE,
        "CashAmount": zero,
        "CreditCardNumber": "4242",
        "CreditCardAmount": Decimal("3.75"),
        "LoyaltyCardNumber": None,
        "AdditionalInfo": None,
        "UserAccountID": None if line.number % 2 else 0,
        "CreditCardName": "A GUEST",
        "EmployeeUserID": None,
        "RootTransactID": transaction_id,
        "UnfundedAmount": zero,
        **dict.fromkeys(("BalanceAmount", "BonusAmount"), zero),
        **dict.fromkeys(("LoyaltyPoints", "FreeStarts"), 0),
        **{result: None for _, _, result in UNITS.values()},
    }


def show_amount(book: Book, unit: str, minor: int | None) -> object:
    """Show an amount of a unit as a JSON number; currency is never empty, points and starts may be."""
    scale = book.unit(unit).scale
    if scale == 0:
        return minor
    return to_decimal(minor or 0, scale)


def card_number(account_id: str) -> str:
    """Return the number of a customer's loyalty card."""
    return str(70_000_000 + int(account_id))
