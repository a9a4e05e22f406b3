"""The limiter: strict in every window, at departure and at arrival, for any rate."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from sheetsync.providers.board import _USABLE, READ, WRITE, Board, FileStore
from sheetsync.providers.limiter import SLACK_S, SlidingLimiter, slots_for


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


def interrupt(seconds: float) -> None:
    """Wait until somebody presses Ctrl+C."""
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
    with limiter.slot():
        assert left + 1 + SLACK_S == pytest.approx(time.now_s)


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
    limiter._sleep = interrupt
    with pytest.raises(KeyboardInterrupt), limiter.slot():
        pass
    limiter._sleep = time.sleep
    with limiter.slot():
        assert time.now_s >= 101.0


def test_threads_share_the_limit() -> None:
    """Never more in flight than slots, and all come through."""
    limiter = SlidingLimiter(3, Time())
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

    limiter._window_s, limiter._apart_s = 0.001, 0.0
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
    limiter.refused(7.0)
    left = []
    for _ in range(40):
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
    stores = [FileStore(tmp_path / "slots", slots_for(5), boot=1.0) for _ in range(2)]
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
        store = FileStore(tmp_path / "slots", 1, boot=boot)
        with SlidingLimiter(1, time, ticks=time.ticks, store=store).slot() as slot:
            slot.leaving()
            assert time.now_s == 100.0
            time.sleep(50.0)
        store.close()


def test_readers_leave_half_to_a_push() -> None:
    """While a push runs, reads hold at most half of the slots; without one they hold all."""
    board = Board(memoryview(bytearray(Board.size(4))), 4)
    held = [board.claim(1.0, kind=READ, hold_s=9.0, apart_s=0.0) for _ in range(5)]
    assert [found is not None for found in held] == [True, True, True, True, False]
    board = Board(memoryview(bytearray(Board.size(4))), 4)
    assert board.claim(1.0, kind=WRITE, hold_s=9.0, apart_s=0.0) is not None
    held = [board.claim(1.0, kind=READ, hold_s=9.0, apart_s=0.0) for _ in range(3)]
    assert [found is not None for found in held] == [True, True, False]


def test_a_dead_holder_loses_its_slot() -> None:
    """A process that was killed while it held a slot does not keep it for ever."""
    board = Board(memoryview(bytearray(Board.size(1))), 1)
    assert board.claim(1.0, kind=READ, hold_s=9.0, apart_s=0.0) == (0, 1.0)
    assert board.claim(2.0, kind=READ, hold_s=9.0, apart_s=0.0) is None
    assert board.claim(10.5, kind=READ, hold_s=9.0, apart_s=0.0) == (0, 10.5)


def test_a_killed_holder_is_noticed() -> None:
    """A slot whose process is gone comes back after a second, not after the longest request."""
    alive = {True}
    board = Board(memoryview(bytearray(Board.size(1))), 1, is_alive=lambda _pid: True in alive)
    assert board.claim(1.0, kind=READ, hold_s=90.0, apart_s=0.0) == (0, 1.0)
    assert board.claim(2.0, kind=READ, hold_s=90.0, apart_s=0.0) is None
    alive.clear()
    assert board.claim(3.0, kind=READ, hold_s=90.0, apart_s=0.0) is None
    assert board.claim(3.1, kind=READ, hold_s=90.0, apart_s=0.0) == (0, 4.0)


def test_one_crowd_halves_once() -> None:
    """Requests that had left before the pause and are refused in it halve nothing more; a later one does."""
    buffer = bytearray(Board.size(40))
    board = Board(memoryview(buffer), 40)
    for moment in (100.0, 100.2, 100.9):
        board.refused(moment, 1.0)
    assert 20 == usable(board)
    board.refused(102.0, 1.0)
    assert 10 == usable(board)


def test_all_slots_come_back_in_ten_steps() -> None:
    """A tenth of all for every five seconds without a refusal, however many there are."""
    buffer = bytearray(Board.size(200))
    board = Board(memoryview(buffer), 200)
    board.refused(100.0, 1.0)
    found = []
    for step in range(1, 7):
        board.recover(100.0 + 5 * step, every_s=5.0)
        found.append(usable(board))
    assert [120, 140, 160, 180, 200, 200] == found


def usable(board: Board) -> int:
    """Return how many slots are in use."""
    return int(board._numbers[_USABLE])
