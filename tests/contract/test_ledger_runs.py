"""The ledger keeps the promises of ``ports.Plans`` and ``ports.Runs``, leases above all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from sheetsync.errors import LostLeaseError
from sheetsync.ledger.store import SqlLedger
from sheetsync.long_json import Each
from sheetsync.ports import Lease, StoredPlan
from tests.contract.ledger_suite import (
    HOUR,
    LATER,
    OWNER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    at_once,
    planned,
)

PLAN = StoredPlan(
    connection="main",
    digest="sha256:1",
    system=SYSTEM,
    actor="cli:ana",
    created_at=LATER,
    expires_at=LATER + HOUR,
    body={"operations": [{"key": "Ä", "amount": 2**62}], "baselines": {"7": {"credits": None}}},
)


def take(ledger: SqlLedger, run: str, *, unless: int | None, actor: str = "cli:ana") -> Lease | None:
    """Try to take the lease."""
    return ledger.runs.take(SYSTEM, run, actor=actor, owner=OWNER, length=HOUR, unless=unless)


class RunsContract(LedgerContract):
    def test_plans(self, office: Office) -> None:
        """A plan comes back as it was frozen, under its connection and digest alone."""
        plans = office.ledger.plans
        assert plans.load("main", "sha256:1") is None
        plans.save(PLAN)
        assert PLAN == plans.load("main", "sha256:1")
        assert plans.load("other", "sha256:1") is None

    def test_long_plan(self, office: Office) -> None:
        """A plan of very many rows comes back as it was, and so do parts of it that a page asks for."""
        rows = [{"operation": f"key {number}", "message": "“Ä” " * 20} for number in range(20_000)]
        shown = {"counts": {"add": len(rows)}, "rows": Each(dict, rows)}
        office.ledger.plans.save(replace(PLAN, body={"operations": Each(dict, rows), "shown": shown}))
        found = office.ledger.plans.load("main", "sha256:1")
        assert found is not None
        assert {"operations": rows, "shown": {"counts": {"add": len(rows)}, "rows": rows}} == found.body
        head = office.ledger.pages.plan("sha256:1", ["main"])
        assert head is not None
        assert {"add": len(rows)} == office.ledger.pages.plan_part(head, "shown.counts")
        assert rows == office.ledger.pages.plan_part(head, "shown.rows")
        with office.ledger.runs._database.read() as connection:
            length = connection.execute(text("SELECT length(body) FROM plans")).scalar_one()
        assert length < 1_000_000

    def test_plan_renewed(self, office: Office) -> None:
        """Previewing the same again renews the plan; it stays its first author's, whoever looks at it."""
        later = replace(PLAN, expires_at=PLAN.expires_at + HOUR, actor="cli:ben")
        office.ledger.plans.save(PLAN)
        office.ledger.plans.save(later)
        assert replace(later, actor="cli:ana") == office.ledger.plans.load("main", "sha256:1")

    def test_plan_approved(self, office: Office) -> None:
        """A second person's verdict stays with the plan when it is previewed again, and is in the chain."""
        plans = office.ledger.plans
        plans.save(PLAN)
        plans.decide(PLAN, by="cli:ben", approved=True, reason="")
        plans.save(PLAN)
        stored = plans.load("main", "sha256:1")
        assert stored is not None
        assert ("cli:ben", None, None) == (stored.approved_by, stored.refused_by, stored.used_by_run)
        plans.decide(PLAN, by="cli:cem", approved=False, reason="too much")
        stored = plans.load("main", "sha256:1")
        assert stored is not None
        assert (None, "cli:cem") == (stored.approved_by, stored.refused_by)
        assert {"events": 2, "chain": "ok", "sums": "ok"} == office.ledger.check()

    def test_plan_used(self, office: Office) -> None:
        """The run that carries a plan out is noted."""
        office.ledger.plans.save(PLAN)
        office.ledger.plans.use("main", "sha256:1", "RUN")
        assert replace(PLAN, used_by_run="RUN") == office.ledger.plans.load("main", "sha256:1")

    def test_run(self, office: Office) -> None:
        """A run begins, goes on and ends."""
        runs = office.ledger.runs
        run = runs.start("push", "main", SYSTEM, actor="cli:ana", owner=OWNER, plan="sha256:1")
        runs.progress(run, 3, 10)
        found = runs.get(run)
        assert found is not None
        assert ("push", "main", SYSTEM, "cli:ana", "running", "sha256:1", 3, 10, False, None) == (
            found.kind,
            found.connection,
            found.system,
            found.actor,
            found.state,
            found.plan,
            found.done,
            found.total,
            found.cancel,
            found.ended_at,
        )
        runs.finish(run, "done", {"counts": {"confirmed": 10}})
        found = runs.get(run)
        assert found is not None
        assert ("done", {"counts": {"confirmed": 10}}) == (found.state, found.result)
        assert found.ended_at is not None
        assert runs.get("NONE") is None

    def test_ended_run_stays_ended(self, office: Office) -> None:
        """Only a run that is still running ends."""
        run = office.ledger.runs.start("pull", "main", SYSTEM, actor="a", owner=OWNER)
        office.ledger.runs.finish(run, "failed")
        office.ledger.runs.finish(run, "done", {"x": 1})
        found = office.ledger.runs.get(run)
        assert found is not None
        assert ("failed", None) == (found.state, found.result)

    def test_newest(self, office: Office) -> None:
        """Newest first, also of those that began in the same millisecond."""
        runs = office.ledger.runs
        ids = [
            runs.start("pull", "main" if even else "other", SYSTEM, actor="a", owner=OWNER)
            for even in (1, 0) * 10
        ]
        assert ids[::-1] == [run.run for run in runs.newest()]
        assert ids[::-2][:3] == [run.run for run in runs.newest("other", limit=3)]

    def test_waiting_run(self, office: Office) -> None:
        """A run without an owner waits, with what a worker needs; of many workers one gets it."""
        runs = office.ledger.runs
        run = runs.start("push", "main", SYSTEM, actor="cli:ana", params={"digest": "sha256:1"})
        waiting = runs.get(run)
        assert waiting is not None
        assert ("queued", None, {"digest": "sha256:1"}) == (waiting.state, waiting.owner, waiting.params)
        assert [waiting] == runs.unfinished()
        ledgers = [office.ledger, office.another()] * 4
        owners = [replace(OWNER, pid=number) for number in range(8)]
        works = [
            partial(ledger.runs.claim, waiting, owner) for ledger, owner in zip(ledgers, owners, strict=True)
        ]
        won = at_once(works)
        found = runs.get(run)
        assert found is not None
        assert sum(won) == 1
        assert ("running", owners[won.index(True)]) == (found.state, found.owner)
        runs.put_back(run)
        assert waiting == runs.get(run)

    def test_run_of_a_dead_driver(self, office: Office) -> None:
        """A run is taken from the driver that was seen dead, and from no other."""
        runs = office.ledger.runs
        run = runs.start("push", "main", SYSTEM, actor="a", owner=OWNER)
        seen = runs.get(run)
        assert seen is not None
        assert runs.claim(seen, replace(OWNER, pid=1))
        assert not runs.claim(seen, replace(OWNER, pid=2))
        runs.finish(run, "done")
        assert not runs.claim(seen, replace(OWNER, pid=3))
        assert runs.unfinished() == []

    def test_cancel(self, office: Office) -> None:
        """A run that waits ends at once; one that runs hears of it with its progress."""
        runs = office.ledger.runs
        waiting = runs.start("push", "main", SYSTEM, actor="a")
        running = runs.start("push", "main", SYSTEM, actor="a", owner=OWNER)
        assert runs.progress(running, 1, 2) is False
        assert [True, True] == [runs.cancel(waiting), runs.cancel(running)]
        assert runs.progress(running, 2, 2) is True
        found = runs.get(waiting)
        assert found is not None
        assert found.state == "cancelled"
        runs.finish(running, "cancelled")
        assert [False, False] == [runs.cancel(waiting), runs.cancel(running)]

    def test_workers(self, office: Office) -> None:
        """A worker shows that it is alive."""
        runs = office.ledger.runs
        assert runs.seen(OWNER) is None
        runs.beat(OWNER)
        first = runs.seen(OWNER)
        runs.beat(OWNER)
        second = runs.seen(OWNER)
        assert first is not None
        assert second is not None
        assert second >= first
        assert runs.seen(replace(OWNER, pid=1)) is None

    def test_lease(self, office: Office) -> None:
        """A lease says who holds the system, for which run, and until when."""
        assert office.ledger.runs.lease(SYSTEM) is None
        lease = office.lease()
        assert lease == office.ledger.runs.lease(SYSTEM)
        assert (1, "cli:ana", OWNER) == (lease.fence, lease.actor, lease.owner)
        now = office.ledger.runs.now()
        assert now < lease.expires_at <= now + HOUR

    def test_clock_of_leases(self, office: Office) -> None:
        """Leases are measured in UTC."""
        now = office.ledger.runs.now()
        assert now.utcoffset() == timedelta(0)
        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)

    def test_take_what_was_seen(self, office: Office) -> None:
        """Who saw an older fence comes too late."""
        first = take(office.ledger, "R1", unless=None)
        assert first is not None
        assert take(office.ledger, "R2", unless=None) is None
        second = take(office.ledger, "R2", unless=1)
        assert second is not None
        assert take(office.ledger, "R3", unless=1) is None
        assert second == office.ledger.runs.lease(SYSTEM)

    @pytest.mark.parametrize("fence", [None, 1])
    def test_two_takers(self, office: Office, fence: int | None) -> None:
        """Of those who take at the same moment, exactly one gets it."""
        if fence is not None:
            take(office.ledger, "R0", unless=None)
        ledgers = [office.ledger, office.another(), office.another()]
        works = [
            partial(take, ledger, f"R{number}", unless=fence) for number, ledger in enumerate(ledgers * 4)
        ]
        taken = [lease for lease in at_once(works) if lease is not None]
        assert [office.ledger.runs.lease(SYSTEM)] == taken

    def test_renew(self, office: Office) -> None:
        """A lease is renewed by its owner alone."""
        lease = office.lease()
        assert office.ledger.runs.renew(lease, 2 * HOUR)
        found = office.ledger.runs.lease(SYSTEM)
        assert found is not None
        assert found.expires_at > lease.expires_at
        office.lease()
        assert not office.ledger.runs.renew(lease, HOUR)

    def test_give_back(self, office: Office) -> None:
        """What was given back is nobody's; its fence stays used."""
        lease = office.lease()
        office.ledger.runs.give_back(lease)
        found = office.ledger.runs.lease(SYSTEM)
        assert found is not None
        assert (1, None) == (found.fence, found.run)
        assert not office.ledger.runs.renew(lease, HOUR)
        with pytest.raises(LostLeaseError):
            office.queue(lease, planned())
        assert office.lease().fence == 2

    def test_give_back_too_late(self, office: Office) -> None:
        """Giving back a lost lease does not take it from its new owner."""
        lost, held = office.lease(), office.lease()
        office.ledger.runs.give_back(lost)
        assert held == office.ledger.runs.lease(SYSTEM)

    def test_systems_apart(self, office: Office) -> None:
        """Each credit system has a lease and a chain of its own."""
        office.lease()
        runs = office.ledger.runs
        other = runs.take("other", "R", actor="a", owner=OWNER, length=HOUR, unless=None)
        assert other is not None
        assert (1, "other") == (other.fence, other.system)
        assert office.ledger.check() == {"events": 3, "chain": "ok", "sums": "ok"}


class TestRunsOnSqlite(OnSqlite, RunsContract):
    pass


class TestRunsOnPostgresql(OnPostgresql, RunsContract):
    pass
