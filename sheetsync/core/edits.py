"""What a person typed in a row, read strictly: nothing is guessed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sheetsync.core import fields
from sheetsync.core.accounts import Action, Capabilities, Change, Unit
from sheetsync.core.amounts import AmountProblem, format_amount, parse_cell
from sheetsync.core.tab import CellValue

TEXT_LIMIT = 500
"""Characters of a reason or note: what fits a ledger line and, shortened, a remote note."""


class EditProblem(ValueError):  # noqa: N818 - the field's word: a row has a problem
    """The row cannot be sent as it stands; the text is a sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A valid edit.

    Attributes:
        changes: unit and minor units, in the order of the tab.
        overtyped: units whose target was typed into the balance cell.
        extras: further fields for this action, e.g. ``location_id``.
    """

    action: Action
    changes: tuple[Change, ...]
    reason: str = ""
    note: str = ""
    overtyped: frozenset[str] = frozenset()
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What this tab accepts.

    Attributes:
        reasons: the dropdown's list.
        reasons_strict: nothing beside the list.
    """

    capabilities: Capabilities
    reasons: tuple[str, ...] = ()
    reasons_strict: bool = False


Shown = Mapping[str, Collection[int | None]]
"""Unit code → every balance that the service may have written into the row's cell, in minor units."""


def read_edit(
    cells: Mapping[str, CellValue], rules: Rules, *, shown: Shown, formulas: Collection[str] = ()
) -> Edit | None:
    """Return the row's edit, or None if the person asked for nothing.

    Raises:
        EditProblem: the row cannot be sent; says what to do.
    """
    action = _action(cells, rules, formulas)
    amounts = _amounts(cells, rules, formulas)
    targets = _overtyped(cells, rules, shown, formulas)
    reason, note = _text(cells, fields.REASON), _text(cells, fields.NOTE)
    if action is None:
        _refuse_without_action(amounts, targets, rules, shown)
        return None
    changes = _changes(action, amounts, targets, rules)
    for change in changes:
        _check_amount(action, change, _unit(change.unit, rules))
    _check_reason(action, reason, rules)
    return Edit(
        action=action,
        changes=changes,
        reason=reason,
        note=note,
        overtyped=frozenset(targets),
        extras=_extras(action, cells),
    )


def is_blank(value: CellValue) -> bool:
    """Whether a cell holds nothing, spaces included."""
    return value is None or (isinstance(value, str) and not value.strip())


def _text(cells: Mapping[str, CellValue], name: str) -> str:
    value = cells.get(name)
    text = "" if value is None else str(value).strip()
    if len(text) > TEXT_LIMIT:
        raise EditProblem(f"The {name} is longer than {TEXT_LIMIT} characters: shorten it.")
    return text


def _action(cells: Mapping[str, CellValue], rules: Rules, formulas: Collection[str]) -> Action | None:
    value = cells.get(fields.ACTION)
    if is_blank(value):
        return None
    offered = rules.capabilities.actions
    words = " ".join(str(value).split()).casefold()
    if fields.ACTION not in formulas:
        for action in offered:
            if words in (action.label.casefold(), action.value):
                return action
    labels = ", ".join(action.label for action in offered)
    raise EditProblem(f"“{str(value).strip()[:40]}” is not an action here: choose one of {labels}.")


def _amounts(cells: Mapping[str, CellValue], rules: Rules, formulas: Collection[str]) -> dict[str, int]:
    units = rules.capabilities.units
    found = {}
    for unit in units:
        name = fields.amount(unit, units)
        if name in formulas:
            raise EditProblem("The amount is a formula: type the number itself.")
        minor = _parse(cells.get(name), unit, "amount")
        if minor is not None:
            found[unit.code] = minor
    return found


def _parse(value: CellValue, unit: Unit, what: str) -> int | None:
    try:
        return parse_cell(value, unit)
    except AmountProblem as problem:
        raise EditProblem(f"The {what} cannot be read: {problem}") from problem


