"""The same question put to others: which rows changed, came, or went."""

import contextlib
import csv
import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.diff.rows import HEADER, Row, read

Found = tuple[int, int, int]
"""Changed, added and gone rows."""

ID = HEADER[0]
REST = list(HEADER[1:])


def dictionary(baseline: Sequence[Row], tab: Sequence[Row]) -> Found:
    """One pass over a dictionary of rows: the least that any Python program does."""
    known = {row[0]: row for row in baseline}
    changed = added = 0
    for row in tab:
        before = known.pop(row[0], None)
        if before is None:
            added += 1
        elif before != row:
            changed += 1
    return changed, added, len(known)


def polars_join(baseline: Sequence[Row], tab: Sequence[Row]) -> Found:
    """A full join in polars, conversion of the rows included."""
    import polars as pl

    before, now = (
        pl.DataFrame(rows, schema=list(HEADER), orient="row", infer_schema_length=None)
        for rows in (baseline, tab)
    )
    return _joined(pl, before, now)


def _joined(pl: Any, before: Any, now: Any) -> Found:
    both = before.join(now, on=ID, how="inner", suffix="_now")
    differs = pl.any_horizontal(*(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in REST))
    changed = both.filter(differs).height
    return changed, now.height - both.height, before.height - both.height


def datacompy_pandas(baseline: Sequence[Row], tab: Sequence[Row]) -> Found:
    """Capital One's datacompy on pandas, conversion included."""
    import datacompy
    import pandas as pd

    logging.getLogger("datacompy").setLevel(logging.ERROR)
    before, now = (pd.DataFrame(rows, columns=list(HEADER)) for rows in (baseline, tab))
    return _counted(datacompy.PandasCompare(before, now, join_columns=[ID], cast_column_names_lower=False))


def datacompy_polars(baseline: Sequence[Row], tab: Sequence[Row]) -> Found:
    """The same on polars."""
    import datacompy
    import polars as pl

    logging.getLogger("datacompy").setLevel(logging.ERROR)
    before, now = (
        pl.DataFrame(rows, schema=list(HEADER), orient="row", infer_schema_length=None)
        for rows in (baseline, tab)
    )
    return _counted(datacompy.PolarsCompare(before, now, join_columns=[ID], cast_column_names_lower=False))


def _counted(comparison: Any) -> Found:
    changed = len(comparison.intersect_rows) - int(comparison.count_matching_rows())
    return changed, len(comparison.df2_unq_rows), len(comparison.df1_unq_rows)


def dictionary_csv(baseline: Path, tab: Path) -> Found:
    """Two CSV files, read and compared by a dictionary."""
    return dictionary(read(baseline), read(tab))


def polars_csv(baseline: Path, tab: Path) -> Found:
    """Two CSV files, read and joined by polars."""
    import polars as pl

    before, now = (pl.read_csv(path, infer_schema=False) for path in (baseline, tab))
    return _joined(pl, before, now)


def csv_diff(baseline: Path, tab: Path) -> Found:
    """Simon Willison's csv-diff."""
    from csv_diff import compare, load_csv

    with baseline.open(newline="") as before, tab.open(newline="") as now:
        found = compare(load_csv(before, key=ID), load_csv(now, key=ID))
    return len(found["changed"]), len(found["added"]), len(found["removed"])


def csvdiff(baseline: Path, tab: Path) -> Found:
    """The package csvdiff."""
    from csvdiff import diff_files

    found = diff_files(str(baseline), str(tab), [ID])
    return len(found["changed"]), len(found["added"]), len(found["removed"])


def daff(baseline: Path, tab: Path) -> Found:
    """Daff's table diff."""
    import daff as library

    def table(path: Path) -> Any:
        with path.open(newline="") as file:
            return library.PythonTableView(list(csv.reader(file)))

    before, now = table(baseline), table(tab)
    alignment = library.Coopy.compareTables(before, now).align()
    flags = library.CompareFlags()
    flags.ordered = False
    flags.show_unchanged = False
    flags.unchanged_context = 0
    result = library.PythonTableView([])
    with contextlib.redirect_stdout(io.StringIO()):
        library.TableDiff(alignment, flags).hilite(result)
    marks = [str(result.getCell(0, row)) for row in range(result.get_height())]
    return sum("->" in mark for mark in marks), marks.count("+++"), marks.count("---")


IN_MEMORY: dict[str, Callable[[Sequence[Row], Sequence[Row]], Found]] = {
    "dictionary pass": dictionary,
    "polars join": polars_join,
    "datacompy, pandas": datacompy_pandas,
    "datacompy, polars": datacompy_polars,
}
END_TO_END: dict[str, Callable[[Path, Path], Found]] = {
    "dictionary pass": dictionary_csv,
    "polars join": polars_csv,
    "csv-diff": csv_diff,
    "csvdiff": csvdiff,
    "daff": daff,
}
SLOW = ("csvdiff", "daff")
"""Run once in a comparison, however often the others run."""
