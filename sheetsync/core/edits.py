"""What a person typed in a row, read strictly: nothing is guessed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sheetsync.core import fields, words
from sheetsync.core.accounts import Action, Capabilities, Change, Unit
from sheetsync.core.amounts import AmountProblem, format_amount, parse_cell
from sheetsync.core.cells import is_blank, shows, text_of
from sheetsync.core.tab import CellValue

__all__ = ["TEXT_LIMIT", "Edit", "EditProblem", "Rules", "Shown", "is_blank", "read_edit"]

TEXT_LIMIT = 500
"""Characters of a reason or note: what fits a ledger line and, shortened, a remote note."""

_LOCATION = re.compile("[0-9]{1,9}")
_QUOTED = 40  # characters of a wrong cell that a message repeats

_HEADERS = {
    fields.REASON: "Reason",
    fields.NOTE: "Note",
    fields.LOCATION_ID: "Location ID",
    fields.SUBSCRIPTION_ID: "Subscription ID",
    fields.PLAN_ID: "Plan ID",
}

_EXTRAS: Mapping[Action, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Action.CASH: ((fields.LOCATION_ID,), ()),
    Action.APPLY_PROMO: ((fields.SUBSCRIPTION_ID,), (fields.PLAN_ID,)),
}
"""Action → fields that it needs, and fields that it takes along."""


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
    if action is None:
        _refuse_without_action(amounts, targets, rules, shown)
        return None
    changes = _changes(action, amounts, targets, rules)
    for change in changes:
        _check_amount(action, change, words.unit_of(change.unit, rules.capabilities.units))
    return Edit(
        action=action,
        changes=changes,
        reason=_reason(action, _text(cells, fields.REASON, formulas), rules),
        note=_text(cells, fields.NOTE, formulas),
        overtyped=frozenset(targets),
        extras=_extras(action, cells, formulas),
    )


def _text(cells: Mapping[str, CellValue], name: str, formulas: Collection[str]) -> str:
    text, header = text_of(cells.get(name)).strip(), _HEADERS[name]
    if name in formulas:
        raise EditProblem(f"The {header} is a formula: type the text itself.")
    if len(text) > TEXT_LIMIT:
        raise EditProblem(f"The {header} is longer than {TEXT_LIMIT} characters: shorten it.")
    return text


def _action(cells: Mapping[str, CellValue], rules: Rules, formulas: Collection[str]) -> Action | None:
    value = cells.get(fields.ACTION)
    if is_blank(value):
        return None
    offered = rules.capabilities.actions
    typed = " ".join(text_of(value).split())
    if fields.ACTION not in formulas:
        for action in offered:
            if typed.casefold() in (action.label.casefold(), action.value):
                return action
    raise EditProblem(
        f"“{typed[:_QUOTED]}” is not an action here: choose one of {_labels(offered, last=', ')}."
    )


def _labels(actions: Collection[Action], *, last: str = " or ") -> str:
    *others, final = [action.label for action in actions]
    return f"{', '.join(others)}{last}{final}" if others else final


def _amounts(cells: Mapping[str, CellValue], rules: Rules, formulas: Collection[str]) -> dict[str, int]:
    units = rules.capabilities.units
    found = {}
    for unit in units:
        name = fields.amount(unit, units)
        what = "amount" if len(units) == 1 else f"amount in Change {unit.header}"
        if name in formulas:
            raise EditProblem(f"The {what} is a formula: type the number itself.")
        try:
            minor = parse_cell(cells.get(name), unit)
        except AmountProblem as problem:
            raise EditProblem(f"The {what} cannot be read: {problem}.") from problem
        if minor is not None:
            found[unit.code] = minor
    return found


def _overtyped(
    cells: Mapping[str, CellValue], rules: Rules, shown: Shown, formulas: Collection[str]
) -> dict[str, int]:
    """Return unit code → what a person typed over the balance; an emptied balance cell says nothing."""
    targets = {}
    for unit in rules.capabilities.units:
        value, balances = cells.get(fields.balance(unit)), shown.get(unit.code, ())
        if is_blank(value):
            continue
        if fields.balance(unit) in formulas:
            raise EditProblem(
                f"The {unit.header} cell holds a formula: type the number itself, or empty the cell and "
                "pull again."
            )
        if any(shows(value, balance, unit) for balance in balances):
            continue
        minor = _typed_balance(value, unit)
        if minor is not None and minor not in balances:
            targets[unit.code] = minor
    return targets


def _typed_balance(value: CellValue, unit: Unit) -> int | None:
    try:
        return parse_cell(value, unit)
    except AmountProblem as problem:
        raise EditProblem(
            f"The {unit.header} cell was overtyped and cannot be read: {problem}. "
            "To get the balance back, empty the cell and pull again."
        ) from problem


def _refuse_without_action(
    amounts: Mapping[str, int], targets: Mapping[str, int], rules: Rules, shown: Shown
) -> None:
    capabilities = rules.capabilities
    if amounts:
        labels = _labels(capabilities.actions[:3])
        raise EditProblem(f"There is an amount but no action: choose {labels} in the Action column.")
    for code, target in targets.items():
        unit = words.unit_of(code, capabilities.units)
        *_, before = shown[code]
        typed = format_amount(target, unit)
        reset = f"choose Reset to set it to {typed}, or " if target >= 0 else ""
        raise EditProblem(
            f"{unit.header} was overtyped from {words.amount(before, unit)} to {typed} and no action says "
            f"what that means: {reset}empty the cell, pull to get the balance back, and type the change as "
            "an amount with an action."
        )


def _changes(
    action: Action, amounts: Mapping[str, int], targets: Mapping[str, int], rules: Rules
) -> tuple[Change, ...]:
    units = rules.capabilities.units
    for code in targets:
        header = words.unit_of(code, units).header
        if action is not Action.RESET or code in amounts:
            raise EditProblem(
                f"The {header} cell was overtyped beside {action.label}: it is not clear which number "
                "counts. Leave only one: Reset with an empty amount sets the balance to the typed number; "
                "otherwise empty the balance cell, a pull fills it in again."
            )
    wanted = {**amounts, **targets}
    if not wanted:
        raise EditProblem(
            f"{action.label} needs an amount: type it in the amount column, or clear the action."
        )
    return tuple(Change(unit.code, wanted[unit.code]) for unit in units if unit.code in wanted)


def _check_amount(action: Action, change: Change, unit: Unit) -> None:
    amount = format_amount(change.amount, unit)
    if action is Action.RESET:
        if change.amount < 0:
            raise EditProblem(
                f"Reset sets a balance and takes no amount below 0: {amount} is not possible. Type 0 or more."
            )
    elif action is Action.ADJUST:
        if change.amount == 0:
            raise EditProblem("Adjust by 0 changes nothing: type another amount, or clear the row.")
    elif change.amount == 0:
        raise EditProblem(f"{action.label} takes an amount above 0: type it, or clear the row.")
    elif change.amount < 0:
        raise EditProblem(
            f"{action.label} takes an amount above 0, not {amount}: to take credit off, choose Adjust."
        )
    elif action is Action.CASH and change.unit != CASH_UNIT:
        raise EditProblem(f"Cash goes into the Balance only: clear the amount in Change {unit.header}.")


CASH_UNIT = "balance"
"""The only unit that ``Cash`` takes."""


def _reason(action: Action, reason: str, rules: Rules) -> str:
    """Return the reason, spelled as in the list if it stands there."""
    if action is Action.ADJUST and not reason:
        raise EditProblem("Adjust needs a reason: fill in the Reason column.")
    known = {listed.casefold(): listed for listed in rules.reasons}
    if reason and rules.reasons_strict and reason.casefold() not in known:
        raise EditProblem(
            f"“{reason[:_QUOTED]}” is not in the list of reasons: choose one of {', '.join(rules.reasons)}."
        )
    return known.get(reason.casefold(), reason)


def _extras(action: Action, cells: Mapping[str, CellValue], formulas: Collection[str]) -> dict[str, str]:
    needed, taken = _EXTRAS.get(action, ((), ()))
    found = {name: _text(cells, name, formulas) for name in (*needed, *taken)}
    for name in needed:
        if not found[name]:
            raise EditProblem(
                f"{action.label} needs a {_HEADERS[name]}: fill in the {_HEADERS[name]} column."
            )
    location = found.get(fields.LOCATION_ID, "")
    if location and not _LOCATION.fullmatch(location):
        raise EditProblem(
            f"“{location[:_QUOTED]}” is no Location ID: it is a number; choose one from the list."
        )
    return {name: text for name, text in found.items() if text}
