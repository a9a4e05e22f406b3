"""What people type: every mistake gets its own sentence, and nothing is guessed."""

from datetime import UTC, date, datetime

import pytest

from sheetsync.core.accounts import Action, Capabilities, Change, EvidenceKind, Unit
from sheetsync.core.edits import TEXT_LIMIT, Edit, EditProblem, Rules, read_edit
from sheetsync.core.tab import CellValue

CREDITS = Unit("credits", "Credits", 0)
UNITS = (
    Unit("balance", "Balance", 2),
    Unit("bonus", "Bonus", 2),
    Unit("loyalty_points", "Loyalty Points", 0),
    Unit("free_starts", "Free Starts", 0),
)
BASIC = (Action.ADD, Action.RESET, Action.ADJUST)
REASONS = ("Goodwill", "Correction")

ONE = Rules(Capabilities((CREDITS,), BASIC, EvidenceKind.BALANCE), REASONS)
STRICT = Rules(ONE.capabilities, REASONS, reasons_strict=True)
FOUR = Rules(Capabilities(UNITS, (*BASIC, Action.REFUND, Action.CASH), EvidenceKind.TRANSACTION), REASONS)
PROMO = Rules(
    Capabilities((Unit("promo_eur", "Promo EUR", 0),), (*BASIC, Action.APPLY_PROMO), EvidenceKind.TRANSACTION)
)
SHOWN: dict[str, list[int | None]] = {
    "credits": [40],
    "balance": [4000],
    "bonus": [None],
    "loyalty_points": [7],
    "free_starts": [None],
}

Cells = dict[str, CellValue]


def row(**typed: CellValue) -> Cells:
    """A row of one unit whose balance cell shows 40."""
    return {"credits": 40, **typed}


def wide(**typed: CellValue) -> Cells:
    """A row of four units."""
    return {"balance": 40.0, "bonus": None, "loyalty_points": 7, "free_starts": None, **typed}


@pytest.mark.parametrize(
    ("cells", "action", "amount"),
    [
        (row(action="Add", amount=25), Action.ADD, 25),
        (row(action=" add ", amount="25 "), Action.ADD, 25),
        (row(action="ADD", amount=25.0), Action.ADD, 25),
        (row(action="Add", amount="'25"), Action.ADD, 25),
        (row(action="Add", amount="25 pts"), Action.ADD, 25),
        (row(action="Add", amount="€25"), Action.ADD, 25),
        (row(action="Add", amount=25, credits=None), Action.ADD, 25),
        (row(action="Add", amount=25, credits="40"), Action.ADD, 25),
        (row(action="Add", amount=25, credits=40.0), Action.ADD, 25),
        (row(action="Reset", amount=0), Action.RESET, 0),
        (row(action="Reset", amount=40), Action.RESET, 40),
        (row(action="Reset", credits=65), Action.RESET, 65),
        (row(action="Reset", credits="0"), Action.RESET, 0),
        (row(action="Adjust", amount=-5, reason="Correction"), Action.ADJUST, -5),
        (row(action="adjust", amount="-5", reason="my own words"), Action.ADJUST, -5),
    ],
)
def test_valid(cells: Cells, action: Action, amount: int) -> None:
    """What can only be read in one way is read."""
    edit = read_edit(cells, ONE, shown=SHOWN)
    assert edit is not None
    assert (action, (Change("credits", amount),)) == (edit.action, edit.changes)


