"""The rate limit over hours of simulated time: many processes, any rates, slow answers, refusals, kills."""

import bisect
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetsync.ledger.store import SqlLedger
from sheetsync.providers.board import Board
from sheetsync.providers.limiter import RENEW_S, SLACK_S, SlidingLimiter
from sheetsync.providers.stores import BoardStore, FileStore
from tests.simulation import Line, Turns

JITTER_S = SLACK_S / 4
"""Seconds by which each process reads the clock wrong, either way: two together use half of the slack."""

CROWD_S = 0.03
"""Seconds in which a crowd leaves that is refused: shorter than any answer takes."""

Latency = Callable[[random.Random], float]
Open = Callable[[], BoardStore]


def quick(dice: random.Random) -> float:
    """Answer in 50 ms, more or less."""
    return dice.uniform(0.045, 0.055)


def slow(dice: random.Random) -> float:
    """Answer in 50 ms, but now and then in seconds."""
    return dice.uniform(2.0, 8.0) if dice.random() < 0.1 else dice.uniform(0.04, 0.4)


@dataclass
class System:
    """A credit system and those who send to it.

    Attributes:
        open_store: opens the shared board for one more process.
        left: moments of departure, in order.
        claims: for each departure, under which rate it had leave.
        refuses: whether a request that left at this moment is refused.
        retry_after_s: pause of its refusals.
    """

    open_store: Open
    turns: Turns = field(default_factory=Turns)
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    latency: Latency = quick
    left: list[float] = field(default_factory=list)
    refuses: Callable[[float], bool] = lambda _left_at: False
    retry_after_s: float = 1.0

    def process(
        self, rate: float, *, threads: int = 8, at_s: float = 0.0, until_s: float = 1e9, pushes: bool = False
    ) -> SlidingLimiter:
        """Start a process whose threads send as much as they may, for a while."""
        differs_s = self.dice.uniform(-JITTER_S, JITTER_S)
        limiter = SlidingLimiter(
            rate,
            self.turns,
            store=self.open_store(),
            pushes=pushes,
            ticks=lambda: self.turns.now_s + differs_s,
            line=Line(self.turns),
        )
        end_s = self.turns.now_s + until_s
        for _ in range(threads):
            self.turns.start(partial(self._send, limiter, end_s), at_s=at_s)
        return limiter

    def _send(self, limiter: SlidingLimiter, end_s: float) -> None:
        while self.turns.now_s < end_s:
            with limiter.slot() as slot:
                if self.latency is slow and self.dice.random() < 0.05:
                    self.turns.sleep(self.dice.uniform(0.0, 0.3))  # connecting
                slot.leaving()
                left_at = self.turns.now_s
                self.left.append(left_at)
                self.turns.sleep(self.latency(self.dice))
            if self.refuses(left_at):
                limiter.refused(self.retry_after_s, slot.left_at)

    def refuse_a_crowd(self) -> float:
        """Refuse what leaves next, before the first of them has an answer; return until when."""
        place = len(self.left)
        while len(self.left) == place:
            self.turns.run(0.001)
        first_s = self.left[place]
        self.refuses = lambda left_at: first_s <= left_at <= first_s + CROWD_S
        return first_s + CROWD_S

    def most(self, *, since_s: float = 0.0) -> int:
        """Return the most departures in any window of one second from a moment on."""
        return most_within([each for each in self.left if each >= since_s])

    def share(self, rate: float, since_s: float) -> float:
        """Return the part of the rate that was reached from a moment on."""
        times = sorted(each for each in self.left if each >= since_s)
        whole = (len(times) - 1) // int(rate) * int(rate)  # from one departure to that whole windows later
        return whole / (times[whole] - times[0]) / rate


def most_within(moments: list[float]) -> int:
    """Return the most moments in any half-open window of one second, wherever it begins."""
    times = sorted(moments)
    return max((bisect.bisect_left(times, at + 1.0) - place for place, at in enumerate(times)), default=0)


def usable(limiter: SlidingLimiter) -> int:
    """Return how many slots the board uses now."""
    return limiter._store.change(lambda board: board.usable)


