"""The one in-memory book behind every dialect: accounts, balances, and a journal of every change."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Cause = Literal["api", "customer", "admin"]


class BookError(Exception):
    """The book refused; nothing was changed."""


class UnknownAccountError(BookError):
    """No account has this id."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"no account {account_id!r}")


class UnknownUnitError(BookError):
    """The book keeps no such unit."""

    def __init__(self, unit: str) -> None:
        super().__init__(f"no unit {unit!r}")


class InsufficientError(BookError):
    """The balance would fall below zero."""

    def __init__(self, account_id: str, unit: str, balance_minor: int, delta_minor: int) -> None:
        super().__init__(f"account {account_id}: {balance_minor} {unit} cannot change by {delta_minor}")


@dataclass(frozen=True, slots=True)
class Unit:
    """One kind of credit; `scale` is its number of decimal places."""

    code: str
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Who an account belongs to; `author` marks the few that a cut WordPress list still shows."""

    id: str
    email: str
    name: str
    author: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A person and a copy of their balances, in minor units by unit code; `None` is "never had any"."""

    id: str
    email: str
    name: str
    balances: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the journal: something was applied, even if it moved nothing (`delta_minor` 0)."""

    number: int
    at_s: float
    account: str
    unit: str
    delta_minor: int
    result_minor: int
    cause: Cause
    note: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole book at one version; accounts in the order in which they were opened."""

    version: int
    units: Mapping[str, Unit]
    accounts: tuple[Account, ...]


Watcher = Callable[[Account, Sequence[Change]], None]


@dataclass
class Book:
    """Accounts and balances, exact and thread-safe.

    `lock` is reentrant and public, so that a dialect can read and change in one step.
    """

    units: Mapping[str, Unit]
    now_s: Callable[[], float] = time.time
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _people: dict[str, Person] = field(default_factory=dict, repr=False)
    _balances: dict[str, dict[str, int | None]] = field(default_factory=dict, repr=False)
    _journal: list[Change] = field(default_factory=list, repr=False)
    _watchers: list[Watcher] = field(default_factory=list, repr=False)
    _roll: int = 0

    @property
    def version(self) -> int:
        """Grows with every change of a balance or of the list of accounts."""
        with self.lock:
            return len(self._journal) + self._roll

    @property
    def roll(self) -> int:
        """Grows when an account is opened, renamed or closed; what sorts accounts may cache by it."""
        with self.lock:
            return self._roll

    def open(self, person: Person, balances: Mapping[str, int | None] | None = None) -> None:
        """Open an account, or rename it if its id is known; balances that are not given stay as they are."""
        given = dict(balances or {})
        for unit in given:
            self.unit(unit)
        with self.lock:
            self._people[person.id] = person
            self._balances.setdefault(person.id, dict.fromkeys(self.units)).update(given)
            self._roll += 1

    def close(self, account_id: str) -> None:
        """Delete an account; its journal lines stay."""
        with self.lock:
            if self._people.pop(account_id, None) is None:
                raise UnknownAccountError(account_id)
            del self._balances[account_id]
            self._roll += 1

    def unit(self, code: str) -> Unit:
        """Return the unit of this code."""
        try:
            return self.units[code]
        except KeyError:
            raise UnknownUnitError(code) from None

    def people(self) -> list[Person]:
        """List who has an account, in the order of opening."""
        with self.lock:
            return list(self._people.values())

    def person(self, account_id: str) -> Person:
        """Return who has this account."""
        with self.lock:
            try:
                return self._people[account_id]
            except KeyError:
                raise UnknownAccountError(account_id) from None

    def account(self, account_id: str) -> Account:
        """Return a person with a copy of their balances."""
        with self.lock:
            person = self.person(account_id)
            return Account(person.id, person.email, person.name, dict(self._balances[account_id]))

    def balance(self, account_id: str, unit: str) -> int:
        """Return one balance in minor units; no balance counts as 0."""
        self.unit(unit)
        with self.lock:
            self.person(account_id)
            return self._balances[account_id][unit] or 0

    def add(self, account_id: str, unit: str, delta: int, *, cause: Cause = "api", note: str = "") -> Change:
        """Change a balance by `delta` minor units.

        Raises:
            InsufficientError: It would fall below zero.
        """
        return self.change(account_id, {unit: delta}, cause=cause, note=note)[0]

    def set_to(
        self, account_id: str, unit: str, target: int, *, cause: Cause = "api", note: str = ""
    ) -> Change:
        """Set a balance to `target` minor units; journaled even if it already was that.

        Raises:
            InsufficientError: The target is below zero.
        """
        return self.change(account_id, {unit: target}, exact=True, cause=cause, note=note)[0]

    def change(
        self,
        account_id: str,
        amounts: Mapping[str, int],
        *,
        exact: bool = False,
        below_zero: bool = False,
        cause: Cause = "api",
        note: str = "",
    ) -> list[Change]:
        """Change several balances of an account in one step, all or none.

        Args:
            account_id: Whose.
            amounts: Minor units by unit code.
            exact: The amounts are what the balances shall be, not what is added to them.
            below_zero: Balances may fall below zero.
            cause: Who does it.
            note: What the journal shall say.

        Raises:
            InsufficientError: A balance would fall below zero.
        """
        with self.lock:
            results = {}
            for unit, amount in amounts.items():
                balance = self.balance(account_id, unit)
                results[unit] = amount if exact else balance + amount
                if not below_zero and results[unit] < (0 if exact else min(balance, 0)):
                    raise InsufficientError(account_id, unit, balance, results[unit] - balance)
            changes = [self._write(account_id, unit, result, cause, note) for unit, result in results.items()]
            for watcher in self._watchers:
                watcher(self.account(account_id), changes)
            return changes

    def watch(self, watcher: Watcher) -> None:
        """Have every step reported from now on, with the account as it is right after it."""
        self._watchers.append(watcher)

    def spend(self, account_id: str, unit: str, amount: int, *, note: str = "spent") -> Change:
        """Let the customer spend `amount` minor units of what is there."""
        return self.add(account_id, unit, -amount, cause="customer", note=note)

    def top_up(self, account_id: str, unit: str, amount: int, *, note: str = "topped up") -> Change:
        """Let the customer buy `amount` minor units."""
        return self.add(account_id, unit, amount, cause="customer", note=note)

    def journal(
        self, account_id: str | None = None, *, unit: str | None = None, cause: Cause | None = None
    ) -> list[Change]:
        """List what was applied, oldest first, optionally of one account, unit or cause."""
        with self.lock:
            lines = list(self._journal)
        return [line for line in lines if _matches(line, account_id, unit, cause)]

    def snapshot(self) -> Snapshot:
        """Copy the whole book at one moment."""
        with self.lock:
            accounts = tuple(self.account(account_id) for account_id in self._people)
            return Snapshot(self.version, dict(self.units), accounts)

    def _write(self, account_id: str, unit: str, result: int, cause: Cause, note: str) -> Change:
        before = self._balances[account_id][unit] or 0
        self._balances[account_id][unit] = result
        change = Change(
            number=len(self._journal) + 1,
            at_s=self.now_s(),
            account=account_id,
            unit=unit,
            delta_minor=result - before,
            result_minor=result,
            cause=cause,
            note=note,
        )
        self._journal.append(change)
        return change


def _matches(line: Change, account_id: str | None, unit: str | None, cause: Cause | None) -> bool:
    return account_id in (None, line.account) and unit in (None, line.unit) and cause in (None, line.cause)


def make_units(units: Iterable[Unit]) -> dict[str, Unit]:
    """Index units by their code."""
    return {unit.code: unit for unit in units}
