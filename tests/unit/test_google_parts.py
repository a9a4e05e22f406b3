"""Ranges, cell values, the quota and patience of the Google adapter, each by itself."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sheetsync.core.tab import CellValue
from sheetsync.sheets.google import cells, ranges
from sheetsync.sheets.google.budget import WINDOW_S, Budget, FileStore, MemoryStore, Store
from sheetsync.sheets.google.patience import DEADLINE_S, QUOTA_DEADLINE_S, TRIES, Patience
from sheetsync.sheets.google.refusals import PassingError


class Time:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def ticks(self) -> float:
        """Return the time."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now_s += seconds


def nobody(_seconds: float) -> None:
    """Tell nobody."""


@pytest.mark.parametrize("kept_in", ["memory", "file"])
def test_the_quota_of_a_minute_is_never_passed(kept_in: str, tmp_path: Path) -> None:
    """The request after the last allowed one leaves a window after the first; writes count apart."""
    watch = Time()
    store: Store = MemoryStore() if kept_in == "memory" else FileStore(tmp_path / "quota")
    budget = Budget(store, reads=3, writes=2, ticks=watch.ticks, sleep=watch.sleep)
    left = []
    for kind in ("read", "read", "write", "read", "write", "read"):
        budget.take(kind, nobody)
        left.append(watch.now_s - 1000.0)
    assert [0.0, 0.0, 0.0, 0.0, 0.0, WINDOW_S] == left


def test_processes_share_a_quota(tmp_path: Path) -> None:
    """What one process used, another one lacks; a refusal holds both back."""
    watch = Time()
    one, other = (
        Budget(FileStore(tmp_path / "quota"), reads=1, writes=1, ticks=watch.ticks, sleep=watch.sleep)
        for _ in range(2)
    )
    one.take("read", nobody)
    other.take("read", nobody)
    one.refused("write", 5.0)
    other.take("write", nobody)
    assert [WINDOW_S, 5.0] == watch.slept


def test_who_waits_is_told_before_it_begins() -> None:
    """The seconds are known."""
    watch, told = Time(), list[float]()
    budget = Budget(MemoryStore(), reads=1, writes=1, ticks=watch.ticks, sleep=watch.sleep)
    budget.take("read", told.append)
    budget.take("read", told.append)
    assert [WINDOW_S] == told


def _tries(error: PassingError) -> tuple[int, float]:
    """Return how often a failure is tried again before it is raised, and the seconds that takes."""
    watch = Time()
    patience = Patience(ticks=watch.ticks, sleep=watch.sleep, say=lambda _text: None)
    with suppress(PassingError):
        while True:
            patience.wait(error)
    return len(watch.slept), watch.now_s - 1000.0


def test_silence_is_tried_again_a_few_times() -> None:
    """Bounded in tries."""
    tries, spent_s = _tries(PassingError("Nobody answers.", lost=True))
    assert TRIES - 1 == tries
    assert spent_s < DEADLINE_S


def test_a_quota_is_waited_for_longer_than_a_minute() -> None:
    """Bounded in time only: it fills up each minute."""
    _, spent_s = _tries(PassingError("Used up.", quota=True, lost=False))
    assert 120 < spent_s <= QUOTA_DEADLINE_S


def test_google_says_how_long_to_wait() -> None:
    """A ``Retry-After`` counts more than our own guess."""
    watch = Time()
    patience = Patience(ticks=watch.ticks, sleep=watch.sleep, say=lambda _text: None)
    patience.wait(PassingError("Used up.", quota=True, lost=False, pause_s=40.0))
    assert 40 <= watch.slept[0] < 42


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, ""),
        ("00123", "00123"),
        ("=1+1", "=1+1"),
        (True, True),
        (Decimal("25.00"), 25),
        (Decimal("0.10"), 0.1),
        (Decimal("1234567890.1234567"), "1234567890.1234567"),
        (12345678901234567890, "12345678901234567890"),
        (datetime(2026, 3, 12, 11, 0, tzinfo=UTC), 46093.5),
        (date(2026, 3, 12), 46093),
        (time(6), 0.25),
        ("a\r\nb\x00", "a\nb\ufffd"),
    ],
)
def test_values_travel_exactly(value: CellValue, sent: object) -> None:
    """Numbers that a double would change go as text; a moment shows the office's wall clock."""
    found = cells.stored(value, BERLIN)
    assert (sent, type(sent)) == (found, type(found))


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("DATE", date(2026, 3, 12)),
        ("DATE_TIME", datetime(2026, 3, 12, 12, 0)),  # noqa: DTZ001 - cells know no zones
        ("TIME", time(12)),
        ("NUMBER", 46093.5),
    ],
)
def test_a_number_that_is_shown_as_a_date_is_one(kind: str, shown: object) -> None:
    """An amount typed as 3/12 became a date: it must not be taken for 46,093 credits."""
    assert shown == cells.moment(46093.5, kind)


def _requests(written: dict[ranges.Place, Any], title: str = "Credits") -> list[list[dict[str, Any]]]:
    return list(ranges.requests(title, written))


def test_neighbouring_cells_share_a_range() -> None:
    """A block goes as columns, a lone row as a row; a gap begins another range."""
    block = {(row, place): f"{row}{place}" for row in (2, 3) for place in (0, 1)}
    expected = [
        {"range": "'Credits'!A2:B3", "majorDimension": "COLUMNS", "values": [["20", "30"], ["21", "31"]]},
        {"range": "'Credits'!D3", "values": [["x"]]},
        {"range": "'Credits'!B7", "values": [[True, 5]]},
    ]
    assert [expected] == _requests(block | {(3, 3): "x", (7, 1): True, (7, 2): 5})


def test_titles_are_quoted() -> None:
    """An apostrophe is doubled."""
    assert "'Ana''s'!AB10" == _requests({(10, 27): 1}, title="Ana's")[0][0]["range"]


@pytest.mark.parametrize("width", [1, 6])
def test_no_request_is_too_large_and_no_row_is_torn(width: int) -> None:
    """Every cell travels once, all cells of a row in one request."""
    text = "ä" * 100
    written = {(row, place * 2): text for row in range(2, 9000) for place in range(width)}
    found = _requests(written)
    sizes = [len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()) for data in found]
    rows = [{row for part in data for row in _rows_of(part)} for data in found]
    assert len(found) >= 1
    assert max(sizes) <= ranges.MAX_BYTES
    assert len(set().union(*rows)) == sum(map(len, rows)) == 8998


def _rows_of(part: dict[str, Any]) -> range:
    start = part["range"].rpartition("!")[2].split(":")[0]
    first = int(start.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return range(first, first + (len(part["values"][0]) if "majorDimension" in part else 1))


@pytest.mark.parametrize(
    ("echo", "extent"),
    [("Credits!A1:Z1000", (1000, 26)), ("'Ana''s'!A1:AB7", (7, 28)), ("Credits!A1", (0, 0)), ("", (0, 0))],
)
def test_the_grid_s_size_is_read_from_the_answer(echo: str, extent: tuple[int, int]) -> None:
    """Where it says nothing, the size is unknown."""
    assert extent == ranges.extent(echo)
