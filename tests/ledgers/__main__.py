"""Keep a ledger of the present schema, for the versions to come: ``python -m tests.ledgers``.

It takes the newest ledger in this folder and lets this version bring it up to date.
"""

import sqlite3
import tempfile
from pathlib import Path

from sheetsync.ledger.migrate import HEAD
from sheetsync.ledger.store import SqlLedger

FOLDER = Path(__file__).parent


def keep() -> Path:
    """Write ``HEAD.sql``; return where."""
    newest = max(path for path in FOLDER.glob("*.sql") if path.stem < HEAD)
    kept = FOLDER / f"{HEAD}.sql"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        restore(newest, path)
        SqlLedger(f"sqlite:///{path}").close()
        with sqlite3.connect(path) as database:
            lines = "\n".join(database.iterdump())
        database.close()
    words = f"-- A ledger as schema {HEAD} kept it: that of schema {newest.stem}, brought up to date."
    kept.write_text(f"{words}\n{lines}\n", "utf-8")
    return kept


def restore(dump: Path, path: Path) -> None:
    """Make a SQLite file of a kept ledger."""
    database = sqlite3.connect(path)
    database.executescript(dump.read_text("utf-8"))
    database.close()


if __name__ == "__main__":
    print(keep())  # noqa: T201 - a command
