"""The limiter: strict in every window, at departure and at arrival, for any rate."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from sheetsync.providers.board import READ, WRITE, Board, Grant, Holder
from sheetsync.providers.limiter import SLACK_S, SlidingLimiter
from sheetsync.providers.stores import FileStore


class Time:
    """A clock of which only waiting moves the hands."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def ticks(self) -> float:
        """Return the seconds."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now_s += seconds


class Interrupted:
    """Somebody presses Ctrl+C whenever one waits."""

    def sleep(self, seconds: float) -> None:
        """Do not come back."""
        raise KeyboardInterrupt(seconds)


def leave(rate: float, count: int, trip_s: float = 0.0) -> list[float]:
    """Return when each of ``count`` requests in a row left."""
    time = Time()
    limiter = SlidingLimiter(rate, time, ticks=time.ticks)
    left: list[float] = []
    for _ in range(count):
        with limiter.slot() as slot:
            slot.leaving()
            left.append(time.now_s)
            time.sleep(trip_s)
    return left


def most_within(moments: list[float], window_s: float) -> int:
    """Return the most moments in any half-open window."""
    return max(sum(start <= moment < start + window_s for moment in moments) for start in moments)


@pytest.mark.parametrize("rate", [1.0, 2.0, 5.0, 7.0, 50.0])
def test_whole_rates_are_strict(rate: float) -> None:
    """Never more than the rate in any second, and hardly less on the whole."""
    left = leave(rate, 200)
    assert most_within(left, 1.0) <= rate
    whole = (len(left) - 1) // int(rate) * int(rate)  # from a departure to the one whole windows later
    assert whole / (left[whole] - left[0]) >= 0.98 * rate


def test_departures_are_spread() -> None:
    """No burst, not even the first one: departures are at least half a step apart."""
    left = leave(50, 120)
    assert min(later - earlier for earlier, later in pairwise(left)) >= 0.5 / 50 - 1e-9


@pytest.mark.parametrize(("rate", "per_second", "per_window"), [(0.5, 1, 2.0), (2.5, 3, 1.2), (0.1, 1, 10.0)])
def test_fractions_of_a_request(rate: float, per_second: int, per_window: float) -> None:
    """A rate that is no whole number takes a longer window, never a burst."""
    left = leave(rate, 60)
    assert most_within(left, 1.0) <= per_second
    assert most_within(left, per_window) <= round(rate * per_window)


def test_slow_answers_count_when_they_may_have_arrived() -> None:
    """The server may have counted a request at its very end: the slot waits from there."""
    time = Time()
    limiter = SlidingLimiter(1, time, ticks=time.ticks)
    with limiter.slot() as slot:
        slot.leaving()
        time.sleep(0.1)
    with limiter.slot() as slot:
        slot.leaving()
        time.sleep(5.0)
        arrived_by = time.now_s - 0.1
    with limiter.slot():
        assert time.now_s >= arrived_by + 1


def test_connecting_takes_no_share() -> None:
    """What counts is when the request left, not when its slot was given."""
    time = Time()
    limiter = SlidingLimiter(1, time, ticks=time.ticks)
    with limiter.slot() as slot:
        time.sleep(3.0)
        slot.leaving()
        left = time.now_s
    with limiter.slot() as slot:
        slot.leaving()
        assert left + 1 + SLACK_S == pytest.approx(time.now_s)


def test_getting_ready_takes_no_share() -> None:
    """What is done before each request, such as writing down the intent, is done ahead of its moment."""
    time = Time()
    limiter = SlidingLimiter(10, time, ticks=time.ticks)
    left = []
    for _ in range(101):
        with limiter.slot() as slot:
            time.sleep(0.02)
            slot.leaving()
            left.append(time.now_s)
    assert most_within(left, 1.0) <= 10
    assert 100 / (left[-1] - left[0]) >= 0.98 * 10


def test_a_failed_attempt_keeps_its_slot() -> None:
    """An attempt that never left still paces the next one, and gives its slot back."""
    time = Time()
    limiter = SlidingLimiter(1, time, ticks=time.ticks)
    with pytest.raises(OSError, match="refused"), limiter.slot():
        raise OSError("refused")
    with limiter.slot():
        assert time.now_s >= 101.0


def test_a_broken_wait_loses_no_slot() -> None:
    """A wait that is interrupted gives the slot back."""
    time = Time()
    limiter = SlidingLimiter(1, time, ticks=time.ticks)
    with limiter.slot():
        pass
    limiter._clock = Interrupted()
    with pytest.raises(KeyboardInterrupt), limiter.slot():
        pass
    limiter._clock = time
    with limiter.slot():
        assert time.now_s >= 101.0


def test_threads_share_the_limit() -> None:
    """Never more in flight than slots, and all come through."""
    time = Time()
    limiter = SlidingLimiter(3, time, ticks=time.ticks)
    lock, running, most = threading.Lock(), 0, 0

    def work(_number: int) -> None:
        nonlocal running, most
        with limiter.slot() as slot:
            slot.leaving()
            with lock:
                running += 1
                most = max(most, running)
            with lock:
                running -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(200)))
    assert 1 <= most <= 3


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_refuses_what_is_no_rate(rate: float) -> None:
    """A rate is a number above 0."""
    with pytest.raises(ValueError, match="rate"):
        SlidingLimiter(rate, Time())


def test_refusals_pause_everybody_and_slow_down() -> None:
    """After a refusal nobody leaves during the pause, half of the slots rest, and come back one by one."""
    time = Time()
    limiter = SlidingLimiter(4, time, ticks=time.ticks)
    limiter.refused(7.0, left_at=time.now_s)
    left = []
    for _ in range(90):
        with limiter.slot() as slot:
            slot.leaving()
            left.append(time.now_s)
    assert left[0] >= 107.0
    first = [moment for moment in left if moment < left[0] + 1.0]
    assert 2 <= len(first) <= 3
    assert most_within(left, 1.0) == 4


def test_processes_share_a_board(tmp_path: Path) -> None:
    """Two limiters on one file together keep the limit."""
    time = Time()
    stores = [FileStore(tmp_path / "slots", 1.0) for _ in range(2)]
    limiters = [SlidingLimiter(5, time, ticks=time.ticks, store=store) for store in stores]
    left = []
    for number in range(60):
        with limiters[number % 2].slot() as slot:
            slot.leaving()
            left.append(time.now_s)
    for store in stores:
        store.close()
    assert most_within(left, 1.0) <= 5


def test_a_board_of_another_boot_starts_afresh(tmp_path: Path) -> None:
    """Times of an earlier boot mean nothing: nobody waits for them."""
    for boot in (1.0, 2.0):
        time = Time()
        store = FileStore(tmp_path / "slots", boot)
        with SlidingLimiter(1, time, ticks=time.ticks, store=store).slot() as slot:
            slot.leaving()
            assert time.now_s == 100.0
            time.sleep(50.0)
        store.close()


def claim(
    board: Board,
    ticket: int,
    now: float,
    *,
    rate: float = 4,
    kind: float = READ,
    pid: int = 1,
    home: float = 0.0,
    hold_s: float = 90.0,
) -> Grant | None:
    """Ask a board for leave; None if there is none to be had now."""
    found = board.claim(
        float(ticket),
        now,
        rate_per_s=rate,
        kind=kind,
        holder=Holder(home, pid),
        hold_s=hold_s,
        slack_s=0.0,
    )
    return found if isinstance(found, Grant) else None


def starts(board: Board, count: int, now: float, *, rate: float = 4, kind: float = READ) -> list[bool]:
    """Ask several times, and return who got leave."""
    first = len(board._held) + 100
    return [claim(board, first + each, now, rate=rate, kind=kind) is not None for each in range(count)]


def test_readers_leave_half_to_a_push() -> None:
    """While a push runs, reads hold at most half of the slots; without one they hold all."""
    assert [True, True, True, True, False] == starts(Board(), 5, 1.0)
    board = Board()
    assert [True] == starts(board, 1, 1.0, kind=WRITE)
    assert [True, True, False] == starts(board, 3, 1.0)


def test_readers_rest_for_a_push() -> None:
    """What readers sent within the last window counts, too, not only what is under way."""
    board = Board()
    starts(board, 1, 10.0, kind=WRITE)
    for ticket in (1, 2):
        claim(board, ticket, 10.0)
        board.give_back(ticket, 10.0)
    assert claim(board, 3, 10.5) is None
    found = claim(board, 3, 11.0)
    assert found is not None
    assert 11.0 == found.start


def test_a_lost_holder_loses_its_slot() -> None:
    """A slot whose holder is never heard of again does not stay held for ever."""
    board = Board()
    assert claim(board, 1, 1.0, rate=1, hold_s=9.0) == Grant(1.0, 1.0, 1)
    assert claim(board, 2, 2.0, rate=1, hold_s=9.0) is None
    found = claim(board, 2, 10.5, rate=1, hold_s=9.0)
    assert found is not None
    assert 11.5 == found.start


def test_a_killed_holder_is_noticed() -> None:
    """A slot whose process is gone comes back after a window, not after the longest request."""
    alive = {7: True}
    board = Board(is_alive=lambda pid: alive.get(pid, False))
    assert claim(board, 1, 1.0, rate=1, pid=7) is not None
    assert claim(board, 2, 2.0, rate=1) is None
    alive.clear()
    assert claim(board, 2, 2.5, rate=1) is None, "it is looked for once a second"
    found = claim(board, 2, 3.0, rate=1)
    assert found is not None
    assert 4.0 == found.start


def test_a_holder_elsewhere_is_not_judged() -> None:
    """The number of another machine's process says nothing here."""
    board = Board(is_alive=lambda _pid: False)
    assert claim(board, 1, 1.0, rate=1, pid=7, home=5.0) is not None
    assert claim(board, 2, 20.0, rate=1) is None


