"""Runs and leases: who does what, and who may."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update
from ulid import ULID

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.replies import note_run
from sheetsync.ledger.schema import leases, runs, workers
from sheetsync.ports import Lease, Owner, Run
from sheetsync.ports.claims import Claim

FORGET_WORKERS_AFTER = timedelta(days=1)
"""After a day of silence nobody waits for a worker any more."""


class RunStore:
    """Runs, newest first by their id, and the lease of each credit system."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest = 0

    def start(
        self,
        kind: str,
        connection_name: str,
        system: str,
        *,
        actor: str,
        owner: Owner | None = None,
        plan: str | None = None,
        params: Mapping[str, Any] | None = None,
        claim: Claim | None = None,
    ) -> str:
        """Begin a run, or let it wait for a worker; return its id, a ULID, so that ids sort by time.

        With a claim, the run is kept with the request that it belongs to, in one transaction.

        Raises:
            BusyError: another process carries the request out by now; no run was begun.
        """

        def work(transaction: Transaction) -> str:
            run = self._next_id()
            if claim is not None:
                note_run(transaction, claim, run)
            transaction.connection.execute(
                insert(runs).values(
                    run=run,
                    kind=kind,
                    connection=connection_name,
                    system=system,
                    actor=actor,
                    state="queued" if owner is None else "running",
                    plan=plan,
                    params=dict(params or {}),
                    started_at=transaction.now,
                    **_owner_values(owner),
                )
            )
            body = {"kind": kind, "connection": connection_name, "plan": plan}
            kind_of_event = "run_queued" if owner is None else "run_started"
            transaction.chain.append(Event(system, transaction.now, actor, kind_of_event, None, run, body))
            return run

        return self._database.write(work)

    def _next_id(self) -> str:
        """Return an id that sorts after those before, also within one millisecond."""
        self._newest = max(int(ULID()), self._newest + 1)
        return str(ULID.from_int(self._newest))

    def claim(self, run: Run, owner: Owner) -> bool:
        """Become the driver of a run as it was seen: waiting, or with a dead driver."""

        def work(transaction: Transaction) -> bool:
            seen = _owner_values(run.owner)
            changed = transaction.connection.execute(
                update(runs)
                .where(
                    runs.c.run == run.run,
                    runs.c.state == run.state,
                    runs.c.state.in_(("queued", "running")),
                    *(runs.c[name].is_not_distinct_from(value) for name, value in seen.items()),
                )
                .values(state="running", **_owner_values(owner))
            )
            if changed.rowcount:
                body = {"machine": owner.machine, "pid": owner.pid}
                event = Event(run.system, transaction.now, run.actor, "run_claimed", None, run.run, body)
                transaction.chain.append(event)
            return bool(changed.rowcount)

        return self._database.write(work)

    def put_back(self, run: str) -> None:
        """Let a claimed run wait again."""

        def work(transaction: Transaction) -> None:
            where = (runs.c.run == run, runs.c.state == "running")
            values = {"state": "queued", **_owner_values(None)}
            transaction.connection.execute(update(runs).where(*where).values(**values))

        self._database.write(work)

    def keep(self, run: str, params: Mapping[str, Any]) -> None:
        """Keep, beside the run's other parameters, what whoever goes on with it needs."""

        def work(transaction: Transaction) -> None:
            connection, which = transaction.connection, runs.c.run == run
            held = connection.execute(select(runs.c.params).where(which)).scalar_one() or {}
            connection.execute(update(runs).where(which).values(params={**held, **params}))

        self._database.write(work)

    def cancel(self, run: str) -> bool:
        """Ask a run to stop between two rows; one that waits ends at once. False if it has ended."""

        def work(transaction: Transaction) -> bool:
            connection = transaction.connection
            waiting = (runs.c.run == run, runs.c.state == "queued")
            values = {"state": "cancelled", "cancel": True, "ended_at": transaction.now}
            ended = connection.execute(update(runs).where(*waiting).values(**values)).rowcount
            going = (runs.c.run == run, runs.c.state == "running")
            asked = connection.execute(update(runs).where(*going).values(cancel=True)).rowcount
            return bool(ended or asked)

        return self._database.write(work)

    def progress(self, run: str, done: int, total: int | None) -> bool:
        """Note how far a run is; return whether somebody asked it to stop."""

        def work(transaction: Transaction) -> bool:
            connection = transaction.connection
            connection.execute(update(runs).where(runs.c.run == run).values(done=done, total=total))
            return bool(connection.execute(select(runs.c.cancel).where(runs.c.run == run)).scalar())

        return self._database.write(work)

    def finish(self, run: str, state: str, result: Any = None) -> None:  # noqa: ANN401 - JSON
        """End a run that is still running; its result is what the command printed."""

        def work(transaction: Transaction) -> None:
            row = transaction.connection.execute(
                update(runs)
                .where(runs.c.run == run, runs.c.state == "running")
                .values(state=state, ended_at=transaction.now, result=result)
                .returning(runs.c.system, runs.c.actor)
            ).one_or_none()
            if row is None:
                return
            event = Event(row.system, transaction.now, row.actor, "run_ended", None, run, {"state": state})
            transaction.chain.append(event)

        self._database.write(work)

    def beat(self, owner: Owner) -> None:
        """Show that a worker is alive; forgets workers that have been silent for a day."""
        now = self._database.now()

        def work(transaction: Transaction) -> None:
            connection = transaction.connection
            who = _worker(owner)
            if not connection.execute(update(workers).where(*who).values(seen_at=now)).rowcount:
                connection.execute(insert(workers).values(seen_at=now, **_owner_values(owner)))
            connection.execute(delete(workers).where(workers.c.seen_at < now - FORGET_WORKERS_AFTER))

        self._database.write(work)

    def seen(self, owner: Owner) -> datetime | None:
        """Return when a worker last showed that it is alive."""
        with self._database.read() as connection:
            return connection.execute(select(workers.c.seen_at).where(*_worker(owner))).scalar_one_or_none()

    def unfinished(self) -> list[Run]:
        """Return runs that wait or run, oldest first."""
        query = select(runs).where(runs.c.state.in_(("queued", "running"))).order_by(runs.c.run)
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(query).mappings()]

    def get(self, run: str) -> Run | None:
        """Return one run."""
        with self._database.read() as connection:
            row = connection.execute(select(runs).where(runs.c.run == run)).mappings().one_or_none()
            return None if row is None else run_of(row)

    def newest(
        self, connection_name: str | None = None, *, limit: int = 50, before: str | None = None
    ) -> list[Run]:
        """Return runs, newest first, from the one after ``before`` on."""
        query = select(runs).order_by(runs.c.run.desc()).limit(limit)
        if connection_name is not None:
            query = query.where(runs.c.connection == connection_name)
        if before is not None:
            query = query.where(runs.c.run < before)
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(query).mappings()]

    def lease(self, system: str) -> Lease | None:
        """Return who holds, or last held, a credit system."""
        with self._database.read() as connection:
            row = connection.execute(select(leases).where(leases.c.system == system)).one_or_none()
            return None if row is None else _lease(row)

    def now(self) -> datetime:
        """Return the time that leases are measured with."""
        return self._database.now()

    def take(
        self, system: str, run: str, *, actor: str, owner: Owner, length: timedelta, unless: int | None
    ) -> Lease | None:
        """Take a credit system's lease with a new fencing token.

        Args:
            system: which.
            run: for which run.
            actor: who asked for it; shown to whoever finds it taken.
            owner: this process.
            length: how long it holds without being renewed.
            unless: the fence that the caller saw as free or lapsed; None if there was no lease at all.

        Returns:
            The lease, or None if somebody else was quicker.
        """
        now = self._database.now()

        def work(transaction: Transaction) -> Lease | None:
            connection = transaction.connection
            transaction.chain.lock(system)
            row = connection.execute(select(leases).where(leases.c.system == system)).one_or_none()
            if (row.fence if row else None) != unless:
                return None
            values = {
                "fence": (row.fence if row else 0) + 1,
                "run": run,
                "actor": actor,
                "machine": owner.machine,
                "pid": owner.pid,
                "pid_started": owner.started,
                "expires_at": now + length,
            }
            if row is None:
                connection.execute(insert(leases).values(system=system, **values))
            else:
                connection.execute(update(leases).where(leases.c.system == system).values(**values))
            body = {"fence": values["fence"]}
            transaction.chain.append(Event(system, transaction.now, actor, "lease", None, run, body))
            return _lease(connection.execute(select(leases).where(leases.c.system == system)).one())

        return self._database.write(work)

    def renew(self, lease: Lease, length: timedelta) -> bool:
        """Hold a lease for longer; False if it is somebody else's now."""
        now = self._database.now()

        def work(transaction: Transaction) -> bool:
            statement = (
                update(leases)
                .where(
                    leases.c.system == lease.system, leases.c.fence == lease.fence, leases.c.run == lease.run
                )
                .values(expires_at=now + length)
            )
            return bool(transaction.connection.execute(statement).rowcount)

        return self._database.write(work)

    def give_back(self, lease: Lease) -> None:
        """End a lease early; its fence stays used."""

        def work(transaction: Transaction) -> None:
            where = (leases.c.system == lease.system, leases.c.fence == lease.fence)
            transaction.connection.execute(update(leases).where(*where).values(run=None))

        self._database.write(work)


def run_of(row: Mapping[str, Any] | RowMapping) -> Run:
    """Return a row as a run; result and params that were not read are empty."""
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    machine, pid, started = (values.pop(name) for name in ("machine", "pid", "pid_started"))
    owner = None if machine is None else Owner(machine, pid, started)
    params = values.pop("params", None) or {}
    return Run(**values, params=params, owner=owner)


def _owner_values(owner: Owner | None) -> dict[str, Any]:
    if owner is None:
        return {"machine": None, "pid": None, "pid_started": None}
    return {"machine": owner.machine, "pid": owner.pid, "pid_started": owner.started}


def _worker(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return tuple(workers.c[name] == value for name, value in _owner_values(owner).items())


def _lease(row: Any) -> Lease:  # noqa: ANN401 - a database row
    owner = Owner(row.machine, row.pid, row.pid_started)
    return Lease(row.system, row.fence, row.run, row.actor, owner, row.expires_at)
