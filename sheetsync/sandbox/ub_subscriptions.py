"""UniBee's subscriptions: one for every user, with updates that are previewed and submitted."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sheetsync.sandbox.book import Book
from sheetsync.sandbox.ub_credit import Credit
from sheetsync.sandbox.ub_site import RefusedError, UniBeeSite, Values, cut, number
from sheetsync.sandbox.ub_users import CENTS_PER_CREDIT, UNITS, Users

# Plan → price in cents.
PLANS = {201: 999, 202: 1999, 203: 4999}
CURRENCY = "EUR"
_PRORATION_S = 1_790_000_000
LIST_FIELDS = {"userId": "int64", "page": "int32", "count": "int32", "status": "list of int32"}
_SHARED = {
    "subscriptionId": "text",
    "newPlanId": "int64",
    "quantity": "int64",
    "addonParams": "list of object",
    "applyPromoCredit": "flag",
    "applyPromoCreditAmount": "int32",
    "currency": "text",
    "discountCode": "text",
    "effectImmediate": "int32",
    "prorationDate": "int32",
}
PREVIEW_FIELDS = {**_SHARED, "gatewayId": "int64"}
PREVIEW_NEEDS = ("newPlanId", "subscriptionId")
SUBMIT_FIELDS = {
    **_SHARED,
    "gatewayId": "int32",
    "confirmTotalAmount": "int64",
    "confirmCurrency": "text",
    "metadata": "object",
    "userId": "int64",
}
SUBMIT_NEEDS = ("newPlanId", "quantity")


@dataclass
class Subscription:
    """One subscription; everybody begins with the second plan."""

    user: str
    plan: int = 202
    quantity: int = 1
    invoice: str = ""
    pending: dict[str, object] | None = None

    @property
    def name(self) -> str:
        """Its id in the API."""
        return f"sub{int(self.user):06d}"


@dataclass
class Subscriptions:
    """Previews and carries out subscription updates."""

    book: Book
    site: UniBeeSite
    users: Users
    credit: Credit
    _of: dict[str, Subscription] = field(default_factory=dict, repr=False)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def owner(self, values: Values) -> str | None:
        """Return whose subscription a request names."""
        name = str(values.get("subscriptionId", ""))
        user = name.removeprefix("sub").lstrip("0")
        known = name.startswith("sub") and any(each.id == user for each in self.book.people())
        return user if known else None

    def page(self, values: Values) -> dict[str, object]:
        """`POST /merchant/subscription/list`."""
        user = number(values, "userId")
        people = [each.id for each in self.book.people() if user in (0, int(each.id))]
        found = [self._show(self._subscription(each)) for each in people]
        return {"subscriptions": cut(found, values) or None, "total": len(found)}

    def preview(self, values: Values) -> dict[str, object]:
        """`POST /merchant/subscription/update_preview`."""
        _, invoice, used = self._invoice(values)
        total = {name: invoice[name] for name in ("currency", "originAmount", "totalAmount")}
        return {
            "invoice": invoice,
            "applyPromoCredit": used > 0,
            "prorationDate": number(values, "prorationDate", _PRORATION_S),
            **total,
        }

    def submit(self, values: Values) -> dict[str, object]:
        """`POST /merchant/subscription/update_submit`."""
        with self._lock:
            subscription, invoice, used = self._invoice(values)
            agreed = (values.get("confirmTotalAmount"), values.get("confirmCurrency"))
            if agreed != (invoice["totalAmount"], invoice["currency"]):
                raise RefusedError("totalAmount not match, data may expired, fetch again")
            serial = next(self._numbers)
            plan, quantity = number(values, "newPlanId"), number(values, "quantity", 1)
            if self.site.updates_wait or invoice["totalAmount"] == 0:
                pending: dict[str, object] = {
                    "pendingUpdateId": f"pu{serial:06d}",
                    "subscriptionId": subscription.name,
                    "updatePlanId": plan,
                    "updateQuantity": quantity,
                    "status": 1,
                }
                if not self.site.vague_updates:
                    pending["metadata"] = {"ApplyPromoCreditAmount": used}
                subscription.pending = pending
                return {"paid": False, "subscriptionPendingUpdate": pending}
            name = f"in{serial:06d}"
            if used:
                self.credit.pay(subscription.user, UNITS[CURRENCY], used, name)
            subscription.plan, subscription.quantity, subscription.invoice = plan, quantity, name
            return {"paid": True, "invoiceId": name, "paymentId": f"pay{serial:06d}"}

    def _invoice(self, values: Values) -> tuple[Subscription, dict[str, object], int]:
        user, plan = self.owner(values), number(values, "newPlanId")
        if user is None:
            raise RefusedError("subscription not found")
        if plan not in PLANS:
            raise RefusedError("plan not found")
        held = self.book.balance(user, UNITS[CURRENCY])
        asked = number(values, "applyPromoCreditAmount") if values.get("applyPromoCredit") else 0
        if not 0 <= asked <= held:
            raise RefusedError("no enough promo credit")
        price = (PLANS[plan] + self.site.price_change_cents) * number(values, "quantity", 1)
        used = min(asked, -(-price // CENTS_PER_CREDIT))
        discount = min(price, used * CENTS_PER_CREDIT)
        invoice: dict[str, object] = {
            "currency": CURRENCY,
            "originAmount": price,
            "totalAmount": price - discount,
            "promoCreditAccount": self.users.promo_account(user, CURRENCY),
            "promoCreditPayout": {
                "creditAmount": used,
                "currencyAmount": discount,
                "exchangeRate": CENTS_PER_CREDIT,
            },
            "promoCreditDiscountAmount": discount,
            "partialCreditPaidAmount": 0,
            "promoCreditTransaction": {"deltaAmount": -used, "currency": CURRENCY},
        }
        return self._subscription(user), invoice, used

    def _subscription(self, user: str) -> Subscription:
        with self._lock:
            return self._of.setdefault(user, Subscription(user))

    def _show(self, found: Subscription) -> Mapping[str, object]:
        pending = found.pending or {}
        shown: dict[str, object] = {
            "subscription": {
                "id": int(found.user),
                "subscriptionId": found.name,
                "userId": int(found.user),
                "planId": found.plan,
                "quantity": found.quantity,
                "currency": CURRENCY,
                "status": 2,
                "pendingUpdateId": pending.get("pendingUpdateId", ""),
            },
            "addonParams": [],
            "latestInvoice": {"invoiceId": found.invoice},
        }
        return {**shown, "unfinishedSubscriptionPendingUpdate": pending} if pending else shown
