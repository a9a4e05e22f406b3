"""Replies that are kept, so that a request that is sent again is not carried out again."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.schema import replies

KEPT = timedelta(days=7)
"""A caller that asks again after a week means something new."""

ABANDONED_AFTER = timedelta(minutes=10)
"""A request whose process died does not block its key for ever; every use case bears being asked twice."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered.

    Attributes:
        request: hash of the request.
        status: HTTP status; None while the request is under way.
    """

    request: str
    status: int | None
    body: Any


class ReplyStore:
    """Replies by caller and key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, caller: str, key: str, request: str) -> Reply | None:
        """Become the one who carries the request out (None), or return what is known of it."""

        def work(transaction: Transaction) -> Reply | None:
            connection, now = transaction.connection, transaction.now
            connection.execute(delete(replies).where(replies.c.created_at < now - KEPT))
            transaction.chain.lock("service")  # of two at one moment, the second sees the first
            where = (replies.c.caller == caller, replies.c.key == key)
            abandoned = (replies.c.status.is_(None), replies.c.created_at < now - ABANDONED_AFTER)
            connection.execute(delete(replies).where(*where, *abandoned))
            row = connection.execute(select(replies).where(*where)).one_or_none()
            if row is not None:
                return Reply(row.request, row.status, json.loads(row.body) if row.body else None)
            connection.execute(
                insert(replies).values(caller=caller, key=key, request=request, created_at=now)
            )
            return None

        return self._database.write(work)

    def keep(self, caller: str, key: str, *, status: int, body: Any) -> None:  # noqa: ANN401 - JSON
        """Keep the reply."""
        where = (replies.c.caller == caller, replies.c.key == key)
        kept = update(replies).where(*where).values(status=status, body=json.dumps(body))
        self._database.execute(kept)

    def forget(self, caller: str, key: str) -> None:
        """Let the request be carried out anew: it was refused, so nothing happened."""
        where = (replies.c.caller == caller, replies.c.key == key, replies.c.status.is_(None))
        gone = delete(replies).where(*where)
        self._database.execute(gone)
