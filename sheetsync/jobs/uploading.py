"""Import of a file that was sent to the service: whichever worker carries it out reads it from the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheetsync.core.lines import HeaderProblem, known_headers
from sheetsync.csvs import CsvFile, open_csv
from sheetsync.errors import NotFoundError, UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.importing import import_file, source_of
from sheetsync.jobs.judging import Meant, Source
from sheetsync.jobs.listing import plan_file
from sheetsync.jobs.results import bring_up_to_date, write_results
from sheetsync.ports import Run
from sheetsync.ports.uploads import Upload

RESULTS = "/api/v1/runs/{run}/results"
"""Where a run's results are read."""


def refuse_unreadable(desk: Desk, name: str, data: bytes, options: Mapping[str, Any]) -> None:
    """Look at a file's header before a run is started for it.

    Raises:
        UsageError: it is no CSV file, or its header cannot be used.
    """
    with _opened(desk, Upload("", desk.name, name, data), options):
        pass


def import_upload(desk: Desk, run: Run) -> None:
    """Carry out a waiting import; what is in the tab already stays, so it may be begun more than once.

    Raises:
        UsageError: the file cannot be used, or is not there any more.
    """
    upload = _upload(desk, run)
    with _opened(desk, upload, run.params) as (file, source):

        def tell(meant: Sequence[Meant]) -> str:
            desk.ledger.uploads.keep_results(upload.id, _results(desk, file, meant))
            return RESULTS.format(run=run.run)

        if run.params.get("plan"):
            plan_file(desk, source, params={}, run=run.run, tell=tell)
        else:
            write = not run.params.get("dry_run")
            import_file(desk, source, params={}, write=write, run=run.run, tell=tell)


def results_now(desk: Desk, run: Run) -> tuple[str, bytes]:
    """Return the file's name, and the file with what became of every line until now.

    Raises:
        NotFoundError: the run has not come so far.
    """
    upload = _upload(desk, run)
    if upload.results is None:
        raise NotFoundError(
            "This run has no results yet.", hint=f"Look at its state first: GET /api/v1/runs/{run.run}"
        )
    with TemporaryDirectory(prefix="sheetsync-") as folder:
        path = Path(folder) / "results.csv"
        path.write_bytes(upload.results)
        bring_up_to_date(desk, path)
        return upload.name, path.read_bytes()


def _upload(desk: Desk, run: Run) -> Upload:
    found = desk.ledger.uploads.get(run.params.get("upload", ""))
    if found is None:
        raise UsageError("The file is not kept any more.", hint="Send it again: nothing is applied twice.")
    return found


@contextmanager
def _opened(desk: Desk, upload: Upload, options: Mapping[str, Any]) -> Iterator[tuple[CsvFile, Source]]:
    """Put the file where it can be read more than once, for as long as the body runs."""
    with TemporaryDirectory(prefix="sheetsync-") as folder:
        path = Path(folder) / "upload.csv"
        path.write_bytes(upload.data)
        file = open_csv(path, known_headers(desk.units), name=upload.name)
        yield file, _source(desk, file, upload.name, options)


def _source(desk: Desk, file: CsvFile, name: str, options: Mapping[str, Any]) -> Source:
    try:
        return source_of(
            desk,
            file,
            options.get("map") or {},
            name=name,
            decimal=options.get("decimal"),
            label=options.get("label", ""),
            again=bool(options.get("again")),
        )
    except HeaderProblem as problem:
        raise UsageError(
            str(problem), hint="Say what a column means: a field map of the form HEADER=FIELD."
        ) from problem


def _results(desk: Desk, file: CsvFile, meant: Sequence[Meant]) -> bytes:
    with TemporaryDirectory(prefix="sheetsync-") as folder:
        path = Path(folder) / "results.csv"
        write_results(desk, path, file, meant)
        return path.read_bytes()
