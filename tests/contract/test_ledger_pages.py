"""What pages read: the same lists, sums and cut-out values on every database."""

from datetime import UTC, datetime, timedelta

from sheetsync.core.states import OperationState
from sheetsync.ledger.figures import Moved
from sheetsync.ledger.pages import Sought
from tests.contract.ledger_suite import (
    HOUR,
    OWNER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    account,
    at_once,
    planned,
)
from tests.contract.test_ledger_runs import PLAN

CONFIRMED, ACCEPTED = OperationState.CONFIRMED, OperationState.ACCEPTED
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _busy(office: Office) -> str:
    """Let a run confirm two operations, leave one open and have one refused; return it."""
    reading = office.pull(account("7"), account("8", 250), account("9", None), account("10", 99))
    lease = office.lease()
    for key, who, amount in (("KEY1", "7", 5), ("KEY2", "8", -3)):
        wanted = planned(key, who, amount=amount)
        office.send(lease, wanted, ACCEPTED)
        office.judge(wanted, CONFIRMED, now=10 + amount, reading=reading)
    office.send(lease, planned("KEY3", "9"), OperationState.UNKNOWN)
    office.send(lease, planned("KEY4", "10"), OperationState.REJECTED)
    assert lease.run is not None
    return lease.run


def _keys(office: Office, sought: Sought) -> set[str]:
    found = office.ledger.pages.operations(sought, limit=50)
    assert len(found) == office.ledger.pages.count(sought)
    return {record.key for record in found}


