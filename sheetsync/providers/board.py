"""The board that all processes on one credit system share: who holds a place, and who left when.

One layout serves memory, a small file and a database row, so that one algorithm serves threads, processes
and machines. Times are seconds on a clock that all sharers read alike.
"""

import math
from array import array
from bisect import insort
from collections.abc import Callable
from typing import NamedTuple

READ, WRITE = 0.0, 1.0

BYTES_MOST = 128 * 1024
"""Bytes of a board, with all slots of the highest rate held."""

LAYOUT = 2.0
"""Number of this layout; what was written in another one is no board, and a fresh one takes its place."""

SLOTS_MOST = 1000
"""Requests in one window; a higher rate gets a shorter window, which is stricter still."""

RATE_KEPT_S = 60.0
"""Seconds for which the smallest rate binds everybody after the last request that was made under it."""

PUSH_QUIET_S = 10.0
"""Seconds after a push's last request until readers may use every slot again."""

NOTE_S = 1.0
"""Seconds between two notes of what is still so, and between two looks for dead holders."""

RECOVERY_STEPS = 10
"""Steps from no slot to all of them, after the system was too busy: neither a new crowd nor a lost hour."""

RECOVERY_S = 5.0
"""Seconds without a refusal after which a tenth of all slots is used again: a minute from one slot to all."""

CLOCK_BACK_S = 10.0
"""Seconds: what is said to have happened so long after now was written before the clock was set back."""

_HEADER = 15
(
    _LAYOUT,
    _CLOCK,
    _RATE,
    _RATE_SEEN,
    _SHARE,
    _NOT_BEFORE,
    _CROWD_UNTIL,
    _CHANGED_AT,
    _CALM_SINCE,
    _PUSH_UNTIL,
    _LAST,
    _LOOKED_AT,
    _LEFT,
    _READ,
    _HELD,
) = range(_HEADER)
HEADER_BYTES = 8 * _HEADER
_FIELDS = 7
_TICKET, _CLAIMED, _START, _UNTIL, _KIND, _HOME, _PID = range(_FIELDS)


class Grant(NamedTuple):
    """Leave to send one request.

    Attributes:
        start: when, at the earliest.
        seen: when the board said so.
        rate_per_s: under which limit; smaller than asked for where somebody else asked for less.
    """

    start: float
    seen: float
    rate_per_s: float


class Holder(NamedTuple):
    """Who asks: the process, and the boot of the machine in whose process table it is."""

    home: float
    pid: int


def slots_for(rate_per_s: float) -> int:
    """Return how many requests one window holds.

    Raises:
        ValueError: no rate.
    """
    if not 0 < rate_per_s < math.inf:
        raise ValueError("a rate is a number of requests per second above 0")
    return min(math.ceil(rate_per_s), SLOTS_MOST)


