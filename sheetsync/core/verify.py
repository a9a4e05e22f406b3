"""What a re-read proves about an operation that was sent; every branch errs on the side of not knowing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sheetsync.core import words
from sheetsync.core.accounts import Action, Balances, Change, Unit
from sheetsync.core.states import OperationState


@dataclass(frozen=True, slots=True)
class Sent:
    """An operation that was sent, or may have been.

    Attributes:
        state: accepted or unknown.
        before: read right before sending.
        expected: the balances if it counted once.
        left_at: the latest moment at which a byte of the request may have left.
        connection: named in the command that settles it.
        page: address of the customer's page, or empty.
        sent_at: when the intent was written down, right before the request left.
        at_pull: the balances that the person saw.
        by_change: a Reset travelled as the change from ``before``, not as the balance to set.
        extras: further fields that were sent, and the price that was agreed.
    """

    key: str
    account_id: str
    action: Action
    changes: tuple[Change, ...]
    reason: str
    state: OperationState
    before: Balances
    expected: Balances
    left_at: datetime
    connection: str
    page: str = ""
    sent_at: datetime | None = None
    at_pull: Balances = field(default_factory=dict)
    by_change: bool = False
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a re-read proved.

    Attributes:
        state: confirmed, not applied, or None where nothing is proven.
        message: for the row.
        evidence: as in the ``evidence`` object of JSON, amounts in minor units.
        alert: the credit system contradicts what we know: a person has to look.
    """

    state: OperationState | None
    message: str
    evidence: Mapping[str, Any] | None = None
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """How balance evidence is judged.

    Attributes:
        settle_after: how long a lost request may still be running there.
        accept_unchanged: an unchanged balance proves that an unknown request did not arrive
            (``balance_evidence = "accept"``); else a person decides.
    """

    settle_after: timedelta
    accept_unchanged: bool = True


def by_balance(
    sent: Sent, now: Balances, *, read_at: datetime, policy: Policy, units: Sequence[Unit]
) -> Verdict:
    """Judge an operation by the account's balances alone.

    Args:
        sent: the operation.
        now: the balances just read.
        read_at: when the read started.
        policy: how to judge.
        units: of the credit system.
    """
    due = sent.left_at + (policy.settle_after if sent.state is OperationState.UNKNOWN else timedelta())
    if read_at < due:
        return _too_early(sent, due)
    before = {code: sent.before.get(code) for code in sent.expected}
    seen = {code: now.get(code) for code in sent.expected}
    evidence = {"kind": "balance", "before": before, "after": dict(sent.expected), "now": seen}
    deed = words.deed(sent.action, sent.changes, units, sent.reason)
    if _promised(sent) and seen == dict(sent.expected):
        return Verdict(OperationState.CONFIRMED, _confirmed(sent, deed, units), evidence)
    lost = _promised(sent) and sent.state is OperationState.UNKNOWN
    if lost and seen == before and policy.accept_unchanged:
        message = (
            f"Not applied: {deed} did not arrive. Balance unchanged ({words.holdings(seen, units)}) is the "
            "only proof. Safe to push again."
        )
        return Verdict(OperationState.NOT_APPLIED, message, evidence)
    return Verdict(None, _undecided(sent, deed, now, units), evidence)


def _promised(sent: Sent) -> bool:
    """Whether it is known which balances to expect: without them, nothing can be proven by them."""
    return bool(sent.expected) and None not in sent.expected.values()


def _confirmed(sent: Sent, deed: str, units: Sequence[Unit]) -> str:
    message = f"{deed}: {words.moves(sent.before, sent.expected, units)}"
    if sent.action is Action.RESET:
        message += ". Spending within the seconds of the reset cannot be seen."
    return message


def _too_early(sent: Sent, due: datetime) -> Verdict:
    why = (
        "It was accepted, but the balance was read before the request had ended"
        if sent.state is OperationState.ACCEPTED
        else "It is not known whether the request arrived: the answer was lost and it may still be running"
    )
    message = f"{why}. A read after {due:%H:%M:%S} UTC can prove it: verify then. Operation {sent.key}."
    return Verdict(None, message)


def _undecided(sent: Sent, deed: str, now: Balances, units: Sequence[Unit]) -> str:
    numbers = words.three_numbers(sent.before, sent.expected, now, units)
    outcome = "was accepted" if sent.state is OperationState.ACCEPTED else "may have arrived"
    look = words.way_out(sent.connection, sent.key, sent.page)
    return f"{deed} {outcome}, and the balance cannot prove it. {numbers}. {look}"
