"""The promises of ``ports.Sheet.replace_report``, inherited by the test of every adapter."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

import pytest

from sheetsync.core.tab import CellValue
from sheetsync.errors import LayoutError, SheetUnsafeError
from sheetsync.ports import ReportColumn, Sheet
from tests.contract.sheet_suite import NASTY_TEXTS, account

REPORT = "laundry machines"
ABOUT = "machines of laundry"
COLUMNS = (
    ReportColumn("ID"),
    ReportColumn("Pocket", "number"),
    ReportColumn("Price", "money"),
    ReportColumn("Finished", "time"),
)
ROWS: Sequence[Sequence[CellValue]] = (
    ("00123", 1, Decimal("3.75"), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ("12345678901234567890", None, Decimal("0.10"), None),
)


class ReportHands(Protocol):
    """What a person does to other tabs of the same file."""

    def add_tab(self, title: str, rows: Sequence[Sequence[CellValue]]) -> None:
        """Add a tab with these cells."""
        ...

    def cells_of(self, title: str) -> list[list[CellValue]]:
        """Return every row of a tab, unformatted."""
        ...

    def remove_note(self, title: str) -> None:
        """Remove the note at A1."""
        ...

    def tabs(self) -> list[str]:
        """Return the titles of all tabs, in order."""
        ...


class ReportContract:
    """Inherit, and override the fixtures ``sheet`` and ``report_hands``; the sheet's own tab is "Credits"."""

    @pytest.fixture
    def sheet(self) -> Sheet:
        """Return an adapter over a place where nothing exists yet."""
        raise NotImplementedError

    @pytest.fixture
    def report_hands(self) -> ReportHands:
        """Return the person who works in the same file."""
        raise NotImplementedError

    @pytest.fixture
    def laundry(self, sheet: Sheet) -> Sheet:
        """Return the adapter over a place with its own tab and one account."""
        sheet.create()
        sheet.write([], append=[account("1")])
        return sheet

    def test_a_report_gets_a_tab_at_the_end(self, laundry: Sheet, report_hands: ReportHands) -> None:
        """Headers and rows; ids keep all their digits, amounts and times are numbers."""
        before = report_hands.cells_of("Credits")
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=ROWS)
        head, first, second = report_hands.cells_of(REPORT)
        assert ["ID", "Pocket", "Price", "Finished"] == head
        assert ["00123", 1, 3.75] == first[:3]
        assert not isinstance(first[3], str | None)
        assert ["12345678901234567890", 0.1] == [second[0], second[2]]
        assert {None, ""} >= {second[1], second[3]}
        assert ["Credits", REPORT] == report_hands.tabs()
        assert before == report_hands.cells_of("Credits")

    def test_a_report_replaces_itself(self, laundry: Sheet, report_hands: ReportHands) -> None:
        """Fewer rows and other columns leave nothing of the old ones; its place among the tabs stays."""
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=[*ROWS, *ROWS])
        report_hands.add_tab("Mine", [["keep"]])
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS[:2], rows=[("7", 2)])
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS[:2], rows=[("8", 2)])
        found = [[value for value in row if value is not None] for row in report_hands.cells_of(REPORT)]
        assert [["ID", "Pocket"], ["8", 2]] == [row for row in found if row]
        assert ["Credits", REPORT, "Mine"] == report_hands.tabs()
        assert [["keep"]] == report_hands.cells_of("Mine")

    def test_an_empty_report_is_its_headers(self, laundry: Sheet, report_hands: ReportHands) -> None:
        """Nothing found is an answer, too."""
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=[])
        assert [["ID", "Pocket", "Price", "Finished"]] == report_hands.cells_of(REPORT)

    def test_nasty_text_of_a_report_stays_text(self, laundry: Sheet, report_hands: ReportHands) -> None:
        """Whatever text of the credit system looks like, it is no formula, number or date."""
        columns = (ReportColumn("ID"), ReportColumn("Amount", "number"), ReportColumn("When", "time"))
        laundry.replace_report(REPORT, ABOUT, columns=columns, rows=[(text,) * 3 for text in NASTY_TEXTS])
        assert [[text] * 3 for text in NASTY_TEXTS] == report_hands.cells_of(REPORT)[1:]

    def test_a_report_needs_no_other_tab(self, sheet: Sheet, report_hands: ReportHands) -> None:
        """Also before the first pull."""
        sheet.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=ROWS)
        assert "00123" == report_hands.cells_of(REPORT)[1][0]

    def test_rows_may_come_from_anything_that_begins_anew(
        self, laundry: Sheet, report_hands: ReportHands
    ) -> None:
        """No list is needed: thousands of rows come from a file."""

        class Counting:
            def __iter__(self) -> Iterator[Sequence[CellValue]]:
                return ((str(number), number, None, None) for number in range(2500))

        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=Counting())
        assert [str(number) for number in range(2500)] == [
            row[0] for row in report_hands.cells_of(REPORT)[1:]
        ]

    @pytest.mark.parametrize("case", [str, str.upper])
    def test_a_persons_tab_is_never_written(
        self, laundry: Sheet, report_hands: ReportHands, case: Callable[[str], str]
    ) -> None:
        """A tab of that name that was there before stays as it is, and the sentence says what to do."""
        report_hands.add_tab(case(REPORT), [["my", "list"]])
        with pytest.raises((SheetUnsafeError, LayoutError)) as caught:
            laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=ROWS)
        assert "ename" in caught.value.hint
        assert [["my", "list"]] == report_hands.cells_of(case(REPORT))

    def test_another_reports_tab_is_never_written(self, laundry: Sheet, report_hands: ReportHands) -> None:
        """Nor one that lost its note."""
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=ROWS)
        before = report_hands.cells_of(REPORT)
        with pytest.raises(SheetUnsafeError):
            laundry.replace_report(REPORT, "cards of laundry", columns=COLUMNS, rows=[])
        report_hands.remove_note(REPORT)
        with pytest.raises(SheetUnsafeError):
            laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=[])
        assert before == report_hands.cells_of(REPORT)

    def test_the_own_tab_is_never_written(self, laundry: Sheet, report_hands: ReportHands) -> None:
        """Whatever its case."""
        before = report_hands.cells_of("Credits")
        for tab in ("Credits", "CREDITS"):
            with pytest.raises(LayoutError):
                laundry.replace_report(tab, ABOUT, columns=COLUMNS, rows=[])
        assert before == report_hands.cells_of("Credits")

    def test_a_report_that_breaks_off_leaves_the_old_one(
        self, laundry: Sheet, report_hands: ReportHands
    ) -> None:
        """All or nothing."""
        laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=ROWS)
        before = report_hands.cells_of(REPORT)

        class Broken:
            def __iter__(self) -> Iterator[Sequence[CellValue]]:
                yield ROWS[0]
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            laundry.replace_report(REPORT, ABOUT, columns=COLUMNS, rows=Broken())
        assert before == report_hands.cells_of(REPORT)
