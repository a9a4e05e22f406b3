"""A site of twelve users with 40 credits each, and an office that works with it."""

from collections.abc import Iterator

import pytest

from tests.e2e.harness import Office
from tests.e2e.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    """Listen; at the end no two writes to one user may have been under way at once."""
    with Site.of(12) as site:
        yield site


@pytest.fixture
def office(site: Site) -> Iterator[Office]:
    """Make a configuration; at the end no file may hold the password."""
    office = Office.new(site)
    yield office
    office.close()
