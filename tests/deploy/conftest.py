"""Databases and a site for the tests of a deployment."""

from tests.databases import empty_postgresql_url, postgresql_server
from tests.e2e.conftest import office, site

__all__ = ["empty_postgresql_url", "office", "postgresql_server", "site"]
