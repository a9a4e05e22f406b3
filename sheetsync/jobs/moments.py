"""Days and times as people write them: on the command line, in addresses, on pages."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sheetsync.errors import UsageError


def read_moment(text: str | None, name: str, *, zone: tzinfo = UTC) -> datetime | None:
    """Return a time in UTC; without a zone of its own it is that of ``zone``.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        hint = "Write it as 2026-03-12 or 2026-03-12T14:00:00Z."
        raise UsageError(f"{name} is not a time: “{text}”.", hint=hint) from error


def read_day(text: str, name: str) -> date:
    """Return a day.

    Raises:
        UsageError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _no_day(text, name) from error


def day_begins(text: str, name: str, zone: tzinfo, *, later: int = 0) -> datetime:
    """Return when a day begins in a zone, or the one so many days later, in UTC.

    Raises:
        UsageError: it is no day.
    """
    try:
        day = read_day(text, name) + timedelta(days=later)
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    except OverflowError as error:
        raise _no_day(text, name) from error


def _no_day(text: str, name: str) -> UsageError:
    return UsageError(f"{name} is not a day: “{text}”.", hint="Write it as 2026-03-12.")
