"""Importing as a person does it: a file, a command, and what came of each line."""

from pathlib import Path
from typing import Any

from sheetsync.core.lines import columns_of, known_headers
from sheetsync.csvs import open_csv
from sheetsync.jobs.importing import import_file
from sheetsync.jobs.judging import Meant, Source
from tests.rules.clerk import Clerk


def save(clerk: Clerk, name: str, text: str | bytes) -> Path:
    """Save a file beside the workbook."""
    path = clerk.town.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def source_of(clerk: Clerk, path: Path, **options: Any) -> Source:  # noqa: ANN401 - of Source
    """Return the file as it is meant."""
    units = clerk.desk.units
    given = options.pop("given", {})
    file = open_csv(path, known_headers(units))
    return Source(file, path.name, columns_of(file.header, units, given), **options)


def bring(clerk: Clerk, text: str | bytes, *, name: str = "may.csv", **options: Any) -> list[Meant]:  # noqa: ANN401
    """Import a file; return what became of its lines."""
    source = source_of(clerk, save(clerk, name, text), **options)
    meant: list[Meant] = import_file(clerk.desk, source, params={})["meant"]
    return meant


def statuses(meant: list[Meant]) -> dict[int, str]:
    """Return line → status."""
    return {each.line.number: each.status.value for each in meant}
