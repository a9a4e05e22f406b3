"""Counts of the requests that this process sends to other systems, for ``/metrics``.

Plain numbers of the process, so that a command that nobody scrapes does not pay for a metrics library.
"""

import threading
from collections import defaultdict


class Meter:
    """Requests by host and outcome: how many, and how many seconds they took together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], tuple[int, float]] = defaultdict(lambda: (0, 0.0))

    def count(self, host: str, outcome: str, took_s: float) -> None:
        """Count one request.

        Args:
            host: that was asked.
            outcome: ``2xx`` … ``5xx``, ``not_sent``, or ``no_reply``.
            took_s: seconds.
        """
        with self._lock:
            number, seconds = self._found[host, outcome]
            self._found[host, outcome] = (number + 1, seconds + took_s)

    def read(self) -> dict[tuple[str, str], tuple[int, float]]:
        """Return (host, outcome) → (requests, seconds)."""
        with self._lock:
            return dict(self._found)


REQUESTS = Meter()
"""Of this process."""