@pytest.mark.parametrize(
    "cells",
    [
        row(),
        row(credits=None),
        row(credits=""),
        row(action=" ", amount=""),
        row(reason="Goodwill", note="later"),
        row(note="x" * (TEXT_LIMIT + 1)),
        row(amount="'"),
        {},
    ],
)
def test_nothing(cells: Cells) -> None:
    """No action and no amount asks for nothing, whatever reason and note say."""
    assert read_edit(cells, ONE, shown=SHOWN) is None


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        (row(amount=25), ("no action", "choose Add, Reset or Adjust")),
        (row(amount=0), ("no action",)),
        (row(credits=65), ("overtyped from 40 to 65", "choose Reset to set it to 65", "pull")),
        (row(credits=0), ("overtyped from 40 to 0", "choose Reset")),
        (row(credits=-5), ("overtyped from 40 to -5", "pull to get the balance back")),
        (row(credits="abc"), ("Credits cell was overtyped", "abc is not a number", "empty the cell")),
        (row(credits=date(2026, 1, 2)), ("Credits cell", "holds a date")),
        (row(credits=True), ("Credits cell", "TRUE")),
        (row(credits="1,500"), ("Credits cell", "1500 or as 1.5")),
        (row(action="Add"), ("Add needs an amount",)),
        (row(action="Reset"), ("Reset needs an amount",)),
        (row(action="Reset", credits=""), ("Reset needs an amount",)),
        (row(action="Add", credits=65), ("overtyped beside Add", "which number counts")),
        (row(action="Add", amount=25, credits=65), ("overtyped beside Add", "which number counts")),
        (row(action="Reset", amount=65, credits=65), ("overtyped beside Reset", "Leave only one")),
        (row(action="Add", amount=0), ("Add takes an amount above 0",)),
        (row(action="Add", amount=-5), ("not -5", "choose Adjust")),
        (row(action="Reset", amount=-1), ("below 0", "-1")),
        (row(action="Reset", credits=-1), ("below 0", "-1")),
        (row(action="Adjust", amount=0, reason="x"), ("Adjust by 0 changes nothing",)),
        (row(action="Adjust", amount=5), ("Adjust needs a reason",)),
        (row(action="Adjust", amount=5, reason="  "), ("Adjust needs a reason",)),
        (row(action="Remove", amount=5), ("“Remove” is not an action here", "Add, Reset, Adjust")),
        (row(action="Refund", amount=5), ("“Refund” is not an action here",)),
        (row(action=True, amount=5), ("“TRUE” is not an action here",)),
        (row(action=7.0, amount=5), ("“7” is not an action here",)),
        (row(action=datetime(2026, 1, 2, tzinfo=UTC), amount=5), ("is not an action here",)),
        (row(action="Add", amount="1,500"), ("1500 or as 1.5", "type 1500")),
        (row(action="Add", amount="1.500"), ("1500 or as 1.5", "type 1500")),
        (row(action="Add", amount="12,50"), ("12,50", "whole numbers")),
        (row(action="Add", amount="1E+15"), ("exponent",)),
        (row(action="Add", amount="nan"), ("nan is not a number",)),
        (row(action="Add", amount=float("nan")), ("nan",)),
        (row(action="Add", amount=float("inf")), ("inf",)),
        (row(action="Add", amount=2.5), ("too many decimal places",)),
        (row(action="Add", amount=True), ("TRUE",)),
        (row(action="Add", amount=date(2026, 1, 2)), ("a date",)),
        (row(action="Add", amount=10**16), ("too large",)),
        (row(action="Add", amount=5, note="x" * (TEXT_LIMIT + 1)), ("The Note is longer than 500",)),
        (row(action="Add", amount=5, reason="x" * (TEXT_LIMIT + 1)), ("The Reason is longer than 500",)),
    ],
)
def test_refused(cells: Cells, parts: tuple[str, ...]) -> None:
    """What is wrong, why, and what to do next, in one plain sentence."""
    with pytest.raises(EditProblem) as caught:
        read_edit(cells, ONE, shown=SHOWN)
    assert [] == [part for part in parts if part not in str(caught.value)]
    assert "." == str(caught.value)[-1]


@pytest.mark.parametrize(
    ("field", "cells", "part"),
    [
        ("action", row(action="=A1", amount=5), "not an action"),
        ("amount", row(action="Add", amount="=1+1"), "type the number"),
        ("amount", row(amount="=1+1"), "type the number"),
        ("credits", row(credits="=B2*2"), "type the number itself"),
        ("reason", row(action="Add", amount=5, reason="=A1"), "The Reason is a formula"),
        ("note", row(action="Add", amount=5, note="=A1"), "The Note is a formula"),
    ],
)
def test_formulas(field: str, cells: Cells, part: str) -> None:
    """A formula in a workbook is never sent for its text."""
    with pytest.raises(EditProblem, match=part):
        read_edit(cells, ONE, shown=SHOWN, formulas={field})


@pytest.mark.parametrize("cells", [row(reason="=A1", credits=None), row(credits=" ")])
def test_formula_beside_nothing(cells: Cells) -> None:
    """A formula in a reason, or in a cell that is blank now, asks for nothing."""
    assert read_edit(cells, ONE, shown=SHOWN, formulas={"reason", "credits"}) is None


def test_texts() -> None:
    """Reason and note travel trimmed, numbers as their digits; a listed reason as the list spells it."""
    edit = read_edit(row(action="Add", amount=5, reason=" goodwill", note=12.0), ONE, shown=SHOWN)
    assert Edit(Action.ADD, (Change("credits", 5),), reason="Goodwill", note="12") == edit


