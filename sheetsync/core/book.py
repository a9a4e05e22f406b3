"""The ledger's side of a diff: what every account was last read as."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sheetsync.core import fields
from sheetsync.core.accounts import Balances, Unit
from sheetsync.core.edits import Rules
from sheetsync.core.keys import KeyMaker


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the ledger knows of one account.

    Attributes:
        balances: as last read.
        epochs: unit code → epoch; 0 where absent.
        basis: number of the reading that last changed a balance.
        key: the ``Key`` cell that belongs to this state.
        missing: the credit system no longer has the account.
        details: what else the system says of it, by field code.
    """

    account_id: str
    email: str
    name: str
    balances: Balances
    epochs: Mapping[str, int]
    basis: int
    key: str
    missing: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


History = Mapping[str, Sequence[tuple[int, int | None]]]
"""Unit code → (reading, balance), oldest first: every balance that the account was seen with."""


@dataclass(frozen=True, slots=True)
class Book:
    """The ledger's side of a diff.

    Attributes:
        baselines: account id → state.
        reading: number of the newest reading.
        system: identity of the credit system.
    """

    baselines: Mapping[str, Baseline]
    reading: int
    system: str
    rules: Rules
    maker: KeyMaker = field(repr=False)

    @property
    def units(self) -> tuple[Unit, ...]:
        """The credit system's units."""
        return self.rules.capabilities.units

    @property
    def amounts(self) -> tuple[str, ...]:
        """Fields of the amounts."""
        return tuple(fields.amount(unit, self.units) for unit in self.units)

    @property
    def typed(self) -> tuple[str, ...]:
        """Fields whose content makes a row an edit; reason and note alone ask for nothing."""
        return (fields.ACTION, *self.amounts)
