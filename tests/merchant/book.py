"""A UniBee merchant of its own: strict about requests, with customers who spend and bad weather.

It shares no code with ``sheetsync``. Every request, and every reply of its own, is judged by the contract;
what breaks it is noted in ``violations``. This is its book; ``web.py`` answers requests.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from tests.merchant.web import Server

KEY = "ub-live-0123456789abcdef"  # of the fake merchant

Answer = Literal[
    "ok",
    "drop",
    "cut",
    "html",
    "internal",
    "database",
    "panic",
    "refuse",
    "busy",
    "junk",
    "redirect",
    "empty",
]
Generation = Literal["honours", "ignores", "calls duplicate"]


@dataclass(frozen=True)
class Weather:
    """What happens to one change: to its answer, and to itself.

    Attributes:
        applied: whether it counts.
        late: it counts when ``deliver`` is called.
        before, after: credits that the customer spends around it.
        kill: the client dies before or after it counts.
        off: credits by which it counts wrongly.
        delivers: what is late counts right before it.
    """

    answer: Answer = "ok"
    applied: bool = True
    late: bool = False
    before: int = 0
    after: int = 0
    kill: Literal["", "before", "after"] = ""
    off: int = 0
    delivers: bool = False


CALM = Weather()


@dataclass
class Person:
    """One user; credits by currency."""

    number: int
    credits: dict[str, int]
    created: int
    status: int = 0


@dataclass
class Subscription:
    """One subscription; prices in cents."""

    number: int
    user: int
    plan: int
    currency: str = "EUR"
    quantity: int = 1
    addons: list[dict[str, int]] = field(default_factory=list)
    pending: dict[str, Any] | None = None
    invoice: str = "in_0"

    @property
    def name(self) -> str:
        """Its id, as the API has it."""
        return f"sub_{self.number}"


@dataclass
class Merchant:
    """The server; a context manager that listens on loopback.

    Attributes:
        generation: what becomes of a change whose idempotencyKey is known.
        prices: plan → cents for one; an update to the same plan costs this, too.
        worth: cents of one credit.
        pends: an update waits as a pending update instead of using credit at once.
        vague: a pending update does not say how much credit it uses.
        bare: replies leave out whatever the contract lets them leave out.
    """

    generation: Generation = "honours"
    currencies: tuple[str, ...] = ("EUR", "USD")
    people: dict[int, Person] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    prices: dict[int, int] = field(default_factory=lambda: {10: 2499, 20: 4999, 30: 500})
    worth: int = 10
    pends: bool = False
    vague: bool = False
    bare: bool = False
    editable: bool = True
    transactions: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    expected_violations: int = 0
    victim: int | None = None
    busy_reads: int = 0

    def __post_init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.lock = threading.RLock()
        self.keys: dict[str, dict[str, Any]] = {}
        self._weather: dict[int, deque[Weather]] = defaultdict(deque)
        self._at_write: dict[int, Weather] = {}
        self._late: list[tuple[str, dict[str, Any], Weather]] = []
        self._under_way: dict[int, int] = defaultdict(int)
        self.most_under_way = 0
        self.between_pages: list[Any] = []
        self._server: Server | None = None

    @classmethod
    def of(cls, count: int, **settings: Any) -> Self:  # noqa: ANN401 - fields of the class
        """Return a merchant with users 101 …, three created in each second, who hold 40 EUR credits."""
        made = cls(**settings)
        for number in range(101, 101 + count):
            held = {"EUR": 40} | ({"USD": 7} if number % 2 else {})
            made.people[number] = Person(number, held, created=1_770_000_000 + number // 3)
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

    def subscribe(self, user: int, plan: int = 10, **settings: Any) -> Subscription:  # noqa: ANN401 - fields
        """Give a user a subscription."""
        made = Subscription(len(self.subscriptions) + 1, user, plan, **settings)
        self.subscriptions[made.name] = made
        return made

    def weather(self, number: int, *kinds: Weather) -> None:
        """Let these happen to the user's next changes, one each."""
        with self.lock:
            self._weather[number].extend(kinds)

    def at_write(self, nth: int, weather: Weather) -> None:
        """Let this happen to the change that arrives as the nth from now, whoever's it is."""
        with self.lock:
            self._at_write = {len(self.bodies) + nth: weather}

    def spend(self, number: int, amount: int, currency: str = "EUR") -> None:
        """Let a customer pay with credit."""
        self.book(number, currency, -amount, kind=2, note="paid an invoice")

    def deliver(self) -> None:
        """Let late changes count now."""
        with self.lock:
            late, self._late = self._late, []
            for path, body, weather in late:
                self.carry_out(path, body, weather)

    def held(self, number: int, currency: str = "EUR") -> int:
        """Return a true balance."""
        return self.people[number].credits.get(currency, 0)

    def applied(self, number: int) -> list[dict[str, Any]]:
        """Return the user's transactions that came through the API."""
        mine = [each for each in self.transactions if each["user"]["id"] == number]
        return [each for each in mine if each["transactionType"] == 6]

    # what it does itself

    def take_weather(self, number: int, path: str, body: dict[str, Any]) -> Weather:
        """Count a change on arrival; return what happens to it."""
        with self.lock:
            self.bodies.append((path, body))
            self._under_way[number] += 1
            self.most_under_way = max(self.most_under_way, self._under_way[number])
            found = self._at_write.pop(len(self.bodies), None)
            queue = self._weather[number]
            return found or (queue.popleft() if queue else CALM)

    def done(self, number: int) -> None:
        """Say that nothing of a change is under way any more."""
        with self.lock:
            self._under_way[number] -= 1

    def accept(self, path: str, body: dict[str, Any], weather: Weather) -> dict[str, Any]:
        """Carry out a change now, later or never; return the data of the reply."""
        with self.lock:
            if weather.late:
                self._late.append((path, body, weather))
                return {}
            return self.carry_out(path, body, weather) if weather.applied else {}

    def carry_out(self, path: str, body: dict[str, Any], weather: Weather) -> dict[str, Any]:
        """Carry out a change; return the data of the reply."""
        if path.endswith("update_submit"):
            return self._submit(body)
        known = self.keys.get(body.get("idempotencyKey", ""))
        if known is not None and self.generation == "honours":
            return known
        sign = 1 if path.endswith("increment") else -1
        number, currency = body["userId"], body["currency"]
        delta = sign * body["amount"] + weather.off
        made = self.book(number, currency, delta, kind=6, note=body.get("description", ""))
        data: dict[str, Any] = {"UserPromoCreditAccount": self.account(number, currency)}
        if self.generation == "honours":
            data["creditTransaction"] = {"id": made["id"], "userId": number, "deltaAmount": delta}
        self.keys[body.get("idempotencyKey", "")] = data
        return data

    def book(self, number: int, currency: str, delta: int, *, kind: int, note: str) -> dict[str, Any]:
        """Write a transaction."""
        with self.lock:
            held = self.people[number].credits
            before = held.get(currency, 0)
            held[currency] = before + delta
            made = {
                "id": 9000 + 7 * len(self.transactions),
                "accountType": 2,
                "user": {"id": number, "email": f"c{number}@example.com"},
                "creditAccount": self.account(number, currency),
                "currency": currency,
                "deltaAmount": delta,
                "deltaCurrencyAmount": delta * self.worth,
                # read without a lock, as there: never to be relied on
                "creditAmountBefore": before + 1,
                "creditAmountAfter": before - 1,
                "transactionType": kind,
                "description": note,
                "name": "",
                "invoiceId": "",
                "createTime": int(time.time()),
                "merchantId": 15,
            }
            self.transactions.append(made)
            return made

    def account(self, number: int, currency: str) -> dict[str, Any]:
        """Return a promo account."""
        held = self.people[number].credits.get(currency, 0)
        return {
            "id": number * 10 + self.currencies.index(currency),
            "userId": number,
            "type": 2,
            "currency": currency,
            "amount": held,
            "currencyAmount": held * self.worth + 1,
            "exchangeRate": self.worth,
        }

    def record(self, person: Person) -> dict[str, Any]:
        """Return a user."""
        return {
            "id": person.number,
            "merchantId": 15,
            "email": f"c{person.number}@example.com",
            "firstName": "Customer",
            "lastName": f"={person.number}",
            "status": person.status,
            "createTime": person.created,
            "promoCreditAccounts": [self.account(person.number, each) for each in person.credits],
        }

    def invoice(self, body: Mapping[str, Any]) -> tuple[Subscription, dict[str, Any]] | str:
        """Return what an update costs, or why not."""
        found = self.subscriptions.get(body["subscriptionId"])
        if found is None:
            return "subscription not found"
        if body["newPlanId"] not in self.prices:
            return "plan not found"
        asked = body.get("applyPromoCreditAmount", 0) if body.get("applyPromoCredit") else 0
        if asked > self.held(found.user, found.currency):
            return "no enough promo credit"
        price = self.prices[body["newPlanId"]] * body.get("quantity", 1)
        used = min(asked, -(-price // self.worth))
        discount = min(price, used * self.worth)
        account = self.account(found.user, found.currency)
        return found, {
            "currency": found.currency,
            "originAmount": price,
            "totalAmount": price - discount,
            "promoCreditAccount": account,
            "promoCreditPayout": {
                "creditAmount": used,
                "currencyAmount": discount,
                "exchangeRate": self.worth,
            },
            "promoCreditDiscountAmount": discount,
            "partialCreditPaidAmount": 0,
            "promoCreditTransaction": {"deltaAmount": -used, "currency": found.currency},
        }

    def _submit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an update that was found to be right."""
        costs = self.invoice(body)
        assert not isinstance(costs, str)
        found, invoice = costs
        used, name = invoice["promoCreditPayout"]["creditAmount"], f"in_{len(self.bodies)}"
        pending = {
            "pendingUpdateId": f"pu_{len(self.bodies)}",
            "subscriptionId": found.name,
            "updatePlanId": body["newPlanId"],
            "updateQuantity": body["quantity"],
            "status": 1,
        }
        if not self.vague:
            pending["metadata"] = {"ApplyPromoCreditAmount": used}
        if invoice["totalAmount"] == 0 or self.pends:
            found.pending = pending
            return {"paid": False, "subscriptionPendingUpdate": pending}
        self.book(found.user, found.currency, -used, kind=2, note="")
        found.plan, found.quantity, found.invoice = body["newPlanId"], body["quantity"], name
        found.addons = body.get("addonParams", [])
        return {"paid": True, "invoiceId": name, "paymentId": f"pay_{name}"}

    def detail(self, subscription: Subscription) -> dict[str, Any]:
        """Return a subscription as the list has it."""
        return {
            "subscription": {
                "id": subscription.number,
                "subscriptionId": subscription.name,
                "userId": subscription.user,
                "planId": subscription.plan,
                "quantity": subscription.quantity,
                "currency": subscription.currency,
                "status": 2,
                "pendingUpdateId": (subscription.pending or {}).get("pendingUpdateId", ""),
            },
            "addonParams": subscription.addons,
            "latestInvoice": {"invoiceId": subscription.invoice},
            **(
                {}
                if subscription.pending is None
                else {"unfinishedSubscriptionPendingUpdate": subscription.pending}
            ),
        }