class Board:
    """Numbers of one credit system: the limit, the requests under way, and when the last ones left.

    Never are more requests under way or less than one window old than the smallest rate of all sharers
    allows. So no window, wherever it begins, holds more departures.

    Args:
        raw: begins with what ``tobytes`` returned; anything else is a fresh board.
        clock: identifies the clock; a board of another clock starts afresh.
        is_alive: whether a process of this machine still exists.
    """

    def __init__(
        self, raw: bytes = b"", clock: float = 0.0, *, is_alive: Callable[[int], bool] | None = None
    ) -> None:
        self._is_alive = is_alive
        numbers = array("d")
        numbers.frombytes(raw[: len(raw) // 8 * 8])
        if len(numbers) < _HEADER or (numbers[_LAYOUT], numbers[_CLOCK]) != (LAYOUT, clock):
            numbers = _fresh(clock)
        head = self._head = numbers[:_HEADER]
        left_end = _HEADER + int(head[_LEFT])
        read_end = left_end + int(head[_READ])
        self._left, self._read = numbers[_HEADER:left_end], numbers[left_end:read_end]
        self._held = numbers[read_end : read_end + int(head[_HELD])]

    def tobytes(self) -> bytes:
        """Return the board as bytes, however many it needs."""
        self._head[_LEFT], self._head[_READ] = len(self._left), len(self._read)
        self._head[_HELD] = len(self._held)
        return b"".join(part.tobytes() for part in (self._head, self._left, self._read, self._held))

    @property
    def usable(self) -> int:
        """How many requests may be under way or less than one window old now."""
        return max(1, int(slots_for(self._head[_RATE]) * self._head[_SHARE] + 1e-9))

    def claim(
        self,
        ticket: float,
        now: float,
        *,
        rate_per_s: float,
        kind: float,
        holder: Holder,
        hold_s: float,
        slack_s: float,
    ) -> Grant | float:
        """Let a request leave as soon as the limit allows it.

        While a push runs, readers use at most half of the limit. Asked again with the same ticket it says the
        same again, so that a claim of which nobody knows whether it was written down can be repeated.

        Args:
            ticket: a number of this request alone.
            now: on the sharers' clock.
            rate_per_s: what the asker allows; the smallest of all sharers counts.
            kind: ``READ`` or ``WRITE``.
            holder: who asks.
            hold_s: seconds after which the slot comes back if its holder is never heard of again.
            slack_s: seconds added to the window, for what the clocks of the sharers differ by.

        Returns:
            When it may leave; or the moment from which on it is worth to ask again, infinite while all slots
            are held: nobody knows when an answer comes.
        """
        if self._left and self._left[-1] > now + CLOCK_BACK_S:
            self._start_afresh(now + slack_s)
        head = self._head
        self._agree(rate_per_s, now, slack_s)
        self._recover(now)
        if kind == WRITE and head[_PUSH_UNTIL] < now + PUSH_QUIET_S - NOTE_S:
            head[_PUSH_UNTIL] = now + PUSH_QUIET_S
        if (same := self.renew(ticket, now)) is not None:
            return same
        self._bury(now, holder)
        usable = self.usable
        window_s = slots_for(head[_RATE]) / head[_RATE] + slack_s
        opens = window_s + _opening(self._left, len(self._held) // _FIELDS, usable)
        if kind == READ and head[_PUSH_UNTIL] > now:
            # a reader takes no slot before it needs one: the push uses what readers may not
            reading = self._held[_KIND::_FIELDS].count(READ)
            reads = window_s + _opening(self._read, reading, max(1, usable // 2))
            if reads > max(now, opens):
                return reads
        if opens == math.inf:
            return opens
        # half of even spacing: no burst, and room to make up for a late departure
        apart_s = 0.5 * window_s / usable
        start = max(now, opens, head[_NOT_BEFORE], head[_LAST] + apart_s)
        head[_LAST] = start
        self._held.extend((ticket, now, start, start + hold_s, kind, holder.home, holder.pid))
        return Grant(start, now, head[_RATE])

    def renew(self, ticket: float, now: float) -> Grant | None:
        """Return the same leave once more; None, and the slot is free, where all have to wait longer now."""
        at = self._place(ticket)
        if at is None:
            return None
        start = self._held[at + _START]
        if self._held[at + _CLAIMED] < self._head[_CHANGED_AT] or start < self._head[_NOT_BEFORE]:
            del self._held[at : at + _FIELDS]
            return None
        return Grant(start, now, self._head[_RATE])

    def give_back(self, ticket: float, counted_at: float | None) -> None:
        """End a hold.

        Args:
            ticket: as claimed; nothing happens where it is not held, or no longer.
            counted_at: latest moment at which the request can have been counted; None if it never left.
        """
        at = self._place(ticket)
        if at is None:
            return
        kind = self._held[at + _KIND]
        del self._held[at : at + _FIELDS]
        if counted_at is not None:
            self._note_departure(counted_at, kind)

    def refused(self, now: float, pause_s: float, *, left_at: float) -> None:
        """The system said that it is too busy: everybody pauses, and half of the slots rest.

        What left before the pause after the last halving was over met the same crowd: it halves no more,
        however late its answer comes.

        Args:
            now: when the answer came.
            pause_s: seconds for which nobody sends, above 0.
            left_at: when the refused request left.
        """
        head = self._head
        until = now + pause_s
        if left_at >= head[_CROWD_UNTIL]:
            head[_SHARE] = max(head[_SHARE] / 2, 1.0 / SLOTS_MOST)
            head[_CROWD_UNTIL] = until
            self._recall(now)
        head[_NOT_BEFORE] = max(head[_NOT_BEFORE], until)
        head[_CALM_SINCE] = head[_NOT_BEFORE]

    def _agree(self, rate_per_s: float, now: float, slack_s: float) -> None:
        """Let the smallest rate count that anybody asked for of late."""
        head = self._head
        if not head[_RATE]:
            head[_RATE] = rate_per_s
        elif rate_per_s < head[_RATE]:
            head[_RATE] = rate_per_s
            self._recall(now)
        elif rate_per_s > head[_RATE] and head[_RATE_SEEN] < now - RATE_KEPT_S:
            head[_RATE] = rate_per_s
            # the greater rate's window may be longer than what is known of the past
            head[_NOT_BEFORE] = max(head[_NOT_BEFORE], now + slots_for(rate_per_s) / rate_per_s + slack_s)
        if rate_per_s == head[_RATE] and head[_RATE_SEEN] < now - NOTE_S:
            head[_RATE_SEEN] = now

    def _recall(self, now: float) -> None:
        """Let those ask again who have leave from before, for later than now."""
        self._head[_CHANGED_AT] = now
        self._head[_LAST] = min(self._head[_LAST], now)

    def _recover(self, now: float) -> None:
        """Take a tenth of the slots back into use for every five seconds without a refusal."""
        head = self._head
        if head[_SHARE] < 1 and (steps := int((now - head[_CALM_SINCE]) / RECOVERY_S)) > 0:
            head[_SHARE] = min(1.0, head[_SHARE] + steps / RECOVERY_STEPS)
            head[_CALM_SINCE] += steps * RECOVERY_S

    def _bury(self, now: float, holder: Holder) -> None:
        """End the holds of dead processes, and those that are over; their requests may have just left."""
        head, held = self._head, self._held
        if not held or head[_LOOKED_AT] > now - NOTE_S:
            return
        if not self._has_strangers(holder) and min(held[_UNTIL::_FIELDS]) > now:
            return
        head[_LOOKED_AT] = now
        gone = {
            pid
            for pid, home in set(zip(held[_PID::_FIELDS], held[_HOME::_FIELDS], strict=True))
            if home == holder.home and pid != holder.pid and not self._lives(int(pid))
        }
        for at in range(len(held) - _FIELDS, -1, -_FIELDS):
            dead = held[at + _HOME] == holder.home and held[at + _PID] in gone
            if dead or held[at + _UNTIL] <= now:
                kind = held[at + _KIND]
                del held[at : at + _FIELDS]
                self._note_departure(now, kind)

    def _has_strangers(self, holder: Holder) -> bool:
        return any(pid != holder.pid for pid in self._held[_PID::_FIELDS])

    def _lives(self, pid: int) -> bool:
        return self._is_alive is None or self._is_alive(pid)

    def _note_departure(self, moment: float, kind: float) -> None:
        slots = slots_for(self._head[_RATE])
        for times in (self._left, self._read) if kind == READ else (self._left,):
            insort(times, moment)
            del times[:-slots]

    def _start_afresh(self, not_before: float) -> None:
        rate_per_s = self._head[_RATE]
        self._head = _fresh(self._head[_CLOCK])
        self._head[_NOT_BEFORE] = not_before + slots_for(rate_per_s) / rate_per_s
        self._left, self._read, self._held = array("d"), array("d"), array("d")

    def _place(self, ticket: float) -> int | None:
        try:
            return self._held[_TICKET::_FIELDS].index(ticket) * _FIELDS
        except ValueError:
            return None


def length_of(header: bytes) -> int:
    """Return how many bytes the board takes whose first ``HEADER_BYTES`` are given; 0 where it is none."""
    numbers = array("d")
    numbers.frombytes(header)
    if numbers[_LAYOUT] != LAYOUT:
        return 0
    return 8 * int(_HEADER + numbers[_LEFT] + numbers[_READ] + numbers[_HELD])


def _fresh(clock: float) -> "array[float]":
    numbers = array("d", bytes(8 * _HEADER))
    numbers[_LAYOUT], numbers[_CLOCK], numbers[_SHARE] = LAYOUT, clock, 1.0
    numbers[_CROWD_UNTIL] = numbers[_CHANGED_AT] = numbers[_RATE_SEEN] = -math.inf
    return numbers


def _opening(times: "array[float]", held: int, slots: int) -> float:
    """Return which departure has to be one window old for the next one; infinite while all slots are held."""
    left = slots - held
    if left <= 0:
        return math.inf
    return times[-left] if len(times) >= left else -math.inf
