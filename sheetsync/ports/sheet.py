"""What a spreadsheet's adapter promises."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sheetsync.core.accounts import Action, Unit
from sheetsync.core.tab import CellValue, Patch, Tab


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields a tab has; built by ``sheets.layout`` from units and actions.

    Attributes:
        extras: further fields that a person fills in.
        details: further fields of the account, only to look at.
        choices: field code → what the dropdown of an extra field offers, and what each stands for.
    """

    units: tuple[Unit, ...]
    actions: tuple[Action, ...]
    reasons: tuple[str, ...]
    reasons_strict: bool = False
    environment: str = "live"
    extras: tuple[str, ...] = ()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of patches.

    Attributes:
        applied: account ids whose patch was written as given.
        otherwise: account ids where ``only_if`` did not hold.
        missing: account ids without a row.
    """

    applied: frozenset[str] = frozenset()
    otherwise: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()


ColumnKind = Literal["text", "number", "money", "time"]
"""How a column of a report looks; ids are text, so that all their digits survive."""


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """One column of a report's tab."""

    header: str
    kind: ColumnKind = "text"


class Sheet(Protocol):
    """One tab. Rows are found by ``User ID`` when writing, never by position; other columns stay untouched.

    Field codes are those of ``core.fields``.
    """

    def ensure_writable(self) -> None:
        """Raise now what a write would raise: locked, damaged, or holding what we would destroy.

        Raises:
            SheetError: locked, damaged, no permission.
            SheetUnsafeError: writing would destroy charts, pictures, pivot tables or macros.
        """
        ...

    def prove_writable(self) -> None:
        """Do as ``ensure_writable``, and where only a write can tell, make one that changes nothing.

        Raises:
            SheetError, SheetUnsafeError: as there.
        """
        ...

    def read(self) -> Tab:
        """Read the tab.

        Raises:
            LayoutError: file or tab missing, headers missing or doubled (``details`` names them).
            SheetError: it cannot be read.
        """
        ...

    def create(self, *, rows: int = 0) -> tuple[str, ...]:
        """Create file, tab and headers where they are missing, repair the layout, keep everything else.

        Args:
            rows: rows below the header that the tab is about to hold, so that room for them is made at once.

        Returns:
            What was made or repaired, in words such as ``dropdown Action``; empty if all was well.
        """
        ...

    def traffic(self) -> dict[str, int]:
        """Return what this adapter asked of another system so far: ``reads``, ``writes`` and ``bytes``.

        Empty where a tab is a file.
        """
        ...

    def write(self, patches: Sequence[Patch], *, append: Sequence[Mapping[str, CellValue]] = ()) -> Written:
        """Write patches, all together or not at all, and append new rows below the last.

        Raises:
            SheetError, SheetUnsafeError, LayoutError: nothing was written.
        """
        ...

    def replace_report(
        self,
        tab: str,
        about: str,
        *,
        columns: Sequence[ReportColumn],
        rows: Iterable[Sequence[CellValue]],
        remark: str = "",
    ) -> tuple[str, ...]:
        """Fill a whole tab of its own with a read-only report, in place of what the report held before.

        A new tab is made at the end. The tab is marked as ours by a note at A1, see ``layout.report_note``
        and ``layout.is_report_note``; a tab without that very mark is never written. No other tab changes.

        Args:
            tab: its title.
            about: what it shows and of which connection, e.g. ``transactions of laundry``; part of the mark.
            columns: headers, in order.
            rows: one value per column; may be gone through more than once, each time from the start.
            remark: a sentence for the note, such as when it was read.

        Returns:
            Sentences about what the tab costs from now on, if it costs much.

        Raises:
            LayoutError: no tab can be called like this, or it is the connection's own tab.
            SheetUnsafeError: the tab is not this report's.
            SheetError: it cannot be written, or has no room for so many rows. Whatever is raised, the tab
                is as it was.
        """
        ...
