"""Canaries: the first operations of each action are proven before the others leave.

A route that sets where it should add would ruin a thousand balances; so it may ruin one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sheetsync.core.accounts import Action, EvidenceKind
from sheetsync.core.decide import Planned
from sheetsync.core.evidence import ALERT
from sheetsync.core.states import UNPROVEN, OperationState
from sheetsync.errors import ContradictionError
from sheetsync.jobs.sending import Sending, send_in_turn
from sheetsync.ports import OperationRecord

SILENT_MOST = 3
"""Accepted canaries of one action that changed nothing, until the push stops: a customer may spend just what
was added in that very moment, but not three of them."""

DISTURBED_MOST = 5
"""Canaries of one action whose balance somebody else moved, until the others follow without proof: the route
does something, and waiting longer would not tell what."""

Group = list[Planned]
"""One account's operations, in order."""


def send_canaries(sending: Sending, groups: Sequence[Group], count: int) -> list[Group]:
    """Send the first operations of each action one by one, each proven; return what is left to be sent.

    An action that no more than ``count`` accounts are to get needs none: nothing follows.

    Args:
        sending: the push.
        groups: each account's operations.
        count: operations of each action that are to be proven first; 0 for none.

    Raises:
        ContradictionError: the credit system did something else than it was asked for.
        ProviderError, LostLeaseError: as any send.
    """
    planned = Counter(action for group in groups for action in _actions(group))
    cage = _Cage(sending, {action: count for action, number in planned.items() if number > count})
    left = []
    for group in groups:
        if cage.wants(group):
            send_in_turn(sending, group, prove_all=True)
            cage.look(group)
        else:
            left.append(group)
    return left


@dataclass(slots=True)
class _Cage:
    """Which actions still need a proof, and how their canaries fared."""

    sending: Sending
    missing: dict[Action, int]
    silent: Counter[Action] = field(default_factory=Counter)
    disturbed: Counter[Action] = field(default_factory=Counter)

    def wants(self, group: Group) -> bool:
        missing = any(self.missing.get(action, 0) > 0 for action in _actions(group))
        return missing and not self.sending.halt.is_set()

    def look(self, group: Group) -> None:
        """See how the canaries of one account stand.

        Raises:
            ContradictionError: nothing more may be sent.
        """
        records = self.sending.desk.ledger.operations.by_key([each.operation.key for each in group])
        for each in group:
            self._look(each.operation.action, records[each.operation.key])

    def _look(self, action: Action, record: OperationRecord) -> None:
        if record.state is OperationState.CONFIRMED:
            self.missing[action] = self.missing.get(action, 0) - 1
        elif record.state in UNPROVEN and (record.message.startswith(ALERT) or _contradicts(record)):
            raise _stop(self.sending, record, "did something else than it was asked for")
        elif record.state is OperationState.ACCEPTED and _is_silent(record):
            self.silent[action] += 1
            if self.silent[action] >= SILENT_MOST:
                raise _stop(self.sending, record, f"accepted {SILENT_MOST} changes and made none")
        elif record.state is OperationState.ACCEPTED:
            self.disturbed[action] += 1
            if self.disturbed[action] >= DISTURBED_MOST:
                self.missing[action] = 0


def _actions(group: Group) -> set[Action]:
    return {each.operation.action for each in group}


def _seen(record: OperationRecord) -> Mapping[str, int | None]:
    """Return the balances that a re-read saw of an operation that only balances prove."""
    seen = (record.evidence or {}).get("now")
    by_balance = record.evidence_kind is EvidenceKind.BALANCE
    return seen if by_balance and isinstance(seen, Mapping) else {}


def _contradicts(record: OperationRecord) -> bool:
    """Whether the balance is what the other route would have made it: an add that set, a set that added."""
    resets, seen = Action(record.action) is Action.RESET, _seen(record)
    return any(
        seen.get(unit.unit) not in (None, unit.expected, unit.before)
        and seen[unit.unit] == ((unit.before or 0) + unit.amount if resets else unit.amount)
        for unit in record.units
    )


def _is_silent(record: OperationRecord) -> bool:
    seen = _seen(record)
    return bool(seen) and all(seen.get(unit.unit) == unit.before for unit in record.units)


def _stop(sending: Sending, record: OperationRecord, what: str) -> ContradictionError:
    label = Action(record.action).label
    return ContradictionError(
        f"The push stopped after its first {label}: the credit system {what}. "
        f"User {record.account_id}: {record.message}",
        hint="Nothing more was sent. Run: sheetsync check "
        f"{sending.desk.name} --write-test --account ID (a test account), then settle this row.",
        details={"operation": record.key},
    )