def _overtyped(
    cells: Mapping[str, CellValue], rules: Rules, shown: Shown, formulas: Collection[str]
) -> dict[str, int]:
    """Return unit code → what a person typed over the balance; an emptied balance cell says nothing."""
    targets = {}
    for unit in rules.capabilities.units:
        value = cells.get(fields.balance(unit))
        if is_blank(value):
            continue
        if fields.balance(unit) in formulas:
            raise EditProblem(
                f"The {unit.header} cell holds a formula: type the number itself, or pull again."
            )
        minor = _parse(value, unit, f"{unit.header} cell")
        if minor is not None and minor not in shown.get(unit.code, ()):
            targets[unit.code] = minor
    return targets


def _refuse_without_action(
    amounts: Mapping[str, int], targets: Mapping[str, int], rules: Rules, shown: Shown
) -> None:
    labels = " or ".join(action.label for action in rules.capabilities.actions[:3])
    if amounts:
        raise EditProblem(f"There is an amount but no action: choose {labels} in the Action column.")
    for code, target in targets.items():
        unit = _unit(code, rules)
        before = next((value for value in reversed(list(shown.get(code, ()))) if value is not None), 0)
        raise EditProblem(
            f"{unit.header} was overtyped from {format_amount(before, unit)} to {format_amount(target, unit)} "
            f"and no action says what that means: choose Reset to set it to {format_amount(target, unit)}, "
            "or put the amount in the amount column with Add or Adjust and pull to get the balance back."
        )


def _changes(
    action: Action, amounts: Mapping[str, int], targets: Mapping[str, int], rules: Rules
) -> tuple[Change, ...]:
    for code in targets:
        unit = _unit(code, rules)
        if action is not Action.RESET or code in amounts:
            raise EditProblem(
                f"The {unit.header} cell was overtyped beside {action.label}: it is not clear which number "
                "counts. Leave only one: Reset with an empty amount sets the balance to the typed number; "
                "otherwise put the old balance back (a pull does it once the row is cleared)."
            )
    wanted = {**amounts, **targets}
    if not wanted:
        raise EditProblem(
            f"{action.label} needs an amount: type it in the amount column, or clear the action."
        )
    order = [unit.code for unit in rules.capabilities.units]
    return tuple(Change(code, wanted[code]) for code in order if code in wanted)


def _check_amount(action: Action, change: Change, unit: Unit) -> None:
    amount = format_amount(change.amount, unit)
    if action is Action.RESET and change.amount < 0:
        raise EditProblem(f"Reset sets a balance and takes no amount below 0: {amount} is not possible.")
    if action is Action.ADJUST and change.amount == 0:
        raise EditProblem("Adjust by 0 changes nothing: type another amount, or clear the row.")
    if action in (Action.RESET, Action.ADJUST):
        return
    if change.amount == 0:
        raise EditProblem(f"{action.label} takes an amount above 0: type it, or clear the row.")
    if change.amount < 0:
        raise EditProblem(
            f"{action.label} takes an amount above 0, not {amount}: to take credit off, choose Adjust."
        )


def _check_reason(action: Action, reason: str, rules: Rules) -> None:
    if action is Action.ADJUST and not reason:
        raise EditProblem("Adjust needs a reason: fill in the Reason column.")
    known = {listed.casefold() for listed in rules.reasons}
    if reason and rules.reasons_strict and reason.casefold() not in known:
        raise EditProblem(
            f"“{reason[:40]}” is not in the list of reasons: choose one of {', '.join(rules.reasons)}."
        )


def _extras(action: Action, cells: Mapping[str, CellValue]) -> dict[str, str]:
    if action is not Action.CASH:
        return {}
    location = _text(cells, fields.LOCATION_ID)
    if not location:
        raise EditProblem("Cash needs a location: fill in the Location ID column.")
    return {fields.LOCATION_ID: location}


def _unit(code: str, rules: Rules) -> Unit:
    return next(unit for unit in rules.capabilities.units if unit.code == code)
