"""What undoes an operation: the opposite of what it is proven to have changed, whatever came after. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from sheetsync.core.accounts import Action, Capabilities, Change
from sheetsync.core.keys import OPERATION_KEY_LENGTH, digest32
from sheetsync.core.states import UNSETTLED, OperationState


@dataclass(frozen=True, slots=True)
class Done:
    """An operation as far as an undo has to know it.

    Attributes:
        amounts: unit code → the amount as the person gave it, in minor units.
        before, expected: unit code → balance read right before, and what it was to become.
        evidence: as the ledger keeps it.
    """

    key: str
    action: Action
    state: OperationState
    amounts: Mapping[str, int]
    before: Mapping[str, int | None]
    expected: Mapping[str, int | None]
    evidence: Mapping[str, object]


def undo_key(key: str) -> str:
    """Return the key of the operation that undoes this one: always the same, so that it counts once."""
    return digest32("undo", key, length=OPERATION_KEY_LENGTH)


def opposite(done: Done, capabilities: Capabilities) -> tuple[Change, ...] | str:
    """Return the changes that undo an operation, or why there are none, in words."""
    if done.state in UNSETTLED:
        return "It is not proven yet: verify or resolve it first."
    if done.state is not OperationState.CONFIRMED:
        return "It never counted: there is nothing to undo."
    if Action.ADJUST not in capabilities.actions or done.action is Action.APPLY_PROMO:
        return f"{done.action.label} cannot be taken back by another change: do it in the credit system."
    moved = changed(done)
    if moved is None:
        return (
            "A person settled this reset, so it is not known what it changed: look at the user's page and "
            "type an Adjust."
        )
    units = [unit.code for unit in capabilities.units]
    changes = tuple(Change(code, -moved[code]) for code in units if moved.get(code))
    return changes or "It changed nothing."


def is_estimate(done: Done) -> bool:
    """Whether only balances, or a person, say what it changed."""
    return done.evidence.get("kind") != "transaction"


def changed(done: Done) -> dict[str, int] | None:
    """Return unit code → what is known to have changed; a transaction's own record counts before all."""
    recorded = done.evidence.get("changes")
    if done.evidence.get("kind") == "transaction" and isinstance(recorded, Mapping):
        return {code: int(moved) for code, moved in recorded.items()}
    if done.action is Action.RESET and done.evidence.get("kind") == "person":
        return None
    if done.action not in (Action.RESET, Action.APPLY_PROMO):
        return dict(done.amounts)
    # a Reset's amount is its target; a promo's is what was asked for, and less may have been used
    moves = {code: (done.before.get(code), done.expected.get(code)) for code in done.amounts}
    return {code: (after or 0) - (before or 0) for code, (before, after) in moves.items()}
