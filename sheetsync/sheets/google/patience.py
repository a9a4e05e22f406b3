"""Trying again: bounded in tries and in time, later each time, and saying so."""

import logging
import random
from collections.abc import Callable

from sheetsync.errors import SheetError
from sheetsync.sheets.google.refusals import PassingError

TRIES = 5
"""Tries of a request that gets no answer, or the answer that Google is not available."""

DEADLINE_S = 120.0
"""Seconds in which they are made."""

QUOTA_DEADLINE_S = 300.0
"""Seconds to wait for a quota: it is filled up each minute, and others may draw from it as well."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""Seconds. Google: wait longer each time, up to about a minute."""

_log = logging.getLogger(__name__)


class Patience:
    """How long one piece of work goes on trying.

    Args:
        ticks: seconds on a clock that nobody sets.
        sleep: waits.
        say: told what is waited for.
    """

    def __init__(
        self, *, ticks: Callable[[], float], sleep: Callable[[float], None], say: Callable[[str], None]
    ) -> None:
        self._ticks, self._sleep, self._say = ticks, sleep, say
        self._since_s = ticks()
        self._tries = 0

    def wait(self, error: PassingError) -> float:
        """Wait before the next try; return the seconds waited.

        Raises:
            PassingError: the error given, when it is time to give up.
        """
        self._tries += 1
        spent_s = self._ticks() - self._since_s
        limit_s = QUOTA_DEADLINE_S if error.quota else DEADLINE_S
        pause_s = self.pause_s(error)
        if spent_s + pause_s > limit_s or (self._tries >= TRIES and not error.quota):
            raise error
        self._say(f"Waiting for Google: {error.message}")
        _log.warning("Waiting for Google, %.0f s: %s", pause_s, error.message)
        self._sleep(pause_s)
        return pause_s

    def pause_s(self, error: PassingError) -> float:
        """Return the next pause: what Google asked for, else twice the last one, with jitter."""
        grown_s: float = min(FIRST_PAUSE_S * 2 ** (self._tries - 1), LONGEST_PAUSE_S)
        if error.pause_s is not None:
            grown_s = max(error.pause_s, FIRST_PAUSE_S)
        return grown_s + random.uniform(0, FIRST_PAUSE_S)  # noqa: S311 - spreads clients, guards nothing


def give_up(what: str) -> SheetError:
    """Return the error for a tab that never stood still."""
    return SheetError(
        f"The tab changed again and again while {what}.",
        hint="Try again when nobody sorts or moves its rows or columns; the next pull puts everything right.",
    )