def test_strict_reasons() -> None:
    """Where reasons are strict, only the list will do; no reason is fine for an Add."""
    with pytest.raises(EditProblem, match=r"“Because” is not in the list of reasons.*Goodwill, Correction"):
        read_edit(row(action="Add", amount=5, reason="Because"), STRICT, shown=SHOWN)
    assert read_edit(row(action="Add", amount=5), STRICT, shown=SHOWN) is not None
    assert read_edit(row(action="Add", amount=5, reason="GOODWILL"), STRICT, shown=SHOWN) is not None


def test_large_balance_is_text() -> None:
    """A balance beyond a spreadsheet's digits stands there as text, and is not taken for overtyped."""
    assert read_edit(row(credits=str(10**17)), ONE, shown={"credits": [10**17]}) is None


def test_several_units() -> None:
    """Each unit has its amount column and its own scale; the order is the tab's."""
    cells = wide(action="Add", change_loyalty_points=3, change_balance="12,50")
    edit = read_edit(cells, FOUR, shown=SHOWN)
    assert edit is not None
    assert (Change("balance", 1250), Change("loyalty_points", 3)) == edit.changes


@pytest.mark.parametrize(
    ("cells", "overtyped", "changes"),
    [
        (wide(action="Reset", bonus=0), {"bonus"}, [("bonus", 0)]),
        (
            wide(action="Reset", bonus=5, change_balance=1),
            {"bonus"},
            [("balance", 100), ("bonus", 500)],
        ),
    ],
)
def test_blank_and_zero(cells: Cells, overtyped: set[str], changes: list[tuple[str, int]]) -> None:
    """0 typed over a blank balance is a target; a blank one says nothing."""
    edit = read_edit(cells, FOUR, shown=SHOWN)
    assert edit is not None
    assert overtyped == edit.overtyped
    assert tuple(Change(*each) for each in changes) == edit.changes


@pytest.mark.parametrize(
    ("cells", "part"),
    [
        (wide(action="Add", change_bonus="abc"), "amount in Change Bonus cannot be read"),
        (wide(action="Add", change_bonus=1.234), "at most 2 decimal places"),
        (wide(bonus=0), "Bonus was overtyped from – to 0.00"),
        (wide(action="Cash", change_balance=5), "Cash needs a Location ID"),
        (wide(action="Cash", change_bonus=5, location_id="7"), "into the Balance only"),
        (wide(action="Cash", change_balance=5, location_id="Main St"), "no Location ID"),
        (wide(action="Cash", change_balance=-5, location_id="7"), "above 0"),
        (wide(action="Refund", change_balance=0), "Refund takes an amount above 0"),
    ],
)
def test_several_units_refused(cells: Cells, part: str) -> None:
    """The sentence names the unit."""
    with pytest.raises(EditProblem, match=part):
        read_edit(cells, FOUR, shown=SHOWN)


@pytest.mark.parametrize("location", ["12", 12, 12.0, " 12 "])
def test_cash(location: CellValue) -> None:
    """Cash travels with its location, which is text whatever the cell made of it."""
    edit = read_edit(wide(action="Cash", change_balance=5, location_id=location), FOUR, shown=SHOWN)
    assert edit is not None
    assert {"location_id": "12"} == edit.extras


def test_extras_of_other_actions() -> None:
    """A location beside an Add is not sent."""
    edit = read_edit(wide(action="Add", change_balance=5, location_id="7"), FOUR, shown=SHOWN)
    assert edit is not None
    assert {} == edit.extras


def test_apply_promo() -> None:
    """Apply promo needs a subscription, and takes a plan along if one is named."""
    cells: Cells = {"action": "Apply promo", "amount": 5, "promo_eur": 9}
    with pytest.raises(EditProblem, match="needs a Subscription ID"):
        read_edit(cells, PROMO, shown={"promo_eur": [9]})
    cells["subscription_id"] = "sub1"
    edit = read_edit(cells, PROMO, shown={"promo_eur": [9]})
    assert edit is not None
    assert {"subscription_id": "sub1"} == edit.extras


def test_one_action() -> None:
    """The list of actions reads well however short it is."""
    rules = Rules(Capabilities((CREDITS,), (Action.ADD,), EvidenceKind.BALANCE))
    with pytest.raises(EditProblem, match="choose Add in the Action column"):
        read_edit(row(amount=5), rules, shown=SHOWN)
