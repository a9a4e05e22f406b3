"""Rule 3: what proves something is read after the latest moment at which a request may still be running."""

from dataclasses import replace

from sheetsync.core.accounts import Account
from sheetsync.core.states import OperationState
from sheetsync.providers.fastcredit import FastCredit
from tests.rules.clerk import Clerk
from tests.stateful.kit import LEASE, Town


def test_a_late_request_is_waited_for(ana: Clerk, town: Town) -> None:
    """An unchanged balance proves nothing before ``settle_after``; then the request has counted.

    Kept by ``core.verify.by_balance`` (``read_at < due``).
    """
    ana.add("1", 1000)
    town.fault("hold", "1")
    assert {"1": "confirmation_required"} == ana.ship()
    ana.wait(88)
    assert {"1": "confirmation_required"} == ana.verify()
    town.settle_late(lost=False)
    ana.wait(10)
    assert {"1": "confirmed"} == ana.verify()
    assert 21_000 == town.balance("1")


def test_after_a_crash_it_counts_from_the_lease(machines: Town) -> None:
    """Of a process that nobody can see, a byte may have left until its lease ended.

    Kept by ``jobs.driving._lapsed``, which returns the lease's end.
    """
    ana, bo = Clerk(machines, "ana", "shop"), Clerk(machines, "bo", "shop2")
    ana.add("1", 1000)
    ana.dies_at("gone", ana.plan())
    assert OperationState.SENDING is bo.state("1")
    bo.wait(LEASE.total_seconds() + 1)
    assert {"1": "confirmation_required"} == bo.verify()
    bo.wait(70)  # 101 s after the intent, 71 s after the lease
    assert {"1": "confirmation_required"} == bo.verify()
    bo.wait(25)
    assert {"1": "not_applied"} == bo.verify()


def test_the_end_of_the_request_is_what_counts(ana: Clerk) -> None:
    """A request that was under way for long is judged from its recorded end, never from its intent.

    Kept by ``jobs.sending._conclude`` (``left_at``).
    """
    ana.add("1", 1000)
    ana.process.visits["answered"] = lambda: ana.wait(20)
    ana.town.fault("drop_before", "1")
    ana.ship()
    ana.wait(80)
    assert {"1": "confirmation_required"} == ana.verify()


def test_what_may_wait_comes_before_the_intent(ana: Clerk) -> None:
    """Right before the request the operation is queued; its intent is committed with nothing left to do.

    Kept by ``jobs.attempt.Attempt.go``, which the provider calls last.
    """
    states = {}
    ana.add("1", 1000)
    for point in ("before", "gone"):
        ana.process.visits[point] = lambda point=point: states.update({point: ana.state("1")})  # type: ignore[misc]
    ana.ship()
    assert {"before": OperationState.QUEUED, "gone": OperationState.SENDING} == states


class Slow(FastCredit):
    """A provider whose answers take two minutes."""

    town: Town

    def account(self, account_id: str) -> Account:
        """Read, then let time pass."""
        found = super().account(account_id)
        self.town.clock.sleep(120)
        return found


def test_the_start_of_a_read_is_what_counts(ana: Clerk, town: Town) -> None:
    """A balance that was read too early does not become evidence by arriving late.

    Kept by ``jobs.verify._read``, which takes the time before it asks.
    """
    ana.add("1", 1000)
    town.fault("hold", "1")
    ana.ship()
    slow = Slow.__new__(Slow)
    slow.__dict__.update(vars(ana.desk.provider), town=town)
    ana.desk = replace(ana.desk, provider=slow)
    assert {"1": "confirmation_required"} == ana.verify()
    town.settle_late(lost=False)
