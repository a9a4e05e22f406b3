"""How runs end: cancelled while they verify, with all they did on record; what is left to a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sheetsync.errors import InterruptedRunError
from sheetsync.jobs.checking import check_unsettled
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.rechecking import CHECKS_MOST
from sheetsync.jobs.verify import verify
from sheetsync.ports import Run
from tests.rules.clerk import Clerk
from tests.rules.conftest import ana, town
from tests.stateful.kit import SETTLE_AFTER, SYSTEM, Town

__all__ = ["ana", "town"]


def cancelling(clerk: Clerk, stage: str) -> Desk:
    """Return a desk whose run somebody cancels when it comes to this stage."""

    def report(what: str, _done: int, _total: int | None) -> None:
        if what.startswith(stage):
            clerk.wait(1)  # looks at the ledger are throttled
            clerk.process.ledger.runs.cancel(newest(clerk).run)

    return replace(clerk.desk, report=report)


def newest(clerk: Clerk) -> Run:
    """Return the run that began last."""
    return clerk.process.ledger.runs.newest("shop", limit=1)[0]


def test_a_push_is_cancelled_while_it_verifies(ana: Clerk, town: Town) -> None:
    """All was sent: the run says so and ends as cancelled, and a verify proves the rest."""
    ana.without_canaries()
    for account in ("1", "2", "3"):
        ana.add(account, 1000)
        town.fault("drop_after", account)
    digest = ana.plan()
    ana.desk = cancelling(ana, "Verifying")
    error = ana.refused(digest)
    run = newest(ana)
    assert ("cancelled", 3, 3) == (run.state, run.done, run.total)
    assert {"confirmation_required": 3} == error.details["counts"]
    assert ["Confirmation Required"] * 3 == [ana.row(each)["Status"] for each in ("1", "2", "3")]
    ana.desk = ana.process.desk
    ana.wait(100)
    assert {"1": "confirmed", "2": "confirmed", "3": "confirmed"} == ana.verify()


def test_a_waiting_verify_is_cancelled(ana: Clerk, town: Town) -> None:
    """It need not wait until a lost request can be judged."""
    ana.add("1", 1000)
    town.fault("drop_after", "1")
    assert {"1": "confirmation_required"} == ana.ship()
    with pytest.raises(InterruptedRunError):
        verify(cancelling(ana, "Waiting"), wait=True)
    assert "cancelled" == newest(ana).state
    assert "unknown" == ana.state("1").value


def test_what_is_proven_before_the_cancel_is_shown(ana: Clerk) -> None:
    """A cancelled verify leaves no verdict out of the tab."""
    for account in ("1", "2"):
        ana.add(account, 1000)
    ana.ship(check=False)
    with pytest.raises(InterruptedRunError):
        verify(cancelling(ana, "Verifying"))
    proven = [each for each in ("1", "2") if ana.state(each).value == "confirmed"]
    assert proven
    assert ["Confirmed"] * len(proven) == [ana.row(each)["Status"] for each in proven]


def test_check_says_what_is_left_to_a_person(ana: Clerk, town: Town) -> None:
    """First it waits for its proof, which is no fault; when no look proved it, it waits for a person."""
    ana.add("1", 1000)
    town.fault("drop_after", "1")
    ana.ship()
    lines = check_unsettled(ana.process.ledger, "shop", SYSTEM, SETTLE_AFTER)
    assert [("shop: unsettled", True)] == [(line["name"], line["ok"]) for line in lines]
    town.book.spend("1", "credits", 7)
    ana.wait(100)
    for _ in range(CHECKS_MOST):
        ana.verify()
        ana.wait(timedelta(hours=7).total_seconds())
    (line,) = check_unsettled(ana.process.ledger, "shop", SYSTEM, SETTLE_AFTER)
    assert not line["ok"]
    assert "Left to a person: 1." in line["message"]
    assert "history shop --unsettled" in line["hint"]


def test_check_says_nothing_of_what_is_settled(ana: Clerk) -> None:
    """A quiet office has no such line."""
    ana.add("1", 1000)
    ana.ship()
    assert [] == check_unsettled(ana.process.ledger, "shop", SYSTEM, SETTLE_AFTER)
