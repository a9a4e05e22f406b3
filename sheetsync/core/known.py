"""Rows against the ledger's operations: what was asked for before, and what waits for its proof. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sheetsync.core import words
from sheetsync.core.accounts import Action
from sheetsync.core.diff import Interpreted, Wanted
from sheetsync.core.states import SENDABLE, OperationState, RowStatus


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an operation.

    Attributes:
        attempts: how often it was sent.
        closed: another edit of its account and unit was sent since; it goes no more.
        story: when and by whom it was sent, in words.
        outcome: how it ended, in words.
        advice: while it is not proven, what was seen so far and what a person can do about it.
    """

    key: str
    account_id: str
    units: tuple[str, ...]
    state: OperationState
    attempts: int
    closed: bool = False
    story: str = ""
    outcome: str = ""
    advice: str = ""

    @property
    def ending(self) -> str:
        """What became of it, as a sentence."""
        return f"{self.story}: {self.outcome}"


@dataclass(frozen=True)
class Ledgered:
    """The ledger's operations that rows are compared with.

    Attributes:
        known: operation key → operation.
        unsettled: (account id, unit) → operation that is not settled.
    """

    known: Mapping[str, Known]
    unsettled: Mapping[tuple[str, str], Known]

    @cached_property
    def unsettled_of(self) -> Mapping[str, Sequence[tuple[str, Known]]]:
        """Account id → (unit, operation) of each unit with an operation that is not settled."""
        found: dict[str, list[tuple[str, Known]]] = defaultdict(list)
        for (account_id, unit), known in self.unsettled.items():
            found[account_id].append((unit, known))
        return dict(found)


Settled = tuple[RowStatus, str, tuple[str, ...]]
"""Status, message and operation keys of a row that needs no live balance."""


def settled_status(row: Interpreted, ledgered: Ledgered) -> Settled | None:
    """Return what a row is without asking the credit system, or None."""
    waiting = _unsettled(row, ledgered)
    if waiting is not None:
        return _waiting(row, waiting)
    if row.problem:
        return RowStatus.INVALID, row.problem, ()
    if row.edit is None:
        return RowStatus.UNCHANGED, "", ()
    return _sent_before(row, ledgered)


def counted(row: Interpreted, wanted: Wanted, ledgered: Ledgered) -> Known | None:
    """Return the operation if it was sent before and goes no more, whatever became of it."""
    known = ledgered.known.get(wanted.key)
    if known is None or known.closed or known.state not in SENDABLE:
        return known
    # withdrawn before it was ever sent: as if it had never been asked for
    return known if known.attempts and _outdated(row, wanted) else None


def _outdated(row: Interpreted, wanted: Wanted) -> bool:
    return row.baseline is not None and wanted.outdated(row.baseline)


def _unsettled(row: Interpreted, ledgered: Ledgered) -> Known | None:
    """Return the operation that the row has to wait for; one that was sent speaks before a queued one."""
    if row.suspect.twins:
        return None
    touched = {change.unit for wanted in row.wanted for change in wanted.changes}
    found = [
        known
        for unit, known in ledgered.unsettled_of.get(row.suspect.account_id, ())
        if not touched or unit in touched
    ]
    return min(found, key=lambda known: known.state is OperationState.QUEUED, default=None)


def _waiting(row: Interpreted, known: Known) -> Settled:
    if known.state is OperationState.QUEUED:
        return RowStatus.QUEUED, f"{known.story}. Not sent yet.", (known.key,)
    message = known.advice or f"{known.story}. Not proven yet: verify, or resolve operation {known.key}."
    same = not row.wanted or any(wanted.key == known.key for wanted in row.wanted)
    if not same or row.problem:
        message += " The edit in this row is not sent before that."
    return RowStatus.CONFIRMATION_REQUIRED, message, (known.key,)


def _once_more(row: Interpreted, sent: Sequence[Known]) -> str:
    """Return how to do the same again: typed anew it has a new key, unless nothing has counted since.

    An operation that did not count, and was closed by another edit, keeps its epoch; typed again it would be
    the same operation for ever. The same change under another action is another operation.
    """
    if not any(known.closed and known.state in SENDABLE for known in sent) or any(
        _outdated(row, wanted) for wanted in row.wanted
    ):
        return "To do the same once more, clear the edit, pull, and type it again."
    why = "Another edit of this user was sent after it, and neither counted, so this very edit goes no more."
    return f"{why} {_other_form(row)}"


def _other_form(row: Interpreted) -> str:
    if row.edit is None or row.baseline is None or row.edit.action is Action.APPLY_PROMO:
        return "Type another amount."
    forms = [
        words.other_form(row.edit.action, change, row.baseline.balances.get(change.unit) or 0, row.units)
        for change in row.edit.changes
    ]
    return f"To do the same, type it in another form: {' and '.join(forms)}."


def _sent_before(row: Interpreted, ledgered: Ledgered) -> Settled | None:
    """Recognise an edit that was sent before; where units go one by one, the rest of it may still go."""
    done = [counted(row, wanted, ledgered) for wanted in row.wanted]
    sent = [known for known in done if known is not None]
    if len(sent) == len(done):
        message = f"{sent[0].ending} It is not sent again. {_once_more(row, sent)}"
        return RowStatus.ALREADY_SENT, message, tuple(known.key for known in sent)
    rest = [wanted for wanted, known in zip(row.wanted, done, strict=True) if known is None]
    if any(_outdated(row, wanted) for wanted in rest) or (
        sent and any(wanted.key not in ledgered.known for wanted in rest)
    ):
        sentence = (
            "This row is older than the last confirmed change of this user, as in an old copy of the tab: "
            "clear the edit, pull, and type it again."
        )
        return RowStatus.INVALID, sentence, ()
    return None
