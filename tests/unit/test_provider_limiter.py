"""The limiter: strict in every window, at departure and at arrival, for any rate."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sheetsync.providers.limiter import SLACK_S, SlidingLimiter


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
    assert (200 - rate) / (left[-1] - left[0]) >= 0.98 * rate


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

    limiter._window_s = 0.001
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(200)))
    assert 1 <= most <= 3


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_refuses_what_is_no_rate(rate: float) -> None:
    """A rate is a number above 0."""
    with pytest.raises(ValueError, match="rate"):
        SlidingLimiter(rate, Time())