def test_a_claim_repeated_is_the_same_claim() -> None:
    """Where nobody knows whether it was written down, it is made again, and holds one slot, not two."""
    board = Board()
    first = claim(board, 1, 1.0)
    assert first == claim(board, 1, 1.0)
    assert [True, True, True, False] == starts(board, 4, 1.0)
    board.give_back(1.0, 1.0)
    board.give_back(1.0, 1.0)
    assert 1 == len(board._left)


def test_one_crowd_halves_once() -> None:
    """What left before the pause was over halves nothing more, however late its answer; a later one does."""
    board = Board()
    claim(board, 1, 99.0, rate=200)
    for answered in (100.0, 100.001, 100.003, 104.0):
        board.refused(answered, 0.1, left_at=99.5)
    assert 100 == board.usable
    board.refused(104.2, 0.1, left_at=100.2)
    assert 50 == board.usable


def test_all_slots_come_back_in_ten_steps() -> None:
    """A tenth of all for every five seconds after the pause without a refusal, however many there are."""
    board = Board()
    claim(board, 1, 99.0, rate=200)
    board.refused(100.0, 1.0, left_at=99.0)
    found = []
    for step in range(1, 7):
        claim(board, 1 + step, 101.0 + 5 * step, rate=200)
        found.append(board.usable)
    assert [120, 140, 160, 180, 200, 200] == found


