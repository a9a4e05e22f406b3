"""Another FasCard server than the sandbox: strict about bodies, with customers who spend and bad weather.

It shares no code with ``sheetsync``. It follows the vendor's document: exactly the documented fields, numbers
as JSON numbers, accepted pairs of types, records by ``lastID`` both ways. Whatever breaks the document is
refused and noted in ``violations``. This is its book; ``web.py`` answers requests.
"""

import os
import random
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Self

from tests.laundry.facts import (
    ACCOUNT,
    CALM,
    CHANGE_FIELDS,
    FIELDS,
    MONEY,
    UNITS,
    Answer,
    Weather,
)
from tests.laundry.web import Server


@dataclass
class Customer:
    """One user account; amounts in minor units, None where the account has no such thing."""

    number: int
    email: str = ""
    name: str = ""
    held: dict[str, int | None] = field(default_factory=dict)
    employee: bool = False
    account: int = ACCOUNT
    last_activity: datetime = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Laundry:
    """The server; a context manager that listens on loopback.

    Attributes:
        order: how the records of a page stand.
        forward: what follows an id: the next records, or the newest.
        blind: without an id there is nothing older than it.
        token_uses: requests after which a token has expired.
        cards: of each customer; while empty, the server knows none and lists everybody.
        loyalty, reports: privileges of who signs in.
        bodies: value requests as they came, with their raw text.
        requests: method and path of every request.
    """

    customers: dict[int, Customer] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    order: Literal["descending", "ascending", "shuffled"] = "descending"
    forward: Literal["next", "newest"] = "next"
    blind: bool = False
    token_uses: int = 1_000_000
    cards: dict[int, tuple[str, ...]] = field(default_factory=dict)
    loyalty: bool = True
    reports: bool = True
    names_account: bool = False
    victim: int | None = None
    transactions: list[dict[str, Any]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    bodies: list[tuple[int, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    expected_violations: int = 0

    def __post_init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.lock = threading.RLock()
        self._weather: dict[int, deque[Weather]] = defaultdict(deque)
        self._read_weather: deque[Answer] = deque()
        self._at_write: dict[int, Weather] = {}
        self._tokens: dict[str, int] = {}
        self._late: list[tuple[int, dict[str, Any], Weather]] = []
        self._under_way: dict[int, int] = defaultdict(int)
        self.most_under_way = 0
        self._server: Server | None = None

    @classmethod
    def of(cls, count: int, **settings: Any) -> Self:  # noqa: ANN401 - fields of the class
        """Return a laundry with customers 1001 … who hold 40.00, 5.50, 100 points and 2 starts."""
        made = cls(**settings)
        for number in range(1001, 1001 + count):
            held: dict[str, int | None] = {
                "Balance": 4000,
                "Bonus": 550,
                "LoyaltyPoints": 100,
                "FreeStarts": 2,
            }
            made.customers[number] = Customer(number, f"c{number}@example.com", f"Customer {number}", held)
        return made

    @property
    def address(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        assert self.expected_violations == len(self.violations), self.violations
        assert self.most_under_way <= 1

    # what a test does

    def weather(self, number: int, *kinds: Weather) -> None:
        """Let these happen to the customer's next value requests, one each."""
        with self.lock:
            self._weather[number].extend(kinds)

    def at_write(self, nth: int, weather: Weather) -> None:
        """Let this happen to the value request that arrives as the nth from now, whoever's it is."""
        with self.lock:
            self._at_write = {len(self.bodies) + nth: weather}

    def calm(self) -> None:
        """Take back what ``at_write`` announced."""
        with self.lock:
            self._at_write = {}

    def break_reads(self, *answers: Answer) -> None:
        """Let these be the answers to the next reads and sign-ins."""
        with self.lock:
            self._read_weather.extend(answers)

    def spend(self, number: int, cents: int) -> None:
        """Let a customer spend at a washer, or top up with a negative number."""
        self._book(number, {"Balance": -cents}, kind=(1, 1) if cents > 0 else (2, 1), note="", machine="7")

    def deliver(self) -> None:
        """Let late value requests count now."""
        with self.lock:
            late, self._late = self._late, []
            for number, body, weather in late:
                self.carry_out(number, body, weather)

    def expire(self) -> None:
        """Let every token expire."""
        with self.lock:
            self._tokens.clear()

    def balance(self, number: int, name: str = "Balance") -> int | None:
        """Return a true holding in minor units."""
        return self.customers[number].held[name]

    def applied(self, number: int) -> list[dict[str, Any]]:
        """Return the customer's transactions that came through value requests."""
        kinds = set(FIELDS)
        return [
            each
            for each in self.transactions
            if each["UserAccountID"] == number and (each["TransType"], each["TransSubType"]) in kinds
        ]

    # what it does itself

    def take_weather(self, number: int, text: str) -> Weather:
        """Count a value request on arrival; return what happens to it."""
        with self.lock:
            self.bodies.append((number, text))
            self._under_way[number] += 1
            self.most_under_way = max(self.most_under_way, self._under_way[number])
            found = self._at_write.pop(len(self.bodies), None)
            queue = self._weather[number]
            return found or (queue.popleft() if queue else CALM)

    def done(self, number: int) -> None:
        """Say that nothing of a value request is under way any more."""
        with self.lock:
            self._under_way[number] -= 1

    def take_read_weather(self) -> Answer:
        """Return what happens to a read."""
        with self.lock:
            return self._read_weather.popleft() if self._read_weather else "ok"

    def accept(self, number: int, body: dict[str, Any], weather: Weather) -> None:
        """Carry out a value request now, later or never."""
        with self.lock:
            if weather.late:
                self._late.append((number, body, weather))
            elif weather.applied:
                for _ in range(weather.times):
                    self.carry_out(number, body, weather)

    def carry_out(self, number: int, body: dict[str, Any], weather: Weather) -> None:
        """Carry out a value request."""
        held, moves = self.customers[number].held, {}
        for name in UNITS:
            if name in body:
                asked = minor(body[name], name)
                moves[name] = asked - (held[name] or 0) if body.get("SetExactValue") else asked
        if "Cash" in body:
            moves["Balance"] = minor(body["Cash"], "Balance")
            moves["Bonus"] = moves["Balance"] // 10 if moves["Balance"] >= 10_000 else 0  # a package
        if weather.off:
            moves["Balance"] = moves.get("Balance", 0) + weather.off
        note = body.get("AdditionalInfo", "")[: weather.note]
        self._book(number, moves, kind=(body["TransType"], body["TransSubType"]), note=note, body=body)

    def _book(
        self,
        number: int,
        moves: Mapping[str, int],
        *,
        kind: tuple[int, int],
        note: str,
        body: Mapping[str, Any] | None = None,
        machine: str | None = None,
    ) -> None:
        with self.lock:
            customer = self.customers[number]
            for name, change in moves.items():
                customer.held[name] = (customer.held[name] or 0) + change
            customer.last_activity = self.now()
            self.transactions.append(
                {
                    "ID": 50_001 + 3 * len(self.transactions),
                    "RdrTransID": 0,
                    "AccountID": customer.account,
                    "DateTime": self.now().strftime("%Y-%m-%dT%H:%M:%S.%f"),
                    "TransType": kind[0],
                    "TransSubType": kind[1],
                    "LocationID": (body or {}).get("LocationID"),
                    "MachNo": machine,
                    "CashAmount": (body or {}).get("Cash", 0),
                    **{CHANGE_FIELDS[name]: amount(moves.get(name, 0), name) for name in UNITS},
                    **{f"New{name}": amount(customer.held[name], name) for name in UNITS},
                    "AdditionalInfo": note or None,
                    "UserAccountID": number,
                    "EmployeeUserID": 77,
                    "RootTransactID": None,
                    "UnfundedAmount": Decimal(0),
                }
            )

    def record(self, customer: Customer) -> dict[str, Any]:
        """Return a user account as the document describes it."""
        return {
            "ID": customer.number,
            "UserID": customer.number + 70_000,
            "EmailAddress": customer.email or None,
            "Name": customer.name,
            "MobilePhone": "+1 555 0100",
            "Birthday": None,
            "Language": "en",
            "Employee": customer.employee,
            "Scheduled": False,
            **{name: amount(customer.held[name], name) for name in UNITS},
            "Discount": None,
            "DiscountSource": None,
            "LastActivityDate": customer.last_activity.strftime("%Y-%m-%dT%H:%M:%S"),
            "LastLocationID": 2,
            **({"AccountID": customer.account} if self.names_account else {}),
        }

    def page(
        self, records: list[dict[str, Any]], query: Mapping[str, str], *, limit: str, older: str
    ) -> list[dict[str, Any]]:
        """Return a page of records: ``older`` before ``lastID``, else after it."""
        size, last = int(query.get(limit, "1000")), query.get("lastID")
        found = sorted(records, key=lambda each: int(each["ID"]), reverse=True)
        if query.get(older, "false").lower() == "true":
            found = [
                each
                for each in found
                if (last is None and not self.blind) or int(each["ID"]) < int(last or 0)
            ][:size]
        else:
            found = [each for each in found if int(each["ID"]) > int(last or 0)]
            found = found[-size:] if self.forward == "next" else found[:size]
        if self.order == "ascending":
            found.reverse()
        elif self.order == "shuffled":
            random.Random(len(found)).shuffle(found)
        return found

    def new_token(self) -> str:
        """Return a token that holds for some requests."""
        with self.lock:
            token = f"tok-{len(self.requests)}-{os.urandom(9).hex()}"
            self._tokens[token] = self.token_uses
            return token

    def knows(self, header: str) -> bool:
        """Whether a token holds; uses it up."""
        scheme, _, token = header.partition(" ")
        with self.lock:
            left = self._tokens.get(token, 0)
            self._tokens[token] = left - 1
            return scheme == "Bearer" and left > 0


def minor(value: Decimal | int, name: str) -> int:
    """Return an amount in minor units."""
    return int(value * 100) if name in MONEY else int(value)


def amount(value: int | None, name: str) -> Decimal | int | None:
    """Return an amount as it stands in JSON: money with four decimals, as databases write it."""
    return (
        Decimal(value).scaleb(-2).quantize(Decimal("0.0001"))
        if value is not None and name in MONEY
        else value
    )
