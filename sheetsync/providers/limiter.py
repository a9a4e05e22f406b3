"""Never more requests in any window of time than the credit system takes."""

import heapq
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

SLACK_S = 0.002
"""Seconds added to the window: two clocks and two thread schedulers are between us and the server's count."""


class Slot(Protocol):
    """The permission to send one request."""

    def leaving(self) -> None:
        """Say that the first byte leaves now; connecting may have taken long since the slot was given."""
        ...


class Limiter(Protocol):
    """Gives slots; one is held around every single attempt: reads, writes, logins, retries."""

    def slot(self) -> AbstractContextManager[Slot]:
        """Wait until a request may leave; hold the slot until its answer arrived or the attempt failed."""
        ...


class Sleeper(Protocol):
    """Who waits; every ``Clock`` can."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class _Slot:
    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self.left_at = ticks()
        self.has_left = False

    def leaving(self) -> None:
        self.left_at = self._ticks()
        self.has_left = True


class SlidingLimiter:
    """A strict limit for the threads of one process, without bursts; any positive rate.

    A slot comes free one window after (arrival of the answer - shortest round trip seen), which is the latest
    moment at which the server can have counted the request; so neither our departures nor its arrivals,
    however the network delays them, ever hold more than the rate in one window. A rate of 2.5 gives 3 slots
    per 1.2 s, a rate of 0.5 gives 1 slot per 2 s: never more than the next whole number in any second.
    """

    def __init__(
        self, rate_per_s: float, clock: Sleeper, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """Make a limiter.

        Args:
            rate_per_s: requests per second, above 0.
            clock: waits.
            ticks: seconds on a clock that nobody sets; limits are about real time, whatever the wall clock
                says.
        """
        if not 0 < rate_per_s < math.inf:
            raise ValueError("a rate is a number of requests per second above 0")
        self._slots = math.ceil(rate_per_s)
        self._window_s = self._slots / rate_per_s + SLACK_S
        self._sleep = clock.sleep
        self._ticks = ticks
        self._free_at: list[float] = []
        self._made = 0
        self._shortest_s = math.inf
        self._changed = threading.Condition()

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait until a request may leave; the slot is held until the block ends."""
        free_at = self._reserve()
        slot: _Slot | None = None
        try:
            self._wait_until(free_at)
            slot = _Slot(self._ticks)
            yield slot
        finally:
            # A wait that was broken off gives the slot back as it was; a lost one would be missing for ever.
            self._give_back(free_at if slot is None else self._free_again(slot))

    def _reserve(self) -> float:
        """Take the slot that comes free first; return when that is."""
        with self._changed:
            while True:
                if self._free_at and (self._made == self._slots or self._free_at[0] <= self._ticks()):
                    return heapq.heappop(self._free_at)
                if self._made < self._slots:
                    self._made += 1
                    return -math.inf
                self._changed.wait()

    def _wait_until(self, moment: float) -> None:
        while (left_s := moment - self._ticks()) > 0:
            self._sleep(left_s)

    def _free_again(self, slot: _Slot) -> float:
        """Return when a slot comes free whose answer arrived, or whose attempt failed, now."""
        now = self._ticks()
        if not slot.has_left:
            return now + self._window_s
        with self._changed:
            self._shortest_s = min(self._shortest_s, now - slot.left_at)
            return now - self._shortest_s + self._window_s

    def _give_back(self, free_at: float) -> None:
        with self._changed:
            heapq.heappush(self._free_at, free_at)
            self._changed.notify()
