"""UniBee's promo credit: increments, decrements, and the list of transactions."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sheetsync.sandbox.book import Account, Book, Change, InsufficientError
from sheetsync.sandbox.ub_site import (
    MERCHANT_ID,
    PROMO,
    Clock,
    RefusedError,
    UniBeeSite,
    Values,
    cut,
    now_s,
    number,
)
from sheetsync.sandbox.ub_users import CENTS_PER_CREDIT, UNITS, Users

PAYMENT, RECHARGE, ADMIN_CHANGE = 2, 1, 6
CHANGE_FIELDS = {
    "userId": "int64",
    "currency": "text",
    "amount": "int64",
    "name": "text",
    "description": "text",
    "idempotencyKey": "text",
}
CHANGE_NEEDS = ("amount", "currency", "userId")
TRANSACTION_FIELDS = {
    "accountType": "int32",
    "userId": "int64",
    "email": "text",
    "currency": "text",
    "transactionTypes": "list of int32",
    "createTimeStart": "int64",
    "createTimeEnd": "int64",
    "page": "int32",
    "count": "int32",
    "sortField": "text",
    "sortType": "text",
}
_FIRST_ID = 700_000
_LONGEST_KEY = 256


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction."""

    number: int
    at_s: float
    account: Account
    unit: str
    delta: int
    result: int
    kind: int
    description: str
    name: str = ""
    invoice: str = ""


@dataclass
class Credit:
    """Books changes and lists what happened."""

    book: Book
    site: UniBeeSite
    users: Users
    clock_s: Clock = now_s
    _lines: list[Line] = field(default_factory=list, repr=False)
    _known: dict[str, dict[str, object]] = field(default_factory=dict, repr=False)
    _late: list[tuple[float, Values, int]] = field(default_factory=list, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        """Begin with the next change."""
        self.book.watch(self._note)

    def change(self, values: Values, sign: int) -> dict[str, object]:
        """`POST /merchant/credit/promo_credit_increment`, or `…_decrement` with sign -1."""
        amount, key = number(values, "amount"), str(values.get("idempotencyKey", ""))
        if amount < 1:
            raise RefusedError("amount should be greater than 0")
        if len(key) > _LONGEST_KEY:
            raise RefusedError("idempotencyKey is too long")
        self.users.require(str(values["userId"]))
        self.users.unit(values)
        if not self.site.editable:
            raise RefusedError("Credit account editable disabled")
        with self._lock:
            known = self._known.get(key) if key else None
            if known is not None and self.site.calls_duplicate:
                raise RefusedError("Duplicate request, idempotencyKey is already used")
            if known is not None and self.site.honours_key:
                return known
            if self.site.booked_late_s:
                self._late.append((self.clock_s() + self.site.booked_late_s, values, sign))
                return {}
            return self._book(values, sign)

    def book_due(self) -> None:
        """Book what was accepted earlier and is due; one that has become impossible is dropped."""
        with self._lock:
            now = self.clock_s()
            due = [each for each in self._late if each[0] <= now]
            self._late = [each for each in self._late if each[0] > now]
            for _, values, sign in due:
                try:
                    self._book(values, sign)
                except RefusedError:
                    continue

    def pay(self, account_id: str, unit: str, used: int, invoice: str) -> None:
        """Use credit for an invoice."""
        with self._lock, self.book.lock:
            try:
                self.book.add(account_id, unit, -used, note="")
            except InsufficientError:
                raise RefusedError("no enough promo credit") from None
            self._lines[-1] = replace(self._lines[-1], kind=PAYMENT, invoice=invoice)

    def page(self, values: Values) -> dict[str, object]:
        """`POST /merchant/credit/credit_transaction_list`."""
        if not self.site.transactions:
            raise RefusedError("No permission to read credit transactions")
        visible_s = self.clock_s() - self.site.listed_late_s
        with self._lock:
            lines = [each for each in self._lines if each.at_s <= visible_s and _is_meant(each, values)]
        if values.get("sortType") != "asc":
            lines.reverse()
        shown = [self._show(each) for each in lines]
        return {"creditTransactions": cut(shown, values) or None, "total": len(shown)}

    def _book(self, values: Values, sign: int) -> dict[str, object]:
        account_id, currency = str(values["userId"]), str(values["currency"])
        note = str(values.get("description", ""))
        with self.book.lock:
            try:
                self.book.add(account_id, UNITS[currency], sign * number(values, "amount"), note=note)
            except InsufficientError:
                raise RefusedError("no enough amount to decrement") from None
            line = replace(self._lines[-1], name=str(values.get("name", "")))
            self._lines[-1] = line
        data: dict[str, object] = {"UserPromoCreditAccount": self.users.promo_account(account_id, currency)}
        if self.site.honours_key:
            data["creditTransaction"] = {
                "id": _FIRST_ID + line.number,
                "userId": int(account_id),
                "currency": currency,
                "deltaAmount": line.delta,
                "description": line.description,
                "transactionType": ADMIN_CHANGE,
            }
        self._known[str(values.get("idempotencyKey", ""))] = data
        return data

    def _note(self, account: Account, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.unit not in UNITS.values():
                continue
            customers = PAYMENT if change.delta_minor < 0 else RECHARGE
            line = Line(
                number=len(self._lines) + 1,
                at_s=change.at_s,
                account=account,
                unit=change.unit,
                delta=change.delta_minor,
                result=change.result_minor,
                kind=ADMIN_CHANGE if change.cause != "customer" else customers,
                description=change.note,
            )
            with self._lock:
                self._lines.append(line)

    def _show(self, line: Line) -> dict[str, object]:
        currency = next(code for code, unit in UNITS.items() if unit == line.unit)
        return {
            "id": _FIRST_ID + line.number,
            "merchantId": MERCHANT_ID,
            "accountType": PROMO,
            "user": {"id": int(line.account.id), "email": line.account.email},
            "currency": currency,
            "transactionType": line.kind,
            "transactionId": f"ct{line.number:06d}",
            "name": line.name,
            "description": line.description,
            "invoiceId": line.invoice,
            "deltaAmount": line.delta,
            "deltaCurrencyAmount": line.delta * CENTS_PER_CREDIT,
            "creditAmountBefore": line.result - line.delta,
            "creditAmountAfter": line.result,
            "createTime": int(line.at_s),
        }


def _is_meant(line: Line, values: Values) -> bool:
    kinds, user = values.get("transactionTypes"), values.get("userId")
    currency = values.get("currency")
    return (
        values.get("accountType") == PROMO
        and user in (None, int(line.account.id))
        and (not isinstance(kinds, list) or not kinds or line.kind in kinds)
        and (not currency or UNITS.get(str(currency)) == line.unit)
        and int(line.at_s) >= number(values, "createTimeStart")
    )
