"""The only place that knows every adapter: from settings to a desk that use cases work at."""

from sheetsync.bootstrap.machine import SystemClock
from sheetsync.bootstrap.office import Office, quiet

__all__ = ["Office", "SystemClock", "quiet"]
