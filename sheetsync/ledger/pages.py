"""What pages of people show: bounded lists and sums, read without the large texts beside them.

A run's result and a plan's body hold a row for each account. A page that lists fifty runs must not read fifty
results, so the columns are named here, and what is needed of a large JSON text is cut out by the database.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Text, and_, func, literal, or_, select
from sqlalchemy.dialects import postgresql

from sheetsync.core.states import OperationState
from sheetsync.ledger.figures import FigureReader
from sheetsync.ledger.packing import unpacked
from sheetsync.ledger.records import read_records
from sheetsync.ledger.runs import run_of
from sheetsync.ledger.schema import (
    events,
    operation_texts,
    operations,
    plans,
    pulls,
    runs,
)
from sheetsync.ports import OperationRecord, Run

WORDS_MAX = 5
"""Words of a search; each is looked for in every text of an operation."""

_RUN = [column for column in runs.c if column.name not in ("result", "params")]
_PLAN = [column for column in plans.c if column.name != "body"]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which operations.

    Attributes:
        connections: of these only.
        words: all of them stand in the id, the e-mail address, the key, the reason, note or message.
        states: only in one of these; none given: in any.
        run, account_id, actor: only of this one.
        since, until: asked for at or after, and before.
    """

    connections: Collection[str]
    words: Sequence[str] = ()
    states: Collection[OperationState] = ()
    run: str | None = None
    account_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanHead:
    """A plan without its rows; the attributes are those of a stored plan."""

    connection: str
    digest: str
    system: str
    actor: str
    created_at: datetime
    expires_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    refused_by: str | None
    decision_reason: str | None
    used_by_run: str | None


