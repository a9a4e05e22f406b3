"""The promises of ``ports.Sheet``, inherited by the test of every adapter."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

import pytest

from sheetsync.core.accounts import Action, Unit
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.errors import LayoutError
from sheetsync.ports import Columns, Sheet

COLUMNS = Columns(
    units=(Unit("credits", "Credits", 0),),
    actions=(Action.ADD, Action.RESET, Action.ADJUST),
    reasons=("Goodwill", "Promotion", "Other"),
)
"""The columns of the tab that every test starts with."""

NASTY_TEXTS = (
    "=1+1",
    "=HYPERLINK(A1)",
    "+49 30 1234",
    "-5",
    "@x",
    "'quoted",
    "#N/A",
    "TRUE",
    "00123",
    "1E5",
    "12/31/2025",
    "25 %",
    "12345678901234567890",
    " spaces ",
    "two\nlines",
    'quote " < & > ;',
    "Ærøskøbing 東京 🙂",
)


class Hands(Protocol):
    """What a person does to the tab with a spreadsheet program, beside the adapter."""

    def type_in(self, account_id: str, header: str, value: CellValue) -> None:
        """Type into the cell under the header in the row of the account."""
        ...

    def sort_rows(self, header: str, *, reverse: bool = False) -> None:
        """Sort whole rows below the header by one column."""
        ...

    def insert_people_column(self, header: str, *, before: str, values: Sequence[CellValue]) -> None:
        """Insert a column of their own to the left of another one."""
        ...

    def delete_row(self, account_id: str) -> None:
        """Delete the account's row."""
        ...

    def rename_header(self, old: str, new: str) -> None:
        """Overtype a header."""
        ...

    def delete_tab(self) -> None:
        """Delete the tab, leaving another one behind."""
        ...

    def raw_cells(self) -> list[list[CellValue]]:
        """Return every row from the header down, unformatted."""
        ...


def account(account_id: str, *, credits_: int = 40, name: str = "Ana") -> dict[str, CellValue]:
    """Return a row as a pull appends it."""
    return {
        "account_id": account_id,
        "email": f"u{account_id}@example.org",
        "name": name,
        "credits": Decimal(credits_),
        "key": f"K-{account_id}",
    }


def column(tab: Tab, code: str) -> list[CellValue]:
    """Return a field of all rows."""
    at = tab.fields.index(code)
    return [row[at] for row in tab.values]


def cell(tab: Tab, account_id: str, code: str) -> CellValue:
    """Return one cell by account and field."""
    return column(tab, code)[column(tab, "account_id").index(account_id)]


