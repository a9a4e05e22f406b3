"""Rules 8 and 10: what a reset may claim, and what a plan's digest stands for.

Of rule 8 the part by balance; a match by transaction belongs to systems that have them.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sheetsync.core.states import OperationState
from sheetsync.errors import ApprovalError
from sheetsync.jobs.approve import approve
from sheetsync.jobs.desk import Limits
from tests.rules.clerk import Clerk
from tests.stateful.kit import Town


def test_a_reset_says_what_it_cannot_see(ana: Clerk) -> None:
    """Proven by the balance, with the words for what such a proof does not hold.

    Kept by ``core.verify._confirmed``.
    """
    ana.paper.edit("1", "Reset", 65)
    assert {"1": "confirmed"} == ana.ship()
    assert "cannot be seen" in ana.record("1").message


@pytest.mark.parametrize(("action", "amount"), [("Reset", 65), ("Adjust", -1000)])
def test_a_reset_never_overwrites_a_moved_balance(ana: Clerk, town: Town, action: str, amount: int) -> None:
    """A balance that moves after the preview is a Conflict right before sending; nothing leaves.

    Kept by ``jobs.sending._still_fits``.
    """
    ana.paper.edit("1", action, amount)
    plan = ana.plan()
    town.book.spend("1", "credits", 10)
    assert {"1": "conflict"} == ana.push(plan)
    assert [] == town.witness.arrived
    assert OperationState.WITHDRAWN is ana.state("1")
    assert "Conflict" == ana.row("1")["Status"]


@pytest.mark.parametrize(("action", "amount"), [("Reset", 65), ("Adjust", -1000)])
def test_nor_does_a_retry(ana: Clerk, town: Town, action: str, amount: int) -> None:
    """What a customer spends while a refused request waits for its next try is not given back.

    Kept by ``jobs.sending._has_moved``.
    """
    ana.paper.edit("1", action, amount)
    plan = ana.plan()
    town.fault("too_many_429", "1", retry_after=0)
    town.fault("spend", "1", side="after", amount_minor=10)
    assert {"1": "not_applied"} == ana.push(plan)
    assert 19_990 == town.balance("1")


def test_what_was_accepted_is_never_denied_by_a_balance(ana: Clerk, town: Town) -> None:
    """An accepted operation that the balance does not show waits for a person.

    Kept by ``core.verify.by_balance`` (``lost``).
    """
    ana.add("1", 1000)
    town.fault("spend", "1", side="after", amount_minor=1000)
    assert {"1": "confirmation_required"} == ana.ship()
    ana.wait(200)
    assert {"1": "confirmation_required"} == ana.verify()
    assert OperationState.ACCEPTED is ana.state("1")


def test_the_digest_is_about_the_deed(ana: Clerk, town: Town) -> None:
    """Live balances, times and people leave it alone; another amount or another attempt does not.

    Kept by ``core.plan.plan_digest``.
    """
    ana.add("1", 1000)
    first = ana.plan()
    town.book.spend("1", "credits", 10)
    ana.wait(60)
    colleague = Clerk(town, "cem", "shop")
    assert first == colleague.plan()
    town.fault("drop_before", "1")
    ana.ship()
    ana.wait(100)
    ana.verify()
    assert first != ana.plan()
    ana.add("1", 2000)
    assert first != ana.plan()


@pytest.fixture
def strict(ana: Clerk) -> Clerk:
    """Ana, who needs a second person for more than 500 credits."""
    limits = Limits(5000, 1, 5, {}, {}, {}, {"credits": 500})
    ana.desk = replace(ana.desk, limits=limits)
    return ana


@pytest.fixture
def consent(strict: Clerk) -> Callable[[str, str], object]:
    """Let a person approve a plan of ana's connection."""
    ledger = strict.process.ledger

    def approves(actor: str, plan: str) -> object:
        return approve(ledger, "shop", plan, actor=actor, approved=True, reason="")

    return approves


def test_four_eyes(strict: Clerk, town: Town, consent: Callable[[str, str], object]) -> None:
    """Neither who previewed nor who pushes can be the second person.

    Kept by ``jobs.approve.approve`` and ``jobs.limits.refuse_unapproved``.
    """
    strict.add("1", 1000)
    plan = strict.plan()
    assert isinstance(strict.refused(plan), ApprovalError)
    with pytest.raises(ApprovalError):
        consent("cli:ana", plan)
    consent("cli:bo", plan)
    approver = Clerk(town, "bo", "shop")
    approver.desk = replace(approver.desk, limits=strict.desk.limits)
    assert isinstance(approver.refused(plan), ApprovalError)
    assert [] == town.witness.arrived
    assert {"1": "confirmed"} == strict.push(plan)


def test_an_approval_is_for_one_run(strict: Clerk, town: Town, consent: Callable[[str, str], object]) -> None:
    """What the approved run did not send needs another approval.

    Kept by ``jobs.limits.refuse_unapproved`` (``used_by_run``).
    """
    strict.add("1", 1000)
    plan = strict.plan()
    consent("cli:bo", plan)
    town.fault("too_many_429", "1", on="read", times=2, retry_after=0)
    strict.push(plan)
    assert [] == town.witness.arrived
    assert isinstance(strict.refused(plan), ApprovalError)
    assert plan == strict.plan()
    assert isinstance(strict.refused(plan), ApprovalError)
    assert [] == town.witness.arrived
