"""Never more requests in any window of time than the credit system takes."""

import logging
import math
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sheetsync.providers.board import READ, WRITE, Board, Grant, Holder, slots_for
from sheetsync.providers.stores import BoardStore, MemoryStore

SLACK_S = 0.002
"""Seconds added to the window: two clocks and two thread schedulers are between us and the server's count."""

HOLD_S = 120.0
"""Seconds after which a slot comes back whose holder died; more where one request may take longer."""

POLL_S = 0.05
"""Seconds between two looks at a board whose every slot is held. A slot that is given back rests for most of
a window, so whoever looks in time loses nothing."""

POLLS_PER_WINDOW = 20
"""Looks in one window, where that is more often."""

RENEW_S = 0.25
"""Seconds of waiting after which the board is asked again before a request leaves: all may have to pause."""

LEAST_PAUSE_S = 0.0005
"""Seconds between two looks at the least, for clocks that count in coarse steps."""

LEAD_MOST_S = 0.05
"""Seconds before its moment at which a slot is given at most: the intent is on the disk by then."""

LEAD_KEPT = 0.9
"""Part of the lead that is kept from one request to the next; one that took longer raises it at once."""

TRIPS_LEAST = 4
"""Round trips of which the shortest is a measure; before that a request counts until its answer."""

TICKET_BITS = 52
"""Bits of a ticket: as many as a number on the board holds exactly."""

_log = logging.getLogger(__name__)


class Slot(Protocol):
    """The permission to send one request.

    Attributes:
        left_at: when it left, on the limiter's clock.
    """

    left_at: float

    def leaving(self) -> None:
        """Say that the first byte leaves when this returns, which may be a few milliseconds later.

        Connecting, and writing down the intent, may have taken long since the slot was given.
        """
        ...


class Limiter(Protocol):
    """Gives slots; one is held around every single attempt: reads, writes, logins, retries."""

    def slot(self) -> AbstractContextManager[Slot]:
        """Wait until a request may leave; hold the slot until its answer arrived or the attempt failed."""
        ...

    def refused(self, pause_s: float, left_at: float) -> None:
        """Say that the system was too busy: everybody who shares the limit pauses and slows down.

        Args:
            pause_s: seconds for which nobody sends.
            left_at: when the refused request left, from its slot.
        """
        ...


