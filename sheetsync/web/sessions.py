"""The session cookie: an opaque id that the ledger can end at once, signed so that no other is looked up."""

from datetime import timedelta

from itsdangerous import BadData, TimestampSigner

LENGTH = timedelta(hours=12)
"""A working day."""


class Sessions:
    """Signs and checks cookies.

    Args:
        key: of the service; all its processes have the same one.
    """

    def __init__(self, key: str) -> None:
        self._signer = TimestampSigner(key, salt="session")

    def seal(self, session: str) -> str:
        """Return the cookie of a session's id."""
        return self._signer.sign(session).decode()

    def open(self, cookie: str) -> str | None:
        """Return the id in a cookie that is ours and not too old, or None."""
        try:
            return self._signer.unsign(cookie, max_age=LENGTH // timedelta(seconds=1)).decode()
        except (BadData, UnicodeError):
            return None
