"""What an adapter whose changes carry a note tells a write test."""

from typing import Protocol, runtime_checkable

from sheetsync.core.accounts import Operation


@runtime_checkable
class Noting(Protocol):
    """An adapter whose system keeps a note beside each change."""

    def note_of(self, operation: Operation) -> str:
        """Return the note that travels with a change."""
        ...
