"""Apply promo: an update of a subscription that is paid with promo credit, previewed and then submitted."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from sheetsync.core import fields
from sheetsync.core.accounts import Operation
from sheetsync.core.evidence import SEARCH_BEFORE, chronological
from sheetsync.core.quotes import LAST_TRANSACTION, Quote, Traces, quote_of
from sheetsync.errors import RejectedError, RetryableError
from sheetsync.ports import Receipt
from sheetsync.providers.messages import clean
from sheetsync.providers.unibee.client import Client, Page
from sheetsync.providers.unibee.invoices import AMOUNT_MOST, CURRENCY, PRORATION, TOTAL, Invoice, is_whole
from sheetsync.providers.unibee.paging import MovingListError, walk
from sheetsync.providers.unibee.records import (
    Currencies,
    MalformedError,
    Record,
    body,
    records_in,
    text,
    whole,
)
from sheetsync.providers.unibee.transactions import Transactions

PLAN, QUANTITY, ADDONS = "plan", "quantity", "addons"
"""Terms of a quote, beside the invoice's."""


class Subscriptions:
    """Previews and submits subscription updates of one merchant."""

    def __init__(self, client: Client, currencies: Currencies) -> None:
        self._client = client
        self._currencies = currencies
        self._transactions = Transactions(client, currencies)

    def quote(self, operation: Operation) -> Quote:
        """``POST /merchant/subscription/update_preview`` with the subscription's own plan and quantity.

        An earlier quote of the operation is asked for with the same proration. Moves nothing.

        Raises:
            RejectedError: UniBee would not do it.
            RetryableError: it could not be asked now.
        """
        (change,) = operation.changes
        if not 0 < change.amount <= AMOUNT_MOST:
            raise RejectedError(f"Apply promo takes a whole amount from 1 to {AMOUNT_MOST}.")
        detail = self._find(operation)
        if detail is None:
            raise RejectedError(
                f"UniBee does not list subscription “{_subscription_id(operation)[:40]}” for user "
                f"{operation.account_id}: correct the Subscription ID. A new one may not be listed at once."
            )
        wanted = self._wanted(operation, detail)
        earlier = quote_of(operation.extras)
        proration = earlier.along.get(PRORATION) if earlier is not None else None
        asked = _update(operation, wanted) | {"prorationDate": None if proration is None else int(proration)}
        data = self._client.preview(asked)
        try:
            read = Invoice(data, self._currencies.code(change.unit), change.amount)
            marks = {LAST_TRANSACTION: self._newest(operation.account_id), **_traces(detail).marks}
        except MalformedError as error:
            # of this subscription alone: the other rows may well be priced
            raise RejectedError(f"UniBee's preview is not as documented: {error}.") from None
        along = {PRORATION: proration} if proration is not None else read.along
        return Quote(
            used=read.used,
            charge=read.charge,
            terms=wanted | read.terms,
            along=along,
            marks=marks,
            free=read.total == 0,
            words=read.words(change.amount),
        )

    def submit_request(self, operation: Operation) -> bytes:
        """Return the body of ``update_submit``: the fields of the preview, and the total that was agreed.

        Raises:
            RejectedError: nobody has seen what it costs; nothing was sent.
        """
        quote = quote_of(operation.extras)
        if quote is None or TOTAL not in quote.terms:
            raise RejectedError(
                "This update was not previewed, so nobody knows what it costs; nothing was sent."
            )
        proration = quote.along.get(PRORATION)
        return body(
            _update(operation, quote.terms)
            | {
                "prorationDate": None if proration is None else int(proration),
                "confirmTotalAmount": int(quote.terms[TOTAL]),
                "confirmCurrency": quote.terms[CURRENCY],
            }
        )

    def receipt(self, data: Record) -> Receipt:
        """Return what UniBee says of an update that it took."""
        invoice, paid = text(data, "invoiceId"), data.get("paid")
        pending = data.get("subscriptionPendingUpdate")
        parts = (
            f"invoice {invoice}" if invoice else "",
            {True: "paid", False: "not paid yet"}.get(paid, "") if isinstance(paid, bool) else "",
            f"pending update {_pending_id(pending)}" if _pending_id(pending) else "",
        )
        return Receipt(words=", ".join(part for part in parts if part))

    def traces(self, operation: Operation) -> Traces | None:
        """Return what the subscription shows now; None if UniBee does not list it.

        Raises:
            RejectedError: it may not be read.
            RetryableError: it could not be read now.
        """
        detail = self._find(operation)
        return None if detail is None else _traces(detail)

    def _find(self, operation: Operation) -> Record | None:
        """``POST /merchant/subscription/list`` of the user; that it is not listed proves nothing."""

        def read_page(page: int, count: int) -> Page:
            return self._client.subscriptions(operation.account_id, page, count)

        wanted = _subscription_id(operation)
        try:
            for detail in walk(read_page, lambda _seen, _total: None, identity=_name_of):
                owner = detail["subscription"].get("userId") or operation.account_id
                if str(owner) == operation.account_id and _name_of(detail) == wanted:
                    return detail
        except MalformedError as error:
            raise RejectedError(f"UniBee's subscriptions are not as documented: {error}.") from None
        except MovingListError as error:
            raise RetryableError(f"UniBee's list of subscriptions did not hold still: {error}.") from None
        return None

    def _wanted(self, operation: Operation, detail: Record) -> dict[str, str]:
        """Return plan, quantity and add-ons to ask for: the subscription's own unless a plan is named."""
        subscription = detail["subscription"]
        unit, own = operation.changes[0].unit, text(subscription, "currency").upper()
        if own and own != self._currencies.code(unit):
            raise RejectedError(
                f"The subscription is charged in {own}: promo credit in {self._currencies.code(unit)} cannot "
                "pay for it."
            )
        named = operation.extras.get(fields.PLAN_ID, "")
        if named and not (named.isascii() and named.isdecimal() and len(named) <= 18):
            raise RejectedError(f"“{named[:40]}” is no Plan ID of UniBee: it takes digits.")
        try:
            own_plan, name = (
                (subscription, "planId") if subscription.get("planId") else (detail.get("plan"), "id")
            )
            plan = named or str(whole(own_plan, name))
            quantity = str(whole(subscription, "quantity") if subscription.get("quantity") else 1)
            addons = _addons(records_in(detail, "addonParams"))
        except MalformedError as error:
            raise RejectedError(f"UniBee's subscription is not as documented: {error}.") from None
        return {PLAN: str(int(plan)), QUANTITY: quantity} | ({ADDONS: addons} if addons else {})

    def _newest(self, account_id: str) -> str:
        """Return the id of the user's newest transaction, "" if there is none of late."""
        since = datetime.now(UTC) - SEARCH_BEFORE - timedelta(hours=1)
        found = chronological(self._transactions.since({account_id}, since))
        return found[-1].transaction_id if found else ""


