"""Operations: the one place where their state changes; how is in ``transitions`` and ``verdicts``."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import update

from sheetsync.core.accounts import Account, Balances, Capabilities
from sheetsync.core.decide import Planned
from sheetsync.core.states import AT_REST, UNPROVEN, OperationState
from sheetsync.ledger import transitions, verdicts
from sheetsync.ledger.baseline import record_accounts
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.queueing import queue
from sheetsync.ledger.records import OperationReader
from sheetsync.ledger.schema import operations
from sheetsync.ports import Lease


class OperationStore(OperationReader):
    """Operations of all credit systems."""

    def queue(
        self,
        planned: Sequence[Planned],
        lease: Lease,
        *,
        connection_name: str,
        plan: str,
        capabilities: Capabilities,
    ) -> None:
        """Queue operations for the lease's run: new ones, and known ones that may be sent (again).

        Raises:
            LostLeaseError: nothing was queued.
        """
        fixed = {"connection": connection_name, "plan": plan, "evidence_kind": capabilities.evidence.value}
        scales = {unit.code: unit.scale for unit in capabilities.units}

        def work(transaction: Transaction) -> None:
            transitions.check_lease(transaction, lease)
            queue(transaction, planned, lease=lease, fixed=fixed, scales=scales)

        self._database.write(work)

    def intend(
        self, key: str, lease: Lease, *, attempt: int, before: Balances, expected: Mapping[str, int]
    ) -> bool:
        """Commit the intent, ``queued → sending``, durably. Only who gets True may send, once.

        Closes other operations of the same account and unit that could have been sent again.

        Raises:
            LostLeaseError: another process took over.
        """
        return self._database.write(
            partial(
                transitions.intend, key=key, lease=lease, attempt=attempt, before=before, expected=expected
            )
        )

    def conclude(
        self, key: str, lease: Lease, *, attempt: int, state: OperationState, message: str, left_at: datetime
    ) -> OperationState | None:
        """Write what came back; return the state it led to, or None if this process lost the operation."""
        return self._database.write(
            partial(
                transitions.conclude,
                key=key,
                lease=lease,
                attempt=attempt,
                state=state,
                message=message,
                left_at=left_at,
            )
        )

    def withdraw(self, run: str, keys: Collection[str] | None = None, *, why: str) -> int:
        """Withdraw what was queued and never claimed, in one transaction; return how many."""
        return self._database.write(partial(transitions.withdraw, run=run, keys=keys, why=why))

    def settle_without_sending(
        self, key: str, lease: Lease, *, message: str, evidence: Mapping[str, Any]
    ) -> bool:
        """``queued → confirmed`` for a Reset to the balance that is there already.

        Raises:
            LostLeaseError: another process took over.
        """

        def work(transaction: Transaction) -> bool:
            transitions.check_lease(transaction, lease)
            return verdicts.settle_unsent(transaction, key, message=message, evidence=evidence)

        return self._database.write(work)

    def take_over(self, lease: Lease, *, left_at: datetime) -> tuple[int, int]:
        """Turn what dead owners left into something that can be verified: (made unknown, withdrawn).

        Raises:
            LostLeaseError: another process took over in turn.
        """
        return self._database.write(partial(transitions.take_over, lease=lease, left_at=left_at))

    def verdict(
        self,
        key: str,
        *,
        attempt: int,
        state: OperationState,
        message: str,
        evidence: Mapping[str, Any],
        account: Account,
        reading: int,
        from_states: Collection[OperationState] = AT_REST,
    ) -> bool:
        """Write what a re-read proved: ``accepted | unknown → confirmed | not_applied``.

        Moves the baseline on to what was read, and the epochs of a confirmed operation's units.

        Returns:
            False if the operation moved meanwhile.
        """

        def work(transaction: Transaction) -> bool:
            system = verdicts.settle(
                transaction,
                key,
                from_states=from_states,
                state=state,
                message=message,
                evidence=evidence,
                attempt=attempt,
                reading=reading,
            )
            if system is None:
                return False
            # a read of one account may come without e-mail and name
            record_accounts(transaction, system, reading, [account], identities=False)
            return True

        return self._database.write(work)

    def note(self, key: str, *, message: str, evidence: Mapping[str, Any] | None) -> None:
        """Keep what a verify saw of an operation that stays unproven."""

        def work(transaction: Transaction) -> None:
            transaction.connection.execute(
                update(operations)
                .where(operations.c.key == key, operations.c.state.in_(UNPROVEN))
                .values(
                    message=message,
                    evidence=evidence,
                    checked_at=transaction.now,
                    checks=operations.c.checks + 1,
                    shown=False,
                )
            )

        self._database.write(work)

    def alert(self, key: str, *, message: str, evidence: Mapping[str, Any]) -> bool:
        """Keep what contradicts the ledger, as an event and on the row; False if it says so already."""
        return self._database.write(partial(verdicts.alert, key=key, message=message, evidence=evidence))

    def looked_up(self, keys: Collection[str]) -> None:
        """Note that settled operations were looked for again just now."""
        for chunk in chunks(sorted(keys)):
            self._database.write(partial(_looked_up, keys=chunk))

    def resolve(self, key: str, *, applied: bool, actor: str, reason: str) -> bool:
        """Settle an unproven operation by a person's verdict; False if it is not unproven any more."""
        outcome = "applied" if applied else "not applied"
        settled = self._database.write(
            partial(
                verdicts.settle,
                key=key,
                from_states=AT_REST,
                state=OperationState.CONFIRMED if applied else OperationState.NOT_APPLIED,
                message=f"Settled as {outcome} by {actor}: {reason}",
                evidence={"kind": "person", "by": actor, "reason": reason},
                actor=actor,
            )
        )
        return settled is not None

    def mark_shown(self, shown: Mapping[str, OperationState]) -> None:
        """Note which state the tab shows of these operations; one that moved since stays to be shown."""
        by_state: dict[OperationState, list[str]] = defaultdict(list)
        for key, state in sorted(shown.items()):
            by_state[state].append(key)
        for state, keys in by_state.items():
            for chunk in chunks(keys):
                self._database.write(partial(_mark_shown, keys=chunk, state=state))


def _looked_up(transaction: Transaction, keys: Collection[str]) -> None:
    statement = update(operations).where(operations.c.key.in_(keys)).values(checked_at=transaction.now)
    transaction.connection.execute(statement)


def _mark_shown(transaction: Transaction, keys: Collection[str], state: OperationState) -> None:
    where = (operations.c.key.in_(keys), operations.c.state == state)
    transaction.connection.execute(update(operations).where(*where).values(shown=True))
