"""The append-only event chain: each event holds the hash of the one before it, per credit system."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, bindparam, insert, select, text, update

from sheetsync.ledger.columns import canonical, iso
from sheetsync.ledger.requests import REQUEST
from sheetsync.ledger.schema import events, systems

_FIRST_SEEN = text(
    "INSERT INTO systems (system, reading, events, head) VALUES (:system, 0, 0, '') ON CONFLICT DO NOTHING"
)
_HEAD = (
    select(systems.c.events, systems.c.head).where(systems.c.system == bindparam("which")).with_for_update()
)
_MOVE_HEAD = (
    update(systems)
    .where(systems.c.system == bindparam("which"))
    .values(events=bindparam("number"), head=bindparam("newest"))
)
_ADD = insert(events).values(at=bindparam("at_text", type_=Text), body=bindparam("body_text", type_=Text))
"""Time and body go in as the very text that is hashed."""


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
    """Collects a transaction's events and links them at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events: dict[str, list[tuple[Event, str]]] = defaultdict(list)
        self._heads: dict[str, tuple[int, str]] = {}

    def lock(self, system: str) -> None:
        """Let nobody else change anything of this credit system until the transaction ends.

        What a job reads after this stays true until its commit. On SQLite every writer has that anyway.
        """
        if system not in self._heads:
            self._heads[system] = _lock_head(self._connection, system)

    def append(self, item: Event) -> None:
        """Add an event to this transaction, with the request that it came from.

        Raises:
            TypeError: its body holds what must not go into the ledger, such as a float.
        """
        request = REQUEST.get()
        if request is not None:
            item = replace(item, body={**item.body, "request": request})
        self._events[item.system].append((item, canonical(item.body)))

    def flush(self) -> None:
        """Number, hash and write the collected events."""
        for system in sorted(self._events):  # one order everywhere, so that two writers seldom deadlock
            self.lock(system)
            self._link(system, self._events[system])
        self._events.clear()

    def _link(self, system: str, items: list[tuple[Event, str]]) -> None:
        number, previous = self._heads[system]
        rows = []
        for item, body in items:
            number += 1
            values = {
                "system": system,
                "number": number,
                "actor": item.actor,
                "kind": item.kind,
                "operation": item.operation,
                "run": item.run,
                "previous": previous,
            }
            at = iso(item.at)
            previous = event_hash({**values, "at": at, "body": body})
            rows.append({**values, "at_text": at, "body_text": body, "hash": previous})
        self._connection.execute(_ADD, rows)
        self._connection.execute(_MOVE_HEAD, {"which": system, "number": number, "newest": previous})
        self._heads[system] = (number, previous)


def _lock_head(connection: Connection, system: str) -> tuple[int, str]:
    """Lock the system's row until the end of the transaction; return number and hash of its newest event."""
    row = connection.execute(_HEAD, {"which": system}).one_or_none()
    if row is None:
        connection.execute(_FIRST_SEEN, {"system": system})
        row = connection.execute(_HEAD, {"which": system}).one()
    return (row.events, row.head)


HASHED = ("previous", "number", "system", "at", "actor", "kind", "operation", "run", "body")
"""What an event's hash covers: everything that is stored of it, as it is stored."""


def event_hash(stored: dict[str, Any]) -> str:
    """Return the hash of an event, given its columns as the database holds them (time and body as text)."""
    parts = _encode([stored[name] for name in HASHED])
    return hashlib.sha256(parts.encode()).hexdigest()


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
