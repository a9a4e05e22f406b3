"""A town of three users with 20,000 credits each; ana and bo have pulled, each at a tab of their own."""

from collections.abc import Iterator

import pytest

from tests.rules.clerk import OPENING, Clerk
from tests.stateful.kit import Town


@pytest.fixture
def town() -> Iterator[Town]:
    """Open a town where every process sees every other."""
    with Town(OPENING) as town:
        yield town


@pytest.fixture
def ana(town: Town) -> Clerk:
    """Ana, at the tab of one connection."""
    clerk = Clerk(town, "ana", "shop")
    clerk.pull()
    return clerk


@pytest.fixture
def bo(town: Town, ana: Clerk) -> Clerk:
    """Bo, at another connection's tab on the same credit system."""
    assert ana.town is town
    clerk = Clerk(town, "bo", "shop2")
    clerk.pull()
    return clerk
