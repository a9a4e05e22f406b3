"""Rules 4 and 7: when an operation may go again, and what becomes of one that never went.

Rule 4's “duplicate” answers belong to UniBee, rule 11 to the import of files. Rules 5 and 6, of systems with
transactions, stand in a file of their own.
"""

import pytest

from sheetsync.core.states import OperationState
from sheetsync.errors import InterruptedRunError, StalePlanError
from tests.rules.clerk import Clerk
from tests.stateful.kit import Killed, Town


def lose(clerk: Clerk, amount: int) -> None:
    """Push an Add to user 1 that is lost, and wait until that is proven."""
    clerk.add("1", amount)
    clerk.town.fault("drop_before", "1")
    clerk.ship()
    clerk.wait(100)
    assert {"1": "not_applied"} == clerk.verify()


def test_what_did_not_arrive_goes_again(ana: Clerk, town: Town) -> None:
    """It keeps its key and gets another attempt."""
    lose(ana, 1000)
    key = ana.record("1").key
    assert {"1": "confirmed"} == ana.ship()
    again = ana.record("1")
    assert (key, 2, 21_000) == (again.key, again.attempts, town.balance("1"))


def test_another_edit_closes_it(ana: Clerk) -> None:
    """Once another edit of the account was sent, the earlier one goes no more, whatever became of either.

    Kept by ``ledger.transitions.intend`` (``_CLOSE_OTHERS``).
    """
    lose(ana, 1000)
    lose(ana, 2000)
    ana.add("1", 1000)
    assert "already_sent" == ana.seen("1")
    assert {} == ana.ship()


def test_an_old_epoch_goes_no_more(ana: Clerk, town: Town) -> None:
    """What did not arrive is not sent after something else has counted.

    Kept by ``core.known.counted`` (``_outdated``).
    """
    lose(ana, 1000)
    copy = ana.paper.path.read_bytes()
    ana.paper.edit("1", "Reset", 20_000)  # it is that already: nothing is sent, so nothing is closed
    assert {"1": "confirmed"} == ana.ship()
    ana.paper.path.write_bytes(copy)
    assert "already_sent" == ana.seen("1")
    assert {} == ana.ship()
    assert 20_000 == town.balance("1")


def test_a_refusal_speaks_for_its_attempt_only(ana: Clerk, town: Town) -> None:
    """After an attempt whose fate only a balance told, a refused second one stays to be proven.

    Kept by ``ledger.transitions.conclude`` (``doubtful``).
    """
    lose(ana, 1000)
    town.fault("too_many_429", "1", times=None, retry_after=0)
    assert {"1": "confirmation_required"} == ana.ship()
    assert OperationState.UNKNOWN is ana.state("1")
    # who believed the refusal would push it a second time
    assert ana.record("1").message.startswith("An earlier attempt may still have counted")
    assert "Safe to push again" not in ana.record("1").message


def test_cancelled(ana: Clerk, town: Town) -> None:
    """A cancelled push withdraws what it never claimed, and those rows are free again.

    Kept by ``jobs.dispatch.send_all``, whose end withdraws.
    """
    for account in ("1", "2", "3"):
        ana.add(account, 1000)

    def cancel() -> None:
        ana.wait(1)
        for run in ana.process.ledger.runs.unfinished():
            ana.process.ledger.runs.cancel(run.run)

    ana.process.visits["gone"] = cancel
    plan = ana.plan()
    assert isinstance(ana.refused(plan), InterruptedRunError)
    assert [OperationState.WITHDRAWN] * 2 == [ana.state("2"), ana.state("3")]
    ana.verify()
    assert {"2": "confirmed", "3": "confirmed"} == ana.ship()
    assert [21_000] * 3 == [town.balance(account) for account in ("1", "2", "3")]


def test_the_fuse(town: Town) -> None:
    """After too many lost answers in a row nothing more is claimed, and the rest is withdrawn.

    Kept by ``jobs.sending.Sending.count`` and ``jobs.dispatch.send_all``.
    """
    ana = Clerk(town, "ana", "shop", fuse=1)
    for account in ("1", "2", "3"):
        ana.add(account, 1000)
    town.fault("drop_after", "1")
    ana.ship()
    assert [OperationState.WITHDRAWN] * 2 == [ana.state("2"), ana.state("3")]
    assert 1 == len(town.witness.arrived)


def test_an_expired_plan_is_not_gone_on_with(ana: Clerk, bo: Clerk, town: Town) -> None:
    """What a killed push left is withdrawn, and nothing of its plan is claimed after it has expired.

    Kept by ``jobs.staleness.refuse_stale`` and ``ledger.transitions.take_over``.
    """
    for account in ("1", "2"):
        ana.add(account, 1000)
    plan = ana.plan()
    ana.dies_at("answered", plan)
    assert OperationState.QUEUED is bo.state("2")
    bo.wait(31 * 60)
    heir = Clerk(town, "ana", "shop")
    assert isinstance(heir.refused(plan), StalePlanError)
    assert OperationState.WITHDRAWN is heir.state("2")
    assert 1 == len(town.witness.arrived)


def test_what_is_queued_is_not_settled(ana: Clerk, bo: Clerk) -> None:
    """Another edit of an account waits while one is queued there.

    Kept by ``core.states.UNSETTLED``.
    """
    ana.add("1", 1000)
    ana.add("2", 1000)
    bo.add("2", 3000)
    seen = []
    ana.process.visits["gone"] = lambda: seen.append(bo.seen("2"))
    ana.ship()
    assert ["queued"] == seen


def test_a_killed_push_is_gone_on_with(ana: Clerk, town: Town) -> None:
    """Within its time the same plan goes on: what was never claimed is sent, the rest is looked up."""
    for account in ("1", "2"):
        ana.add(account, 1000)
    plan = ana.plan()
    ana.dies_at("answered", plan)
    with pytest.raises(Killed):
        ana.verify()
    heir = Clerk(town, "ana", "shop")
    assert {"1": "confirmation_required", "2": "confirmed"} == heir.push(plan)
    heir.wait(100)
    assert {"1": "confirmed"} == heir.verify()
    assert [21_000] * 2 == [town.balance(account) for account in ("1", "2")]
