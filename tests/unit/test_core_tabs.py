"""Arbitrary tabs: whatever people and spreadsheets do, every row has one status and no wrong row is sent."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.core import fields
from sheetsync.core.accounts import Capabilities
from sheetsync.core.cells import shows, text_of, written
from sheetsync.core.decide import RowResult
from sheetsync.core.scan import scan
from sheetsync.core.states import OperationState, RowStatus
from sheetsync.core.tab import CellValue, Tab
from tests.unit.test_core_kit import CREDITS, FINE, FOUR, LAUNDRY, SAAS, SHOP, Cells, World

KINDS = (SHOP, FINE, LAUNDRY, SAAS)
TYPED: list[CellValue] = [
    *(None, "", " ", 0, 1, 5, 25, -5, 40, 40.0, 2.5, True, False),
    float("nan"),
    float("inf"),
    1e300,
]
TYPED += ["25", "1,500", "1.500", "12,50", "€25", "25 pts", "1E+15", "nan", "'25", "=1+1", "#REF!", "0", "-0"]
TYPED += [
    "Add",
    "reset",
    "Adjust",
    "Cash",
    "Apply promo",
    "Remove",
    "Goodwill",
    "\ud800",
    "\u200b",
    "x" * 501,
]
TYPED += [datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2), time(1, 2), Decimal("1E+999"), Decimal("2.50")]
CELLS: st.SearchStrategy[CellValue] = st.one_of(
    st.sampled_from(TYPED), st.text(max_size=5), st.integers(), st.floats(), st.booleans()
)
ACTIONS = st.sampled_from([None, "Add", "Reset", "Adjust", "Cash"])
AMOUNTS = st.sampled_from([None, None, 0, 1, 25, -5, "25", "1,500", 40])
STATES = st.sampled_from([None, *OperationState])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A credit system with a few customers, some of whose balances and epochs moved on."""
    capabilities: Capabilities = draw(st.sampled_from(KINDS))
    world = World(capabilities)
    balance = st.one_of(st.none(), st.integers(0, 100), st.just(10**17))
    for place in range(draw(st.integers(1, 5))):
        held = [draw(balance) for _ in world.units]
        world.account(f"{place}", *held, email=f"{place}@b.c", name=draw(st.sampled_from(["", "Ann", "1"])))
    return world


@st.composite
def wrecked(draw: st.DrawFn) -> tuple[World, list[Cells]]:
    """A world and a tab of it in any state whatever."""
    world = draw(worlds())
    rows = [world.row(account_id) for account_id in world.baselines]
    if draw(st.booleans()):
        for account_id in list(world.baselines):
            world.counted(account_id, *draw(st.sets(st.sampled_from([unit.code for unit in world.units]))))
            world.moved(account_id, 6, **{world.units[0].code: draw(st.integers(0, 100))})
            world.live[account_id] = {
                unit.code: draw(st.one_of(st.none(), st.integers(-9, 99))) for unit in world.units
            }
    for row in rows:
        row["action"] = draw(ACTIONS)
        row[fields.amount(world.units[0], world.units)] = draw(AMOUNTS)
        row["reason"] = draw(st.sampled_from([None, "Goodwill", 7.0]))
        for name in draw(st.sets(st.sampled_from(sorted(row)), max_size=3)):
            row[name] = draw(CELLS)
    rows += [dict(draw(st.sampled_from(rows))) for _ in range(draw(st.integers(0, 2)))]
    return world, rows


def settle(world: World, rows: Sequence[Cells], states: Sequence[OperationState | None]) -> None:
    """Write operations into the ledger for what some rows ask."""
    for read, state in zip(world.read(world.tab(rows)), states, strict=False):
        for wanted in read.wanted if state else ():
            units = tuple(change.unit for change in wanted.changes)
            world.operation(wanted.key, read.suspect.account_id, state or OperationState.SENDING, units=units)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(wrecked(), st.lists(STATES, max_size=5), st.randoms(use_true_random=False))
def test_any_tab(
    wreck: tuple[World, list[Cells]], states: list[OperationState | None], random: Random
) -> None:
    """Every row has one status and a sentence, nothing raises, and the order of rows means nothing."""
    world, rows = wreck
    settle(world, rows, states)
    tab = world.tab(rows)
    found = scan(tab, world.book)
    results = world.results(tab)
    assert len(rows) == found.rows + found.ignored
    assert len(results) == len({result.number for result in results})
    for result in results:
        assert (result.status is RowStatus.UNCHANGED) <= (result.message == "")
        assert (result.status is RowStatus.INVALID) <= bool(result.message)
        assert (result.status is RowStatus.EDITED) == bool(result.planned)
    again = world.tab(random.sample(rows, len(rows)), first=100)
    assert world.plan(tab).digest == world.plan(again).digest
    assert sorted(map(_meaning, results)) == sorted(map(_meaning, world.results(again)))


def _meaning(result: RowResult) -> tuple[str, str]:
    return result.account_id, result.status.value


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(wrecked())
def test_no_unsettled_or_known_edit_is_planned(wreck: tuple[World, list[Cells]]) -> None:
    """Once an operation counts or is under way, no reading of the same tab plans it again."""
    world, rows = wreck
    tab = world.tab(rows)
    for each in world.plan(tab).operations:
        units = tuple(change.unit for change in each.operation.changes)
        state = OperationState.CONFIRMED if len(world.operations) % 2 else OperationState.UNKNOWN
        world.operation(each.operation.key, each.operation.account_id, state, units=units)
    assert () == world.plan(tab).operations


