"""What undoes an operation, by every kind of proof."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sheetsync.core.accounts import Action, Capabilities, Change, EvidenceKind, Unit
from sheetsync.core.states import OperationState
from sheetsync.core.undoing import Done, changed, is_estimate, opposite, undo_key

BALANCE, BONUS = Unit("balance", "Balance", 2), Unit("bonus", "Bonus", 2)
OFFERED = Capabilities((BALANCE, BONUS), (Action.ADD, Action.ADJUST), EvidenceKind.TRANSACTION)
BY_BALANCE: Mapping[str, object] = {"kind": "balance"}


def done(
    action: Action,
    amounts: Mapping[str, int],
    evidence: Mapping[str, object] = BY_BALANCE,
    state: OperationState = OperationState.CONFIRMED,
) -> Done:
    """Return an operation on an account that held 40.00 and 3.00."""
    before = {"balance": 4000, "bonus": 300}
    reset = action is Action.RESET
    expected = {code: amount if reset else before[code] + amount for code, amount in amounts.items()}
    return Done("K", action, state, amounts, {code: before[code] for code in amounts}, expected, evidence)


def test_by_amount() -> None:
    """An addition is known by what was asked for, each unit for itself."""
    asked = done(Action.ADD, {"bonus": 50, "balance": 2500})
    assert (Change("balance", -2500), Change("bonus", -50)) == opposite(asked, OFFERED)


def test_a_reset_by_balance() -> None:
    """A reset is known by the balances around it."""
    assert (Change("balance", 3000),) == opposite(done(Action.RESET, {"balance": 1000}), OFFERED)


def test_the_transaction_counts_before_all() -> None:
    """What the credit system recorded: also what a reset overwrote, and a bonus that came along."""
    evidence = {"kind": "transaction", "id": "7", "changes": {"balance": -2990, "bonus": 20}}
    asked = done(Action.RESET, {"balance": 1000}, evidence)
    assert (Change("balance", 2990), Change("bonus", -20)) == opposite(asked, OFFERED)
    assert (False, True) == (is_estimate(asked), is_estimate(done(Action.RESET, {"balance": 1000})))


def test_by_a_person() -> None:
    """A verdict says that it counted, not what a reset changed."""
    person = {"kind": "person", "by": "cli:eve", "reason": "seen"}
    assert (Change("balance", -25),) == opposite(done(Action.ADD, {"balance": 25}, person), OFFERED)
    assert "A person settled" in str(opposite(done(Action.RESET, {"balance": 25}, person), OFFERED))


def test_what_a_promo_took() -> None:
    """What was asked for is not what was used; without a transaction, the balances around it say that."""
    person = {"kind": "person", "by": "cli:eve", "reason": "seen"}
    asked = replace(done(Action.APPLY_PROMO, {"balance": 5000}, person), expected={"balance": 0})
    assert {"balance": -4000} == changed(asked)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (done(Action.ADD, {"balance": 1}, state=OperationState.UNKNOWN), "not proven yet"),
        (done(Action.ADD, {"balance": 1}, state=OperationState.NOT_APPLIED), "never counted"),
        (done(Action.APPLY_PROMO, {"balance": 1}), "Apply promo cannot be taken back"),
        (done(Action.RESET, {"balance": 4000}), "changed nothing"),
    ],
)
def test_left_out(asked: Done, why: str) -> None:
    """What cannot be undone is told in words."""
    assert why in str(opposite(asked, OFFERED))


def test_a_system_that_does_not_adjust() -> None:
    """Nothing can be taken back there."""
    assert isinstance(opposite(done(Action.ADD, {"balance": 1}), Capabilities((BALANCE,), (), BY)), str)


BY = EvidenceKind.BALANCE


def test_the_key_is_always_the_same() -> None:
    """One operation has one undo, and that another one."""
    assert undo_key("K") == undo_key("K")
    assert 3 == len({"K", undo_key("K"), undo_key(undo_key("K"))})
