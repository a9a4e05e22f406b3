"""Secret values never reach a log, an error or a page: they are replaced wherever text leaves the service."""

import logging
import threading
from typing import Any

MASK = "•••"
"""What stands in the place of a secret."""

MIN_LENGTH = 4
"""Characters. Shorter values are not masked: replacing every "a" would make all text unreadable, and nobody's
password is that short."""


class _Known:
    """The secret values that were revealed in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: tuple[str, ...] = ()

    def add(self, value: str) -> None:
        """Remember a value; the longest come first, so that a secret within a longer one leaves no rest."""
        with self._lock:
            self._values = tuple(sorted({*self._values, value}, key=lambda text: (-len(text), text)))

    def mask(self, text: str) -> str:
        """Replace every remembered value."""
        for value in self._values:
            text = text.replace(value, MASK)
        return text


_KNOWN = _Known()


def remember(value: str) -> None:
    """Have ``value`` masked from now on: a secret, or another form of it (a Basic header, a token)."""
    if len(value) >= MIN_LENGTH:
        _KNOWN.add(value)


def redact(text: str) -> str:
    """Return ``text`` with every remembered secret value replaced by ``•••``."""
    return _KNOWN.mask(text)


def redact_json(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value with its texts redacted; its keys and its shape are ours."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_json(each) for key, each in value.items()}
    return [redact_json(each) for each in value] if isinstance(value, list | tuple) else value


class RedactingFilter(logging.Filter):
    """Masks secrets in log records, their arguments and their tracebacks.

    Belongs on handlers: a logger's filter does not see the records of its children.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record in place and let it pass."""
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
