"""What the ledger keeps of files that were sent to be imported."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Upload:
    """A file.

    Attributes:
        name: as the sender called it; for people, never a path here.
        results: the file again with what became of every line; None until it was imported.
    """

    id: str
    connection: str
    name: str
    data: bytes
    results: bytes | None = None


class Uploads(Protocol):
    """Files, so that whichever worker carries out a run has them."""

    def save(self, connection_name: str, name: str, data: bytes) -> str:
        """Keep a file; return its id. Files that were sent long ago are forgotten."""
        ...

    def get(self, upload: str) -> Upload | None:
        """Return a file, or None if there is none any more."""
        ...

    def keep_results(self, upload: str, results: bytes) -> None:
        """Keep what became of a file's lines."""
        ...
