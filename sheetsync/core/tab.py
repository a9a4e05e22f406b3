"""A tab at one moment, and what is to be written to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

CellValue = str | int | float | bool | Decimal | datetime | date | time | None
"""What a spreadsheet cell holds, unformatted. Read as int or float, written as int or Decimal."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab at one moment: its rows below the header, blank rows left out.

    Column-wise names and row-wise values, because a tab may have 100,000 rows and most of them say nothing.

    Attributes:
        fields: field code of each value of a row.
        values: one sequence per row, as long as ``fields``; an empty cell is None.
        numbers: the row number of each, as a person sees it (the header is 1).
        formulas: row number → fields whose cell holds a formula; its value is the formula's text, unless the
            spreadsheet computed it.
        hidden: numbers of rows hidden by the tab's own filter or by hand.
        computed: fields whose formulas count by their result, which is then the value: the spreadsheet
            itself computed it.
    """

    fields: tuple[str, ...]
    values: Sequence[Sequence[CellValue]] = ()
    numbers: Sequence[int] = ()
    formulas: Mapping[int, frozenset[str]] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    computed: frozenset[str] = frozenset()

    def unread_formulas(self, number: int) -> frozenset[str]:
        """Return the fields of a row that hold a formula whose result does not count."""
        return self.formulas.get(number, frozenset()) - self.computed


@dataclass(frozen=True, slots=True)
class Patch:
    """New values for some cells of one row.

    Attributes:
        account_id: finds the row.
        row: the row's number when it was read: chooses between rows with one id, else ignored.
        cells: field code → new value (None clears the cell).
        only_if: field code → value that the cell must still hold; if any differs, ``otherwise`` is written
            instead. Compared as text after normalisation, so that 25 and "25" and 25.0 are equal.
        otherwise: what to write when ``only_if`` does not hold.
    """

    account_id: str
    cells: Mapping[str, CellValue]
    row: int | None = None
    only_if: Mapping[str, CellValue] = field(default_factory=dict)
    otherwise: Mapping[str, CellValue] = field(default_factory=dict)
