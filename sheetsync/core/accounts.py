"""What a credit system holds and what we ask of it: units, accounts, actions, operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CREDIT_USED = "credit_used"
"""Extra of an operation that pays with credit: how much of it is used, in minor units, as was quoted."""

Balances = Mapping[str, int | None]
"""Unit code → minor units; None where the system has no value (a blank cell, not 0)."""


class Action(StrEnum):
    """What a person asks for; the value is the code of JSON and CSV."""

    ADD = "add"
    RESET = "reset"
    ADJUST = "adjust"
    REFUND = "refund"
    CASH = "cash"
    APPLY_PROMO = "apply_promo"

    @property
    def label(self) -> str:
        """The word in the Action cell."""
        return {"apply_promo": "Apply promo"}.get(self.value, self.value.capitalize())


class EvidenceKind(StrEnum):
    """How a credit system lets us prove a change."""

    BALANCE = "balance"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of credit.

    Attributes:
        code: as in JSON and configuration, e.g. ``credits``.
        header: of the balance column, e.g. ``Credits``.
        scale: decimal places; amounts are integers of ``10 ** -scale``.
    """

    code: str
    header: str
    scale: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a credit system can do.

    Attributes:
        units: in the order of the tab's columns.
        actions: that the dropdown offers.
        evidence: how a change is proven.
        subtracts: a negative change travels as such; otherwise it is carried out as a reset to the balance
            computed from a read right before.
        sets: a Reset travels as the balance to set; otherwise as the change from the balance read before.
        sends_reason: the reason is part of the request, hence of the operation key.
        one_request: several units of one account travel in one request, as one operation.
        lists_balances: the list of accounts holds the balances, so that many are read by few requests.
        page: accounts on one page of that list.
        quotes: actions that have a price, which is asked for before they are planned.
    """

    units: tuple[Unit, ...]
    actions: tuple[Action, ...]
    evidence: EvidenceKind
    subtracts: bool = False
    sets: bool = True
    sends_reason: bool = False
    one_request: bool = True
    lists_balances: bool = False
    page: int = 100
    quotes: frozenset[Action] = frozenset()


@dataclass(frozen=True, slots=True)
class Account:
    """One user's holdings as the credit system reports them.

    Attributes:
        account_id: text, compared exactly.
        balances: unit code → minor units.
        details: what else the system says of the account, by field code; only for people to look at.
    """

    account_id: str
    email: str
    name: str
    balances: Balances
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One change of one account, as the credit system lists it.

    Attributes:
        note: as it stands there; ours starts with ``ss:KEY``.
        changes: unit code → signed change in minor units; a unit that is absent did not change.
        after: unit code → resulting balance in minor units; None where the system does not say.
        at: when, by the credit system's clock.
        like_ours: of a kind that this service sends, so that without its note it might be ours.
        pays: credit that was used to pay an invoice.
    """

    transaction_id: str
    account_id: str
    note: str
    changes: Mapping[str, int]
    after: Balances
    at: datetime
    like_ours: bool = False
    pays: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One unit's part of an operation, in minor units.

    Attributes:
        unit: unit code.
        amount: the amount as the person gave it: the target of a Reset, the signed change otherwise.
    """

    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One change to one account, with the key under which it is known for ever.

    Attributes:
        key: at most 24 characters of ``[0-9A-Z]``; travels in the remote note as ``ss:KEY``.
        changes: one for each unit that the system takes in this one request.
        actor: who asked for it, e.g. ``cli:ana``.
        extras: further fields that are sent, e.g. ``location_id``.
    """

    key: str
    account_id: str
    email: str
    action: Action
    changes: tuple[Change, ...]
    reason: str = ""
    note: str = ""
    actor: str = ""
    extras: Mapping[str, str] = field(default_factory=dict)


def resulting(operation: Operation, before: Balances) -> dict[str, int]:
    """Return the balances of the operation's units after it was applied to ``before``.

    A unit without a value counts as 0, as the credit systems count it.
    """
    if operation.action is Action.RESET:
        return {change.unit: change.amount for change in operation.changes}
    if operation.action is Action.APPLY_PROMO:
        return {
            change.unit: (before.get(change.unit) or 0)
            - int(operation.extras.get(CREDIT_USED, change.amount))
            for change in operation.changes
        }
    return {change.unit: (before.get(change.unit) or 0) + change.amount for change in operation.changes}
