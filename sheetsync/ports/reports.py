"""What a credit system with read-only collections promises."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sheetsync.core.tab import CellValue
from sheetsync.ports.sheet import ReportColumn

Counted = Callable[[int], None]
"""Called with the number of rows so far."""

Narrowing = Literal["since", "location", "limit"]
"""A way to ask for less."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """How much of a report is wanted.

    Attributes:
        since: nothing older.
        location: id or name of one location.
        limit: rows at most; of what has a time the newest.
    """

    since: datetime | None = None
    location: str | None = None
    limit: int | None = None

    @property
    def asked(self) -> list[Narrowing]:
        """Which ways are used."""
        ways: tuple[tuple[Narrowing, object], ...] = (
            ("since", self.since),
            ("location", self.location),
            ("limit", self.limit),
        )
        return [way for way, value in ways if value is not None]


@dataclass(frozen=True, slots=True)
class ReportInfo:
    """One report that can be pulled.

    Attributes:
        name: as on the command line.
        shows: what its rows are, in a few words.
        columns: of its tab.
        narrowing: the ways to ask for less that it knows.
    """

    name: str
    shows: str
    columns: tuple[ReportColumn, ...] = field(repr=False)
    narrowing: frozenset[Narrowing]


class Reports(Protocol):
    """The read-only collections of one account of a credit system. Nothing here moves credits."""

    def catalogue(self) -> Sequence[ReportInfo]:
        """List every report."""
        ...

    def rows(
        self, name: str, narrowed: Narrowed, *, progress: Counted, warn: Callable[[str], None]
    ) -> Iterator[Sequence[CellValue]]:
        """Yield a report's rows, all of them, in constant memory per page; one value per column.

        Args:
            name: of the catalogue.
            narrowed: in ways that the report knows.
            progress: called after every request.
            warn: called with a sentence about what a person should know beside the rows.

        Raises:
            UsageError: there is no such location.
            ProviderError: it could not be read to its end; what was yielded counts for nothing.
        """
        ...
