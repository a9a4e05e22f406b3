"""Statement: a day's opening, what we changed, what others changed, and the closing, for each unit.

What is known of a day is what was read on it. The balances that readings found add up to opening and closing;
what we changed is what confirmed operations are proven to have changed, on the day whose readings first show
it; what others changed is the rest. So the four add up, to the last digit, by construction.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sheetsync.core.amounts import format_amount
from sheetsync.core.states import UNPROVEN
from sheetsync.errors import UsageError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.ports import Movement, Proven, Reading

DAYS_MOST = 366
"""Days of one statement: a year and what a person can look through."""

NAMED = 5
"""Operations that a note names."""


@dataclass(slots=True)
class UnitDay:
    """One unit's day, in minor units: ``opening + us + others == closing``.

    Attributes:
        added, removed: by us, without signs.
        new_accounts: the part of ``others`` that is balances of accounts read for the first time.
    """

    opening: int = 0
    added: int = 0
    removed: int = 0
    new_accounts: int = 0
    closing: int = 0

    @property
    def us(self) -> int:
        """What we changed."""
        return self.added - self.removed

    @property
    def others(self) -> int:
        """What customers and everybody else changed."""
        return self.closing - self.opening - self.us


@dataclass(slots=True)
class Day:
    """One day.

    Attributes:
        units: unit code → that unit's day.
        operations: how many of ours its readings show.
        read_at, pulled_at: when balances, and all of them, were last read on it; None if they were not.
        new_accounts: accounts read for the first time.
        notes: what is not known of it.
    """

    day: date
    units: dict[str, UnitDay]
    operations: int = 0
    read_at: datetime | None = None
    pulled_at: datetime | None = None
    new_accounts: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Statement:
    """Attributes: days, oldest first, and what is to be known of all of them."""

    days: tuple[Day, ...]
    notes: tuple[str, ...]


def statement(desk: Desk, first: date, last: date) -> Statement:
    """Return the statement of days of the service's time zone, from what the ledger holds; reads nothing.

    Args:
        desk: the connection.
        first: day of it.
        last: day of it.

    Raises:
        UsageError: they are the wrong way round, too many, or in the future.
    """
    _refuse_odd(desk, first, last)
    days = {first + timedelta(at): _day(desk, first + timedelta(at)) for at in range((last - first).days + 1)}
    calendar = _Calendar(desk, desk.ledger.statements.readings(desk.system))
    desk.report("Adding up", 0, None)
    _open_and_close(days, calendar, desk.ledger.statements.movements(desk.system))
    ours = _count_ours(days, calendar, _proven(desk, first, last))
    for day in days.values():
        _note_readings(desk, day, calendar)
    _note_midnights(days, ours)
    _note_unproven(desk, days)
    return Statement(tuple(days.values()), tuple(_notes(desk, ours)))


def _refuse_odd(desk: Desk, first: date, last: date) -> None:
    today = desk.ledger.runs.now().astimezone(desk.timezone).date()
    if last < first:
        raise UsageError(f"{last} is before {first}.", hint="Name the earlier day first.")
    if first > today:
        raise UsageError(f"{first} is still to come.", hint=f"Today is {today}.")
    if (last - first).days >= DAYS_MOST:
        raise UsageError(f"That is more than {DAYS_MOST} days.", hint="Ask for a shorter time.")


def _day(desk: Desk, day: date) -> Day:
    return Day(day, {unit.code: UnitDay() for unit in desk.units})


class _Calendar:
    """Which day a reading belongs to.

    Args:
        desk: whose time zone counts.
        readings: oldest first.
    """

    def __init__(self, desk: Desk, readings: Sequence[Reading]) -> None:
        self._desk = desk
        self._numbers = [each.number for each in readings]
        self._days = [self.day(each.at) for each in readings]
        self.by_day: dict[date, list[Reading]] = defaultdict(list)
        for each, day in zip(readings, self._days, strict=True):
            self.by_day[day].append(each)

    @property
    def begins(self) -> date | None:
        """The day of the first reading."""
        return self._days[0] if self._days else None

    def day(self, moment: datetime) -> date:
        """Return the day of a moment."""
        return moment.astimezone(self._desk.timezone).date()

    def of_reading(self, number: int) -> date:
        """Return the day of a reading; of one that is not written down, that of the one before it."""
        return self._days[max(bisect_right(self._numbers, number) - 1, 0)]

    def of_operation(self, each: Proven) -> date:
        """Return the day on which an operation first shows."""
        settled = each.record.settled_at or each.record.created_at
        return self.day(settled) if each.reading is None else self.of_reading(each.reading)


def _open_and_close(days: dict[date, Day], calendar: _Calendar, movements: Iterable[Movement]) -> None:
    first = min(days)
    appeared: dict[int, int] = defaultdict(int)
    for each in movements:
        read_on, moved = calendar.of_reading(each.reading), each.moved + each.appeared
        day = days.get(max(read_on, first))
        if day is None:
            continue
        unit = day.units.setdefault(each.unit, UnitDay())
        if read_on < first:
            unit.opening += moved
            continue
        unit.closing += moved
        unit.new_accounts += each.appeared
        # of several units, an account may have only some
        day.new_accounts += max(each.accounts - appeared[each.reading], 0)
        appeared[each.reading] = max(each.accounts, appeared[each.reading])
    _carry_over(days)


def _carry_over(days: dict[date, Day]) -> None:
    """Turn what moved on each day into closings, each of which is the next day's opening."""
    codes = {code for day in days.values() for code in day.units}
    ordered = [days[each] for each in sorted(days)]
    for code in codes:
        balance = ordered[0].units.get(code, UnitDay()).opening
        for day in ordered:
            unit = day.units.setdefault(code, UnitDay())
            moved, unit.opening = unit.closing, balance
            balance += moved
            unit.closing = balance