class PagesContract(LedgerContract):
    def test_search(self, office: Office) -> None:
        """Every word has to stand somewhere, in any case; what is special to the database is text."""
        run = _busy(office)
        assert {"KEY1", "KEY2", "KEY3", "KEY4"} == _keys(office, Sought(["main"]))
        assert set() == _keys(office, Sought(["other"]))
        assert set() == _keys(office, Sought([]))
        assert {"KEY2"} == _keys(office, Sought(["main"], words=["GOODWILL", "8@example"]))
        assert {"KEY3"} == _keys(office, Sought(["main"], words=["key3"]))
        assert set() == _keys(office, Sought(["main"], words=["%"]))
        assert set() == _keys(office, Sought(["main"], words=["KEY_"]))
        assert {"KEY1", "KEY2"} == _keys(office, Sought(["main"], states=[CONFIRMED]))
        assert {"KEY4"} == _keys(office, Sought(["main"], account_id="10", run=run, actor="cli:ana"))
        assert set() == _keys(office, Sought(["main"], until=LONG_AGO))
        assert set() == _keys(office, Sought(["main"], since=datetime.now(UTC) + HOUR))

    def test_pages_meet(self, office: Office) -> None:
        """One page begins where the other ends, in both directions, also within one moment."""
        lease = office.lease()
        office.queue(lease, *(planned(f"KEY{number}", str(number)) for number in range(7)))
        for oldest_first in (False, True):
            seen, before = list[str](), None
            while True:
                page = office.ledger.pages.operations(
                    Sought(["main"]), before=before, limit=3, oldest_first=oldest_first
                )
                if not page:
                    break
                seen += [record.key for record in page]
                before = (page[-1].created_at, page[-1].key)
            assert sorted(seen, reverse=not oldest_first) == seen
            assert 7 == len(set(seen)) == len(seen)

    def test_sums(self, office: Office) -> None:
        """What was confirmed, by unit and by day; what waits, by age; what was refused."""
        _busy(office)
        pages, now = office.ledger.pages, datetime.now(UTC)
        moved = Moved("credits", 0, 2, 5, 3)
        assert {"main": [moved]} == pages.moved(["main", "other"], now - HOUR)
        assert 2 == moved.net
        assert {} == pages.moved(["main"], now + HOUR)
        days = [now - 3 * HOUR, now - 2 * HOUR, now + HOUR]
        assert {"credits": [None, moved, None]} == pages.moved_by_day("main", days)
        waiting = pages.waiting(["main", "other"], [now - HOUR, now - 2 * HOUR])["main"]
        assert (1, 1, (1, 0, 0)) == (waiting.count, waiting.unproven, waiting.by_age)
        waiting = pages.waiting(["main"], [now + 2 * HOUR, now + HOUR])["main"]
        assert (0, 0, 1) == waiting.by_age
        assert {"main": 1} == pages.refused(["main", "other"], now - HOUR)
        assert {} == pages.refused(["main"], now + HOUR)

    def test_balances(self, office: Office) -> None:
        """How balances are spread; accounts without an amount, and missing ones, are left out."""
        found = [account("7"), account("8", 250), account("9", None), account("10", 99), account("11", 1)]
        office.ledger.accounts.mark_missing(SYSTEM, ["7", "8", "9", "10"], reading=office.pull(*found))
        pages = office.ledger.pages
        assert (3, 10, 250) == pages.spread(SYSTEM, "credits")
        assert [1, 1, 0, 1] == pages.spread_over(SYSTEM, "credits", [50, 100, 200])
        assert pages.spread(SYSTEM, "nothing") is None
        assert [] == pages.units(SYSTEM)
        office.queue(office.lease(), planned())
        assert [("credits", 0)] == pages.units(SYSTEM)

    def test_runs(self, office: Office) -> None:
        """Runs come without their results, of which the database cuts out what is asked for."""
        run, pages = _busy(office), office.ledger.pages
        result = {"error": {"message": 'a "word"'}, "rows": [1] * 1000, "n": 3, "none": None, "list": ["é"]}
        office.ledger.runs.finish(run, "failed", result)
        found = pages.run(run)
        assert found is not None
        assert (None, "failed") == (found.result, found.state)
        cut = pages.result(run, ["error.message", "n", "none", "list", "missing.far"])
        assert {"error.message": 'a "word"', "n": 3, "list": ["é"]} == cut
        assert pages.run("nothing") is None
        assert {} == pages.result("nothing", ["n"])
        later = office.ledger.runs.start("pull", "main", SYSTEM, actor="cli:ana", owner=OWNER)
        assert [later, run] == [each.run for each in pages.runs(["main"], limit=5)]
        assert [run] == [each.run for each in pages.runs(["main"], before=later, limit=5)]
        assert [later] == [each.run for each in pages.runs(["main"], kinds=["pull"], limit=5)]
        assert [run] == [each.run for each in pages.runs(["main"], states=["failed"], limit=5)]
        assert [] == pages.runs(["main"], since=datetime.now(UTC) + HOUR, limit=5)
        assert [] == pages.runs(["other"], limit=5)
        states = {CONFIRMED: 2, OperationState.UNKNOWN: 1, OperationState.REJECTED: 1}
        assert {run: states} == pages.run_states([run, later])
        assert ["queued", "intent", "accepted", "confirmed"] == [
            kind for _, _, kind in pages.events("KEY1", limit=9)
        ]

    def test_plans(self, office: Office) -> None:
        """Plans come without their rows; those that may be pushed are asked for by the time."""
        pages = office.ledger.pages
        office.ledger.plans.save(PLAN)
        head = pages.plan(PLAN.digest, ["main"])
        assert head is not None
        assert (PLAN.actor, PLAN.expires_at, None) == (head.actor, head.expires_at, head.approved_by)
        assert pages.plan(PLAN.digest, ["other"]) is None
        assert pages.plan("sha256:2", ["main"]) is None
        assert PLAN.body["operations"] == pages.plan_part(head, "operations")
        assert pages.plan_part(head, "operations.key") is None
        assert [head] == pages.plans(["main"], since=PLAN.expires_at - timedelta(seconds=1), limit=5)
        assert [] == pages.plans(["main"], since=PLAN.expires_at, limit=5)
        office.ledger.plans.use("main", PLAN.digest, "RUN")
        assert [] == pages.plans(["main"], since=PLAN.created_at, limit=5)
        assert ["RUN"] == [each.used_by_run for each in pages.plans(["main"], limit=5)]

    def test_pulls(self, office: Office) -> None:
        """The last complete pull of each connection."""
        reading = office.pull(account("7"))
        office.ledger.accounts.finish_pull("main", SYSTEM, run="RUN", reading=reading)
        pulled = office.ledger.accounts.last_pull("main")
        assert pulled is not None
        assert {"main": pulled.at} == office.ledger.pages.pulled(["main", "other"])

    def test_one_key_signs(self, office: Office) -> None:
        """All processes that start at once sign with the same key, and it stays."""
        others = [office.another() for _ in range(4)]
        keys = at_once([each.callers.signing_key for each in others])
        assert {office.ledger.callers.signing_key()} == set(keys)
        assert 64 == len(keys[0])
        assert office.ledger.callers.session(keys[0]) is None

    def test_links(self, office: Office) -> None:
        """A link is made once, listed with its maker, and ended once."""
        callers = office.ledger.callers
        callers.link("main", "1abc", by="web:ana")
        callers.link("main", "1abc", by="web:ben")
        assert [("main", "1abc", "web:ana")] == [
            (each.connection, each.spreadsheet_id, each.linked_by) for each in callers.linked(["main", "x"])
        ]
        assert [] == callers.linked(["other"])
        assert callers.unlink("main", "1abc", by="web:ben")
        assert not callers.unlink("main", "1abc", by="web:ben")
        assert set() == callers.links("1abc")
        assert "ok" == office.ledger.check()["chain"]


class TestPagesOnSqlite(OnSqlite, PagesContract):
    pass


class TestPagesOnPostgresql(OnPostgresql, PagesContract):
    pass
