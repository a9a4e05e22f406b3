"""The whole, in any order of events; ``SHEETSYNC_TOWN=-deep`` searches for an hour instead of a minute."""

import os

from hypothesis import HealthCheck, settings

from tests.stateful.machine import TownMachine

settings.register_profile(
    "town",
    max_examples=60,
    stateful_step_count=25,
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
