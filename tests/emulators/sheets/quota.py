"""Requests per minute and user."""

from collections import deque
from collections.abc import Callable

from tests.emulators.sheets import errors

MINUTE_S = 60.0


class Quota:
    """Counts requests in a sliding window; without limits until they are set.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.limits: dict[str, int | None] = {"Read": None, "Write": None}
        self.window_s = MINUTE_S
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def set(self, *, reads: int | None, writes: int | None, window_s: float = MINUTE_S) -> None:
        """Set the limits; None is without. Forgets what was counted."""
        self.limits = {"Read": reads, "Write": writes}
        self.window_s = window_s
        self._seen.clear()

    def count(self, user: str, *, write: bool) -> None:
        """Count a request.

        Raises:
            ApiError: It is one too many; it is not counted.
        """
        kind = "Write" if write else "Read"
        limit = self.limits[kind]
        if limit is None:
            return
        now = self._clock()
        seen = self._seen.setdefault((user, kind), deque())
        while seen and seen[0] <= now - self.window_s:
            seen.popleft()
        if len(seen) >= limit:
            raise errors.quota(kind, limit)
        seen.append(now)
