"""Never more requests in any window of time than the credit system takes."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sheetsync.providers.board import READ, WRITE, Board, BoardStore, MemoryStore

SLACK_S = 0.002
"""Seconds added to the window: two clocks and two thread schedulers are between us and the server's count."""

SLOTS_MOST = 1000
"""Slots of one board; a higher rate gets a shorter window, which is stricter still."""

HOLD_S = 120.0
"""Seconds after which a slot comes back whose holder died; longer than any request may take."""

POLL_S = 0.004
"""Seconds between two looks at a board whose every slot is held, perhaps by another process."""

RECOVERY_S = 5.0
"""Seconds without a refusal after which a tenth of all slots is used again: a minute from one slot to all."""


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

    def refused(self, pause_s: float) -> None:
        """Say that the system was too busy: everybody who shares the limit pauses and slows down."""
        ...


class Sleeper(Protocol):
    """Who waits; every ``Clock`` can."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


def slots_for(rate_per_s: float) -> int:
    """Return how many slots a rate has: the board's size.

    Raises:
        ValueError: no rate.
    """
    if not 0 < rate_per_s < math.inf:
        raise ValueError("a rate is a number of requests per second above 0")
    return min(math.ceil(rate_per_s), SLOTS_MOST)


class _Slot:
    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self.left_at = ticks()
        self.has_left = False

    def leaving(self) -> None:
        self.left_at = self._ticks()
        self.has_left = True


class SlidingLimiter:
    """A strict limit without bursts for everybody who shares a board; any positive rate.

    A slot comes free one window after (arrival of the answer - shortest round trip seen), which is the latest
    moment at which the server can have counted the request; so neither our departures nor its arrivals,
    however the network delays them, ever hold more than the rate in one window. A rate of 2.5 gives 3 slots
    per 1.2 s, a rate of 0.5 gives 1 slot per 2 s: never more than the next whole number in any second.
    """

    def __init__(
        self,
        rate_per_s: float,
        clock: Sleeper,
        *,
        store: BoardStore | None = None,
        pushes: bool = False,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a limiter.

        Args:
            rate_per_s: requests per second, above 0.
            clock: waits.
            store: the board; by default one for the threads of this process.
            pushes: this one carries a push, and has half of the rate for itself.
            ticks: seconds on a clock that nobody sets and that all sharers of the board read alike; limits
                are about real time, whatever the wall clock says.
        """
        slots = slots_for(rate_per_s)
        self._window_s = slots / rate_per_s + SLACK_S
        # half of even spacing: no burst, and room to make up for a late departure
        self._apart_s = 0.5 / rate_per_s
        self._store = store or MemoryStore(slots)
        self._kind = WRITE if pushes else READ
        self._sleep = clock.sleep
        self._ticks = ticks
        self._shortest_s = math.inf
        self._line = threading.Lock()

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait until a request may leave; the slot is held until the block ends."""
        index, start = self._claim()
        slot: _Slot | None = None
        try:
            while (left_s := start - self._ticks()) > 0:
                self._sleep(left_s)
            slot = _Slot(self._ticks)
            yield slot
        finally:
            # A wait that was broken off gives the slot back as it was; a lost one would be missing for long.
            free_at = start if slot is None else self._free_again(slot)
            self._store.change(lambda board: board.give_back(index, free_at))

    def refused(self, pause_s: float) -> None:
        """Pause everybody for ``pause_s`` seconds and rest half of the slots for a while."""
        self._store.change(lambda board: board.refused(self._ticks(), pause_s))

    def _claim(self) -> tuple[int, float]:
        with self._line:  # one looks for all: the others would only ask the same
            while True:
                found = self._store.change(self._try)
                if found is not None:
                    return found
                self._sleep(POLL_S)

    def _try(self, board: Board) -> tuple[int, float] | None:
        now = self._ticks()
        board.recover(now, every_s=RECOVERY_S)
        return board.claim(now, kind=self._kind, hold_s=HOLD_S, apart_s=self._apart_s)

    def _free_again(self, slot: _Slot) -> float:
        """Return when a slot comes free whose answer arrived, or whose attempt failed, now."""
        now = self._ticks()
        if not slot.has_left:
            return now + self._window_s
        self._shortest_s = min(self._shortest_s, now - slot.left_at)
        return now - self._shortest_s + self._window_s
