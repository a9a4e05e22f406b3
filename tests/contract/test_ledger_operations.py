"""The ledger keeps the promises of ``ports.Operations``: from queued to what came back."""

from collections.abc import Callable
from functools import partial

import pytest

from sheetsync.core.accounts import Action
from sheetsync.core.states import OperationState
from sheetsync.errors import LostLeaseError
from tests.contract.ledger_suite import (
    LATER,
    OWNER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    account,
    again,
    at_once,
    planned,
)

REFUSALS = (OperationState.REJECTED, OperationState.NOT_APPLIED)


class OperationsContract(LedgerContract):
    def test_queued(self, office: Office) -> None:
        """A queued operation comes back as it was planned."""
        lease = office.lease()
        office.queue(lease, planned())
        found = office.record()
        assert (SYSTEM, "main", "7", "7@example.com", "add", "Goodwill", "a note") == (
            found.system,
            found.connection,
            found.account_id,
            found.email,
            found.action,
            found.reason,
            found.note,
        )
        assert (OperationState.QUEUED, 0, False, False, lease.run, "sha256:1", "cli:ana") == (
            found.state,
            found.attempts,
            found.closed,
            found.shown,
            found.run,
            found.plan,
            found.actor,
        )
        assert {"location_id": "3"} == found.extras
        unit = found.units[0]
        assert ("credits", 0, 0, 5, 10) == (unit.unit, unit.epoch, unit.scale, unit.amount, unit.at_pull)

    def test_changed(self, office: Office) -> None:
        """What confirmed operations changed, without a sign; what was refused or is unproven is no change."""
        lease = office.lease()
        for number, (amount, state) in enumerate(((5, "confirmed"), (-3, "confirmed"), (9, "accepted"))):
            wanted = planned(f"KEY{number}", amount=amount, epoch=min(number, 2), action=Action.ADJUST)
            office.send(lease, wanted, OperationState.ACCEPTED)
            if state == "confirmed":
                assert office.judge(wanted, OperationState.CONFIRMED, now=10 + amount, reading=1)
        office.send(lease, planned("OTHER", "8", amount=7), OperationState.REJECTED)
        found = office.ledger.operations.changed(SYSTEM, {"7", "8", "9"})
        assert {"7": {"credits": [3, 5]}} == {
            account: {unit: sorted(amounts) for unit, amounts in units.items()}
            for account, units in found.items()
        }
        assert {} == office.ledger.operations.changed("another", {"7"})
        assert {} == office.ledger.operations.changed(SYSTEM, set())

    def test_queue_without_lease(self, office: Office) -> None:
        """Who lost the lease queues nothing."""
        lost = office.lease()
        office.lease()
        with pytest.raises(LostLeaseError):
            office.queue(lost, planned())
        assert office.ledger.operations.by_key(["KEY1"]) == {}

    def test_queue_twice(self, office: Office) -> None:
        """What is underway or settled is not queued again."""
        lease = office.lease()
        office.send(lease, planned(), OperationState.ACCEPTED)
        office.queue(lease, again(planned()))
        assert office.state() is OperationState.ACCEPTED
        assert office.judge(planned(), OperationState.CONFIRMED, now=15, reading=1)
        office.queue(lease, again(planned()))
        assert office.state() is OperationState.CONFIRMED
        assert office.kinds() == ["queued", "intent", "accepted", "confirmed"]

    @pytest.mark.parametrize("state", REFUSALS)
    def test_queue_again(self, office: Office, state: OperationState) -> None:
        """What certainly did not count goes again, as the next attempt and as no other."""
        lease = office.lease()
        office.send(lease, planned(), state)
        office.queue(lease, planned())
        assert office.state() is state
        office.queue(lease, again(planned()))
        found = office.record()
        assert (OperationState.QUEUED, 1, None, "") == (
            found.state,
            found.attempts,
            found.settled_at,
            found.message,
        )
        assert office.intend(lease, again(planned()))
        assert office.record().attempts == 2

    def test_intent(self, office: Office) -> None:
        """The intent holds attempt, time, and the balances before and expected."""
        lease = office.lease()
        office.queue(lease, planned(before=10))
        assert office.intend(lease, planned(before=12))
        found = office.record()
        assert (OperationState.SENDING, 1, None) == (found.state, found.attempts, found.left_at)
        assert found.sent_at is not None
        assert (10, 12, 17) == (found.units[0].at_pull, found.units[0].before, found.units[0].expected)

    def test_one_sender(self, office: Office) -> None:
        """However many try to send an operation at the same moment, one may."""
        lease = office.lease()
        office.queue(lease, planned())
        ledgers = [office.ledger, office.another(), office.another()]
        works = [partial(office.intend, lease, planned(), ledger=ledger) for ledger in ledgers * 6]
        assert [False] * 17 + [True] == sorted(at_once(works))
        assert office.kinds() == ["queued", "intent"]

    def test_intent_of_another_run(self, office: Office) -> None:
        """An operation is sent by the run that queued it, and only with the lease."""
        lost = office.lease()
        office.queue(lost, planned())
        held = office.lease()
        with pytest.raises(LostLeaseError):
            office.intend(lost, planned())
        assert not office.intend(held, planned())
        assert office.state() is OperationState.QUEUED

    def test_intent_of_nothing(self, office: Office) -> None:
        """What is not queued, or counts another attempt, is not sent."""
        lease = office.lease()
        assert not office.intend(lease, planned())
        office.queue(lease, planned())
        assert not office.intend(lease, again(planned()))

    @pytest.mark.parametrize("state", [OperationState.ACCEPTED, OperationState.UNKNOWN, *REFUSALS])
    def test_conclude(self, office: Office, state: OperationState) -> None:
        """What came back is written down once."""
        lease = office.lease()
        assert office.send(lease, planned(), state) is state
        found = office.record()
        assert (state, "words", LATER) == (found.state, found.message, found.left_at)
        assert (found.settled_at is not None) == (state in REFUSALS)
        assert office.conclude(lease, planned(), OperationState.REJECTED) is None
        assert office.state() is state

    def test_late_answer(self, office: Office) -> None:
        """A process that lost its lease changes nothing any more, but what it heard is kept."""
        lost = office.lease()
        office.queue(lost, planned())
        assert office.intend(lost, planned())
        office.ledger.operations.take_over(office.lease(), left_at=LATER)
        assert office.conclude(lost, planned(), OperationState.ACCEPTED) is None
        assert office.state() is OperationState.UNKNOWN
        assert office.kinds() == ["queued", "intent", "unknown", "late_accepted"]
        assert office.ledger.check()["sums"] == "ok"

    @pytest.mark.parametrize("state", REFUSALS)
    def test_refusal_after_a_doubtful_attempt(self, office: Office, state: OperationState) -> None:
        """A refusal speaks for its attempt alone: an earlier one may have counted."""
        lease = office.lease()
        office.send(lease, planned(), OperationState.UNKNOWN)
        assert office.judge(planned(), OperationState.NOT_APPLIED, now=10, reading=1)
        assert office.send(lease, again(planned()), state) is OperationState.UNKNOWN
        assert office.record().settled_at is None

    def test_refusal_after_a_refusal(self, office: Office) -> None:
        """A refusal after a refusal is one."""
        lease = office.lease()
        office.send(lease, planned(), OperationState.REJECTED)
        assert office.send(lease, again(planned()), OperationState.REJECTED) is OperationState.REJECTED

    def test_withdraw(self, office: Office) -> None:
        """What was queued and never claimed is withdrawn; what was claimed goes on."""
        lease = office.lease()
        office.queue(lease, planned("K1"), planned("K2", "8"), planned("K3", "9"), planned("K4", "10"))
        office.intend(lease, planned("K1"))
        withdraw = office.ledger.operations.withdraw
        assert withdraw(str(lease.run), ["K1", "K2"], why="moved") == 1
        assert withdraw("another run", why="ended") == 0
        assert withdraw(str(lease.run), why="ended") == 2
        states = [office.state(key).value for key in ("K1", "K2", "K3", "K4")]
        assert ["sending", "withdrawn", "withdrawn", "withdrawn"] == states
        assert ("moved", "ended") == (office.record("K2").message, office.record("K3").message)
        assert not office.intend(lease, planned("K2", "8"))
        assert office.ledger.check()["sums"] == "ok"

    def test_withdraw_against_intent(self, office: Office) -> None:
        """An operation is withdrawn or claimed, never both."""
        lease = office.lease()
        wanted = [planned(f"K{number}", str(number)) for number in range(12)]
        office.queue(lease, *wanted)
        other = office.another()

        def withdraw() -> int:
            return other.operations.withdraw(str(lease.run), why="cancelled")

        works: list[Callable[[], int]] = [partial(office.intend, lease, each) for each in wanted]
        *claimed, withdrawn = at_once([*works, withdraw])
        assert len(wanted) == sum(claimed) + withdrawn
        assert office.ledger.check()["sums"] == "ok"

    def test_settle_without_sending(self, office: Office) -> None:
        """A Reset to what is there already is confirmed, and changed nothing."""
        office.pull(account("7", 10))
        lease = office.lease()
        office.queue(lease, planned(action=Action.RESET, amount=20, before=10))
        settle = office.ledger.operations.settle_without_sending
        assert settle("KEY1", lease, message="already", evidence={"kind": "balance"})
        assert not settle("KEY1", lease, message="already", evidence={})
        found = office.record()
        assert (OperationState.CONFIRMED, 0, 20, 20) == (
            found.state,
            found.attempts,
            found.units[0].before,
            found.units[0].expected,
        )
        assert office.ledger.check()["sums"] == "ok"

    def test_settle_without_lease(self, office: Office) -> None:
        """Who lost the lease settles nothing."""
        lost = office.lease()
        office.queue(lost, planned())
        office.lease()
        with pytest.raises(LostLeaseError):
            office.ledger.operations.settle_without_sending("KEY1", lost, message="", evidence={})

    def test_take_over(self, office: Office) -> None:
        """What a dead owner was sending is unknown, never queued; what it had not claimed is withdrawn."""
        lost = office.lease()
        office.queue(lost, planned("K1"), planned("K2", "8"), planned("K3", "9"))
        office.intend(lost, planned("K1"))
        office.intend(lost, planned("K2", "8"))
        held = office.lease()
        assert office.ledger.operations.take_over(held, left_at=LATER) == (2, 1)
        assert ["unknown", "unknown", "withdrawn"] == [office.state(key).value for key in ("K1", "K2", "K3")]
        assert office.record("K1").left_at == LATER
        run = office.ledger.runs.get(str(lost.run))
        assert run is not None
        assert run.state == "interrupted"
        assert office.ledger.operations.take_over(held, left_at=LATER) == (0, 0)
        assert office.ledger.check() == {**office.ledger.check(), "chain": "ok", "sums": "ok"}

    def test_take_over_of_what_is_ours(self, office: Office) -> None:
        """What this owner is sending itself stays, and so does its run."""
        lease = office.lease()
        office.queue(lease, planned())
        office.intend(lease, planned())
        assert office.ledger.operations.take_over(lease, left_at=LATER) == (0, 0)
        assert office.state() is OperationState.SENDING

    def test_going_on(self, office: Office) -> None:
        """The new owner queues what was withdrawn, and sends it."""
        office.queue(office.lease(), planned())
        held = office.lease()
        office.ledger.operations.take_over(held, left_at=LATER)
        assert office.send(held, planned(), OperationState.ACCEPTED) is OperationState.ACCEPTED

    def test_take_over_against_intent(self, office: Office) -> None:
        """A claim and a take-over at the same moment: nothing is left in sending."""
        lost = office.lease()
        wanted = [planned(f"K{number}", str(number)) for number in range(12)]
        office.queue(lost, *wanted)
        other = office.another()

        def claim(number: int) -> bool:
            try:
                return office.intend(lost, wanted[number])
            except LostLeaseError:
                return False

        def seize() -> bool:
            run = other.runs.start("push", "main", SYSTEM, actor="b", owner=OWNER)
            lease = other.runs.take(
                SYSTEM, run, actor="b", owner=lost.owner, length=lost.expires_at - LATER, unless=lost.fence
            )
            assert lease is not None
            unknown, withdrawn = other.operations.take_over(lease, left_at=LATER)
            return (unknown + withdrawn) == len(wanted)

        works: list[Callable[[], bool]] = [partial(claim, number) for number in range(12)]
        assert at_once([*works, seize])[-1]
        states = {record.state.value for record in office.ledger.operations.history("main")}
        assert states <= {"unknown", "withdrawn"}


class TestOperationsOnSqlite(OnSqlite, OperationsContract):
    pass


class TestOperationsOnPostgresql(OnPostgresql, OperationsContract):
    pass
