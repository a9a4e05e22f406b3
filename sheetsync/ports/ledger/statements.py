"""What the ledger promises of readings, and of what they found changed: what statements are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sheetsync.ports.ledger.operations import OperationRecord


@dataclass(frozen=True, slots=True)
class Reading:
    """A time at which balances were read.

    Attributes:
        number: grows in the order of opening.
        kind: pull (of all accounts), refresh, verify, resolve, look_up …
        run: that read.
        at: when it was opened, before its first request.
    """

    number: int
    kind: str
    run: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """What one reading found to be other than before, summed over all accounts; minor units.

    Attributes:
        moved: of accounts that were known before.
        appeared: balances of accounts that were read for the first time.
        accounts: how many these are.
    """

    reading: int
    unit: str
    moved: int
    appeared: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Proven:
    """A confirmed operation, and since which reading the balances show it.

    Attributes:
        reading: the first one after it was sent that found the account changed, else the one that proved
            it; None where a person settled it and no reading shows it.
    """

    record: OperationRecord
    reading: int | None


class Statements(Protocol):
    """What became of a credit system's balances: by our operations, and by everybody else."""

    def readings(self, system: str) -> list[Reading]:
        """Return every reading, oldest first."""
        ...

    def movements(self, system: str) -> list[Movement]:
        """Return what each reading found to have changed, by unit, oldest first."""
        ...

    def counted(self, system: str, since: datetime, until: datetime) -> Iterator[Proven]:
        """Yield confirmed operations settled at or after ``since`` and sent before ``until``."""
        ...