@pytest.fixture(params=["file", "ledger"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return what opens the shared board, once for each process."""
    if request.param == "file":
        files: list[FileStore] = []

        def open_file() -> BoardStore:
            files.append(FileStore(tmp_path / "slots", 1.0))
            return files[-1]

        yield open_file
        for file in files:
            file.close()
        return
    ledger = SqlLedger(request.getfixturevalue("postgresql_url"))
    paces = []

    def open_pace() -> BoardStore:
        paces.append(ledger.pace("s", open_board=Board))
        return paces[-1]

    yield open_pace
    for pace in paces:
        pace.close()
    ledger.close()


@pytest.mark.parametrize("rate", [1.0, 5.0, 20.0, 50.0])
def test_three_processes_share_one_rate(store: Open, rate: float) -> None:
    """A push and two readers are never above it in any second, and use 98 % of it."""
    system = System(store)
    for pushes in (True, False, False):
        system.process(rate, pushes=pushes)
    began_s = system.turns.now_s
    system.turns.run(max(25.0, 90 / rate))
    assert system.most() <= rate
    # after the first few round trips, which are no measure of the shortest one yet
    assert system.share(rate, began_s + max(3.0, 30 / rate)) >= 0.98


def test_slow_answers_exceed_nothing(store: Open) -> None:
    """Answers that take seconds hold their slots; what they leave free is used, and never more."""
    system = System(store, latency=slow)
    for _ in range(2):
        system.process(10.0, threads=12)
    system.turns.run(40.0)
    assert system.most() <= 10
    assert len(system.left) >= 0.5 * 10 * 40


def test_connections_with_unlike_rates(store: Open) -> None:
    """From the first request of the smaller rate on, the smaller is kept by all; it is used, too."""
    system = System(store)
    system.process(20.0)
    system.process(5.0, at_s=5.0)
    began_s = system.turns.now_s
    system.turns.run(45.0)
    assert system.most() <= 20
    # the second before it came in was still the other's; whatever left later is under the smaller one
    assert system.most(since_s=began_s + 5.0 + 1.0) <= 5
    assert system.share(5.0, began_s + 8.0) >= 0.98


def test_the_greater_rate_comes_back(store: Open) -> None:
    """A minute after the smaller one's last request the greater one is used again."""
    system = System(store)
    system.process(20.0)
    system.process(5.0, until_s=5.0)
    began_s = system.turns.now_s
    system.turns.run(100.0)
    assert most_within([each for each in system.left if began_s + 1.0 < each < began_s + 60.0]) <= 5
    assert system.most() <= 20
    assert system.share(20.0, began_s + 75.0) >= 0.98


@pytest.mark.parametrize("retry_after_s", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("latency", [quick, slow])
def test_one_overload_halves_once(store: Open, retry_after_s: float, latency: Latency) -> None:
    """However many are refused, however late: what left before the pause was over slows down once."""
    system = System(store, retry_after_s=retry_after_s, latency=latency)
    limiters = [system.process(40.0, threads=20) for _ in range(2)]
    system.turns.run(5.0)
    system.refuse_a_crowd()
    seen = []
    for _ in range(40):
        system.turns.run(0.1)
        seen.append(usable(limiters[0]))
    assert {40, 20} >= set(seen)
    assert 20 in seen
    system.turns.run(60.0)
    assert 40 == usable(limiters[0])
    assert system.most() <= 40
    if latency is quick:
        assert system.share(40.0, system.turns.now_s - 20.0) >= 0.98


def test_nobody_leaves_in_the_pause(store: Open) -> None:
    """Also who had leave already; another process hears of it within a quarter of a second."""
    system = System(store, retry_after_s=4.0)
    for _ in range(2):
        system.process(10.0, threads=20)
    system.turns.run(5.0)
    refused_s = system.refuse_a_crowd()
    system.turns.run(20.0)
    heard_s = refused_s + 0.055 + RENEW_S  # the answer, and who asked just before it
    assert [] == [each for each in system.left if heard_s < each < refused_s + 4.0 - CROWD_S]
    assert system.left[-1] > refused_s + 15.0


def test_a_system_that_takes_less(store: Open) -> None:
    """A host that refuses whatever is above 5 a second is sent little more, and never nothing for long."""
    system = System(store)
    system.refuses = lambda left_at: (
        len(system.left) - bisect.bisect_left(sorted(system.left), left_at - 1.0) > 5
    )
    for _ in range(2):
        system.process(20.0)
    system.turns.run(60.0)
    assert system.most() <= 20
    assert all(later - earlier < 5.0 for earlier, later in itertools.pairwise(system.left))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rates=st.lists(st.sampled_from([0.5, 1.0, 2.5, 5.0, 7.0, 30.0]), min_size=1, max_size=4),
    starts=st.lists(st.floats(0, 20), min_size=4, max_size=4),
    slowly=st.booleans(),
    refused=st.lists(st.tuples(st.floats(0, 30), st.floats(0.05, 6.0)), max_size=4),
)
def test_any_weather(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    rates: list[float],
    starts: list[float],
    slowly: bool,  # noqa: FBT001 - drawn
    refused: list[tuple[float, float]],
) -> None:
    """Whoever comes when, with whatever rate, in whatever weather: no second holds more than it may."""
    path = tmp_path_factory.mktemp("board") / "slots"
    system = System(
        lambda: FileStore(path, 1.0),
        dice=random.Random(seed),
        latency=slow if slowly else quick,
    )
    began_s = system.turns.now_s
    storms = [(began_s + at, began_s + at + length) for at, length in refused]
    system.refuses = lambda left_at: any(begin <= left_at <= end for begin, end in storms)
    joined = sorted(zip(starts, rates, strict=False))
    for at_s, rate in joined:
        system.process(rate, threads=6, at_s=at_s)
    system.turns.run(40.0)
    for place, (at_s, _rate) in enumerate(joined):
        least = min(rate for _at, rate in joined[: place + 1])
        until_s = joined[place + 1][0] if place + 1 < len(joined) else 40.0
        # one second after somebody came in with less, what had left before is out of every window
        part = [each - began_s for each in system.left if at_s + 1.0 <= each - began_s < until_s]
        assert most_within(part) <= -(-least // 1)