def _update(operation: Operation, wanted: Mapping[str, str]) -> dict[str, object]:
    """Return the fields that preview and submit share."""
    (change,) = operation.changes
    return {
        "subscriptionId": _subscription_id(operation),
        "newPlanId": int(wanted[PLAN]),
        "quantity": int(wanted[QUANTITY]),
        "addonParams": json.loads(wanted[ADDONS]) if wanted.get(ADDONS) else None,
        "applyPromoCredit": True,
        "applyPromoCreditAmount": change.amount,
    }


def _name_of(detail: Record) -> str:
    """Return the id of a subscription: its number is not what people and other calls name it by.

    Raises:
        MalformedError: there is none.
    """
    name = text(detail.get("subscription"), "subscriptionId")
    if not name:
        raise MalformedError("a subscription without subscriptionId")
    return name


def _subscription_id(operation: Operation) -> str:
    return operation.extras.get(fields.SUBSCRIPTION_ID, "").strip()


def _addons(records: Iterable[Record]) -> str:
    """Return add-ons as JSON, "" if there are none: an update without them would end them."""
    found = [{name: whole(each, name) for name in ("addonPlanId", "quantity")} for each in records]
    return json.dumps(found) if found else ""


def _traces(detail: Record) -> Traces:
    subscription, pending = detail["subscription"], detail.get("unfinishedSubscriptionPendingUpdate")
    return Traces(
        pending=_pending_id(pending) or text(subscription, "pendingUpdateId"),
        carries=frozenset(_credits_in(pending)),
        invoice=text(detail.get("latestInvoice"), "invoiceId"),
        plan=str(subscription.get("planId", "")),
        quantity=str(subscription.get("quantity", "")),
    )


def _pending_id(pending: object) -> str:
    return text(pending, "pendingUpdateId") or text(pending, "updateSubscriptionId")


def _credits_in(pending: object, *, promo: bool = False) -> Iterator[int]:
    """Yield the amounts of promo credit that a pending update names, however deep they stand.

    What it holds is not documented; a number counts only below a name that speaks of promo credit.
    """
    if isinstance(pending, Mapping):
        for name, value in pending.items():
            is_promo = promo or "promocredit" in clean(str(name)).lower().replace("_", "")
            is_money = "currency" in str(name).lower() or str(name).lower().endswith("id")
            if is_promo and is_whole(value) and not is_money:
                yield abs(value)
            else:
                yield from _credits_in(value, promo=is_promo)
    elif isinstance(pending, list):
        for each in pending:
            yield from _credits_in(each, promo=promo)
