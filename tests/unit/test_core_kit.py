"""A small credit system, ledger and tab for the other tests of the core."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sheetsync.core import fields
from sheetsync.core.accounts import Action, Capabilities, EvidenceKind, Unit
from sheetsync.core.book import Baselines
from sheetsync.core.cells import written
from sheetsync.core.decide import Known, Ledgered, RowResult, decide, wants_live
from sheetsync.core.diff import Baseline, Book, Interpreted, interpret, scan
from sheetsync.core.edits import Rules
from sheetsync.core.keys import KeyMaker
from sheetsync.core.plan import Plan, build
from sheetsync.core.states import UNSETTLED, OperationState
from sheetsync.core.tab import CellValue, Tab

CREDITS = Unit("credits", "Credits", 0)
FOUR = (
    Unit("balance", "Balance", 2),
    Unit("bonus", "Bonus", 2),
    Unit("loyalty_points", "Loyalty Points", 0),
    Unit("free_starts", "Free Starts", 0),
)
PROMOS = (Unit("promo_eur", "Promo EUR", 0), Unit("promo_usd", "Promo USD", 0))
BASIC = (Action.ADD, Action.RESET, Action.ADJUST)

SHOP = Capabilities((CREDITS,), BASIC, EvidenceKind.BALANCE)
FINE = replace(SHOP, units=(Unit("credits", "Credits", 6),))
LAUNDRY = Capabilities(
    FOUR, (*BASIC, Action.REFUND, Action.CASH), EvidenceKind.TRANSACTION, subtracts=True, sends_reason=True
)
SAAS = Capabilities(
    PROMOS, (*BASIC, Action.APPLY_PROMO), EvidenceKind.TRANSACTION, subtracts=True, one_request=False
)

Cells = dict[str, CellValue]
Balances = dict[str, int | None]


@dataclass
class World:
    """What ledger and credit system know; the reading of the last pull is 5."""

    capabilities: Capabilities = SHOP
    system: str = "fastcredit:https://shop.example"
    baselines: dict[str, Baseline] = field(default_factory=dict)
    history: dict[str, dict[str, list[tuple[int, int | None]]]] = field(default_factory=dict)
    live: dict[str, Balances] = field(default_factory=dict)
    operations: dict[str, Known] = field(default_factory=dict)
    reading: int = 5

    @property
    def units(self) -> tuple[Unit, ...]:
        """The credit system's units."""
        return self.capabilities.units

    @property
    def maker(self) -> KeyMaker:
        """Writes its keys."""
        return KeyMaker(self.system, tuple(unit.code for unit in self.units))

    @property
    def book(self) -> Book:
        """The ledger's side of a diff."""
        known = Baselines(self.maker.units)
        for each in self.baselines.values():
            held = [
                (code, minor, each.epochs.get(code, 0), each.basis) for code, minor in each.balances.items()
            ]
            identity = (each.account_id, each.email, each.name)
            known.add(identity, each.key, held, missing=each.missing, details=each.details)
        return Book(known, self.reading, self.system, Rules(self.capabilities), self.maker)

    @property
    def ledgered(self) -> Ledgered:
        """The ledger's operations."""
        waiting = [each for each in self.operations.values() if each.state in UNSETTLED]
        unsettled = {(each.account_id, unit): each for each in waiting for unit in each.units}
        return Ledgered(self.operations, unsettled)

    def account(self, account_id: str, *balances: int | None, email: str = "", name: str = "") -> Cells:
        """Pull an account; return its row."""
        held: Balances = {unit.code: amount for unit, amount in zip(self.units, balances, strict=True)}
        self.baselines[account_id] = self.baseline(account_id, held, email=email, name=name)
        self.history[account_id] = {code: [(1, amount)] for code, amount in held.items()}
        self.live[account_id] = dict(held)
        return self.row(account_id)

    def baseline(self, account_id: str, held: Balances, *, email: str, name: str) -> Baseline:
        """Return an account as first pulled."""
        key = self.maker.write((account_id, email, name), [0] * len(self.units), 1)
        return Baseline(account_id, email, name, held, dict.fromkeys(held, 0), 1, key)

    def row(self, account_id: str, /, **typed: CellValue) -> Cells:
        """Return the account's row as the service would write it now, and what a person typed."""
        known = self.baselines[account_id]
        blank = dict.fromkeys((*fields.typed(self.units), fields.STATUS, fields.MESSAGE, fields.CHECKED_AT))
        balances = {unit.code: written(known.balances[unit.code], unit) for unit in self.units}
        identity = {
            fields.ACCOUNT_ID: known.account_id,
            fields.EMAIL: known.email or None,
            fields.NAME: known.name or None,
        }
        return {**identity, **balances, **blank, fields.KEY: known.key, **typed}

    def moved(self, account_id: str, reading: int, **balances: int | None) -> None:
        """Read other balances; rows keep their keys."""
        known = self.baselines[account_id]
        held = {**known.balances, **balances}
        for code, amount in balances.items():
            self.history[account_id][code].append((reading, amount))
        self.live[account_id] = held
        self.reading = max(self.reading, reading)
        self._replace(known, balances=held, basis=reading)

    def counted(self, account_id: str, *units: str) -> None:
        """Let the epoch of these units grow, as a confirmation does."""
        known = self.baselines[account_id]
        epochs = {code: epoch + (code in units) for code, epoch in known.epochs.items()}
        self._replace(known, epochs=epochs)

    def _replace(self, known: Baseline, **changed: object) -> None:
        fresh = replace(known, **changed)  # type: ignore[arg-type]
        identity = (fresh.account_id, fresh.email, fresh.name)
        key = self.maker.write(identity, [fresh.epochs[unit.code] for unit in self.units], fresh.basis)
        self.baselines[known.account_id] = replace(fresh, key=key)

    def operation(self, key: str, account_id: str, state: OperationState, **more: object) -> Known:
        """Write an operation into the ledger."""
        facts = {"units": tuple(unit.code for unit in self.units), "attempts": 1, **more}
        story = {"story": "Added 25, sent 2026-03-12 10:00 by cli:ana", "outcome": f"{state.value}."}
        known = Known(key, account_id, state=state, **{**story, **facts})  # type: ignore[arg-type]
        self.operations[key] = known
        return known

    def tab(self, rows: Iterable[Mapping[str, CellValue]], *, first: int = 2) -> Tab:
        """Return a tab of these rows."""
        names = (
            *fields.IDENTITY,
            *(unit.code for unit in self.units),
            *fields.typed(self.units),
            fields.STATUS,
            fields.MESSAGE,
            fields.CHECKED_AT,
            fields.KEY,
        )
        values = [tuple(row.get(name) for name in names) for row in rows]
        return Tab(names, values, range(first, first + len(values)))

    def read(self, tab: Tab) -> list[Interpreted]:
        """Take the first two steps of a diff."""
        marked = {account_id for account_id, _ in self.ledgered.unsettled}
        found = scan(tab, self.book, marked=marked).suspects
        return [interpret(each, self.book, self.history.get(each.account_id, {})) for each in found]

    def results(self, tab: Tab) -> list[RowResult]:
        """Take all steps of a diff."""
        ledgered = self.ledgered
        return [
            decide(
                row,
                ledgered,
                live=self.live[row.suspect.account_id] if wants_live(row, ledgered) else None,
                capabilities=self.capabilities,
                actor="cli:ana",
            )
            for row in self.read(tab)
        ]

    def one(self, cells: Mapping[str, CellValue]) -> RowResult:
        """Return what a tab's only row means."""
        (result,) = self.results(self.tab([cells]))
        return result

    def key_of(self, cells: Mapping[str, CellValue], at: int = 0) -> str:
        """Return the key of the operation that a row asks for."""
        (row,) = self.read(self.tab([cells]))
        return row.wanted[at].key

    def plan(self, tab: Tab) -> Plan:
        """Return the plan of a tab."""
        return build("shop", self.results(tab), self.units)


def test_silent() -> None:
    """A row as it was written says nothing."""
    world = World(LAUNDRY)
    assert [] == world.results(world.tab([world.account("7", 4000, None, 0, 1)]))