class Sleeper(Protocol):
    """Who waits; every ``Clock`` can."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class _Slot:
    """A slot that is given a little early: what is done before the request leaves takes time, too."""

    def __init__(self, start: float, clock: Sleeper, ticks: Callable[[], float]) -> None:
        self._start, self._clock, self._ticks = start, clock, ticks
        self._given_at = self.left_at = ticks()
        self.has_left = False
        self.readied_s = 0.0

    def leaving(self) -> None:
        """Wait for the moment at which the request may leave, if it is not yet there."""
        self.readied_s = self._ticks() - self._given_at
        while (left_s := self._start - self._ticks()) > 0:
            self._clock.sleep(left_s)
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
        slack_s: float = SLACK_S,
        home: float = 0.0,
        hold_s: float = HOLD_S,
        line: AbstractContextManager[object] | None = None,
    ) -> None:
        """Make a limiter.

        Args:
            rate_per_s: requests per second, above 0; where others share the board, the smallest counts.
            clock: waits.
            store: the board; by default one for the threads of this process.
            pushes: this one carries a push, and has half of the rate for itself.
            ticks: seconds on a clock that nobody sets and that all sharers of the board read alike; limits
                are about real time, whatever the wall clock says.
            slack_s: seconds added to the window, for what the sharers' clocks differ by.
            home: number of this machine's process table, which tells whether a holder is still there.
            hold_s: seconds after which a slot comes back whose holder died; longer than any request may take.
            line: in which threads wait for their turn to look at the board; a lock by default.
        """
        slots = slots_for(rate_per_s)
        self._rate_per_s = rate_per_s
        self._window_s = slots / rate_per_s + slack_s
        self._slack_s = slack_s
        self._poll_s = min(POLL_S, self._window_s / POLLS_PER_WINDOW)
        self._store = store or MemoryStore()
        self._kind = WRITE if pushes else READ
        self._clock = clock
        self._ticks = ticks
        self._home = home
        self._hold_s = hold_s
        self._shortest_s = math.inf
        self._trips = 0
        self._lead_s = 0.0
        self._refused_at = -math.inf
        self._told = False
        self._in_line: deque[float] = deque()
        self._line = threading.Lock() if line is None else line

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Wait until a request may leave; the slot is held until the block ends."""
        ticket = float(secrets.randbits(TICKET_BITS))
        slot: _Slot | None = None
        try:
            grant = self._claim(ticket)
            while (left_s := grant.start - self._lead_s - self._ticks()) > 0 or self._is_old(grant):
                if left_s > 0:
                    self._clock.sleep(left_s)
                if self._is_old(grant):
                    grant = self._renew(ticket)
            slot = _Slot(grant.start, self._clock, self._ticks)
            yield slot
        finally:
            # A wait that was broken off gives the slot back as it was; a lost one would be missing for long.
            counted_at = None if slot is None else self._counted_at(slot)
            self._store.change(lambda board: board.give_back(ticket, counted_at))

    def refused(self, pause_s: float, left_at: float) -> None:
        """Pause everybody for ``pause_s`` seconds and rest half of the slots for a while."""
        now = self._refused_at = self._ticks()
        self._store.change(lambda board: board.refused(now, pause_s, left_at=left_at))

    def _is_old(self, grant: Grant) -> bool:
        """Whether others may have learnt since that all have to wait."""
        return self._refused_at >= grant.seen or self._ticks() - grant.seen > RENEW_S

    def _renew(self, ticket: float) -> Grant:
        now = self._ticks()
        return self._store.change(lambda board: board.renew(ticket, now)) or self._claim(ticket)

    def _claim(self, ticket: float) -> Grant:
        grant: Grant | float
        grant = math.inf if self._in_line else self._store.change(lambda board: self._try(board, ticket))
        if not isinstance(grant, Grant):
            grant = self._queue_up(ticket)
        if grant.rate_per_s < self._rate_per_s and not self._told:
            self._told = True
            _log.warning(
                "Another process limits this credit system to %g requests a second; that counts, not %g. "
                "Give limits.requests_per_second the same number everywhere.",
                grant.rate_per_s,
                self._rate_per_s,
            )
        return grant

    def _queue_up(self, ticket: float) -> Grant:
        """Wait until there is a slot; one looks for all who wait: the others would only ask the same."""
        self._in_line.append(ticket)  # whoever comes now does not overtake; one who just does, does no harm
        try:
            with self._line:
                while True:
                    found = self._store.change(lambda board: self._try(board, ticket))
                    if isinstance(found, Grant):
                        return found
                    self._clock.sleep(self._pause_s(found))
        finally:
            self._in_line.remove(ticket)

    def _pause_s(self, worth_at: float) -> float:
        """Return how long to wait for a board on which nothing is to be had before that moment."""
        if worth_at == math.inf:
            return self._poll_s
        return min(max(worth_at - self._ticks(), LEAST_PAUSE_S), RENEW_S)

    def _try(self, board: Board, ticket: float) -> Grant | float:
        return board.claim(
            ticket,
            self._ticks(),
            rate_per_s=self._rate_per_s,
            kind=self._kind,
            holder=Holder(self._home, os.getpid()),
            hold_s=self._hold_s,
            slack_s=self._slack_s,
        )

    def _counted_at(self, slot: _Slot) -> float:
        """Return the latest moment at which a request was counted that is answered, or failed, now."""
        now = self._ticks()
        if not slot.has_left:
            return now
        self._lead_s = min(max(slot.readied_s, LEAD_KEPT * self._lead_s), LEAD_MOST_S)
        self._shortest_s = min(self._shortest_s, now - slot.left_at)
        self._trips += 1
        return now if self._trips < TRIPS_LEAST else now - self._shortest_s