def test_time_heals_all_at_once() -> None:
    """Nobody has to ask in between: after a quiet minute all slots are back."""
    board = Board()
    claim(board, 1, 99.0, rate=200)
    board.refused(100.0, 1.0, left_at=99.0)
    claim(board, 2, 200.0, rate=200)
    assert 200 == board.usable


def test_leave_is_called_back() -> None:
    """Who waits with leave from before a refusal waits out the pause, and asks again."""
    board = Board()
    claim(board, 1, 10.0, rate=1)
    board.give_back(1.0, 10.0)
    waiting = claim(board, 2, 10.0, rate=1)
    assert waiting is not None
    assert 11.0 == waiting.start
    board.refused(10.5, 3.0, left_at=10.0)
    assert board.renew(2.0, 11.0) is None
    again = claim(board, 2, 11.0, rate=1)
    assert again is not None
    assert 13.5 == again.start


def test_the_smaller_rate_wins() -> None:
    """Nothing that is known is lost; the greater one counts again a minute after the smaller's end."""
    board = Board()
    for ticket in range(4):
        claim(board, ticket, 100.0)
        board.give_back(ticket, 100.0)
    small = claim(board, 10, 100.5, rate=2)
    assert small is not None
    assert (101.0, 2) == (small.start, small.rate_per_s)
    board.give_back(10.0, 101.0)
    large = claim(board, 11, 130.0, rate=4)
    assert large is not None
    assert 2 == large.rate_per_s
    board.give_back(11.0, 130.0)
    later = claim(board, 12, 162.0, rate=4)
    assert later is not None
    assert 4 == later.rate_per_s


def test_a_clock_set_back() -> None:
    """Nobody waits for hours because the clock of all was set back by hours."""
    board = Board()
    claim(board, 1, 10_000.0, rate=1)
    board.give_back(1.0, 10_000.0)
    found = claim(board, 2, 100.0, rate=1)
    assert found is not None
    assert 101.0 == found.start


def test_a_board_survives_its_bytes() -> None:
    """Written down and read again it is the same; in another layout, or damaged, it is a fresh one."""
    board = Board()
    starts(board, 3, 1.0)
    board.give_back(100.0, 1.0)
    raw = board.tobytes()
    assert raw == Board(raw).tobytes()
    for damaged in (b"", b"x", raw[:50], bytes(len(raw)), raw[8:]):
        assert Board().tobytes() == Board(damaged).tobytes()


def test_a_file_that_was_removed(tmp_path: Path) -> None:
    """Who cleans up temporary files cuts nobody off: what the file said still counts, for all processes."""
    path = tmp_path / "slots"
    time = Time()
    stores = [FileStore(path, 1.0) for _ in range(2)]
    limiters = [SlidingLimiter(1, time, ticks=time.ticks, store=store) for store in stores]
    left = []
    for number in range(8):
        with limiters[number % 2].slot() as slot:
            slot.leaving()
            left.append(time.now_s)
        if number % 3 == 1:
            path.unlink()
            for store in stores:
                store._follow_at_s = 0.0
    for store in stores:
        store.close()
    assert 1 == most_within(left, 1.0)