class PageStore(FigureReader):
    """Lists and sums for pages."""

    def operations(
        self,
        sought: Sought,
        *,
        before: tuple[datetime, str] | None = None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[OperationRecord]:
        """Return operations, newest first, from the one behind ``before`` (its time and key) on."""
        where = _where(sought)
        if before is not None:
            moment, key = before
            created, same = operations.c.created_at, operations.c.created_at == moment
            further = created > moment if oldest_first else created < moment
            where.append(
                created >= moment if oldest_first else created <= moment
            )  # lets an index start there
            behind = operations.c.key > key if oldest_first else operations.c.key < key
            where.append(or_(further, and_(same, behind)))
        with self._database.read() as connection:
            return read_records(connection, *where, newest_first=not oldest_first, limit=limit)

    def count(self, sought: Sought) -> int:
        """Return how many operations there are."""
        query = select(func.count()).select_from(operations.join(operation_texts)).where(*_where(sought))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def run_states(self, names: Collection[str]) -> dict[str, dict[OperationState, int]]:
        """Return run → state → how many operations, of these runs."""
        query = (
            select(operations.c.run, operations.c.state, func.count())
            .where(operations.c.run.in_(names))
            .group_by(operations.c.run, operations.c.state)
        )
        found: dict[str, dict[OperationState, int]] = {}
        with self._database.read() as connection:
            for run, state, count in connection.execute(query):
                found.setdefault(run, {})[OperationState(state)] = count
        return found

    def run(self, run: str) -> Run | None:
        """Return a run without its result."""
        found = self._runs(runs.c.run == run, limit=1)
        return found[0] if found else None

    def runs(
        self,
        connections: Collection[str],
        *,
        kinds: Collection[str] = (),
        states: Collection[str] = (),
        since: datetime | None = None,
        before: str | None = None,
        limit: int,
    ) -> list[Run]:
        """Return runs without their results, newest first, from the one behind ``before`` on."""
        where: list[ColumnElement[bool]] = [runs.c.connection.in_(connections)]
        if kinds:
            where.append(runs.c.kind.in_(kinds))
        if states:
            where.append(runs.c.state.in_(states))
        if since is not None:
            where.append(runs.c.started_at >= since)
        if before is not None:
            where.append(runs.c.run < before)
        return self._runs(*where, limit=limit)

    def _runs(self, *where: ColumnElement[bool], limit: int) -> list[Run]:
        query = select(*_RUN).where(*where).order_by(runs.c.run.desc()).limit(limit)
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(query).mappings()]

    def result(self, run: str, paths: Sequence[str]) -> dict[str, Any]:
        """Return parts of a run's result by dotted path; what it lacks is left out."""
        query = select(*(self._inside(runs.c.result, path) for path in paths)).where(runs.c.run == run)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        found = zip(paths, row or (), strict=False)
        return {path: unpacked(json.loads(text)) for path, text in found if text not in (None, "null")}

    def events(self, key: str, *, limit: int) -> list[tuple[datetime, str, str]]:
        """Return what happened to an operation, oldest first: when, who, what."""
        query = select(events.c.at, events.c.actor, events.c.kind).where(events.c.operation == key)
        with self._database.read() as connection:
            return [
                (at, who, what)
                for at, who, what in connection.execute(query.order_by(events.c.id).limit(limit))
            ]

    def plans(
        self, connections: Collection[str], *, since: datetime | None = None, limit: int
    ) -> list[PlanHead]:
        """Return plans without their rows, newest first.

        Args:
            connections: of these only.
            since: only plans that may be pushed at this time.
            limit: at most.
        """
        query = select(*_PLAN).where(plans.c.connection.in_(connections))
        if since is not None:
            query = query.where(plans.c.expires_at > since, plans.c.used_by_run.is_(None))
        query = query.order_by(plans.c.created_at.desc()).limit(limit)
        with self._database.read() as connection:
            return [_head(row) for row in connection.execute(query).mappings()]

    def plan(self, digest: str, connections: Collection[str]) -> PlanHead | None:
        """Return one plan of these connections without its rows."""
        query = select(*_PLAN).where(plans.c.digest == digest, plans.c.connection.in_(connections))
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).mappings().one_or_none()
            return None if row is None else _head(row)

    def plan_part(self, head: PlanHead, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return a part of a plan's body by dotted path, or None."""
        query = select(self._inside(plans.c.body, path)).where(
            plans.c.connection == head.connection, plans.c.digest == head.digest
        )
        with self._database.read() as connection:
            text = connection.execute(query).scalar_one_or_none()
            return None if text is None else unpacked(json.loads(text))

    def pulled(self, connections: Collection[str]) -> dict[str, datetime]:
        """Return connection → time of its last complete pull."""
        query = select(pulls.c.connection, pulls.c.at).where(pulls.c.connection.in_(connections))
        with self._database.read() as connection:
            return {name: at for name, at in connection.execute(query)}  # noqa: C416 - rows, not pairs

    def _inside(self, column: ColumnElement[Any], path: str) -> ColumnElement[Any]:
        """Return JSON text of the value at a dotted path of a JSON column."""
        names = path.split(".")
        if self._database.is_sqlite:
            place = "$" + "".join(f'."{name}"' for name in names)
            return column.op("->", return_type=Text())(literal(place, Text()))
        return func.jsonb_extract_path(column.cast(postgresql.JSONB), *names).cast(postgresql.TEXT)


def _where(sought: Sought) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [operations.c.connection.in_(sought.connections)]
    wanted: Mapping[ColumnElement[str], str | None] = {
        operations.c.run: sought.run,
        operations.c.account_id: sought.account_id,
        operations.c.actor: sought.actor,
    }
    where += [column == value for column, value in wanted.items() if value is not None]
    if sought.states:
        where.append(operations.c.state.in_(sought.states))
    if sought.since is not None:
        where.append(operations.c.created_at >= sought.since)
    if sought.until is not None:
        where.append(operations.c.created_at < sought.until)
    texts = (
        operations.c.account_id, operations.c.key, operations.c.reason, operations.c.message,
        operations.c.actor, operation_texts.c.email, operation_texts.c.note,
    )  # fmt: skip
    where += [
        or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in sought.words[:WORDS_MAX]
    ]
    return where


def _head(row: RowMapping) -> PlanHead:
    return PlanHead(**row)
