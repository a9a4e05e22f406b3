"""FasCard's value request: what it accepts, to the letter of the document, and what it then does."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sheetsync.sandbox.book import Book, InsufficientError, UnknownAccountError
from sheetsync.sandbox.exact import to_minor
from sheetsync.sandbox.fc_site import ApiError, FasCardSite, not_found
from sheetsync.sandbox.fc_transactions import UNITS, Transactions

ADD_CASH, ADJUST, REFUND = (2, 2), (3, 0), (3, 3)
PAIRS = (ADD_CASH, ADJUST, REFUND)
# Cash in minor units → bonus in minor units, as the add-value packages say.
PACKAGES = {1000: 100, 2000: 300, 5000: 1000}
_ONLY = {"Cash": ADD_CASH, "LocationID": ADD_CASH, "SetExactValue": ADJUST}
_FIELDS = {"TransType", "TransSubType", "AdditionalInfo", *_ONLY, *(name for name, _, _ in UNITS.values())}


@dataclass(frozen=True, slots=True)
class ValueRequest:
    """A request that was understood; amounts in minor units by unit code."""

    kind: tuple[int, int]
    amounts: Mapping[str, int]
    exact: bool
    info: str
    location: int | None
    cash_minor: int


@dataclass
class ValueRequests:
    """Books value requests, now or late."""

    book: Book
    site: FasCardSite
    transactions: Transactions
    locations: frozenset[int]
    clock_s: Callable[[], float] = time.monotonic
    _late: list[tuple[float, str, ValueRequest]] = field(default_factory=list, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def accept(self, account_id: str, values: Mapping[str, object]) -> None:
        """Check a request and book it, or keep it until its time.

        Raises:
            ApiError: It is refused; nothing changed.
        """
        try:
            self.book.person(account_id)
        except UnknownAccountError:
            raise not_found("UserAccount") from None
        request = self._read(values)
        if self.site.booked_late_s:
            with self._lock:
                self._late.append((self.clock_s() + self.site.booked_late_s, account_id, request))
            return
        try:
            self._book(account_id, request)
        except InsufficientError:
            raise ApiError(400, "Resulting value would be negative") from None

    def book_due(self) -> None:
        """Book what was accepted earlier and is due; one that has become impossible is dropped."""
        with self._lock:
            now = self.clock_s()
            due = [late for late in self._late if late[0] <= now]
            self._late = [late for late in self._late if late[0] > now]
            for _, account_id, request in due:
                try:
                    self._book(account_id, request)
                except (InsufficientError, UnknownAccountError):
                    continue

    def _book(self, account_id: str, request: ValueRequest) -> None:
        with self.book.lock:
            self.book.change(
                account_id,
                request.amounts,
                exact=request.exact,
                below_zero=self.site.below_zero,
                note=request.info,
            )
            self.transactions.describe(
                kind=request.kind,
                info=request.info,
                location=request.location,
                cash_minor=request.cash_minor,
            )

    def _read(self, values: Mapping[str, object]) -> ValueRequest:
        kind = _read_whole(values, "TransType"), _read_whole(values, "TransSubType")
        if kind not in PAIRS:
            raise ApiError(400, f"TransType {kind[0]} with TransSubType {kind[1]} is not accepted")
        for name in values:
            if name not in _FIELDS:
                raise ApiError(400, f"Unknown field {name}")
            if name in _ONLY and _ONLY[name] != kind:
                raise ApiError(400, f"{name} is not accepted for this TransType and TransSubType")
        amounts = {
            unit: self._read_amount(values, name, unit)
            for unit, (name, _, _) in UNITS.items()
            if name in values
        }
        cash = self._read_amount(values, "Cash", "balance") if kind == ADD_CASH else 0
        if kind == ADD_CASH:
            amounts = self._add_cash(amounts, cash)
        if not amounts:
            raise ApiError(400, "No value to update")
        return ValueRequest(
            kind,
            amounts,
            exact=_read_flag(values, "SetExactValue"),
            info=self._read_note(values),
            location=self._read_location(values) if kind == ADD_CASH else None,
            cash_minor=cash,
        )

    def _add_cash(self, amounts: Mapping[str, int], cash: int) -> dict[str, int]:
        if cash <= 0:
            raise ApiError(400, "Cash must be greater than 0")
        bonus = PACKAGES.get(cash, 0) if self.site.package_bonus else 0
        given = {"bonus": bonus, **amounts} if bonus else dict(amounts)
        return {"balance": cash, **given}

    def _read_amount(self, values: Mapping[str, object], name: str, unit: str) -> int:
        value = values.get(name)
        # Text is refused although a lenient server might take it: the document says Decimal and int.
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ApiError(400, f"{name} must be a number")
        scale = self.book.unit(unit).scale
        if scale == 0 and not isinstance(value, int):
            raise ApiError(400, f"{name} must be a whole number")
        try:
            return to_minor(value, scale)
        except ValueError:
            raise ApiError(400, f"{name} is not a valid amount") from None

    def _read_location(self, values: Mapping[str, object]) -> int:
        location = _read_whole(values, "LocationID")
        if location not in self.locations:
            raise ApiError(400, "Location not found")
        return location

    def _read_note(self, values: Mapping[str, object]) -> str:
        note = values.get("AdditionalInfo", "")
        if not isinstance(note, str):
            raise ApiError(400, "AdditionalInfo must be a string")
        return note if self.site.note_limit is None else note[: self.site.note_limit]


def _read_whole(values: Mapping[str, object], name: str) -> int:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiError(400, f"{name} must be a whole number")
    return value


def _read_flag(values: Mapping[str, object], name: str) -> bool:
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise ApiError(400, f"{name} must be true or false")
    return value
