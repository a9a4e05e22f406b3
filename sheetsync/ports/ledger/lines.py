"""What the ledger promises of lines of imported files."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sheetsync.core.lines import Imported


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line of a file that was put into a row or a plan.

    Attributes:
        imported: its key and what it asks for.
        file, digest, line: where it stood.
        at: when it was noted; None before that.
    """

    imported: Imported
    system: str
    connection: str
    account_id: str
    reference: str
    file: str
    digest: str
    line: int
    run: str
    actor: str
    at: datetime | None = None


class Lines(Protocol):
    """Lines of imported files."""

    def save(self, records: Sequence[LineRecord]) -> None:
        """Note lines before they are put anywhere; one that was noted before counts from now on as new."""
        ...

    def by_key(self, keys: Iterable[str]) -> dict[str, LineRecord]:
        """Return the lines with these keys."""
        ...

    def references(self, system: str, digest: str) -> frozenset[str]:
        """Return the references under which lines of a file were noted."""
        ...

    def of_accounts(self, system: str, account_ids: Collection[str]) -> dict[str, list[Imported]]:
        """Return account id → every line that was put into its row."""
        ...
