"""What balances prove, exhaustively; and the words for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from sheetsync.core import words
from sheetsync.core.accounts import Action, Change, Unit
from sheetsync.core.states import NEEDS_ATTENTION, SENDABLE, UNSETTLED, OperationState, RowStatus, row_status
from sheetsync.core.verify import Policy, Sent, by_balance
from tests.unit.test_core_kit import CREDITS, FOUR

LEFT_AT = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=90)
ACCEPTED, UNKNOWN = OperationState.ACCEPTED, OperationState.UNKNOWN
CONFIRMED, NOT_APPLIED = OperationState.CONFIRMED, OperationState.NOT_APPLIED

ADDED = Sent(
    key="KEY",
    account_id="7",
    action=Action.ADD,
    changes=(Change("credits", 25),),
    reason="Goodwill",
    state=ACCEPTED,
    before={"credits": 40},
    expected={"credits": 65},
    left_at=LEFT_AT,
    connection="shop",
)


def expected_verdict(state: OperationState, wait_s: float, now: int | None, *, accept: bool) -> str:
    """The contract, once more and as plainly as can be."""
    if wait_s < (90 if state is UNKNOWN else 0):
        return "too early"
    if now == 65:
        return "confirmed"
    if now == 40 and state is UNKNOWN and accept:
        return "not applied"
    return "undecided"


@pytest.mark.parametrize(
    ("state", "wait_s", "now", "accept"),
    list(product([ACCEPTED, UNKNOWN], [-1, 0, 89.9, 90, 1000], [40, 65, 64, 0, None], [True, False])),
)
def test_by_balance(state: OperationState, wait_s: float, now: int | None, *, accept: bool) -> None:
    """Accepted or unknown, too early or due, before or after or anything else, accept or person."""
    verdict = by_balance(
        replace(ADDED, state=state),
        {"credits": now},
        read_at=LEFT_AT + timedelta(seconds=wait_s),
        policy=Policy(SETTLE, accept_unchanged=accept),
        units=(CREDITS,),
    )
    kind = expected_verdict(state, wait_s, now, accept=accept)
    states = {"confirmed": CONFIRMED, "not applied": NOT_APPLIED}
    evidence = {
        "kind": "balance",
        "before": {"credits": 40},
        "after": {"credits": 65},
        "now": {"credits": now},
    }
    assert (states.get(kind), None if kind == "too early" else evidence) == (verdict.state, verdict.evidence)
    shown = "–" if now is None else now
    lost = "the answer was lost" if state is UNKNOWN else "It was accepted"
    assert {
        "too early": f"{lost}",
        "confirmed": "Added 25, Goodwill: balance 40 → 65",
        "not applied": "Balance unchanged (40) is the only proof",
        "undecided": f"before 40, expected 65, now {shown}",
    }[kind] in verdict.message
    assert (kind in ("too early", "undecided")) == ("KEY" in verdict.message)


@pytest.mark.parametrize(
    ("expected", "now"), [({}, {}), ({"credits": None}, {}), ({"credits": None}, {"credits": None})]
)
@pytest.mark.parametrize("state", [ACCEPTED, UNKNOWN])
def test_nothing_expected_proves_nothing(
    state: OperationState, expected: dict[str, int | None], now: dict[str, int | None]
) -> None:
    """Without a balance to expect, no read confirms or denies."""
    sent = replace(ADDED, state=state, before={"credits": None}, expected=expected)
    verdict = by_balance(sent, now, read_at=LEFT_AT + SETTLE, policy=Policy(SETTLE), units=(CREDITS,))
    assert verdict.state is None


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ({"balance": 5000, "bonus": 300, "free_starts": 9}, CONFIRMED),
        ({"balance": 4000, "bonus": None, "free_starts": 9}, NOT_APPLIED),
        ({"balance": 5000, "bonus": None}, None),
        ({"balance": 4000, "bonus": 0}, None),
        ({}, None),
    ],
)
def test_several_units(now: dict[str, int | None], state: OperationState | None) -> None:
    """All units of the operation have to agree; others do not matter."""
    sent = replace(
        ADDED,
        state=UNKNOWN,
        changes=(Change("balance", 1000), Change("bonus", 300)),
        before={"balance": 4000, "bonus": None},
        expected={"balance": 5000, "bonus": 300},
    )
    verdict = by_balance(sent, now, read_at=LEFT_AT + SETTLE, policy=Policy(SETTLE), units=FOUR)
    assert state == verdict.state
    if state is NOT_APPLIED:
        assert "(Balance 40.00, Bonus –)" in verdict.message


def test_confirmed_reset() -> None:
    """What a reset by balance cannot see is said."""
    sent = replace(ADDED, action=Action.RESET, changes=(Change("credits", 65),))
    verdict = by_balance(sent, {"credits": 65}, read_at=LEFT_AT, policy=Policy(SETTLE), units=(CREDITS,))
    assert verdict.message == (
        "Reset to 65, Goodwill: balance 40 → 65. Spending within the seconds of the reset cannot be seen."
    )


@pytest.mark.parametrize(
    ("action", "amount", "text"),
    [
        (Action.ADD, 25, "Added 25"),
        (Action.RESET, 0, "Reset to 0"),
        (Action.ADJUST, -5, "Adjusted by -5"),
        (Action.ADJUST, 5, "Adjusted by +5"),
        (Action.REFUND, 5, "Refunded 5"),
        (Action.CASH, 5, "Added for cash 5"),
        (Action.APPLY_PROMO, 5, "Applied promo 5"),
    ],
)
def test_deeds(action: Action, amount: int, text: str) -> None:
    """What was done, in a clerk's words."""
    assert text == words.deed(action, [Change("credits", amount)], (CREDITS,))


def test_words_of_several_units() -> None:
    """Each number with its unit; one that the configuration lost is still told."""
    changes = [Change("balance", 1250), Change("free_starts", 3), Change("gone", 5)]
    assert "Added 12.50 Balance and 3 Free Starts and 5 gone" == words.deed(Action.ADD, changes, FOUR)
    assert "Balance 1.00 → 2.00, Bonus – → 0.00" == words.moves(
        {"balance": 100}, {"balance": 200, "bonus": 0}, FOUR
    )
    assert "Bonus before –, expected 1.00, now 2.00" == words.three_numbers(
        {}, {"bonus": 100}, {"bonus": 200}, FOUR
    )
    assert Unit("gone", "gone", 0) == words.unit_of("gone", FOUR)


@pytest.mark.parametrize("state", OperationState)
def test_row_shows_state(state: OperationState) -> None:
    """Every state has its status; what waits needs attention or is queued."""
    status = row_status(state)
    assert (state in UNSETTLED) == (status in (RowStatus.QUEUED, RowStatus.CONFIRMATION_REQUIRED))
    assert (state in SENDABLE) == (status in (RowStatus.EDITED, RowStatus.REJECTED, RowStatus.NOT_APPLIED))


def test_labels() -> None:
    """The words in the cells, as the contract spells them."""
    assert [
        "",
        "Edited",
        "Invalid",
        "Conflict",
        "Awaiting approval",
        "Queued",
        "Confirmation Required",
        "Confirmed",
        "Rejected",
        "Not applied",
        "Already sent",
    ] == [status.label for status in RowStatus]
    assert ["Add", "Reset", "Adjust", "Refund", "Cash", "Apply promo"] == [action.label for action in Action]
    assert RowStatus.CONFIRMED not in NEEDS_ATTENTION
