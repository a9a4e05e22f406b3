"""A shop of fourteen customers, and ana at its tab; time passes only when somebody lets it."""

from collections.abc import Iterator

import pytest

from tests.people.desk import LONG_ID, Ana
from tests.stateful.kit import Town, pulled

OPENING = {**{str(number): 40 for number in range(1, 13)}, "13": 1204, LONG_ID: 40}
FILES = (tuple(OPENING.items()), ("shop",))


@pytest.fixture
def town() -> Iterator[Town]:
    """Open the credit system, with a tab that was pulled a minute ago."""
    with Town(OPENING, files=pulled(*FILES)) as town:
        yield town


@pytest.fixture
def ana(town: Town) -> Ana:
    """Ana sits at the tab."""
    return Ana(town, "ana", "shop")
