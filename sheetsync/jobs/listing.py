"""A plan straight from a file, for lists that are longer than a tab should be; the tab is not touched."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sheetsync.core.accounts import Balances, Operation
from sheetsync.core.book import Baseline
from sheetsync.core.decide import Planned, RowResult
from sheetsync.core.diff import Interpreted, Suspect, Wanted
from sheetsync.core.edits import Edit
from sheetsync.core.known import Ledgered
from sheetsync.core.lines import Imported
from sheetsync.core.plan import build
from sheetsync.core.states import RowStatus
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.importing import Tell, summary
from sheetsync.jobs.judging import Meant, Source, groups_of, judge_lines
from sheetsync.jobs.preview import awaiting_approval, freeze_plan, preview_json
from sheetsync.jobs.quoting import priced
from sheetsync.jobs.remarking import remark, warn
from sheetsync.jobs.running import running
from sheetsync.jobs.survey import Live, decided, ledger_of, read_live
from sheetsync.ports import LineRecord

LINES = "lines"
"""Where the body of a stored plan says that its operations come from a file: operation key → line."""


GONE = "The credit system no longer has this user."


@dataclass(frozen=True, slots=True)
class Wish:
    """One operation that a line asks for."""

    number: int
    account_id: str
    key: str
    edit: Edit
    reference: str = ""


def plan_file(
    desk: Desk,
    source: Source,
    *,
    params: Mapping[str, Any],
    run: str | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Freeze a plan of a file's lines, in the file's order for each account; return the JSON of ``import``.

    Args:
        desk: the connection.
        source: the file.
        params: what is kept with the run.
        run: the waiting run that this process goes on with.
        tell: writes down what became of every line.

    Raises:
        UsageError: never pulled.
        ProviderError: the credit system could not be reached.
    """
    settle_dead_owner(desk)
    with running(desk, "import", run=run, params=params) as now:
        meant = judge_lines(now.desk, source)
        wishes = [wish for each in meant for wish in _wishes(now.desk, each)]
        found = results_of(now.desk, wishes, live=read_live(now.desk))
        results, aloud = remark(desk, priced(now.desk, found.results), place="line")
        plan = awaiting_approval(desk, build(desk.name, results, desk.units))
        numbers = {wish.key: wish.number for wish in wishes}
        noted = desk.ledger.lines.by_key(numbers)
        desk.ledger.lines.save(
            [_noted(desk, source, each, noted.get(each.key), run=now.run) for each in wishes]
        )
        frozen = freeze_plan(desk, plan, {"baselines": found.held, "ahead": False, LINES: numbers})
        frozen = replace(frozen, warnings=(*warn(desk, plan), *aloud))
        told = {result.number: result for result in results}
        meant = [_told(each, told.get(each.line.number)) for each in meant]
        now.result = summary(desk, source, meant) | preview_json(desk, frozen) | {"run": now.run}
        if tell is not None:
            now.result["results"] = tell(meant)
    return {**now.result, "meant": meant}


def _told(meant: Meant, result: RowResult | None) -> Meant:
    """Return the line with what its operation turned out to be."""
    if meant.status is not RowStatus.EDITED or result is None or result.status is RowStatus.EDITED:
        return meant
    return meant.invalid(result.message)


def _wishes(desk: Desk, meant: Meant) -> Iterable[Wish]:
    if meant.status is not RowStatus.EDITED or meant.edit is None:
        return
    for key, changes in zip(meant.keys, groups_of(desk, meant.edit.changes), strict=True):
        yield Wish(
            meant.line.number, meant.account_id, key, replace(meant.edit, changes=changes), meant.reference
        )


def wishes_of(planned: Iterable[Planned], numbers: Mapping[str, int]) -> list[Wish]:
    """Return what the operations of a frozen plan ask for."""
    return [_wish(each.operation, numbers[each.operation.key]) for each in planned]


def _wish(operation: Operation, number: int) -> Wish:
    edit = Edit(
        action=operation.action,
        changes=operation.changes,
        reason=operation.reason,
        note=operation.note,
        extras=operation.extras,
    )
    return Wish(number, operation.account_id, operation.key, edit)


@dataclass(frozen=True, slots=True)
class Listed:
    """Attributes: one result for each wish, and the baselines that they rest on."""

    results: tuple[RowResult, ...]
    held: Mapping[str, dict[str, int | None]]


def results_of(desk: Desk, wishes: Sequence[Wish], *, live: Live) -> Listed:
    """Decide wishes by the ledger and the balances of now; several of one account follow one another.

    Args:
        desk: the connection.
        wishes: in order.
        live: reads balances.
    """
    ids = {wish.account_id for wish in wishes}
    baselines = desk.ledger.accounts.baselines(desk.system, desk.maker, ids)
    ledgered = _ledgered(desk, wishes)
    balances = live(ids) if ids else {}
    running_to: dict[str, Balances] = {}
    ahead: Counter[tuple[str, str]] = Counter()
    results = []
    for wish in wishes:
        baseline, now = baselines[wish.account_id], balances.get(wish.account_id)
        seen = running_to.get(wish.account_id)
        held = {**now, **seen} if isinstance(now, Mapping) and seen is not None else now
        row = _row(wish, baseline, seen_as={**baseline.balances, **(seen or {})}, ahead=ahead)
        result = decided(desk, row, ledgered, GONE if baseline.missing else held)
        results.append(result)
        for planned in result.planned:
            running_to[wish.account_id] = {**running_to.get(wish.account_id, {}), **planned.after}
            ahead.update((wish.account_id, unit) for unit in planned.after)
    return Listed(tuple(results), {each: dict(baselines[each].balances) for each in ids})


def _ledgered(desk: Desk, wishes: Sequence[Wish]) -> Ledgered:
    records = desk.ledger.operations.by_key({wish.key for wish in wishes})
    waiting = desk.ledger.operations.unsettled(desk.system)
    return ledger_of(desk, records | {record.key: record for record in waiting})


def _row(
    wish: Wish, baseline: Baseline, *, seen_as: Balances, ahead: Counter[tuple[str, str]]
) -> Interpreted:
    """Return a wish as a row would ask for it.

    Args:
        wish: what a line asks for.
        baseline: of its account.
        seen_as: the balances that it is planned against.
        ahead: how many operations of each account and unit come before it: each moves the epoch on.
    """
    units = [change.unit for change in wish.edit.changes]
    wanted = Wanted(
        key=wish.key,
        changes=wish.edit.changes,
        epochs={unit: baseline.epochs.get(unit, 0) + ahead[wish.account_id, unit] for unit in units},
        basis=baseline.basis,
        at_pull={unit: seen_as.get(unit) for unit in units},
    )
    suspect = Suspect(wish.number, wish.account_id, {}, frozenset(), hidden=False)
    return Interpreted(suspect, baseline, edit=wish.edit, wanted=(wanted,))


def _noted(desk: Desk, source: Source, wish: Wish, before: LineRecord | None, *, run: str) -> LineRecord:
    """Return the line's record; without epochs, so that no row of the tab is ever taken for it.

    A line that was put into a row before keeps its hold on that: else the row would be another change.
    """
    fresh = Imported(wish.key, wish.edit.action, wish.edit.changes, epochs={})
    return LineRecord(
        imported=fresh if before is None else before.imported,
        system=desk.system,
        connection=desk.name,
        account_id=wish.account_id,
        reference=wish.reference,
        file=source.name,
        digest=source.file.digest,
        line=wish.number,
        run=run,
        actor=desk.actor,
    )