class SheetContract:
    """Inherit, and override the fixtures ``sheet`` and ``hands``."""

    @pytest.fixture
    def sheet(self) -> Sheet:
        """Return an adapter over a place where nothing exists yet."""
        raise NotImplementedError

    @pytest.fixture
    def hands(self) -> Hands:
        """Return the person who works in the same tab."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, sheet: Sheet) -> Sheet:
        """Return the adapter over a tab with the accounts 3, 1 and 2."""
        sheet.create()
        sheet.write([], append=[account("3"), account("1"), account("2")])
        return sheet

    def test_a_missing_place_is_named(self, sheet: Sheet) -> None:
        """Nothing there yet: the error says what to do."""
        with pytest.raises(LayoutError) as caught:
            sheet.read()
        assert "pull" in caught.value.hint

    def test_create_makes_an_empty_tab_with_every_field(self, sheet: Sheet) -> None:
        """All columns exist after a create, and no rows."""
        sheet.create()
        tab = sheet.read()
        expected = (
            *("account_id", "email", "name", "credits", "action", "amount", "reason", "note"),
            *("status", "message", "checked_at", "key"),
        )
        assert set(expected) == set(tab.fields)
        assert [] == list(tab.values)

    def test_headers_are_the_words_of_the_manual(self, sheet: Sheet, hands: Hands) -> None:
        """The header row as a person sees it."""
        sheet.create()
        words = "User ID,Email,Name,Credits,Action,Amount,Reason,Note,Status,Message,Checked at,Key"
        assert words.split(",") == hands.raw_cells()[0]

    def test_create_again_changes_nothing(self, filled: Sheet, hands: Hands) -> None:
        """Rows and headers are the same after another create."""
        before = hands.raw_cells()
        filled.create()
        filled.create()
        assert before == hands.raw_cells()

    def test_appended_rows_come_back_in_order(self, filled: Sheet) -> None:
        """Rows stand below the header as they were given."""
        tab = filled.read()
        assert ["3", "1", "2"] == column(tab, "account_id")
        assert [2, 3, 4] == list(tab.numbers)
        assert [40, 40, 40] == column(tab, "credits")

    def test_rows_are_as_long_as_the_fields(self, filled: Sheet) -> None:
        """Every row has a value, or None, for each field."""
        tab = filled.read()
        assert {len(tab.fields)} == {len(row) for row in tab.values}

    def test_more_rows_go_below_the_last(self, filled: Sheet) -> None:
        """A second append starts where the first one ended."""
        filled.write([], append=[account("9")])
        assert ["3", "1", "2", "9"] == column(filled.read(), "account_id")

    def test_a_row_that_is_there_by_now_is_not_appended_again(self, filled: Sheet) -> None:
        """Two runs that append the same account leave one row."""
        filled.write([], append=[account("1", name="Twin"), account("4"), account("4")])
        assert ["3", "1", "2", "4"] == column(filled.read(), "account_id")
        assert "Ana" == cell(filled.read(), "1", "name")

    @pytest.mark.parametrize("text", NASTY_TEXTS)
    def test_nasty_text_stays_text(self, filled: Sheet, text: str) -> None:
        """Whatever text looks like, it comes back as that text and is no formula."""
        filled.write([Patch("1", {"name": text, "message": text})])
        tab = filled.read()
        assert text == cell(tab, "1", "name")
        assert text == cell(tab, "1", "message")
        assert {} == dict(tab.formulas)

    def test_nasty_text_in_a_new_row_stays_text(self, filled: Sheet) -> None:
        """Appending treats text like writing does."""
        filled.write([], append=[account(f"n{place}", name=text) for place, text in enumerate(NASTY_TEXTS)])
        assert list(NASTY_TEXTS) == column(filled.read(), "name")[3:]

    @pytest.mark.parametrize("account_id", ["00123", "12345678901234567890", "1E5", "=7", "a b", "-1"])
    def test_ids_are_text_and_find_their_row(self, filled: Sheet, account_id: str) -> None:
        """An id survives whatever it looks like, and a patch finds it."""
        filled.write([], append=[account(account_id)])
        written = filled.write([Patch(account_id, {"status": "Edited"})])
        assert {account_id} == written.applied
        assert "Edited" == cell(filled.read(), account_id, "status")

    def test_ids_are_compared_exactly(self, filled: Sheet) -> None:
        """Leading zeros and case make another id."""
        filled.write([], append=[account("ab")])
        written = filled.write([Patch("01", {"status": "Edited"}), Patch("AB", {"status": "Edited"})])
        assert {"01", "AB"} == written.missing

    def test_numbers_are_exact(self, filled: Sheet) -> None:
        """Decimals come back as the number that they were."""
        filled.write([Patch("1", {"credits": Decimal("1234.56")}), Patch("2", {"credits": Decimal("-0.10")})])
        tab = filled.read()
        assert [1234.56, -0.1] == [cell(tab, "1", "credits"), cell(tab, "2", "credits")]

    def test_zero_is_not_blank(self, filled: Sheet) -> None:
        """A balance of 0 is a value, None is none."""
        filled.write([Patch("1", {"credits": 0}), Patch("2", {"credits": None})])
        tab = filled.read()
        assert [0, None] == [cell(tab, "1", "credits"), cell(tab, "2", "credits")]

    def test_times_are_written(self, filled: Sheet) -> None:
        """A moment is stored as a time and not as text."""
        filled.write([Patch("1", {"checked_at": datetime(2026, 3, 12, 9, 30, 5, tzinfo=UTC)})])
        assert not isinstance(cell(filled.read(), "1", "checked_at"), str | None)

    def test_typed_values_are_read_as_they_are(self, filled: Sheet, hands: Hands) -> None:
        """What a person types comes back with its type."""
        hands.type_in("1", "Amount", 25)
        hands.type_in("2", "Amount", "25 pts")
        hands.type_in("3", "Amount", 2.5)
        tab = filled.read()
        assert [2.5, 25, "25 pts"] == column(tab, "amount")

    def test_a_numeric_id_is_read_as_its_digits(self, filled: Sheet, hands: Hands) -> None:
        """A tool that turned "1" into the number 1 does not lose the row."""
        hands.type_in("1", "User ID", 1)
        assert {"1"} == filled.write([Patch("1", {"status": "Edited"})]).applied
        assert "Edited" == cell(filled.read(), "1", "status")

    def test_patches_find_rows_after_a_sort(self, filled: Sheet, hands: Hands) -> None:
        """The row number of the reading does not matter."""
        number = dict(zip(column(filled.read(), "account_id"), filled.read().numbers, strict=True))["2"]
        hands.sort_rows("User ID")
        filled.write([Patch("2", {"status": "Confirmed"}, row=number)])
        assert "Confirmed" == cell(filled.read(), "2", "status")
        assert [None, "Confirmed", None] == column(filled.read(), "status")

    def test_none_clears_a_cell(self, filled: Sheet, hands: Hands) -> None:
        """Cleared cells are blank again."""
        hands.type_in("1", "Amount", 25)
        hands.type_in("1", "Action", "Add")
        filled.write([Patch("1", {"amount": None, "action": None, "status": "Confirmed"})])
        tab = filled.read()
        assert [None, None] == [cell(tab, "1", "amount"), cell(tab, "1", "action")]

    @pytest.mark.parametrize("typed", [25, "25", " 25 ", 25.0])
    @pytest.mark.parametrize("expected", [25, "25", Decimal("25.00")])
    def test_only_if_compares_normalised_text(
        self, filled: Sheet, hands: Hands, typed: CellValue, expected: CellValue
    ) -> None:
        """25 is 25, however it is stored."""
        hands.type_in("1", "Amount", typed)
        written = filled.write([Patch("1", {"amount": None}, only_if={"amount": expected, "note": ""})])
        assert {"1"} == written.applied
        assert None is cell(filled.read(), "1", "amount")

    def test_otherwise_is_written_when_the_cell_changed(self, filled: Sheet, hands: Hands) -> None:
        """A newer edit stays, and the message tells."""
        hands.type_in("1", "Amount", 30)
        patch = Patch(
            "1",
            {"amount": None, "message": "Added 25."},
            only_if={"amount": 25},
            otherwise={"message": "Added 25; your 30 comes on top."},
        )
        written = filled.write([patch, Patch("2", {"status": "Confirmed"})])
        tab = filled.read()
        assert [{"1"}, {"2"}] == [written.otherwise, written.applied]
        assert (30, "Added 25; your 30 comes on top.") == (
            cell(tab, "1", "amount"),
            cell(tab, "1", "message"),
        )

    def test_only_if_none_wants_a_blank_cell(self, filled: Sheet, hands: Hands) -> None:
        """0 is not blank."""
        hands.type_in("1", "Amount", 0)
        written = filled.write(
            [Patch(each, {"status": "Edited"}, only_if={"amount": None}) for each in ("1", "2")]
        )
        assert [{"1"}, {"2"}] == [written.otherwise, written.applied]

    def test_a_formula_equals_nothing(self, filled: Sheet, hands: Hands) -> None:
        """Even when its text is the expected one."""
        hands.type_in("1", "Note", "=1+1")
        written = filled.write([Patch("1", {"status": "Edited"}, only_if={"note": "=1+1"})])
        assert {"1"} == written.otherwise

    def test_formulas_are_marked(self, filled: Sheet, hands: Hands) -> None:
        """A formula is known by row and field."""
        hands.type_in("1", "Amount", "=10+15")
        tab = filled.read()
        assert {3: {"amount"}} == dict(tab.formulas)

    def test_missing_rows_are_reported_and_the_rest_is_written(self, filled: Sheet, hands: Hands) -> None:
        """A deleted row is no error."""
        hands.delete_row("3")
        written = filled.write([Patch(each, {"status": "Edited"}) for each in ("1", "3")])
        assert [{"1"}, {"3"}] == [written.applied, written.missing]
        assert ["1", "2"] == column(filled.read(), "account_id")

    def test_twins_are_told_apart_by_row(self, filled: Sheet, hands: Hands) -> None:
        """Of two rows with one id, the patch's row is written."""
        hands.type_in("2", "User ID", "1")
        filled.write([Patch("1", {"message": "second"}, row=4)])
        assert [None, None, "second"] == column(filled.read(), "message")

    def test_twins_without_a_row_are_both_written(self, filled: Sheet, hands: Hands) -> None:
        """A message for both reaches both."""
        hands.type_in("2", "User ID", "1")
        filled.write([Patch("1", {"message": "twice"})])
        assert [None, "twice", "twice"] == column(filled.read(), "message")

    def test_people_columns_stay_as_they_are(self, filled: Sheet, hands: Hands) -> None:
        """A column between ours is found, kept and moved along."""
        hands.insert_people_column("Region", before="Email", values=["North", "South", 7])
        filled.write([Patch("1", {"email": "new@example.org"})], append=[account("4")])
        filled.create()
        raw = hands.raw_cells()
        at = raw[0].index("Region")
        assert ["Region", "North", "South", 7] == [row[at] for row in raw[:4]]
        assert "new@example.org" == cell(filled.read(), "1", "email")

    def test_header_case_and_spaces_do_not_matter(self, filled: Sheet, hands: Hands) -> None:
        """A header typed again by hand is still ours."""
        hands.rename_header("User ID", "  user   id ")
        assert ["3", "1", "2"] == column(filled.read(), "account_id")

    def test_missing_headers_are_named_and_nothing_is_written(self, filled: Sheet, hands: Hands) -> None:
        """Reading and writing say which header is gone."""
        hands.rename_header("Status", "State")
        with pytest.raises(LayoutError, match="Status") as caught:
            filled.read()
        assert ["Status"] == caught.value.details["missing"]
        before = hands.raw_cells()
        with pytest.raises(LayoutError):
            filled.write([Patch("1", {"message": "x"})])
        assert before == hands.raw_cells()

    def test_a_create_puts_a_missing_column_back(self, filled: Sheet, hands: Hands) -> None:
        """The column comes back at the right end; the renamed one belongs to the person now."""
        hands.rename_header("Status", "State")
        filled.create()
        assert {"State", "Status"} <= set(hands.raw_cells()[0])
        assert {"1"} == filled.write([Patch("1", {"status": "Edited"})]).applied

    def test_optional_columns_may_be_missing(self, filled: Sheet, hands: Hands) -> None:
        """Without Note the tab is read without it, and writing it is skipped."""
        hands.rename_header("Note", "Mine")
        assert "note" not in filled.read().fields
        assert {"1"} == filled.write([Patch("1", {"note": None, "status": "Edited"})]).applied

    def test_doubled_headers_are_named(self, filled: Sheet, hands: Hands) -> None:
        """Two columns called alike are refused by their letters."""
        hands.insert_people_column("amount", before="Email", values=[])
        with pytest.raises(LayoutError, match="B and G") as caught:
            filled.read()
        assert {"Amount": ["B", "G"]} == caught.value.details["doubled"]

    def test_a_missing_tab_is_named_with_those_there_are(self, filled: Sheet, hands: Hands) -> None:
        """A deleted tab stops reading and writing; a create makes it anew."""
        hands.delete_tab()
        with pytest.raises(LayoutError) as caught:
            filled.read()
        assert 1 == len(caught.value.details["tabs"])
        with pytest.raises(LayoutError):
            filled.write([Patch("1", {"status": "Edited"})])
        filled.create()
        assert [] == list(filled.read().values)

    def test_blank_rows_are_left_out(self, filled: Sheet, hands: Hands) -> None:
        """A row that was emptied keeps its place but is not read."""
        filled.write([Patch("1", {"email": None, "name": None, "credits": None, "key": None})])
        hands.type_in("1", "User ID", None)
        tab = filled.read()
        assert [2, 4] == list(tab.numbers)

    def test_a_sheet_is_writable(self, filled: Sheet) -> None:
        """Nothing stands in the way."""
        filled.ensure_writable()
