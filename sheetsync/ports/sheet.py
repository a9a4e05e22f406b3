"""What a spreadsheet's adapter promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

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
