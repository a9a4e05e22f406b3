"""Databases for the tests of the ledger."""

from tests.databases import postgresql_server, postgresql_url, sqlite_url

__all__ = ["postgresql_server", "postgresql_url", "sqlite_url"]
