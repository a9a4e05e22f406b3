"""The ledger's side of a diff: what every account was last read as."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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


Held = tuple[str, int | None, int, int]
"""What the ledger holds of one unit: its code, the balance, the epoch, and the reading that moved it last."""

Shown = tuple[Any, ...]
"""The service's own cells of a row: balances in the order of the tab's units, Key, e-mail, name; or None."""

_Entry = tuple[Shown, tuple[str, ...], tuple[int | None, ...], tuple[int, ...], int, bool, Mapping[str, str]]
"""Cells with balances in minor units; units held, their balances and epochs; basis, missing, details."""


class Baselines(Mapping[str, Baseline]):
    """Account id → baseline, made when it is asked for.

    Of 100,000 accounts hardly one is looked at, so they are kept as plain tuples, and the first element is
    what a scan compares a row with: half the memory of as many ``Baseline``, and nothing to be computed.
    """

    def __init__(self, units: Sequence[str]) -> None:
        """Start with no account; ``units`` are in the order of the tab."""
        self._units = tuple(units)
        self._entries: dict[str, _Entry] = {}

    def add(
        self,
        identity: tuple[str, str, str],
        key: str,
        held: Iterable[Held],
        *,
        missing: bool = False,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Add an account, or put it in the place of an older one.

        Args:
            identity: id, e-mail and name.
            key: the ``Key`` cell that belongs to this state.
            held: of each unit that the ledger knows a balance of.
            missing: the credit system no longer has the account.
            details: what else the system says of it, by field code.
        """
        account_id, email, name = identity
        codes, amounts, epochs, bases = tuple(zip(*held, strict=True)) or ((), (), (), (0,))
        if codes == self._units:
            minors = amounts
        else:
            minors = tuple(map(dict(zip(codes, amounts, strict=True)).get, self._units))
        shown = (*minors, key, email or None, name or None)
        self._entries[account_id] = (shown, codes, amounts, epochs, max(bases), missing, details or {})

    def expected(self, powers: Sequence[int]) -> dict[str, Sequence[Any]]:
        """Return account id → a sequence that begins with the service's own cells of its row.

        Args:
            powers: of ten, one for each unit: what a cell shows is minor units divided by it.

        Returns:
            a dictionary of the caller's own.
        """
        if max(powers, default=1) == 1:
            return dict(self._entries)
        return {each: (_divided(entry[0], powers),) for each, entry in self._entries.items()}

    @property
    def present(self) -> int:
        """How many of them are not missing."""
        return sum(not entry[5] for entry in self._entries.values())

    def __getitem__(self, account_id: str) -> Baseline:
        """Return an account's baseline."""
        shown, codes, amounts, epochs, basis, missing, details = self._entries[account_id]
        key, email, name = shown[-3:]
        return Baseline(
            account_id=account_id,
            email=email or "",
            name=name or "",
            balances=dict(zip(codes, amounts, strict=True)),
            epochs=dict(zip(codes, epochs, strict=True)),
            basis=basis,
            key=key,
            missing=missing,
            details=details,
        )

    def __contains__(self, account_id: object) -> bool:
        """Whether the ledger knows the account."""
        return account_id in self._entries

    def __iter__(self) -> Iterator[str]:
        """Iterate over account ids."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return how many accounts there are."""
        return len(self._entries)


def _divided(shown: Shown, powers: Sequence[int]) -> Shown:
    *minors, key, email, name = shown
    amounts = [
        minor if power == 1 or minor is None else minor / power
        for minor, power in zip(minors, powers, strict=True)
    ]
    return (*amounts, key, email, name)


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

    baselines: Baselines
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
        return self.baselines.present

    @property
    def units(self) -> tuple[Unit, ...]:
        """The credit system's units."""
        return self.rules.capabilities.units

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """Fields of the amounts."""
        return tuple(fields.amount(unit, self.units) for unit in self.units)

    @cached_property
    def typed(self) -> tuple[str, ...]:
        """Fields whose content makes a row an edit; reason and note alone ask for nothing."""
        return (fields.ACTION, *self.amounts)
