"""Who may call the HTTP API: tokens of scripts, sessions of people, linked spreadsheets.

A secret is kept as its SHA-256 only: it is 256 random bits, so a slow hash would add nothing.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from ulid import ULID

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import api_tokens, sessions, sheet_links

SERVICE = "service"
"""The chain of events that belong to no credit system."""

PREFIX = "sst_"
"""So that a token is recognised where it should not be, in a repository for example."""

USED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a token is kept: a write for each request would cost more than the request."""

_FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Token:
    """A script's token, without its secret."""

    id: str
    email: str
    role: str
    connection: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """A spreadsheet that may use a connection, beside the configured one."""

    connection: str
    spreadsheet_id: str
    linked_by: str
    linked_at: datetime


class CallerStore:
    """Tokens, sessions and links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_token(
        self, email: str, role: str, *, connection: str | None, expires: timedelta | None, by: str
    ) -> tuple[str, Token]:
        """Make a token; return its secret, which is nowhere else, and what is kept of it."""
        secret = PREFIX + secrets.token_urlsafe(32)
        token_id = str(ULID())

        def work(transaction: Transaction) -> Token:
            now = transaction.now
            token = Token(
                token_id, email, role, connection, by, now, now + expires if expires else None, None, None
            )
            values = {name: getattr(token, name) for name in Token.__slots__}
            transaction.connection.execute(insert(api_tokens).values(hash=hashed(secret), **values))
            _note(
                transaction, by, "token_created", {"token": token_id, "role": role, "connection": connection}
            )
            return token

        return secret, self._database.write(work)

    def tokens(self) -> list[Token]:
        """Return every token, newest first."""
        query = select(*(api_tokens.c[name] for name in Token.__slots__)).order_by(api_tokens.c.id.desc())
        with self._database.read() as connection:
            return [Token(**row) for row in connection.execute(query).mappings()]

    def revoke_token(self, token_id: str, *, by: str) -> bool:
        """End a token at once; False if there is none of this id that still holds."""

        def work(transaction: Transaction) -> bool:
            where = (api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
            done = transaction.connection.execute(
                update(api_tokens).where(*where).values(revoked_at=transaction.now)
            ).rowcount
            if done:
                _note(transaction, by, "token_revoked", {"token": token_id})
            return bool(done)

        return self._database.write(work)

    def token(self, secret: str) -> Token | None:
        """Return the token of this secret if it holds now, and note that it was used.

        The database looks for a hash, so how long that takes says nothing about a secret.
        """
        query = select(*(api_tokens.c[name] for name in Token.__slots__))
        with self._database.read() as connection:
            row = (
                connection.execute(query.where(api_tokens.c.hash == hashed(secret))).mappings().one_or_none()
            )
        now = self._database.now()
        if row is None or row["revoked_at"] or (row["expires_at"] and row["expires_at"] <= now):
            return None
        if row["used_at"] is None or now - row["used_at"] > USED_EVERY:
            used = update(api_tokens).where(api_tokens.c.id == row["id"]).values(used_at=now)
            self._database.execute(used)
        return Token(**row)

    def open_session(self, email: str, *, kind: str, length: timedelta) -> str:
        """Begin a session, or make a link that begins one; return its secret."""
        secret = secrets.token_urlsafe(32)

        def work(transaction: Transaction) -> None:
            now = transaction.now
            transaction.connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            values = {"hash": hashed(secret), "kind": kind, "email": email, "expires_at": now + length}
            transaction.connection.execute(insert(sessions).values(**values))

        self._database.write(work)
        return secret

    def make_link(self, email: str, *, length: timedelta, by: str) -> str:
        """Make a link that begins a session once, and note who made it for whom; return its secret."""
        self._database.write(lambda transaction: _note(transaction, by, "link_made", {"for": email}))
        return self.open_session(email, kind="link", length=length)

    def sign_in(self, email: str, *, length: timedelta) -> str:
        """Begin the session of a person whom an issuer vouches for, and note it; return its secret."""
        self._database.write(lambda transaction: _note(transaction, f"web:{email}", "signed_in", {}))
        return self.open_session(email, kind="session", length=length)

    def session(self, secret: str) -> str | None:
        """Return whose session this is, or None if it is none now."""
        where = (
            sessions.c.hash == hashed(secret),
            sessions.c.kind == "session",
            sessions.c.expires_at > self._database.now(),
        )
        with self._database.read() as connection:
            return connection.execute(select(sessions.c.email).where(*where)).scalar_one_or_none()

    def use_link(self, secret: str) -> str | None:
        """Use up a sign-in link; return whose it was, or None: it works once."""

        def work(transaction: Transaction) -> str | None:
            where = (
                sessions.c.hash == hashed(secret),
                sessions.c.kind == "link",
                sessions.c.expires_at > transaction.now,
            )
            gone = delete(sessions).where(*where).returning(sessions.c.email)
            email: str | None = transaction.connection.execute(gone).scalar_one_or_none()
            if email is not None:
                _note(transaction, f"web:{email}", "signed_in", {})
            return email

        return self._database.write(work)

    def signing_key(self) -> str:
        """Return the key that signs cookies, made once; all processes on this ledger have the same one.

        A session's id is still needed behind it, so whoever reads the database cannot make a session of it.
        """
        kept = select(sessions.c.hash).where(sessions.c.kind == "key")
        with self._database.read() as connection:
            known: str | None = connection.execute(kept).scalar_one_or_none()
        if known is not None:
            return known

        def work(transaction: Transaction) -> str:
            transaction.chain.lock(SERVICE)  # two processes that start at once make one key
            known: str | None = transaction.connection.execute(kept).scalar_one_or_none()
            if known is None:
                known = secrets.token_hex(32)
                values = {"hash": known, "kind": "key", "email": "", "expires_at": _FOREVER}
                transaction.connection.execute(insert(sessions).values(**values))
            return known

        return self._database.write(work)

    def end_session(self, secret: str) -> None:
        """Sign out."""
        gone = delete(sessions).where(sessions.c.hash == hashed(secret))
        self._database.execute(gone)

    def link(self, connection_name: str, spreadsheet_id: str, *, by: str) -> None:
        """Let a spreadsheet use a connection."""

        def work(transaction: Transaction) -> None:
            where = (
                sheet_links.c.connection == connection_name,
                sheet_links.c.spreadsheet_id == spreadsheet_id,
            )
            known = transaction.connection.execute(select(sheet_links.c.linked_by).where(*where)).first()
            if known is None:
                values = {"connection": connection_name, "spreadsheet_id": spreadsheet_id}
                row = {**values, "linked_by": by, "linked_at": transaction.now}
                transaction.connection.execute(insert(sheet_links).values(**row))
                _note(transaction, by, "sheet_linked", values)

        self._database.write(work)

    def unlink(self, connection_name: str, spreadsheet_id: str, *, by: str) -> bool:
        """End a link; False if there is none."""

        def work(transaction: Transaction) -> bool:
            where = (
                sheet_links.c.connection == connection_name,
                sheet_links.c.spreadsheet_id == spreadsheet_id,
            )
            done = transaction.connection.execute(delete(sheet_links).where(*where)).rowcount
            if done:
                values = {"connection": connection_name, "spreadsheet_id": spreadsheet_id}
                _note(transaction, by, "sheet_unlinked", values)
            return bool(done)

        return self._database.write(work)

    def linked(self, connections: Collection[str]) -> list[Link]:
        """Return what was linked to these connections, by connection, oldest first."""
        query = select(sheet_links).where(sheet_links.c.connection.in_(connections))
        query = query.order_by(sheet_links.c.connection, sheet_links.c.linked_at)
        with self._database.read() as connection:
            return [Link(**row) for row in connection.execute(query).mappings()]

    def links(self, spreadsheet_id: str) -> set[str]:
        """Return the connections that an admin linked this spreadsheet to."""
        query = select(sheet_links.c.connection).where(sheet_links.c.spreadsheet_id == spreadsheet_id)
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _note(transaction: Transaction, by: str, kind: str, body: Mapping[str, Any]) -> None:
    transaction.chain.append(Event(SERVICE, transaction.now, by, kind, None, None, dict(body)))
