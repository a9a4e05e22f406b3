"""A town of three users with 20,000 credits each; ana and bo have pulled, each at a tab of their own."""

from collections.abc import Iterator

import pytest

from tests.rules.clerk import OPENING, Clerk
from tests.stateful.kit import Town, pulled

FILES = (tuple(OPENING.items()), ("shop", "shop2"))


@pytest.fixture
def town() -> Iterator[Town]:
    """Open a town where every process sees every other."""
    with Town(OPENING, files=pulled(*FILES)) as town:
        yield town


@pytest.fixture
def machines() -> Iterator[Town]:
    """Open a town where every person has a machine of their own."""
    with Town(OPENING, one_machine=False, files=pulled(*FILES)) as town:
        yield town


@pytest.fixture
def ana(town: Town) -> Clerk:
    """Ana, at the tab of one connection."""
    return Clerk(town, "ana", "shop")


@pytest.fixture
def bo(town: Town, ana: Clerk) -> Clerk:
    """Bo, at another connection's tab on the same credit system."""
    assert ana.town is town
    return Clerk(town, "bo", "shop2")
