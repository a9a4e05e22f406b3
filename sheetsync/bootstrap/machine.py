"""The machine's clock, and the folder in which its processes meet."""

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall clock, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def shared_folder() -> Path:
    """Return the folder in which all processes of this user count their requests."""
    folder = Path(tempfile.gettempdir()) / f"sheetsync-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
