"""Files that were sent to be imported."""

from datetime import timedelta

from sqlalchemy import delete, insert, select, update
from ulid import ULID

from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.schema import uploads
from sheetsync.ports.uploads import Upload

KEPT = timedelta(days=90)
"""A quarter's questions are answered by then; files hold names and e-mails, so they do not stay for ever."""


class UploadStore:
    """Files by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, connection_name: str, name: str, data: bytes) -> str:
        """Keep a file; return its id. Files that were sent long ago are forgotten."""
        upload = str(ULID())

        def work(transaction: Transaction) -> None:
            connection, now = transaction.connection, transaction.now
            connection.execute(delete(uploads).where(uploads.c.created_at < now - KEPT))
            values = {"id": upload, "connection": connection_name, "name": name, "data": data}
            connection.execute(insert(uploads).values(**values, created_at=now))

        self._database.write(work)
        return upload

    def get(self, upload: str) -> Upload | None:
        """Return a file, or None if there is none any more."""
        query = select(*(uploads.c[name] for name in Upload.__slots__)).where(uploads.c.id == upload)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else Upload(**row)

    def keep_results(self, upload: str, results: bytes) -> None:
        """Keep what became of a file's lines."""
        self._database.execute(update(uploads).where(uploads.c.id == upload).values(results=results))
