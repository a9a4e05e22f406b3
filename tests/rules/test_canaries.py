"""Canaries: one row is enough to see that a route does something else than its name says."""

from dataclasses import replace

import pytest

from sheetsync.errors import ContradictionError
from sheetsync.jobs.push import push
from sheetsync.providers.fastcredit import FastCredit
from tests.rules.clerk import Clerk
from tests.stateful.kit import Town

EVERY = ("1", "2", "3")


def swap_routes(clerk: Clerk) -> None:
    """Let the connection's add route set, and its reset route add."""
    provider = clerk.desk.provider
    assert isinstance(provider, FastCredit)
    routes = provider._routes
    swapped = {"add_credits": routes.reset_credits, "reset_credits": routes.add_credits}
    provider._routes = routes.model_copy(update=swapped)


@pytest.mark.parametrize(("action", "ruined"), [("Add", 700), ("Reset", 20_700)])
def test_swapped_routes_ruin_one_balance(ana: Clerk, town: Town, action: str, ruined: int) -> None:
    """The push stops, says what to do, and sends nothing more."""
    for account in EVERY:
        ana.paper.edit(account, action, 700)
    swap_routes(ana)
    error = ana.refused(ana.plan())
    assert isinstance(error, ContradictionError)
    assert ("--write-test" in error.hint, f"first {action}" in error.message) == (True, True)
    assert [ruined, 20_000, 20_000] == [town.balance(each) for each in EVERY]
    assert ["Confirmation Required", "Edited", "Edited"] == [ana.row(each)["Status"] for each in EVERY]


def test_a_route_that_does_nothing_stops_the_push(ana: Clerk, town: Town) -> None:
    """Accepted three times, and no balance shows it."""
    for account in EVERY:
        ana.add(account, 700)
        town.sandbox.faults.script("spend", account=account, on="write", side="after", amount_minor=700)
    assert isinstance(ana.refused(ana.plan()), ContradictionError)


def test_a_customer_who_spends_stops_nothing(ana: Clerk, town: Town) -> None:
    """The canary is not proven, the next one is; all rows go."""
    for account in EVERY:
        ana.add(account, 700)
    town.sandbox.faults.script("spend", account="1", on="write", side="after", amount_minor=5)
    assert {"1": "confirmation_required", "2": "confirmed", "3": "confirmed"} == ana.ship()


def test_a_lost_answer_is_no_proof(ana: Clerk, town: Town) -> None:
    """The next of its kind is looked at instead."""
    for account in EVERY:
        ana.add(account, 700)
    town.fault("drop_after", "1")
    assert {"1": "confirmation_required", "2": "confirmed", "3": "confirmed"} == ana.ship()


def test_each_action_has_its_own(ana: Clerk, town: Town) -> None:
    """And as many as asked for; reads between the writes tell how many were proven first."""
    for account in EVERY:
        ana.add(account, 700)
    digest = ana.plan()
    town.sandbox.requests.clear()
    push(ana.desk, digest, canaries=2)
    order = [("write" if seen.write else "read", seen.account) for seen in town.sandbox.requests]
    proven = [account for what, account in order[: order.index(("write", "3"))] if what == "read"]
    assert ["1", "1", "2", "2", "3"] == proven


def test_none_without_verification(ana: Clerk) -> None:
    """A push that is not to verify proves nothing by itself."""
    for account in EVERY:
        ana.add(account, 700)
    assert dict.fromkeys(EVERY, "confirmation_required") == ana.ship(check=False)


def test_refusals_in_a_row_stop_a_push(ana: Clerk) -> None:
    """What was not sent is withdrawn; nothing was changed."""
    ana.desk = replace(ana.desk, limits=replace(ana.desk.limits, stop_after_refused=2))
    assert isinstance(ana.desk.provider, FastCredit)
    ana.desk.provider._negative_add = True  # which this site does not take
    for account in EVERY:
        ana.paper.edit(account, "Adjust", -7, reason="Correction")
    result = push(ana.desk, ana.plan())
    assert ["rejected", "rejected", "edited"] == [row["status"] for row in result["rows"]]
    assert "stop_after_refused" in result["warnings"][0]
