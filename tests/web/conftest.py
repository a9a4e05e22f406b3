"""One service for a module's tests."""

from collections.abc import Iterator

import pytest

from tests.databases import postgresql_server, postgresql_template, postgresql_url
from tests.web.kit import Town, open_town

__all__ = ["postgresql_server", "postgresql_template", "postgresql_url"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Open a service that has pulled."""
    with open_town(tmp_path_factory.mktemp("web")) as town:
        started = town.ask("POST", "/api/v1/connections/shop/pulls", token=town.token("editor"), body={})
        assert started.status_code == 202, started.text
        assert started.json is not None
        assert town.end_of(started.json["run"])["state"] == "done"
        yield town
