"""What the charts of a connection show, as exact figures."""

from decimal import Decimal
from itertools import pairwise

from sheetsync.config import system_id
from sheetsync.ledger.figures import Moved
from sheetsync.web.console import telling
from sheetsync.web.console.charts import Chart, Series
from sheetsync.web.console.frame import Console

DAYS = 14
"""Two weeks: enough to see a weekly habit, and to read each day on a phone."""

RUNS = 12
BUCKETS = 10
UNITS = 4
"""Units drawn at most: as many as a credit system has."""

OUTCOMES = (
    ("confirmed", "good"), ("confirmation_required", "warn"), ("not_applied", "bad"), ("rejected", "worse"),
)  # fmt: skip


def charts(console: Console, name: str) -> list[Chart]:
    """Return a connection's charts; those with nothing to show are left out."""
    return [*_net_per_day(console, name), *_outcomes(console, name), *_balances(console, name)]


def _net_per_day(console: Console, name: str) -> list[Chart]:
    now = console.service.office.ledger.runs.now()
    midnights = [console.told.midnight(now, days_ago=ago) for ago in range(DAYS - 1, -1, -1)]
    days = [each.astimezone(console.told.zone) for each in midnights]
    found = console.pages.moved_by_day(name, midnights)
    return [
        Chart(
            id=f"net-{unit}",
            title=f"Net change per day, {telling.unit(unit)}",
            along="Day",
            labels=[f"{day.day}." for day in days],
            names=[f"{day:%d %b %Y}" for day in days],
            series=[_net(by_day)],
        )
        for unit, by_day in sorted(found.items())[:UNITS]
    ]


def _net(by_day: list[Moved | None]) -> Series:
    heights = [None if day is None else float(_scaled(day.net, day.scale)) for day in by_day]
    words = ["–" if day is None else telling.minor(day.net, day.scale, signed=True) for day in by_day]
    return Series("Net", "main", heights, words)


def _outcomes(console: Console, name: str) -> list[Chart]:
    runs = console.pages.runs([name], kinds=("push", "undo"), limit=RUNS)[::-1]
    states = console.pages.run_states([run.run for run in runs])
    if not states:
        return []
    runs = [run for run in runs if run.run in states]
    starts = [run.started_at.astimezone(console.told.zone) for run in runs]
    series = []
    for status, tone in OUTCOMES:
        counts = [sum(states[run.run].get(state, 0) for state in telling.STATES[status]) for run in runs]
        if any(counts):
            heights = [float(count) if count else None for count in counts]
            series.append(
                Series(telling.label(status), tone, heights, [telling.number(each) for each in counts])
            )
    chart = Chart(
        id="outcomes",
        title="Outcomes of the last pushes",
        along="Push",
        labels=[f"{start.day}.{start.month}." for start in starts],
        names=[f"{start:%d %b, %H:%M}" for start in starts],
        series=series,
        whole=True,
    )
    return [chart] if series else []


def _balances(console: Console, name: str) -> list[Chart]:
    system = system_id(console.settings.connections[name])
    return [
        chart
        for unit, scale in console.pages.units(system)[:UNITS]
        if (chart := _spread(console, system, unit, scale)) is not None
    ]


def _spread(console: Console, system: str, unit: str, scale: int) -> Chart | None:
    found = console.pages.spread(system, unit)
    if found is None or found[1] == found[2]:
        return None
    _, least, most = found
    bounds = edges(least, most, scale)
    counts = console.pages.spread_over(system, unit, bounds[1:-1])
    names = [
        f"{telling.minor(low, scale)} to under {telling.minor(high, scale)}" for low, high in pairwise(bounds)
    ]
    heights = [float(count) if count else None for count in counts]
    return Chart(
        id=f"balances-{unit}",
        title=f"Balances, {telling.unit(unit)}",
        along="Balance",
        labels=[telling.minor(low, scale).partition(".")[0] for low in bounds[:-1]],
        names=names,
        series=[Series("Customers", "main", heights, [telling.number(count) for count in counts])],
        whole=True,
    )


def edges(least: int, most: int, scale: int) -> list[int]:
    """Return round bounds in minor units: the first is not above ``least``, the last is above ``most``."""
    smallest = 10**scale if most - least >= BUCKETS * 10**scale else 1
    width = smallest
    steps = (2, 5, 10)
    while (most - least) // width >= BUCKETS - 1:
        width = next(smallest * step for step in steps if smallest * step > width)
        if width == smallest * 10:
            smallest = width
    low = least // width * width
    return [low + width * number for number in range((most - low) // width + 2)]


def _scaled(minor: int, scale: int) -> Decimal:
    return Decimal(minor).scaleb(-scale)
