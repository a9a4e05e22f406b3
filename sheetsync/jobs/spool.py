"""Rows on the disk: read from a credit system once, gone through as often as a spreadsheet needs them."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from sheetsync.core.tab import CellValue

IN_MEMORY_MOST = 1_000_000
"""Bytes up to which rows stay in memory; more go into a nameless file that is gone with the process."""

_NUMBER, _TIME = "n", "t"


class Spool:
    """Rows of cells; a context manager that throws them away at its end."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by __exit__
            max_size=IN_MEMORY_MOST, mode="w+", encoding="utf-8", newline="\n"
        )
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: Sequence[CellValue]) -> None:
        """Keep a row."""
        json.dump(row, self._file, default=_packed, ensure_ascii=True, separators=(",", ":"))
        self._file.write("\n")
        self._count += 1

    def __iter__(self) -> Iterator[Sequence[CellValue]]:
        """Go through the rows from the start; not twice at the same time."""
        self._file.seek(0)
        for line in self._file:
            yield json.loads(line, object_hook=_unpacked)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _packed(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, Decimal):
        return {_NUMBER: str(value)}
    raise TypeError(f"a cell cannot hold a {type(value).__name__}")


def _unpacked(value: dict[str, str]) -> Any:  # noqa: ANN401 - a cell
    return datetime.fromisoformat(value[_TIME]) if _TIME in value else Decimal(value[_NUMBER])
