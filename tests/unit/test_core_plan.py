"""Plans: frozen, ordered, with a digest over what would be sent and nothing else."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.plan import Totals, account_order, counts, freeze, plan_digest, thaw, totals, totals_json
from sheetsync.core.states import RowStatus
from tests.unit.test_core_kit import FOUR, LAUNDRY, World


def some(extra: int = 0) -> World:
    """Three customers."""
    world = World()
    for account_id in ("9", "10", "abc"):
        world.account(account_id, 40 + extra, email=f"{account_id}@b.c")
    return world


def planned() -> Planned:
    """An operation with everything in it."""
    world = World(LAUNDRY)
    world.account("7", 4000, None, 7, 0, email="a@b.c")
    cells = world.row("7", action="Cash", change_balance=5, location_id="3", reason="r", note="n")
    (found,) = world.one(cells).planned
    return found


def test_order() -> None:
    """By account id, the shorter number first, wherever the rows stand."""
    world = some()
    rows = [world.row(each, action="Add", amount=5) for each in ("abc", "10", "9")]
    plan = world.plan(world.tab(rows))
    assert ["9", "10", "abc"] == [each.operation.account_id for each in plan.operations]
    assert sorted(["10", "9", "abc"], key=account_order) == [row.account_id for row in plan.rows]


def test_only_what_can_go_is_planned() -> None:
    """Invalid rows are listed and not sent; unchanged rows are not listed."""
    world = some()
    rows = [world.row("9", action="Add"), world.row("10", action="Add", amount=5), world.row("abc", note="x")]
    plan = world.plan(world.tab(rows))
    assert [("9", RowStatus.INVALID), ("10", RowStatus.EDITED)] == [
        (row.account_id, row.status) for row in plan.rows
    ]
    assert ["10"] == [each.operation.account_id for each in plan.operations]
    assert {"add": 1, "reset": 0, "adjust": 0, "invalid": 1, "conflict": 0, "already_sent": 0} == counts(
        plan.rows
    )


def test_counts_of_other_statuses() -> None:
    """Every row counts once, under the word of its status."""
    row = RowResult(2, "7", "", RowStatus.AWAITING_APPROVAL)
    assert 1 == counts([row])["awaiting_approval"]
    assert 1 == sum(counts([row]).values())


def test_digest_ignores() -> None:
    """Notes, people, live balances and the place of a row are not part of it; a connection is."""
    each = planned()
    same = [
        replace(each, operation=replace(each.operation, note="other", actor="cli:bob", email="x")),
        replace(each, before={"balance": 1}, after={"balance": 501}, at_pull={"balance": 9}),
        replace(each, sets=True, sends=False),
    ]
    assert {plan_digest("shop", [each])} == {plan_digest("shop", [other]) for other in same}
    assert plan_digest("shop", [each]) != plan_digest("other", [each])
    assert plan_digest("shop", [each]).startswith("sha256:")


def test_digest_covers() -> None:
    """Key, attempt, account, action, amounts, epochs and basis each change it; so does the order."""
    each = planned()
    operation = each.operation
    (change,) = operation.changes
    others = [
        replace(each, attempt=2),
        replace(each, basis=2),
        replace(each, epochs={"balance": 1}),
        replace(each, operation=replace(operation, key="OTHER")),
        replace(each, operation=replace(operation, account_id="8")),
        replace(each, operation=replace(operation, action=type(operation.action)("refund"))),
        replace(each, operation=replace(operation, changes=(replace(change, amount=1),))),
        replace(each, operation=replace(operation, changes=(replace(change, unit="bonus"),))),
    ]
    digests = {
        plan_digest("shop", plan) for plan in ([each], [], [each, each], *([other] for other in others))
    }
    assert len(others) + 3 == len(digests)


def test_live_balance_does_not_change_the_plan() -> None:
    """An Add on a balance that moved is the same plan."""
    world = some()
    tab = world.tab([world.row("9", action="Add", amount=5)])
    before = world.plan(tab).digest
    world.live["9"] = {"credits": 1000}
    assert before == world.plan(tab).digest


def test_frozen_plan() -> None:
    """What is stored as JSON is read again as it was."""
    each = planned()
    again = thaw(json.loads(json.dumps(freeze(each))))
    assert each == again
    assert plan_digest("shop", [each]) == plan_digest("shop", [again])


@given(st.lists(st.integers(-1000, 1000)))
def test_totals_add_up(changes: list[int]) -> None:
    """Net is the sum of after minus before; the rest agrees with it."""
    found = Totals()
    for change in changes:
        found = found.plus(change)
    assert (sum(changes), len(changes)) == (found.net, found.rows)
    assert sum(map(abs, changes)) == found.added + found.removed
    assert max(map(abs, changes), default=0) == found.largest


@pytest.mark.parametrize("live", [None, 0, 4000])
def test_totals_of_a_plan(live: int | None) -> None:
    """Per unit, as text of its scale; a unit that nothing changes is left out, a blank counts as 0."""
    world = World(LAUNDRY)
    world.account("7", live, None, 7, 0)
    world.account("8", 4000, 0, 7, 0)
    rows = [
        world.row("7", action="Add", change_balance="12.50", change_loyalty_points=3),
        world.row("8", action="Reset", change_balance=10, change_loyalty_points=1),
    ]
    plan = world.plan(world.tab(rows))
    assert totals(plan.operations, FOUR) == plan.totals
    expected = {"rows": 2, "added": "12.50", "removed": "30.00", "net": "-17.50", "largest": "30.00"}
    points = {"rows": 2, "added": "3", "removed": "6", "net": "-3", "largest": "6"}
    assert {"balance": expected, "loyalty_points": points} == totals_json(plan.totals, FOUR)
