"""Replies that are kept, so that a request that is sent again is not carried out again."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from sheetsync.errors import BusyError
from sheetsync.ledger.callers import SERVICE
from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.schema import replies
from sheetsync.ports.claims import Claim

KEPT = timedelta(days=7)
"""A caller that asks again after a week means something new."""

ABANDONED_AFTER = timedelta(minutes=10)
"""A request that started no run, on another machine, does not block its key for ever: every such use case
bears being asked twice. That a process of this machine died is known at once."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered.

    Attributes:
        request: hash of the request.
        status: HTTP status; None while the request is under way.
        run: the run that it started, if it did.
        claim: who carries it out.
    """

    request: str
    status: int | None
    body: Any
    run: str | None
    claim: Claim


class ReplyStore:
    """Replies by caller and key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, claim: Claim, request: str) -> Reply | None:
        """Become the one who carries the request out (None), or return what is known of it."""

        def work(transaction: Transaction) -> Reply | None:
            connection, now = transaction.connection, transaction.now
            connection.execute(delete(replies).where(replies.c.created_at < now - KEPT))
            transaction.chain.lock(SERVICE)  # of two at one moment, the second sees the first
            where = (replies.c.caller == claim.caller, replies.c.key == claim.key)
            abandoned = (
                replies.c.status.is_(None),
                replies.c.run.is_(None),
                replies.c.created_at < now - ABANDONED_AFTER,
            )
            connection.execute(delete(replies).where(*where, *abandoned))
            row = connection.execute(select(replies).where(*where)).one_or_none()
            if row is not None:
                body = json.loads(row.body) if row.body else None
                found = Claim(claim.caller, claim.key, row.claimed_by or "")
                return Reply(row.request, row.status, body, row.run, found)
            values = {"caller": claim.caller, "key": claim.key, "claimed_by": claim.claimed_by}
            connection.execute(insert(replies).values(**values, request=request, created_at=now))
            return None

        return self._database.write(work)

    def keep(self, claim: Claim, *, status: int, body: Any) -> None:  # noqa: ANN401 - JSON
        """Keep the reply, unless one is kept already."""
        kept = update(replies).where(*_under_way(claim)).values(status=status, body=json.dumps(body))
        self._database.execute(kept)

    def forget(self, claim: Claim) -> None:
        """Let the request be carried out anew: it was refused, so nothing happened.

        One that started a run stays.
        """
        self._database.execute(delete(replies).where(*_under_way(claim), replies.c.run.is_(None)))

    def release(self, claim: Claim) -> None:
        """Let the request be carried out anew, whatever became of it: its caller knows that it may be."""
        self._database.execute(delete(replies).where(*_under_way(claim)))


def note_run(transaction: Transaction, claim: Claim, run: str) -> None:
    """Keep the run of a request with it.

    Raises:
        BusyError: it is another process's by now, which may have started a run as well.
    """
    noted = update(replies).where(*_under_way(claim), replies.c.run.is_(None)).values(run=run)
    if not transaction.connection.execute(noted).rowcount:
        raise BusyError(
            "Another process carries the same request out by now.", hint="Ask again with the same key."
        )


def _under_way(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        replies.c.caller == claim.caller,
        replies.c.key == claim.key,
        replies.c.status.is_(None),
        replies.c.claimed_by.is_not_distinct_from(claim.claimed_by or None),
    )
