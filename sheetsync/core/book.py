"""The ledger's side of a diff: what every account was last read as."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

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


@dataclass(frozen=True)
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

    @cached_property
    def digits(self) -> Mapping[int, Sequence[str]]:
        """Length → sorted ids that are digits only: where a damaged id is looked for."""
        found: dict[int, list[str]] = defaultdict(list)
        for each in sorted(self.baselines):
            if each.isdigit():
                found[len(each)].append(each)
        return dict(found)

    @property
    def present(self) -> int:
        """How many accounts the credit system had when it was last read."""
        return sum(not each.missing for each in self.baselines.values())

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
