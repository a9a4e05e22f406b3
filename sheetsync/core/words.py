"""The sentences in the Message cell: what, why, what to do next."""

from collections.abc import Mapping, Sequence

from sheetsync.core.accounts import Action, Balances, Change, Unit
from sheetsync.core.amounts import format_amount

_DEEDS = {
    Action.ADD: "Added",
    Action.RESET: "Reset to",
    Action.REFUND: "Refunded",
    Action.CASH: "Added for cash",
    Action.APPLY_PROMO: "Applied promo",
}


def amount(minor: int | None, unit: Unit) -> str:
    """Return an amount for people; a unit without a value is a dash."""
    return "–" if minor is None else format_amount(minor, unit)


def signed(minor: int, unit: Unit) -> str:
    """Return an amount with its sign."""
    return f"+{format_amount(minor, unit)}" if minor > 0 else format_amount(minor, unit)


def deed(action: Action, changes: Sequence[Change], units: Sequence[Unit], reason: str = "") -> str:
    """Return what was done: ``Added 25, Goodwill`` or ``Adjusted by -5 Bonus, Correction``."""
    parts = []
    for change in changes:
        unit = unit_of(change.unit, units)
        number = signed(change.amount, unit) if action is Action.ADJUST else amount(change.amount, unit)
        parts.append(f"{number} {unit.header}" if len(units) > 1 else number)
    verb = "Adjusted by" if action is Action.ADJUST else _DEEDS[action]
    return f"{verb} {' and '.join(parts)}" + (f", {reason}" if reason else "")


def moves(before: Balances, after: Mapping[str, int | None], units: Sequence[Unit]) -> str:
    """Return ``balance 40 → 65``, or one part per unit that has one."""
    parts = []
    for unit in units:
        if unit.code in after:
            name = "balance" if len(units) == 1 else unit.header
            old, new = amount(before.get(unit.code), unit), amount(after[unit.code], unit)
            parts.append(f"{name} {old} → {new}")
    return ", ".join(parts)


def conflict(change: Change, at_pull: int | None, now: int | None, yours: int, units: Sequence[Unit]) -> str:
    """Return the three numbers of a balance that moved under a set-exact edit."""
    unit = unit_of(change.unit, units)
    return (
        f"{unit.header} changed since the pull: at pull {amount(at_pull, unit)}, now {amount(now, unit)}, "
        f"yours {amount(yours, unit)}. Nothing is sent. Keep your change on the new balance, or your target: "
        "rebase --keep change or --keep target; or clear the edit and pull."
    )


def holdings(balances: Mapping[str, int | None], units: Sequence[Unit]) -> str:
    """Return ``40``, or ``Balance 40.00, Bonus 3.00`` of several units."""
    held = [unit for unit in units if unit.code in balances]
    if len(units) == 1:
        return ", ".join(amount(balances[unit.code], unit) for unit in held)
    return ", ".join(f"{unit.header} {amount(balances[unit.code], unit)}" for unit in held)


def below_zero(change: int, now: int | None, unit: Unit) -> str:
    """Return why a change is not possible: no balance is taken below zero."""
    asked = f"{amount(now, unit)} now, {signed(change, unit)} asked"
    if change > 0:
        return f"{unit.header} would stay below 0: {asked}. Choose Reset to set the balance."
    return f"{unit.header} would go below 0: {asked}. Type a smaller amount."


def three_numbers(before: Balances, expected: Balances, now: Balances, units: Sequence[Unit]) -> str:
    """Return before / expected / now for an operation that the balance cannot decide."""
    parts = []
    for unit in units:
        if unit.code in expected:
            name = "Balance" if len(units) == 1 else unit.header
            parts.append(
                f"{name} before {amount(before.get(unit.code), unit)}, "
                f"expected {amount(expected.get(unit.code), unit)}, now {amount(now.get(unit.code), unit)}"
            )
    return "; ".join(parts)


def unit_of(code: str, units: Sequence[Unit]) -> Unit:
    """Return the unit with this code; one that the configuration no longer has is taken for whole numbers."""
    return next((unit for unit in units if unit.code == code), Unit(code, code, 0))
