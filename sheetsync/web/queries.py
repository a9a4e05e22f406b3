"""Queries of the HTTP API: pages, filters, days."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from sheetsync.jobs.moments import read_moment
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
            "since": read_moment(self.since, "since"),
            "until": read_moment(self.until, "until"),
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
