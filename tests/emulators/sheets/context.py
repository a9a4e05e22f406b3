"""Who asks, for what: handed to everything that carries a request out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.sheets.errors import PROTECTED, ApiError, Json
from tests.emulators.sheets.model import Sheet, Spreadsheet

Box = tuple[int, int, int, int]


def _nothing() -> None:
    """No one else is in the spreadsheet."""


@dataclass
class Context:
    """One request while it is carried out.

    Attributes:
        book: The spreadsheet.
        caller: E-mail address of the account that asks.
        owner: Whether the caller owns the spreadsheet, so that no protection stops it.
        grow: Whether values may run over the end of the grid, which then grows.
        halfway: Called in the middle of a batch of values; a person may act then.
    """

    book: Spreadsheet
    caller: str = ""
    owner: bool = True
    grow: bool = False
    halfway: Callable[[], None] = field(default=_nothing)

    def check_edit(self, sheet: Sheet, box: Box) -> None:
        """Refuse to change protected cells.

        Raises:
            ApiError: Part of the box is protected against the caller.
        """
        if self.owner:
            return
        for protection in sheet.parts.get("protectedRanges", []):
            if not self.may_edit(protection) and _covers(self.book, protection, sheet, box):
                raise ApiError(PROTECTED)

    def check_sheet(self, sheet: Sheet) -> None:
        """Refuse to change a tab as such (its rows, columns, title) where all of it is protected."""
        self.check_edit(sheet, (0, 0, sheet.height, sheet.width))

    def may_edit(self, protection: Json) -> bool:
        """Whether a protection lets the caller through."""
        editors = protection.get("editors", {}).get("users", [])
        return self.owner or bool(protection.get("warningOnly")) or self.caller in editors


def _covers(book: Spreadsheet, protection: Json, sheet: Sheet, box: Box) -> bool:
    if any(
        _overlap(bounds(free, sheet), box, whole=True) for free in protection.get("unprotectedRanges", [])
    ):
        return False
    spot: dict[str, Any] = protection.get("range", {})
    if "namedRangeId" in protection:
        spot = next((n["range"] for n in book.named if n["namedRangeId"] == protection["namedRangeId"]), spot)
    return _overlap(bounds(spot, sheet), box, whole=False)


def _overlap(one: Box, two: Box, *, whole: bool) -> bool:
    if whole:
        return one[0] <= two[0] and one[1] <= two[1] and one[2] >= two[2] and one[3] >= two[3]
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def bounds(spot: Json, sheet: Sheet) -> Box:
    """A `GridRange` as top, left, bottom, right within the grid."""
    return (
        spot.get("startRowIndex", 0),
        spot.get("startColumnIndex", 0),
        min(spot.get("endRowIndex", sheet.height), sheet.height),
        min(spot.get("endColumnIndex", sheet.width), sheet.width),
    )
