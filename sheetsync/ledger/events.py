"""The append-only event chain: each event holds the hash of the one before it, per credit system."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from sheetsync.ledger.columns import canonical, iso
from sheetsync.ledger.schema import events, systems


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: e.g. ``intent``, ``accepted``, ``confirmed``.
        body: facts; account ids and amounts in minor units, never names, e-mails or notes.
    """

    system: str
    at: datetime
    actor: str
    kind: str
    operation: str | None
    run: str | None
    body: dict[str, Any]


class Chain:
    """Collects a transaction's events and links them at its end.

    The head row is locked by the update, so two processes never append to the same head.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events: list[Event] = []

    def append(self, item: Event) -> None:
        """Add an event to this transaction."""
        self._events.append(item)

    def mark(self) -> int:
        """Return a place to go back to."""
        return len(self._events)

    def forget(self, mark: int) -> None:
        """Drop what was added since ``mark``: its transaction part was undone."""
        del self._events[mark:]

    def flush(self) -> None:
        """Number, hash and write the collected events."""
        by_system: dict[str, list[Event]] = defaultdict(list)
        for item in self._events:
            by_system[item.system].append(item)
        for system in sorted(by_system):  # one order everywhere, so that two writers cannot deadlock
            self._link(system, by_system[system])
        self._events.clear()

    def _link(self, system: str, items: list[Event]) -> None:
        head = lock_head(self._connection, system)
        number, previous = head
        rows = []
        for item in items:
            number += 1
            digest = event_hash(previous, number, item)
            rows.append(
                {
                    "system": system,
                    "number": number,
                    "at": item.at,
                    "actor": item.actor,
                    "kind": item.kind,
                    "operation": item.operation,
                    "run": item.run,
                    "body": item.body,
                    "previous": previous,
                    "hash": digest,
                }
            )
            previous = digest
        self._connection.execute(insert(events), rows)
        self._connection.execute(
            update(systems).where(systems.c.system == system).values(events=number, head=previous)
        )


def lock_head(connection: Connection, system: str) -> tuple[int, str]:
    """Lock the system's row until the end of the transaction; return number and hash of its newest event."""
    query = select(systems.c.events, systems.c.head).where(systems.c.system == system).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        connection.execute(insert(systems).values(system=system, reading=0, events=0, head=""))
        return (0, "")
    return (row.events, row.head)


def event_hash(previous: str, number: int, item: Event) -> str:
    """Return SHA-256 over the previous hash and everything that the event says."""
    text = canonical(
        [
            previous,
            number,
            item.system,
            iso(item.at),
            item.actor,
            item.kind,
            item.operation,
            item.run,
            item.body,
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def stored(connection: Connection) -> Iterator[tuple[int, str, str, Event]]:
    """Yield (number, previous, hash, event) of every event, system by system, oldest first."""
    query = select(events).order_by(events.c.system, events.c.number)
    for row in connection.execution_options(yield_per=1000).execute(query):
        item = Event(row.system, row.at, row.actor, row.kind, row.operation, row.run, row.body)
        yield row.number, row.previous, row.hash, item
