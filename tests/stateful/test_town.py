"""The whole, in any order of events; ``SHEETSYNC_TOWN=-deep`` searches for an hour instead of a minute."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.stateful.machine import TownMachine

pytestmark = pytest.mark.timeout(600 if not os.environ.get("SHEETSYNC_TOWN") else 2 * 3600)

settings.register_profile(
    "town",
    max_examples=25,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=tuple(HealthCheck),
)
settings.register_profile(
    "town-deep",
    settings.get_profile("town"),
    max_examples=1500,
    stateful_step_count=50,
    derandomize=False,
)

TestTown = TownMachine.TestCase
TestTown.settings = settings.get_profile(f"town{os.environ.get('SHEETSYNC_TOWN', '')}")
