"""One office for a module's tests of the add-on."""

from collections.abc import Iterator

import pytest

from tests.appsscript.office import Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Open an office whose spreadsheet is connected, and pull."""
    with open_office(tmp_path_factory.mktemp("office")) as office:
        office.pull()
        office.addon.control(select={"tab": "Credits", "ranges": ["A1"]})
        yield office


@pytest.fixture
def shop(office: Office) -> Iterator[Office]:
    """The same office as if nobody had done anything with the add-on yet."""
    office.fresh()
    yield office
    office.fresh()
