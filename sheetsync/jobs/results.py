"""The results of an import: the file again, with what became of every line; kept true by push and verify."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetsync.core.lines import RESULT_COLUMNS, known_headers, plain
from sheetsync.core.states import UNPROVEN, RowStatus, row_status
from sheetsync.csvs import CsvFile, open_csv, problem_of_width, write_csv
from sheetsync.errors import UsageError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.judging import EVERY, Meant
from sheetsync.ports import OperationRecord


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a line, as text."""

    status: str
    message: str
    operation: str = ""
    evidence: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of ``RESULT_COLUMNS``."""
        return (self.status, self.message, self.operation, self.evidence)


def write_results(desk: Desk, path: Path, file: CsvFile, meant: Sequence[Meant]) -> None:
    """Write the file with what every line means.

    Raises:
        UsageError: it cannot be written.
    """
    proofs = _proofs(
        desk, [key for each in meant if each.status is RowStatus.ALREADY_SENT for key in each.keys]
    )
    told = {each.line.number: each for each in meant}

    def result_of(number: int, _cells: Sequence[str]) -> Result | None:
        return _result(told[number], proofs) if number in told else None

    _write(path, file, result_of)


def _proofs(desk: Desk, keys: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(keys), EVERY):
        records = desk.ledger.operations.by_key(keys[start : start + EVERY])
        found |= {key: _proof(record) for key, record in records.items()}
    return found


def _result(meant: Meant, proofs: Mapping[str, str]) -> Result:
    evidence = "; ".join(filter(None, (proofs.get(key, "") for key in meant.keys)))
    keys = () if meant.status is RowStatus.INVALID else meant.keys  # what is invalid asks for no operation
    return Result(meant.status.value, meant.message, " ".join(keys), evidence)


def refresh_results(desk: Desk, keys: Collection[str]) -> list[str]:
    """Bring results files up to date with operations that moved; return what could not be written.

    Args:
        desk: the connection.
        keys: of the operations.
    """
    runs: dict[str, set[str]] = defaultdict(set)
    for key, line in desk.ledger.lines.by_key(keys).items():
        runs[line.run].add(key)
    warnings = []
    for run_id, moved in runs.items():
        run = desk.ledger.runs.get(run_id)
        name = run.params.get("results") if run is not None else None
        if name is None:
            continue
        try:
            _refresh(desk, Path(name), moved)
        except UsageError as error:
            warnings.append(f"The results file is not up to date: {error.message}")
    return warnings


def _refresh(desk: Desk, path: Path, keys: Collection[str]) -> None:
    file = open_csv(path, known_headers(desk.units))
    places = _places(file)
    records = desk.ledger.operations.by_key(keys)

    def now(_number: int, cells: Sequence[str]) -> Result | None:
        old = [cells[places[name]] if places[name] < len(cells) else "" for name in RESULT_COLUMNS]
        sent = [records[key] for key in old[2].split() if key in records]
        if not sent:
            return Result(*old)
        speaker = next((each for each in sent if each.state in UNPROVEN), sent[-1])
        return Result(row_status(speaker.state).value, speaker.message, old[2], _evidence(sent))

    if places:
        _write(path, file, now)


def bring_up_to_date(desk: Desk, path: Path) -> None:
    """Bring a results file up to date with the operations that its lines became.

    Raises:
        UsageError: it cannot be read or written.
    """
    file = open_csv(path, known_headers(desk.units))
    places = _places(file)
    at, status = places["operation"], places["status"]
    found = (cells for _number, cells, _problem in file.rows() if len(cells) > max(at, status))
    keys = {key for cells in found if cells[status] == RowStatus.EDITED.value for key in cells[at].split()}
    if keys:
        _refresh(desk, path, keys)


def _places(file: CsvFile) -> dict[str, int]:
    """Return where the columns of results stand, the last of each name; {} where a file has not all of them.

    A file that is no results file may have a column ``status`` of its own, which is kept.
    """
    places = {plain(name): index for index, name in enumerate(file.header)}
    found = {name: places[name] for name in RESULT_COLUMNS if name in places}
    return found if len(found) == len(RESULT_COLUMNS) else {}


ResultOf = Callable[[int, Sequence[str]], Result | None]
"""Line number and cells → what became of the line."""


def _write(path: Path, file: CsvFile, result_of: ResultOf) -> None:
    added = set(_places(file).values())
    own = [index for index in range(len(file.header)) if index not in added]

    def rows() -> Iterator[Sequence[object]]:
        for number, cells, problem in file.rows():
            result = result_of(number, cells) or Result("invalid", problem)
            # cells that no column names stay: without them the line would mean another thing
            more = cells[len(file.header) :] if problem_of_width(cells, file.header) else ()
            yield [*(cells[at] if at < len(cells) else "" for at in own), *result.cells, *more]

    header = [*(file.header[at] for at in own), *RESULT_COLUMNS]
    write_csv(path, header, rows(), separator=file.separator, encoding=file.results_encoding)


def _evidence(records: Iterable[OperationRecord]) -> str:
    return "; ".join(filter(None, (_proof(record) for record in records)))


def _proof(record: OperationRecord) -> str:
    """Return the proof in words: ``transaction 18231`` or ``balance 40 → 65``."""
    told = telling.evidence_json(record)
    if told is None or record.settled_at is None:
        return ""
    if told.get("kind") == "transaction":
        return f"transaction {told.get('id', '')}"
    if told.get("kind") == "person":
        return f"by {told.get('by', '')}"
    return f"balance {told.get('before')} → {told.get('now')}"
