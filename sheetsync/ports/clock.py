"""Time, as use cases see it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time; tests pass their own."""

    def now(self) -> datetime:
        """Wall clock, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
