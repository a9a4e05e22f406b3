"""Databases for the storms."""

from tests.databases import (
    empty_postgresql_url,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_url,
)

__all__ = [
    "empty_postgresql_url",
    "postgresql_server",
    "postgresql_template",
    "postgresql_url",
    "sqlite_url",
]
