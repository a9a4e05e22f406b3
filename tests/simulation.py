"""Simulated time for real code that waits: one thread runs at a time, the clock jumps to the next who wakes.

Threads give up their turn in ``Turns.sleep`` and in a ``Line`` alone, so what happens depends on the seed of
whoever uses it and on nothing of the machine: minutes pass in a second, however busy it is.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType


class Turns:
    """The clock, and whose turn it is.

    Attributes:
        now_s: seconds.
    """

    def __init__(self) -> None:
        self.now_s = 1000.0
        self._waiting: list[tuple[float, int, threading.Semaphore]] = []
        self._count = 0
        self._back = threading.Semaphore(0)
        self._failed: list[BaseException] = []

    def start(self, work: Callable[[], None], *, at_s: float = 0.0) -> None:
        """Let a thread do ``work``, from ``at_s`` seconds after now on."""
        turn = threading.Semaphore(0)

        def run() -> None:
            turn.acquire()
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised where the simulation is run
                self._failed.append(error)
            finally:
                self._back.release()

        self.wake(turn, self.now_s + at_s)
        threading.Thread(target=run, daemon=True).start()

    def run(self, until_s: float) -> None:
        """Let everybody have their turns for so many seconds; who still waits then waits for ever."""
        end_s = self.now_s + until_s
        while self._waiting and self._waiting[0][0] <= end_s:
            at_s, _number, turn = heapq.heappop(self._waiting)
            self.now_s = max(self.now_s, at_s)
            turn.release()
            self._back.acquire()
            if self._failed:
                raise self._failed[0]
        self.now_s = end_s

    def sleep(self, seconds: float) -> None:
        """Wait, and let others have their turns."""
        turn = threading.Semaphore(0)
        self.wake(turn, self.now_s + seconds)
        self.hand_over(turn)

    def wake(self, turn: threading.Semaphore, at_s: float) -> None:
        """Give a thread that waits its turn at that moment."""
        self._count += 1
        heapq.heappush(self._waiting, (at_s, self._count, turn))

    def hand_over(self, turn: threading.Semaphore) -> None:
        """End this thread's turn until it is woken."""
        self._back.release()
        turn.acquire()


class Line:
    """A lock whose waiting threads give up their turn."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._taken = False
        self._queue: deque[threading.Semaphore] = deque()

    def __enter__(self) -> None:
        """Take it."""
        if self._taken:
            turn = threading.Semaphore(0)
            self._queue.append(turn)
            self._turns.hand_over(turn)
        self._taken = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hand it to who waits longest."""
        if self._queue:
            self._turns.wake(self._queue.popleft(), self._turns.now_s)
        else:
            self._taken = False
