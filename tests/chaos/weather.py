"""A site with bad weather drawn from a seed: a share of all writes goes wrong, and some kill the client."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.e2e.site import Site, Weather, Write

CALM = Weather()

FAULTS = (
    Weather("drop"),
    Weather("drop", applied=False),
    Weather("cut"),
    Weather("junk"),
    Weather("500"),
    Weather("500", applied=False),
    Weather("502"),
    Weather("502", applied=False),
    Weather("503", applied=False),
    Weather("redirect", applied=False),
    Weather("refuse", applied=False),
    Weather("no"),
    Weather(delay_s=1.3),
    Weather("drop", applied=False, delay_s=1.3),
)
"""What may happen to a write; the slow ones last longer than the client waits."""

KILLS = (
    Weather("drop", kill="before"),
    Weather("drop", kill="before", applied=False),
    Weather("drop", kill="before", delay_s=0.3),
    Weather("drop", kill="after"),
    Weather("ok", kill="after"),
)
"""How a write may end the process that sent it."""


@dataclass
class StormySite(Site):
    """A site where a share of all writes goes wrong.

    Attributes:
        share: of the writes.
        kill_at: numbers of the writes that kill who sent them.
        strike: kills it.
        seed: decides everything but the order in which writes arrive.
        faults: how many writes went wrong.
    """

    share: float = 0.0
    kill_at: set[int] = field(default_factory=set)
    strike: Callable[[], None] = lambda: None
    seed: int = 0
    faults: int = 0

    def __post_init__(self) -> None:
        """Prepare the draws."""
        super().__post_init__()
        self._draw = random.Random(self.seed)

    def begin(self, write: Write) -> Weather:
        """Count a write on arrival and draw what happens to it."""
        with self.lock:
            super().begin(write)
            if len(self.arrived) in self.kill_at:
                return self._draw.choice(KILLS)
            if self._draw.random() >= self.share:
                return CALM
            self.faults += 1
            return replace(self._draw.choice(FAULTS))

    def kill(self) -> None:
        """End the process that sent the write."""
        self.strike()