def _proven(desk: Desk, first: date, last: date) -> Iterator[Proven]:
    since = datetime.combine(first, time(), desk.timezone)
    until = datetime.combine(last + timedelta(1), time(), desk.timezone)
    return desk.ledger.statements.counted(desk.system, since, until)


@dataclass(slots=True)
class _Ours:
    """What is to be said of our operations: (day sent, day shown) → their keys, and whose they are."""

    late: dict[tuple[date, date], list[str]] = field(default_factory=lambda: defaultdict(list))
    connections: set[str] = field(default_factory=set)


def _count_ours(days: dict[date, Day], calendar: _Calendar, proven: Iterable[Proven]) -> _Ours:
    ours = _Ours()
    for each in proven:
        sent_on = calendar.day(each.record.sent_at or each.record.created_at)
        shown_on = calendar.of_operation(each)
        if sent_on != shown_on:
            ours.late[sent_on, shown_on].append(each.record.key)
        ours.connections.add(each.record.connection)
        if shown_on in days:
            _count(days[shown_on], each)
    return ours


def _count(day: Day, each: Proven) -> None:
    day.operations += 1
    for code, moved in telling.changed_by(each.record).items():
        unit = day.units.get(code)
        if unit is not None:
            unit.added += max(moved, 0)
            unit.removed += max(-moved, 0)


def _note_readings(desk: Desk, day: Day, calendar: _Calendar) -> None:
    readings = calendar.by_day.get(day.day, [])
    day.read_at = readings[-1].at if readings else None
    day.pulled_at = next((each.at for each in reversed(readings) if _is_whole(desk, each)), None)
    if calendar.begins is None or day.day < calendar.begins:
        day.notes.append("Before the first pull: nothing is known of this day.")
    elif not readings:
        day.notes.append(
            "Nothing was read on this day: what others changed shows on the day of the next reading."
        )
    elif day.pulled_at is None:
        day.notes.append(
            "No complete pull on this day: what others changed of users who were not read shows on the day "
            "of the next pull."
        )
    if day.day == calendar.begins:
        day.notes.append("The first pull was on this day: all balances count as of new users.")
    if day.day == calendar.day(desk.ledger.runs.now()):
        day.notes.append("This day is not over.")


