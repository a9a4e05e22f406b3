"""Rules 12 and 13: who may go on after a process that stopped, and after a ledger that forgot."""

import pytest

from sheetsync.core.states import OperationState
from sheetsync.errors import LedgerBehindError, LostLeaseError
from tests.rules.clerk import Clerk
from tests.stateful.kit import LEASE, Killed, Town


def test_a_stopped_process_is_ended_first(ana: Clerk, bo: Clerk, town: Town) -> None:
    """Whoever takes over on one machine ends the old process: it would go on sending when it continues.

    Kept by ``jobs.driving._lapsed`` (``processes.end``).
    """
    ana.add("1", 1000)
    bo.add("2", 1000)
    told: list[dict[str, str]] = []

    def stopped() -> None:
        bo.wait(LEASE.total_seconds() + 1)
        told.append(bo.ship())

    ana.process.visits["gone"] = stopped
    with pytest.raises(Killed):
        ana.ship()
    assert [{"2": "confirmed"}] == told
    assert [bo.record("2").key] == town.witness.arrived
    bo.wait(100)
    assert {"1": "not_applied"} == bo.verify()


def test_a_live_process_is_left_alone(ana: Clerk, bo: Clerk) -> None:
    """Before its lease has lapsed nobody takes over from a process that is there."""
    ana.add("1", 1000)
    bo.add("2", 1000)
    codes = []
    ana.process.visits["gone"] = lambda: codes.append(bo.refused(bo.plan()).code)
    assert {"1": "confirmed"} == ana.ship()
    assert ["busy"] == codes


@pytest.mark.parametrize("point", ["before", "gone"])
def test_a_zombie_of_another_machine(machines: Town, point: str) -> None:
    """It cannot be ended, so its fence and its clock stop it; what it may have sent is not denied too early.

    Kept before the intent by ``ledger.transitions.intend``, whose claim and lease check each suffice; after
    it by ``settle_after``, which counts from the end of the lease.
    """
    ana, bo = Clerk(machines, "ana", "shop"), Clerk(machines, "bo", "shop2")
    ana.add("1", 1000)
    bo.add("2", 1000)

    def stopped() -> None:
        bo.wait(LEASE.total_seconds() + 1)
        assert {"2": "confirmed"} == bo.ship()

    ana.process.visits[point] = stopped
    assert isinstance(ana.refused(ana.plan()), LostLeaseError)
    if point == "before":
        assert 0 == machines.times(ana.record("1").key)
        assert OperationState.WITHDRAWN is bo.state("1")
        return
    assert OperationState.UNKNOWN is bo.state("1")
    bo.wait(100)
    assert {"1": "confirmed"} == bo.verify()
    assert 21_000 == machines.balance("1")


def test_a_process_that_slept_can_settle_what_it_left(ana: Clerk, town: Town) -> None:
    """Nobody took over meanwhile: the same process, awake again, turns it into what a verify can prove.

    Kept by ``jobs.driving._is_dead``.
    """
    ana.without_canaries()
    for account in ("1", "2"):
        ana.add(account, 1000)
    ana.process.visits["answered"] = lambda: ana.wait(LEASE.total_seconds() + 1)
    assert isinstance(ana.refused(ana.plan()), LostLeaseError)
    assert {"1": "confirmed", "2": "confirmation_required"} == ana.verify()
    ana.wait(200)
    assert {"2": "not_applied"} == ana.verify()
    assert {"2": "confirmed"} == ana.ship()
    assert (21_000, 21_000) == (town.balance("1"), town.balance("2"))


@pytest.fixture
def forgot(town: Town) -> Clerk:
    """Ana, after a push and with the ledger of before it."""
    backup = (town.folder / "ledger.db").read_bytes()
    ana = Clerk(town, "ana", "shop")
    ana.add("1", 1000)
    assert {"1": "confirmed"} == ana.ship()
    ana.process.close()
    (town.folder / "ledger.db").write_bytes(backup)
    return Clerk(town, "ana", "shop")


@pytest.mark.parametrize("scope", [None, {"2"}])
def test_a_ledger_that_forgot_stops_every_push(forgot: Clerk, town: Town, scope: set[str] | None) -> None:
    """A Key newer than the ledger stops pushes of other rows, too, until the accounts were pulled.

    Kept by ``core.diff._with_key`` (``AHEAD``) and ``jobs.limits.refuse_unsafe``.
    """
    forgot.add("2", 1000)
    plan = forgot.preview(account_ids=scope).plan.digest
    assert isinstance(forgot.refused(plan), LedgerBehindError)
    assert 1 == len(town.witness.arrived)
    forgot.pull()
    assert {"2": "confirmed"} == forgot.ship()


def test_an_edit_against_a_lost_epoch_is_looked_at_again(forgot: Clerk, town: Town) -> None:
    """What was typed against a Key that the ledger forgot is Invalid after the pull, never sent.

    Kept by ``ledger.accounts.adopt``.
    """
    forgot.add("1", 2000)
    forgot.pull()
    assert "invalid" == forgot.seen("1")
    assert {} == forgot.ship()
    assert 21_000 == town.balance("1")
