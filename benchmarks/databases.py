"""Empty databases for one benchmark: a SQLite file, or the tests' own PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.databases import PostgresqlServer


@contextmanager
def databases(kinds: list[str]) -> Iterator[dict[str, Any]]:
    """Yield, per kind of database, what returns the address of a new one in a folder."""
    makers: dict[str, Any] = {"sqlite": lambda folder: f"sqlite:///{folder}/ledger.db"}
    if "postgresql" not in kinds:
        yield makers
        return
    postgresql = PostgresqlServer()
    try:
        postgresql.start()
        yield makers | {"postgresql": lambda _folder: postgresql.url(postgresql.create())}
    finally:
        postgresql.remove()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database."""
    with databases([kind]) as makers:
        yield makers[kind](folder)
