"""Days and times as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sheetsync.errors import UsageError
from sheetsync.jobs.moments import day_begins, read_day, read_moment

BERLIN = ZoneInfo("Europe/Berlin")


def test_moments() -> None:
    """With a zone of its own, else that of who asks."""
    assert None is read_moment(None, "since")
    assert datetime(2026, 3, 12, 14, tzinfo=UTC) == read_moment("2026-03-12T14:00:00Z", "since")
    assert datetime(2026, 3, 11, 23, tzinfo=UTC) == read_moment("2026-03-12", "since", zone=BERLIN)


def test_a_day_of_25_hours() -> None:
    """The day after begins 25 hours later when clocks are set back."""
    first, next_day = (day_begins("2026-10-25", "From", BERLIN, later=later) for later in (0, 1))
    assert 25 * 3600 == (next_day - first).total_seconds()


@pytest.mark.parametrize("text", ["soon", "0001-01-01", "2026-02-30"])
def test_no_moment(text: str) -> None:
    """Refused in words, also what no calendar can hold in another zone."""
    with pytest.raises(UsageError, match="since is not a time"):
        read_moment(text, "since", zone=BERLIN)


@pytest.mark.parametrize("text", ["soon", "2026-02-30"])
def test_no_day(text: str) -> None:
    """Refused in words."""
    with pytest.raises(UsageError, match="To is not a day"):
        read_day(text, "To")


def test_the_last_day_of_the_calendar() -> None:
    """There is none after it."""
    with pytest.raises(UsageError, match="To is not a day"):
        day_begins("9999-12-31", "To", BERLIN, later=1)
