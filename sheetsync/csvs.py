"""CSV files: read whatever program wrote them, written so that no cell is taken for a formula."""

import csv
import hashlib
import io
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

HEADER_LIMIT = 100_000
"""Characters in which the header has to end: of the widest table that anybody exports, and blank lines."""

SEPARATORS = (",", ";", "\t")

LIKELY = 0.2
"""From which share of a language's usual letters a guessed encoding counts more than that of Windows in the
West: on a few names the guess is as good as a dice."""

_WESTERN = "cp1252"
_ZIP = b"PK\x03\x04"
_BOMS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that can be read from the start more than once.

    Attributes:
        digest: of its bytes; the same file has the same, whatever its name.
        encoding, separator: as found.
        header: its first line that holds anything.
        skipped: lines before the header: blank ones, or the one by which Excel names the separator.
        guessed: the file does not say its encoding, and is not UTF-8.
        name: for people, in sentences.
    """

    path: Path
    digest: str
    encoding: str
    separator: str
    header: tuple[str, ...]
    skipped: int = 0
    guessed: bool = False
    name: str = ""

    @property
    def results_encoding(self) -> str:
        """UTF-8 for the results; marked unless the file is plain UTF-8: its program may not know it."""
        return "utf-8" if self.encoding == "utf-8" else "utf-8-sig"

    @property
    def warnings(self) -> list[str]:
        """What a person has to look at: letters that another encoding reads differently."""
        if not self.guessed:
            return []
        sentence = (
            f"The file is not UTF-8; it was read as {self.encoding}. If a name or note looks odd, say "
            "--encoding, or save the file as UTF-8."
        )
        return [sentence]

    def rows(self) -> Iterator[tuple[int, list[str], str]]:
        """Yield (line number, cells, problem) of every line below the header that is not blank.

        Raises:
            UsageError: a later part of the file is not text in its encoding.
        """
        with self.path.open(encoding=self.encoding, newline="") as stream:
            for _ in range(self.skipped):
                stream.readline()
            reader = csv.reader(stream, delimiter=self.separator, strict=True)
            next(reader)
            while True:
                number = self.skipped + reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield number, [], _malformed(error)
                    continue
                except UnicodeError as error:
                    raise UsageError(
                        f"{self.name} is not text in {self.encoding} somewhere after line {number - 1}.",
                        hint="Name its encoding, or save it as CSV in UTF-8.",
                    ) from error
                if any(cell.strip() for cell in cells):
                    yield number, cells, ""

    def lines(self, columns: Mapping[str, int]) -> Iterator[Line]:
        """Yield every line with the cells of the columns that we know.

        Raises:
            UsageError: there are too many, it is not text to its end, or it changed since it was opened.
        """
        for count, (number, cells, problem) in enumerate(self.rows(), start=1):
            if count > LINES_MOST:
                raise UsageError(
                    f"{self.name} has more than {LINES_MOST} lines: split it.", hint="Nothing was imported."
                )
            yield self._line(number, cells, columns, problem)
        if _digest(self.path) != self.digest:
            raise UsageError(f"{self.name} changed while it was read.", hint="Import it again.")

    def _line(self, number: int, cells: Sequence[str], columns: Mapping[str, int], problem: str) -> Line:
        problem = problem or problem_of_width(cells, self.header)
        found = {name: cells[at] for name, at in columns.items() if at < len(cells)}
        return Line(number, found, problem)


def problem_of_width(cells: Sequence[str], header: Sequence[str]) -> str:
    """Return why a line with more cells than the header cannot be read, or ""; blank ones do no harm."""
    if not any(cell.strip() for cell in cells[len(header) :]):
        return ""
    return (
        f"The line has {len(cells)} cells, the header {len(header)}: put a cell that holds the separator "
        "into quotation marks."
    )


def _malformed(error: csv.Error) -> str:
    """Say what a person can do about what the parser says."""
    text = str(error)
    if "unexpected end" in text:
        return (
            "A quotation mark in this line is never closed, so this line and all that follow were not read: "
            "close it."
        )
    if "field larger" in text:
        return (
            f"A cell of this line is longer than {CELL_LIMIT} characters: was a quotation mark never closed? "
            "Lines that it swallowed were not read."
        )
    return f"The line is not well-formed CSV: {text}."


def open_csv(path: Path, known: Collection[str], *, name: str = "", encoding: str | None = None) -> CsvFile:
    """Find out how a file is written.

    Args:
        path: of the file.
        known: names that may stand in its header; the separator is the one that finds most of them.
        encoding: if a person named it.
        name: what sentences call it; its path unless given.

    Raises:
        UsageError: it cannot be read, or has no header.
    """
    csv.field_size_limit(CELL_LIMIT)
    name = name or str(path)
    try:
        digest, (found, guessed) = _digest(path), _encoding(path, encoding)
        with path.open(encoding=found, newline="") as stream:
            start = stream.read(HEADER_LIMIT)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", hint="Name another file.") from error
    except (UnicodeError, LookupError) as error:
        what = f"is not text in {encoding}" if encoding else "is not text in any encoding that we know"
        raise UsageError(f"{name} {what}.", hint="Save it as CSV in UTF-8.") from error
    skipped, separators, start = _before_header(start)
    if not start.strip():
        raise UsageError(f"{name} is empty.", hint="Its first line names the columns.")
    separator = max(separators, key=lambda mark: _hits(start, mark, known))
    return CsvFile(path, digest, found, separator, tuple(_header(start, separator)), skipped, guessed, name)


def _before_header(start: str) -> tuple[int, Sequence[str], str]:
    """Return how many lines stand before the header, which separators it may have, and the rest."""
    skipped = 0
    for line in start.splitlines(keepends=True):
        text = line.strip().removeprefix('"').removesuffix('"')
        named = text.lower().startswith("sep=") and len(text) == len("sep=") + 1
        if text.strip() and not named:
            break
        skipped += 1
        start = start[len(line) :]
        if named:
            return skipped, (text[-1],), start
        if line.lower().strip('"\r\n') == "sep=\t":
            return skipped, ("\t",), start
    return skipped, SEPARATORS, start


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _encoding(path: Path, given: str | None) -> tuple[str, bool]:
    """Return a file's encoding, and whether it is a guess.

    Raises:
        UsageError: it is no text at all.
    """
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE)
    if sample.startswith(_ZIP):
        raise UsageError(
            f"{path} is a workbook or an archive, not a CSV file.",
            hint="Open it, and save the list as CSV UTF-8.",
        )
    if given is not None:
        return given, False
    for name, mark in _BOMS:
        if sample.startswith(mark):
            return name, False
    if b"\0" in sample[:64]:
        # Latin letters in two bytes each: the one that is 0 says which comes first
        return ("utf-16-be" if sample[:1] == b"\0" else "utf-16-le"), False
    if _is_utf8(path):
        return "utf-8", False
    return _guess(path, sample), True


def _guess(path: Path, sample: bytes) -> str:
    matches = from_bytes(sample)
    best = matches.best()
    if best is not None and best.coherence >= LIKELY and _WESTERN not in best.could_be_from_charset:
        western = next((each for each in matches if each.encoding == _WESTERN), None)
        if western is None or western.coherence < best.coherence:
            return best.encoding
    if _is_in(path, _WESTERN):
        return _WESTERN
    return best.encoding if best is not None else _WESTERN


def _is_utf8(path: Path) -> bool:
    return _is_in(path, "utf-8")


def _is_in(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as stream:
            while stream.read(SAMPLE):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _header(start: str, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(start, newline=""), delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _hits(start: str, separator: str, known: Collection[str]) -> tuple[int, int]:
    cells = _header(start, separator)
    return sum(plain(cell) in known for cell in cells), len(cells)


def guarded(value: object) -> str:
    """Return text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = "" if value is None else str(value)
    number = text.lstrip("+-").replace(".", "", 1).isdigit() and not text.startswith("+")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else text


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterator[Sequence[object]],
    *,
    separator: str,
    encoding: str = "utf-8",
) -> int:
    """Write a file in one step: whoever reads sees the old one or the new one; return the number of rows.

    Raises:
        UsageError: it cannot be written.
    """
    temporary = path.with_name(f".~{path.name[:40]}-{secrets.token_hex(6)}.tmp")
    count = 0
    try:
        with temporary.open("w", newline="", encoding=encoding) as stream:
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
