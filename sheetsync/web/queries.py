"""Queries of the HTTP API: pages, filters, days."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from sheetsync.errors import UsageError
from sheetsync.web.models import Request

PAGE_MAX = 500
"""Rows of one page: a reply stays small, and ``next`` leads to the rest."""

Word = Annotated[str, StringConstraints(max_length=320)]


class Query(Request):
    """What stands behind the question mark: texts."""

    model_config = ConfigDict(strict=False)


class Page(Query):
    """Query of a list."""

    limit: int = Field(default=100, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(default=None, max_length=200)


class RunRows(Query):
    """Query of a run: which of its operations the reply lists."""

    rows: Literal["all", "attention", "none"] = "all"


class Filters(Query):
    """Which operations are meant."""

    account_id: Word | None = None
    run: Word | None = None
    actor: Word | None = None
    reason: Word | None = None
    since: Word | None = None
    until: Word | None = None

    def filters(self) -> dict[str, Any]:
        """Return them as the use cases take them.

        Raises:
            UsageError: a time is none.
        """
        return {
            **self.model_dump(),
            "since": moment(self.since, "since"),
            "until": moment(self.until, "until"),
        }


class HistoryPage(Filters, Page):
    """Query of the history."""

    unsettled: bool = False


class TotalsQuery(Filters):
    """Query of totals."""

    by: Literal["day", "reason", "person"] = "day"


class StatementQuery(Query):
    """Query of a statement: days of the service's time zone, both included; today unless given."""

    since: Word | None = None
    until: Word | None = None


def moment(text: str | None, name: str) -> datetime | None:
    """Return a time; one without a zone is UTC.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{name} is not a time.", hint="Write it as 2026-03-12T14:00:00Z.") from error


def day(text: str, name: str) -> date:
    """Return a day.

    Raises:
        UsageError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{name} is not a day.", hint="Write it as 2026-03-12.") from error
