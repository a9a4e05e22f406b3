"""What proves a change that pays an invoice with credit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sheetsync.core.accounts import Action, Change, Operation, Transaction, Unit
from sheetsync.core.payments import by_payment
from sheetsync.core.quotes import Quote, Traces, agreed, quote_of, quoted
from sheetsync.core.states import OperationState
from sheetsync.core.verify import Policy, Sent

UNIT = Unit("promo_eur", "Promo EUR", 0)
SENT_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUOTE = Quote(
    used=20,
    charge="19.99 EUR",
    terms={"total": "1999"},
    marks={"last_transaction": "99", "pending": "", "invoice": "in_1", "plan": "10", "quantity": "1"},
)
CALM = Traces(pending="", carries=frozenset(), invoice="in_1", plan="10", quantity="1")


def sent(state: OperationState = OperationState.UNKNOWN, quote: Quote = QUOTE) -> Sent:
    """Return an operation that was sent at noon."""
    asked = Operation(
        "KEY", "7", "", Action.APPLY_PROMO, (Change("promo_eur", 25),), extras={"plan_id": "10"}
    )
    return Sent(
        "KEY",
        "7",
        Action.APPLY_PROMO,
        asked.changes,
        "",
        state,
        before={"promo_eur": 40},
        expected={"promo_eur": 20},
        left_at=SENT_AT,
        connection="saas",
        sent_at=SENT_AT,
        at_pull={"promo_eur": 40},
        extras=quoted(asked, quote).extras,
    )


def paid(number: int, change: int, *, pays: bool = True) -> Transaction:
    """Return a transaction a second after the submit."""
    moment = SENT_AT + timedelta(seconds=1)
    return Transaction(str(number), "7", "", {"promo_eur": change}, {"promo_eur": None}, moment, pays=pays)


def judged(
    one: Sent, listed: list[Transaction], *, now: int, traces: Traces | None = CALM, after_s: int = 100
) -> tuple[OperationState | None, str]:
    """Return state and message of the verdict."""
    verdict = by_payment(
        one,
        listed,
        {"promo_eur": now},
        traces,
        read_at=SENT_AT + timedelta(seconds=after_s),
        policy=Policy(timedelta(seconds=90)),
        units=[UNIT],
    )
    return verdict.state, verdict.message


def test_a_quote_travels() -> None:
    """Through the extras and back; a new one replaces the old one, and what a person typed stays."""
    extras = sent().extras
    assert QUOTE == quote_of(extras)
    assert {"total": "1999"} == agreed(extras)
    assert "10" == extras["plan_id"]
    assert quote_of({"plan_id": "10"}) is None


@pytest.mark.parametrize(
    ("listed", "now", "state"),
    [
        ([paid(100, -20)], 20, OperationState.CONFIRMED),
        ([paid(99, -20)], 20, None),  # it was there before the submit
        ([paid(100, -20, pays=False)], 20, OperationState.NOT_APPLIED),  # an admin took it off
        ([paid(100, -19)], 21, None),  # another payment: ours may still be hidden
        ([paid(100, -20), paid(101, -20)], 0, None),
        ([], 40, OperationState.NOT_APPLIED),
        ([], 20, None),  # the balance says that something happened
    ],
)
def test_payments(listed: list[Transaction], now: int, state: OperationState | None) -> None:
    """Exactly one, of exactly that credit, newer than the quote; that it is lost is proven by no payment."""
    assert state is judged(sent(), listed, now=now)[0]


@pytest.mark.parametrize(
    "traces",
    [
        None,
        replace(CALM, pending="pu_1"),
        replace(CALM, invoice="in_2"),
        replace(CALM, plan="20"),
        replace(CALM, quantity="2"),
    ],
)
def test_a_trace_keeps_it_open(traces: Traces | None) -> None:
    """Whatever changed at the subscription, or cannot be seen, is no proof of a loss."""
    assert judged(sent(), [], now=40, traces=traces)[0] is None


def test_pending_updates() -> None:
    """A new one that names the credit proves it; one that was there before does not."""
    pending = replace(CALM, pending="pu_1", carries=frozenset({20}))
    assert OperationState.CONFIRMED is judged(sent(), [], now=40, traces=pending)[0]
    known = replace(QUOTE, marks={**QUOTE.marks, "pending": "pu_1"})
    assert judged(sent(OperationState.ACCEPTED, known), [], now=40, traces=pending)[0] is None


def test_accepted_early_and_free() -> None:
    """An accepted one is never called lost, an early read proves no loss, a zero invoice says what it is."""
    assert judged(sent(OperationState.ACCEPTED), [], now=40)[0] is None
    state, message = judged(sent(), [], now=40, after_s=10)
    assert (None, True) == (state, "verify then" in message)
    state, message = judged(sent(quote=replace(QUOTE, free=True)), [], now=40)
    assert (None, True) == (state, "the invoice is zero" in message)
