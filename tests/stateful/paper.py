"""A tab as a person works on it: with another program, between two commands."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

EDIT = ("Action", "Amount", "Reason", "Note")
IDENTITY = ("User ID", "Email", "Name", "Credits")

Row = dict[str, object]


class Paper:
    """The workbook at a path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] = ()
        self._rows: list[Row] = []

    def rows(self) -> list[Row]:
        """Return the rows below the header: header → value."""
        if not self.path.exists():
            return []
        found = self.path.stat()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._seen, self._rows = seen, self._read()
        return [dict(row) for row in self._rows]

    def _read(self) -> list[Row]:
        book = load_workbook(self.path, read_only=True)
        headers, *lines = book["Credits"].iter_rows(values_only=True)
        book.close()
        rows: list[Row] = [dict(zip(map(str, headers), values, strict=False)) for values in lines]
        return [row for row in rows if any(value is not None for value in row.values())]

    def table(self) -> dict[str, Row]:
        """Return User ID → row, of users that stand in exactly one row."""
        rows = self.rows()
        ids = [str(row["User ID"]) for row in rows]
        return {str(row["User ID"]): row for row in rows if ids.count(str(row["User ID"])) == 1}

    def type(self, account: str, cells: Mapping[str, object]) -> None:
        """Type into the first row of a user."""
        rows = self.rows()
        row = next((row for row in rows if str(row["User ID"]) == account), None)
        if row is not None:
            row.update(cells)
            self.put(rows)

    def edit(
        self, account: str, action: str, amount: object, reason: str = "Goodwill", note: str = ""
    ) -> None:
        """Type an edit."""
        self.type(account, dict(zip(EDIT, (action, amount, reason, note), strict=True)))

    def clear(self, account: str) -> None:
        """Clear an edit."""
        self.type(account, dict.fromkeys(EDIT))

    def put(self, rows: Sequence[Row]) -> None:
        """Put these rows below the header."""
        book = load_workbook(self.path)
        tab = book["Credits"]
        assert isinstance(tab, Worksheet)
        headers = [str(cell.value) for cell in tab[1]]
        for number in range(2, max(tab.max_row, len(rows) + 1) + 1):
            row = rows[number - 2] if number - 2 < len(rows) else {}
            for column, header in enumerate(headers, start=1):
                tab.cell(number, column).value = row.get(header)  # type: ignore[assignment]
        book.save(self.path)
