"""Runs and leases: who does what, and who may."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from ulid import ULID

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import leases, runs
from sheetsync.ports import Lease, Owner, Run


class RunStore:
    """Runs, newest first by their id, and the lease of each credit system."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest = 0

    def start(
        self, kind: str, connection_name: str, system: str, *, actor: str, plan: str | None = None
    ) -> str:
        """Begin a run; return its id, a ULID, so that ids sort by time."""

        def work(transaction: Transaction) -> str:
            run = self._next_id()
            transaction.connection.execute(
                insert(runs).values(
                    run=run,
                    kind=kind,
                    connection=connection_name,
                    system=system,
                    actor=actor,
                    state="running",
                    plan=plan,
                    started_at=transaction.now,
                )
            )
            body = {"kind": kind, "connection": connection_name, "plan": plan}
            transaction.chain.append(Event(system, transaction.now, actor, "run_started", None, run, body))
            return run

        return self._database.write(work)

    def _next_id(self) -> str:
        """Return an id that sorts after those before, also within one millisecond."""
        self._newest = max(int(ULID()), self._newest + 1)
        return str(ULID.from_int(self._newest))

    def progress(self, run: str, done: int, total: int | None) -> None:
        """Note how far a run is."""

        def work(transaction: Transaction) -> None:
            statement = update(runs).where(runs.c.run == run).values(done=done, total=total)
            transaction.connection.execute(statement)

        self._database.write(work)

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

    def get(self, run: str) -> Run | None:
        """Return one run."""
        with self._database.read() as connection:
            row = connection.execute(select(runs).where(runs.c.run == run)).mappings().one_or_none()
            return None if row is None else Run(**row)

    def newest(self, connection_name: str | None = None, *, limit: int = 50) -> list[Run]:
        """Return runs, newest first."""
        query = select(runs).order_by(runs.c.run.desc()).limit(limit)
        if connection_name is not None:
            query = query.where(runs.c.connection == connection_name)
        with self._database.read() as connection:
            return [Run(**row) for row in connection.execute(query).mappings()]

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


def _lease(row: Any) -> Lease:  # noqa: ANN401 - a database row
    owner = Owner(row.machine, row.pid, row.pid_started)
    return Lease(row.system, row.fence, row.run, row.actor, owner, row.expires_at)
