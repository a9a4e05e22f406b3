"""CSV files: read whatever program wrote them, written so that no cell is taken for a formula."""

import csv
import hashlib
import os
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from sheetsync.core.lines import Line, plain
from sheetsync.errors import UsageError

SAMPLE = 1 << 18
"""Bytes from which an encoding is guessed where the file is not UTF-8."""

CELL_LIMIT = 10_000
"""Characters of one cell: a quotation mark that was never closed must not swallow the rest of the file."""

LINES_MOST = 1_000_000
"""Lines of one file: what fits in memory, and ten times what anybody imports."""

SEPARATORS = (",", ";", "\t")

_BOMS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that can be read from the start more than once.

    Attributes:
        digest: of its bytes; the same file has the same, whatever its name.
        encoding, separator: as found.
        header: its first line.
        name: for people, in sentences.
    """

    path: Path
    digest: str
    encoding: str
    separator: str
    header: tuple[str, ...]
    name: str

    def rows(self) -> Iterator[tuple[int, list[str], str]]:
        """Yield (line number, cells, problem) of every line below the header that is not blank."""
        with self.path.open(encoding=self.encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=self.separator, strict=True)
            next(reader)
            while True:
                number = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield number, [], f"The line is not well-formed CSV: {error}."
                    continue
                if any(cell.strip() for cell in cells):
                    yield number, cells, ""

    def lines(self, columns: Mapping[str, int]) -> Iterator[Line]:
        """Yield every line with the cells of the columns that we know.

        Raises:
            UsageError: there are too many.
        """
        for count, (number, cells, problem) in enumerate(self.rows(), start=1):
            if count > LINES_MOST:
                raise UsageError(
                    f"{self.name} has more than {LINES_MOST} lines: split it.", hint="Nothing was imported."
                )
            yield self._line(number, cells, columns, problem)

    def _line(self, number: int, cells: Sequence[str], columns: Mapping[str, int], problem: str) -> Line:
        if not problem and len(cells) > len(self.header):
            problem = (
                f"The line has {len(cells)} cells, the header {len(self.header)}: put a cell that holds the "
                "separator into quotation marks."
            )
        found = {name: cells[at] for name, at in columns.items() if at < len(cells)}
        return Line(number, found, problem)


def open_csv(path: Path, known: Collection[str], *, name: str = "") -> CsvFile:
    """Find out how a file is written.

    Args:
        path: of the file.
        known: names that may stand in its header; the separator is the one that finds most of them.
        name: what sentences call it; its path unless given.

    Raises:
        UsageError: it cannot be read, or has no header.
    """
    csv.field_size_limit(CELL_LIMIT)
    name = name or str(path)
    try:
        digest, encoding = _digest(path), _encoding(path)
        with path.open(encoding=encoding, newline="") as stream:
            first = stream.readline(CELL_LIMIT)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", hint="Name another file.") from error
    except UnicodeError as error:
        raise UsageError(
            f"{name} is not text in any encoding that we know.", hint="Save it as CSV in UTF-8."
        ) from error
    if not first.strip():
        raise UsageError(f"{name} is empty.", hint="Its first line names the columns.")
    separator = max(SEPARATORS, key=lambda mark: _hits(first, mark, known))
    header = tuple(_split(first, separator))
    return CsvFile(path, digest, encoding, separator, header, name)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE)
    for name, mark in _BOMS:
        if sample.startswith(mark):
            return name
    if _is_utf8(path):
        return "utf-8"
    best = from_bytes(sample).best()
    return best.encoding if best is not None else "cp1252"


def _is_utf8(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as stream:
            while stream.read(SAMPLE):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _hits(line: str, separator: str, known: Collection[str]) -> tuple[int, int]:
    cells = _split(line, separator)
    return sum(plain(cell) in known for cell in cells), len(cells)


def guarded(value: object) -> str:
    """Return text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = "" if value is None else str(value)
    number = text.lstrip("+-").replace(".", "", 1).isdigit() and not text.startswith("+")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else text


def write_csv(path: Path, header: Sequence[str], rows: Iterator[Sequence[object]], *, separator: str) -> int:
    """Write a file in one step: whoever reads sees the old one or the new one; return the number of rows.

    Raises:
        UsageError: it cannot be written.
    """
    temporary = path.with_name(f".~{path.name[:40]}-{secrets.token_hex(6)}.tmp")
    count = 0
    try:
        with temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, delimiter=separator)
            writer.writerow([guarded(cell) for cell in header])
            for row in rows:
                writer.writerow([guarded(cell) for cell in row])
                count += 1
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Name another file.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count
