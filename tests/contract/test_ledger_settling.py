"""The ledger keeps the promises of ``ports.Operations``: from unproven to settled, and what can be read."""

from datetime import timedelta
from functools import partial

import pytest

from sheetsync.core.states import OperationState
from tests.contract.ledger_suite import (
    MAKER,
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


def epochs(office: Office, account_id: str = "7") -> dict[str, int]:
    """Return the epochs of an account."""
    return dict(office.ledger.accounts.baselines(SYSTEM, MAKER)[account_id].epochs)


class SettlingContract(LedgerContract):
    @pytest.mark.parametrize("state", [OperationState.ACCEPTED, OperationState.UNKNOWN])
    def test_confirmed(self, office: Office, state: OperationState) -> None:
        """A proof settles the operation and moves the epoch on, once."""
        office.pull(account("7", 10))
        office.send(office.lease(), planned(), state)
        assert office.judge(planned(), OperationState.CONFIRMED, now=15, reading=2)
        assert not office.judge(planned(), OperationState.CONFIRMED, now=15, reading=3)
        found = office.record()
        assert (OperationState.CONFIRMED, "proven", {"kind": "balance"}) == (
            found.state,
            found.message,
            found.evidence,
        )
        assert found.settled_at is not None
        assert found.checked_at is not None
        assert {"credits": 1, "bonus": 0} == epochs(office)
        assert office.ledger.check()["sums"] == "ok"

    def test_not_applied(self, office: Office) -> None:
        """A proof that it did not arrive leaves the epoch: the same edit keeps its key."""
        office.pull(account("7", 10))
        office.send(office.lease(), planned(), OperationState.UNKNOWN)
        assert office.judge(planned(), OperationState.NOT_APPLIED, now=10, reading=2)
        assert office.state() is OperationState.NOT_APPLIED
        assert {"credits": 0, "bonus": 0} == epochs(office)

    def test_verdict_of_another_attempt(self, office: Office) -> None:
        """A verdict speaks for the attempt that was read; a newer one goes on."""
        office.pull(account("7", 10))
        lease = office.lease()
        office.send(lease, planned(), OperationState.REJECTED)
        office.send(lease, again(planned()), OperationState.UNKNOWN)
        assert not office.judge(planned(), OperationState.CONFIRMED, now=15, reading=2)
        assert office.state() is OperationState.UNKNOWN
        assert office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].balances["credits"] == 10

    def test_verdict_too_early(self, office: Office) -> None:
        """What is queued or being sent is not judged, and neither is what nobody knows."""
        lease = office.lease()
        assert not office.judge(planned(), OperationState.CONFIRMED, now=15, reading=1)
        office.queue(lease, planned())
        assert not office.judge(planned(), OperationState.CONFIRMED, now=15, reading=1)
        office.intend(lease, planned())
        assert not office.judge(planned(), OperationState.CONFIRMED, now=15, reading=1)

    def test_two_verdicts_at_once(self, office: Office) -> None:
        """Two processes that verify at the same moment move the epoch once."""
        office.pull(account("7", 10))
        office.send(office.lease(), planned(), OperationState.UNKNOWN)
        ledgers = [office.ledger, office.another(), office.another()]
        works = [
            partial(ledger.operations.resolve, "KEY1", applied=True, actor="b", reason="seen")
            for ledger in ledgers * 3
        ]
        assert [False] * 8 + [True] == sorted(at_once(works))
        assert {"credits": 1, "bonus": 0} == epochs(office)

    @pytest.mark.parametrize(("applied", "state"), [(True, "confirmed"), (False, "not_applied")])
    def test_resolve(self, office: Office, *, applied: bool, state: str) -> None:
        """A person's verdict settles what cannot be proven, and says who and why."""
        office.pull(account("7", 10))
        office.send(office.lease(), planned(), OperationState.UNKNOWN)
        resolve = office.ledger.operations.resolve
        assert resolve("KEY1", applied=applied, actor="cli:ben", reason="saw it")
        assert not resolve("KEY1", applied=applied, actor="cli:ben", reason="saw it")
        found = office.record()
        assert state == found.state.value
        assert {"kind": "person", "by": "cli:ben", "reason": "saw it"} == found.evidence
        assert "cli:ben: saw it" in found.message
        assert int(applied) == epochs(office)["credits"]
        assert office.sql("SELECT actor FROM events WHERE kind = :kind", kind=state) == [("cli:ben",)]

    def test_note(self, office: Office) -> None:
        """What a verify saw of an unproven operation is kept; of a settled one it is not."""
        office.send(office.lease(), planned(), OperationState.UNKNOWN)
        office.ledger.operations.note("KEY1", message="still running?", evidence={"kind": "balance"})
        found = office.record()
        assert (OperationState.UNKNOWN, "still running?") == (found.state, found.message)
        assert found.checked_at is not None
        office.ledger.operations.resolve("KEY1", applied=False, actor="b", reason="r")
        office.ledger.operations.note("KEY1", message="later", evidence=None)
        assert office.record().message != "later"

    def test_closing_others(self, office: Office) -> None:
        """Sending an edit closes what could be sent again of its account and unit, and nothing else."""
        lease = office.lease()
        refused = {
            "SAME": planned("SAME", amount=1),
            "UNIT": planned("UNIT", unit="bonus"),
            "USER": planned("USER", "8"),
        }
        for each in refused.values():
            office.send(lease, each, OperationState.REJECTED)
        office.send(lease, planned("NEW"), OperationState.ACCEPTED)
        closed = {key: office.record(key).closed for key in (*refused, "NEW")}
        assert {"SAME": True, "UNIT": False, "USER": False, "NEW": False} == closed
        office.queue(lease, again(refused["SAME"]), again(refused["UNIT"]))
        assert office.state("SAME") is OperationState.REJECTED
        assert office.state("UNIT") is OperationState.QUEUED

    def test_never_sent_is_not_closed(self, office: Office) -> None:
        """What was withdrawn before it was ever sent stays open: it cannot have counted."""
        lease = office.lease()
        office.queue(lease, planned("OLD"))
        office.ledger.operations.withdraw(str(lease.run), why="moved")
        office.send(lease, planned("NEW"), OperationState.ACCEPTED)
        assert not office.record("OLD").closed

    def test_unsettled(self, office: Office) -> None:
        """Every operation of the system that is not settled, oldest first."""
        lease = office.lease()
        for key, state in (("K1", "accepted"), ("K2", "unknown"), ("K3", "rejected")):
            office.send(lease, planned(key, key), OperationState(state))
        office.queue(lease, planned("K4", "K4"))
        operations = office.ledger.operations
        assert ["K1", "K2", "K4"] == [record.key for record in operations.unsettled(SYSTEM)]
        assert operations.unsettled("another") == []

    def test_unshown(self, office: Office) -> None:
        """What the tab does not show yet: every change of state makes it so again."""
        lease = office.lease()
        operations = office.ledger.operations
        office.queue(lease, planned())

        def shown() -> bool:
            before = not operations.unshown("main")
            operations.mark_shown({"KEY1": operations.by_key(["KEY1"])["KEY1"].state})
            assert office.record().shown
            return before

        assert not shown()
        assert shown()
        office.intend(lease, planned())
        assert not shown()
        office.conclude(lease, planned(), OperationState.UNKNOWN)
        assert not shown()
        operations.note("KEY1", message="?", evidence=None)
        assert not shown()
        operations.resolve("KEY1", applied=True, actor="b", reason="r")
        assert not shown()
        assert operations.unshown("other") == []

    def test_history(self, office: Office) -> None:
        """Filters by connection, account, run, actor, time and state."""
        first = office.lease()
        office.queue(first, planned("K1"), planned("K2", "8"))
        office.queue(first, planned("K3", "9"), connection="other")
        second = office.lease()
        office.send(second, planned("K4", "10"), OperationState.REJECTED)

        def keys(connection: str | None, **filters: object) -> set[str]:
            found = office.ledger.operations.history(connection, **filters)  # type: ignore[arg-type]
            return {record.key for record in found}

        assert keys(None) == {"K1", "K2", "K3", "K4"}
        assert keys("main") == {"K1", "K2", "K4"}
        assert keys("main", account_id="8") == {"K2"}
        assert keys(None, run=first.run) == {"K1", "K2", "K3"}
        assert keys(None, actor="cli:ben") == set()
        assert keys(None, unsettled=True) == {"K1", "K2", "K3"}
        newest = office.record("K4").created_at
        assert keys(None, since=newest) == {"K4"}
        assert keys(None, since=newest + timedelta(microseconds=1)) == set()
        assert len(keys(None, limit=2)) == 2

    def test_history_pages(self, office: Office) -> None:
        """Pages follow one another without a gap or a double, also within one moment."""
        lease = office.lease()
        for start in range(0, 20, 5):
            office.queue(lease, *(planned(f"K{number}", str(number)) for number in range(start, start + 5)))
        whole = [record.key for record in office.ledger.operations.history("main", limit=None)]
        paged: list[str] = []
        before = None
        while page := office.ledger.operations.history("main", before=before, limit=3):
            paged += [record.key for record in page]
            before = (page[-1].created_at, page[-1].key)
        assert whole == paged
        assert len(paged) == 20
        assert {f"K{number}" for number in range(15, 20)} == set(whole[:5])


class TestSettlingOnSqlite(OnSqlite, SettlingContract):
    pass


class TestSettlingOnPostgresql(OnPostgresql, SettlingContract):
    pass
