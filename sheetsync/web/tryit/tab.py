"""The demo's tab as the grid in the browser shows it, through the product's own sheet adapter."""

import re
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sheetsync.bootstrap import Office
from sheetsync.config import XlsxSheet
from sheetsync.core import fields
from sheetsync.core.tab import CellValue, Patch
from sheetsync.errors import LayoutError, UsageError
from sheetsync.sheets.layout import Column, Owner, layout

CHANGES_MAX = 5_000
"""Cells of one paste; the demo has 200 rows of a dozen cells."""

TEXT_MAX = 2_000
"""Characters of one cell."""

_WHOLE = re.compile(r"-?\d{1,15}")
_DECIMAL = re.compile(r"-?\d{1,12}\.\d{1,6}")


class TabView:
    """One connection's tab.

    Args:
        office: opens the adapter.
        name: of the connection, whose tab is in a workbook.
    """

    def __init__(self, office: Office, name: str) -> None:
        connection = office.connection(name)
        if not isinstance(connection.sheet, XlsxSheet):
            raise UsageError("The try-it page shows workbooks only.")
        provider = office.provider(name)
        self._path = Path(connection.sheet.path)
        self._title = connection.sheet.tab
        self._sheet = office.sheet(name, provider)
        self._columns = {column.field: column for column in layout(office.columns(name, provider))}
        self._balances = {unit.code for unit in provider.capabilities.units}

    def version(self) -> str:
        """Return what changes whenever the file does."""
        with suppress(FileNotFoundError):
            found = self._path.stat()
            return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"
        return "none"

    def show(self) -> dict[str, Any]:
        """Return headers and rows as text; before the first pull there are no rows."""
        version = self.version()
        try:
            tab = self._sheet.read()
        except LayoutError:
            shown = [name for name, column in self._columns.items() if not column.hidden]
            return {"version": version, "title": self._title, "columns": self._heads(shown), "rows": []}
        places = [
            (place, name)
            for place, name in enumerate(tab.fields)
            if name in self._columns and not self._columns[name].hidden
        ]
        at = tab.fields.index(fields.ACCOUNT_ID)
        rows = [
            {
                "row": number,
                "account_id": _text(values[at]),
                "hidden": number in tab.hidden,
                "cells": [_text(values[place]) for place, _ in places],
            }
            for number, values in zip(tab.numbers, tab.values, strict=True)
        ]
        heads = self._heads([name for _, name in places])
        return {"version": version, "title": self._title, "columns": heads, "rows": rows}

    def change(self, changes: list[Any]) -> dict[str, Any]:
        """Type into cells, as a person would; return which users have no row any more.

        Args:
            changes: ``{"row", "account_id", "field", "text"}`` each.

        Raises:
            UsageError: a cell that nobody may type into here.
            SheetError: the workbook cannot be written now, such as while another program has it open.
        """
        if len(changes) > CHANGES_MAX:
            raise UsageError(f"At most {CHANGES_MAX} cells at once.")
        cells: dict[tuple[str, int], dict[str, CellValue]] = {}
        for each in changes:
            account_id, row, name, text = self._checked(each)
            cells.setdefault((account_id, row), {})[name] = _typed(text)
        patches = [Patch(account_id, found, row=row) for (account_id, row), found in cells.items()]
        written = self._sheet.write(patches)
        return {"missing": sorted(written.missing), "version": self.version()}

    def _checked(self, change: Any) -> tuple[str, int, str, str]:  # noqa: ANN401 - JSON
        kinds = {"account_id": str, "row": int, "field": str, "text": str}
        if not isinstance(change, dict) or any(
            not isinstance(change.get(name), kind) for name, kind in kinds.items()
        ):
            raise UsageError("A change names account_id, row, field and text.")
        column = self._columns.get(change["field"])
        if column is None or not self._may_type(column):
            raise UsageError(f"Nobody types into {change['field']} here.", hint="Sheetsync writes it.")
        if len(change["text"]) > TEXT_MAX:
            raise UsageError(f"A cell takes at most {TEXT_MAX} characters here.")
        return change["account_id"], change["row"], change["field"], change["text"]

    def _may_type(self, column: Column) -> bool:
        """Whether a person types here: the edit's cells, and a balance, which people do overtype."""
        return column.owner is Owner.PERSON or column.field in self._balances

    def _heads(self, names: list[str]) -> list[dict[str, Any]]:
        return [
            {
                "field": name,
                "header": self._columns[name].header,
                "note": self._columns[name].note,
                "width": self._columns[name].width,
                "editable": self._may_type(self._columns[name]),
                "choices": list(self._columns[name].choices),
                "strict": self._columns[name].strict,
                "number": name in self._balances or name == "amount" or name.startswith("change_"),
            }
            for name in names
        ]


def _typed(text: str) -> CellValue:
    """Return what a spreadsheet program would store for what was typed."""
    if not text.strip():
        return None
    plain = text.strip()
    if _WHOLE.fullmatch(plain):
        return int(plain)
    return Decimal(plain) if _DECIMAL.fullmatch(plain) else text


def _text(value: CellValue) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