def _is_whole(desk: Desk, reading: Reading) -> bool:
    run = desk.ledger.runs.get(reading.run) if reading.kind == "pull" and reading.run else None
    return run is not None and run.state == "done"


def _note_midnights(days: dict[date, Day], ours: _Ours) -> None:
    """Say which operations a day's readings show that were sent on another day."""
    for (sent_on, shown_on), keys in sorted(ours.late.items()):
        if shown_on in days:
            days[shown_on].notes.append(
                f"Sent on {sent_on} and counted here, where first seen: {_named(keys)}."
            )
        if sent_on in days:
            days[sent_on].notes.append(
                f"Sent on this day, first seen on {shown_on} and counted there: {_named(keys)}."
            )


def _named(keys: Sequence[str]) -> str:
    more = " and more" if len(keys) > NAMED else ""
    what = "operation" if len(keys) == 1 else "operations"
    return f"{len(keys)} {what} ({', '.join(keys[:NAMED])}{more})"


def _note_unproven(desk: Desk, days: dict[date, Day]) -> None:
    """Say which days may hold an operation that is not proven: its change stands under others."""
    waiting = [each for each in desk.ledger.operations.unsettled(desk.system) if each.state in UNPROVEN]
    for day in days.values():
        end = datetime.combine(day.day + timedelta(1), time(), desk.timezone)
        keys = [each.key for each in waiting if (each.sent_at or each.created_at) < end]
        if keys:
            day.notes.append(
                f"Sent until then and not proven: {_named(keys)}. What counted of it stands under others: "
                "verify, or resolve."
            )


def _notes(desk: Desk, ours: _Ours) -> Iterator[str]:
    shared = ours.connections - {desk.name}
    if shared:
        names = ", ".join(sorted(shared))
        yield f"The same credit system is also changed through {names}: “us” are all connections together."
    baselines = desk.ledger.accounts.baselines(desk.system, desk.maker)
    gone = sum(each.missing for each in baselines.values())
    if gone:
        yield f"{gone} users that the credit system no longer has are counted with their last known balance."


def statement_json(desk: Desk, found: Statement) -> dict[str, Any]:
    """Return the JSON of ``statement``; in each unit ``opening + us + others = closing``."""
    return {
        "connection": desk.name,
        "environment": desk.environment,
        "timezone": str(desk.timezone),
        "days": [_day_json(desk, day) for day in found.days],
        "notes": list(found.notes),
    }


def _day_json(desk: Desk, day: Day) -> dict[str, Any]:
    units = {}
    for unit in desk.units:
        held = day.units[unit.code]
        amounts = {
            "opening": held.opening,
            "us": held.us,
            "us_added": held.added,
            "us_removed": held.removed,
            "others": held.others,
            "others_new_accounts": held.new_accounts,
            "closing": held.closing,
        }
        units[unit.code] = {name: format_amount(minor, unit) for name, minor in amounts.items()}
    return {
        "day": f"{day.day}",
        "units": units,
        "operations": day.operations,
        "new_accounts": day.new_accounts,
        "read_at": telling.moment(day.read_at),
        "pulled_at": telling.moment(day.pulled_at),
        "notes": day.notes,
    }


CSV_HEADER = ("day", "unit", "opening", "us", "others", "closing", "operations", "pulled_at", "notes")


def csv_rows(told: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the rows of a CSV file: one for each day and unit."""
    for day in told["days"]:
        for unit, held in day["units"].items():
            amounts = [held[name] for name in ("opening", "us", "others", "closing")]
            yield [day["day"], unit, *amounts, day["operations"], day["pulled_at"], " ".join(day["notes"])]
