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


SAFE_AGAIN = " Safe to push again."
"""Ends what is said of an attempt that certainly did nothing; not while an earlier one is in doubt."""


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


def conflict(
    account_id: str,
    change: Change,
    *,
    at_pull: int | None,
    now: int | None,
    yours: int,
    units: Sequence[Unit],
) -> str:
    """Return the three numbers of a balance that moved under a set-exact edit, and both ways out."""
    unit = unit_of(change.unit, units)
    moved = (now or 0) + yours - (at_pull or 0)
    change_ends = f"to {amount(moved, unit)}" if moved >= 0 else "which would end below 0"
    return (
        f"{unit.header} changed since the pull: at pull {amount(at_pull, unit)}, now {amount(now, unit)}, "
        f"yours {amount(yours, unit)}. Nothing is sent. Keep your change on the new balance ({change_ends}) "
        f"or your target ({amount(yours, unit)}): rebase --account {account_id} --keep change or --keep "
        "target; or clear the edit and pull."
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


def other_form(action: Action, change: Change, balance: int, units: Sequence[Unit]) -> str:
    """Return the same change under other actions: ``Adjust +25 with a reason, or Reset to 65``.

    Args:
        action: that the person chose.
        change: as the person gave it.
        balance: the account's, in minor units.
        units: of the credit system.
    """
    unit = unit_of(change.unit, units)
    by = change.amount - balance if action is Action.RESET else change.amount
    forms = [] if action is Action.ADJUST else [f"Adjust {signed(by, unit)} with a reason"]
    if action in (Action.RESET, Action.ADJUST) and by > 0:
        forms.append(f"Add {amount(by, unit)}")
    if action is not Action.RESET and balance + by >= 0:
        forms.append(f"Reset to {amount(balance + by, unit)}")
    named = f" ({unit.header})" if len(units) > 1 else ""
    return (" or ".join(forms) or "another amount") + named


def way_out(connection: str, key: str, page: str) -> str:
    """Return what a person does with an operation that cannot be proven: where to look, and the command.

    Args:
        connection: that has the operation.
        key: of the operation.
        page: address of the customer's page, or empty.
    """
    where = page or "in the credit system"
    return (
        f"Look at the user's page ({where}): is this change there? Then settle it: sheetsync resolve "
        f'{connection} --operation {key} --as applied --reason "what you saw"; if not: --as not-applied.'
    )


def unit_of(code: str, units: Sequence[Unit]) -> Unit:
    """Return the unit with this code; one that the configuration no longer has is taken for whole numbers."""
    return next((unit for unit in units if unit.code == code), Unit(code, code, 0))
