"""What the ledger promises of the baseline: every account as it was last read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sheetsync.core.accounts import Account, Balances
from sheetsync.core.book import Baselines
from sheetsync.core.keys import KeyMaker, RowKey


@dataclass(frozen=True, slots=True)
class Pull:
    """The last complete pull of a connection."""

    connection: str
    system: str
    run: str
    reading: int
    at: datetime


class Accounts(Protocol):
    """The baseline: every account as last read, and every balance it was seen with."""

    def next_reading(self, system: str, *, actor: str, run: str, kind: str) -> int:
        """Open a reading (a pull or a verify); numbers grow in the order of opening."""
        ...

    def reading(self, system: str) -> int:
        """Return the number of the newest reading; 0 before the first."""
        ...

    def count(self, system: str) -> int:
        """Return how many accounts the baseline holds."""
        ...

    def record(self, system: str, reading: int, found: Sequence[Account]) -> None:
        """Move the baseline on; an older reading never overwrites a newer one."""
        ...

    def mark_missing(self, system: str, seen: Collection[str], *, reading: int) -> None:
        """Mark accounts that a complete reading did not see; what a newer one saw stays as it is."""
        ...

    def finish_pull(self, connection_name: str, system: str, *, run: str, reading: int) -> None:
        """Note that a connection was pulled completely."""
        ...

    def last_pull(self, connection_name: str) -> Pull | None:
        """Return the connection's last complete pull."""
        ...

    def baselines(
        self, system: str, maker: KeyMaker, account_ids: Collection[str] | None = None
    ) -> Baselines:
        """Return account id → baseline, of all accounts or of those named."""
        ...

    def seen_since(self, system: str, reading: int) -> dict[str, Balances]:
        """Return account id → balances of every account that this reading or a later one saw."""
        ...

    def history(
        self, system: str, account_ids: Collection[str]
    ) -> dict[str, dict[str, list[tuple[int, int | None]]]]:
        """Return account id → unit → (reading, amount), oldest first."""
        ...

    def adopt(
        self, system: str, keys: Sequence[tuple[str, RowKey]], *, units: Sequence[str], actor: str
    ) -> int:
        """Let epochs and readings grow past keys that are newer than the ledger; return how many were.

        Such keys exist after an older ledger was restored: what was typed against them is outdated then.
        """
        ...
