"""What arrived at the sandbox and when, so that tests can judge order, overlap and rate."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

MAX_KEPT = 1_000_000


@dataclass(slots=True)
class Seen:
    """One request.

    Attributes:
        number: Counts from 1.
        arrived_s: `time.monotonic()` once its body was read.
        method: HTTP method.
        path: Path and query as sent.
        account: The account it names, if any.
        write: Whether it would change a balance.
        writes_in_flight: Writes to that account running on arrival, this one included; 0 for a read.
        status: HTTP status answered; `None` while running, and for a connection closed without an answer.
        faults: Kinds of the scripted faults that hit it.
    """

    number: int
    arrived_s: float
    method: str
    path: str
    account: str | None
    write: bool
    writes_in_flight: int = 0
    status: int | None = None
    faults: tuple[str, ...] = ()


@dataclass
class Traffic:
    """The log of requests, oldest first; iterate, index or count it like a list."""

    _seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=MAX_KEPT), repr=False)
    _running: Counter[str] = field(default_factory=Counter, repr=False)
    _most: Counter[str] = field(default_factory=Counter, repr=False)
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def enter(self, method: str, path: str, *, account: str | None, write: bool) -> Seen:
        """Log an arrival."""
        with self._lock:
            self._count += 1
            seen = Seen(self._count, time.monotonic(), method, path, account, write)
            if write and account is not None:
                self._running[account] += 1
                seen.writes_in_flight = self._running[account]
                self._most[account] = max(self._most[account], seen.writes_in_flight)
            self._seen.append(seen)
            return seen

    def leave(self, seen: Seen) -> None:
        """Note that a request can no longer change anything.

        To be called before its answer leaves: the client's next request must not seem to overlap this one.
        """
        if seen.write and seen.account is not None:
            with self._lock:
                self._running[seen.account] -= 1

    def max_writes_in_flight(self, account: str | None = None) -> int:
        """Return how many writes ever ran at once on one account (default: on the worst account)."""
        with self._lock:
            return self._most[account] if account is not None else max(self._most.values(), default=0)

    def busiest(self, window_s: float = 1.0) -> int:
        """Return the largest number of arrivals within any half-open window of that length."""
        times = [seen.arrived_s for seen in self]
        most = start = 0
        for end, arrived in enumerate(times):
            while arrived - times[start] >= window_s:
                start += 1
            most = max(most, end - start + 1)
        return most

    def writes(self, account: str | None = None) -> list[Seen]:
        """List the writes, optionally to one account."""
        return [seen for seen in self if seen.write and account in (None, seen.account)]

    def clear(self) -> None:
        """Forget the log and the maxima; what is running stays counted."""
        with self._lock:
            self._seen.clear()
            self._most.clear()

    def as_json(self) -> list[dict[str, object]]:
        """Return every request as a JSON object."""
        return [asdict(seen) for seen in self]

    def __iter__(self) -> Iterator[Seen]:
        with self._lock:
            return iter(list(self._seen))

    def __len__(self) -> int:
        with self._lock:
            return len(self._seen)

    def __getitem__(self, index: int) -> Seen:
        with self._lock:
            return self._seen[index]
