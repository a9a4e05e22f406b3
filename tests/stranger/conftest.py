"""A PostgreSQL server for the stranger."""

from tests.databases import postgresql_server

__all__ = ["postgresql_server"]
