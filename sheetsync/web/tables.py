"""Lists as CSV, page by page: a long one needs no more memory than a short one."""

import csv
import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sheetsync.csvs import guarded
from sheetsync.jobs.history import CSV_COLUMNS, Page, csv_rows, history
from sheetsync.ports import Ledger

PAGE = 500
"""Operations that are read at a time."""


def operations_csv(ledger: Ledger, name: str, *, page: Page, filters: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield operations, a line per unit; text that a spreadsheet would take for a formula is guarded."""
    find = partial(history, ledger, name, page=page, **{**filters, "limit": PAGE})
    first = find(cursor=filters.get("cursor"))  # at once: a wrong filter is refused before the reply begins
    return _lines(find, first)


def _lines(find: "partial[dict[str, Any]]", found: dict[str, Any]) -> Iterator[bytes]:
    yield _written([CSV_COLUMNS])
    while True:
        yield _written(csv_rows(found["operations"]))
        if found["next"] is None:
            return
        found = find(cursor=found["next"])


def _written(rows: Any) -> bytes:  # noqa: ANN401 - as csv takes them
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([guarded(cell) for cell in row] for row in rows)
    return stream.getvalue().encode()