SORTED = [fields.ACCOUNT_ID, fields.EMAIL, fields.NAME, fields.KEY]


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(SORTED), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_partial_sort(columns: set[str], random: Random) -> None:
    """After sorting some identity columns without the rest, only rows that are whole again are planned."""
    world = World()
    for place in range(12):
        world.account(str(place), 40, email=f"{place}@b.c", name=f"Name {place % 5}")
    rows = [world.row(account_id, action="Add", amount=1) for account_id in world.baselines]
    order = random.sample(range(len(rows)), len(rows))
    mixed: list[Cells] = [
        {**row, **{name: rows[other][name] for name in columns}}
        for row, other in zip(rows, order, strict=True)
    ]
    whole = {
        number
        for number, cells in enumerate(mixed, start=2)
        if any(all(cells[name] == row[name] for name in SORTED) for row in rows)
    }
    results = world.results(world.tab(mixed))
    assert whole == {result.number for result in results if result.planned}
    assert {RowStatus.INVALID} >= {result.status for result in results if result.number not in whole}


# the scan


def shown(world: World, rows: Sequence[Cells]) -> list[int]:
    """Numbers of the rows that a scan does not leave out."""
    return [suspect.number for suspect in scan(world.tab(rows), world.book).suspects]


@pytest.mark.parametrize("capabilities", KINDS)
@pytest.mark.parametrize("blank", [None, ""])
def test_scan_leaves_out(capabilities: Capabilities, blank: str | None) -> None:
    """Rows as the service wrote them say nothing, however the spreadsheet says “blank”."""
    world = World(capabilities)
    amounts: list[list[int | None]] = [[0, 1, 1234567, 7], [None, 5, None, 9], [3, None, 10**16, 10**17]]
    for place, held in enumerate(amounts):
        world.account(str(place), *held[: len(world.units)], email="a@b.c" * (place % 2), name="Ann")
    rows = [world.row(account_id, note="call back", status="Confirmed") for account_id in world.baselines]
    as_read = [{name: blank if value is None else value for name, value in row.items()} for row in rows]
    assert [] == shown(world, rows)
    assert [] == shown(world, as_read)
    assert [] == shown(world, [rows[0], *as_read[1:]])


@pytest.mark.parametrize("capabilities", KINDS)
def test_scan_finds_every_cell(capabilities: Capabilities) -> None:
    """A change of any cell that means something is found, 1 that became TRUE included."""
    world = World(capabilities)
    names = [*SORTED, "action", *(unit.code for unit in world.units)]
    names += [fields.amount(unit, world.units) for unit in world.units]
    one = [10**unit.scale for unit in world.units]
    for name in names:
        for value in ("x", True, 12345):
            rows = [world.account("7", *one, email="a@b.c", name="Ann"), world.account("8", *one)]
            rows[1][name] = value
            assert [3] == shown(world, rows)


def test_scan_of_a_smaller_tab() -> None:
    """A tab without e-mail, name or a balance column is read all the same."""
    world = World(LAUNDRY)
    rows = [world.account("7", 1, 2, 3, 4, email="a@b.c"), world.account("8", 1, 2, 3, 4)]
    rows[1]["change_bonus"] = 5
    full = world.tab(rows)
    keep = [at for at, name in enumerate(full.fields) if name not in ("email", "name", "bonus")]
    tab = Tab(
        tuple(full.fields[at] for at in keep), [[row[at] for at in keep] for row in full.values], full.numbers
    )
    assert ["8"] == [suspect.account_id for suspect in scan(tab, world.book).suspects]
    assert [RowStatus.INVALID] == [result.status for result in world.results(tab)]


def test_scan_counts() -> None:
    """Rows without an id are ignored and counted; formulas, marks and filters are kept with the row."""
    world = World()
    rows: list[Cells] = [world.account(each, 40) for each in ("7", "8", "9")]
    rows += [{"name": "Sub-total", "credits": 120}, {"account_id": "  ", "action": "Add"}, {"account_id": ""}]
    plain = world.tab(rows)
    tab = Tab(plain.fields, plain.values, plain.numbers, {3: frozenset({"note"})}, frozenset({4}))
    found = scan(tab, world.book, marked={"9"})
    assert (3, 3) == (found.rows, found.ignored)
    assert [("8", {"note"}, False), ("9", set(), True)] == [
        (each.account_id, set(each.formulas), each.hidden) for each in found.suspects
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("007", "007"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (True, "TRUE"),
        (1e15, "1000000000000000.0"),
    ],
)
def test_text_of(value: CellValue, text: str) -> None:
    """Text, whatever a spreadsheet made of it; what lost digits matches nothing."""
    assert text == text_of(value)


@pytest.mark.parametrize(
    ("minor", "scale", "cell"),
    [(None, 2, None), (40, 0, 40), (4010, 2, 40.1), (1, 6, 0.000001), (10**15, 2, "10000000000000.00")],
)
def test_written(minor: int | None, scale: int, cell: CellValue) -> None:
    """What a cell reads as after a balance was written there."""
    unit = FOUR[0] if scale == 2 else CREDITS if scale == 0 else FINE.units[0]
    assert cell == written(minor, unit)
    assert shows(cell, minor, unit)
