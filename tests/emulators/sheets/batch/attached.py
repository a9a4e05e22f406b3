"""Requests about what hangs on ranges: names, protection, conditional formats, banding, filter views."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.emulators.sheets.batch.common import Handler, grid, tab
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import PROTECTED, ApiError, Json
from tests.emulators.sheets.masks import merged, update_mask
from tests.emulators.sheets.model import Sheet
from tests.emulators.sheets.render import spots
from tests.emulators.sheets.styles import completed

# Of each kind of object: the list of a tab that holds it, its field, the field of its id, the words for it.
_KINDS = {
    "protectedRange": ("protectedRanges", "protectedRangeId", "protected range"),
    "bandedRange": ("bandedRanges", "bandedRangeId", "banding"),
    "filter": ("filterViews", "filterViewId", "filter view"),
}


def add_named(context: Context, body: Json) -> Json:
    """Name a range."""
    named = copy.deepcopy(body.get("namedRange", {}))
    grid(context, named.get("range", {}))
    name = named.get("name", "")
    if not name or any(one["name"].casefold() == name.casefold() for one in context.book.named):
        raise ApiError(
            f'A named range with the name "{name}" already exists.' if name else "A name must be set."
        )
    named.setdefault("namedRangeId", str(context.book.new_id()))
    named = {"namedRangeId": named["namedRangeId"], "name": name, "range": named.get("range", {})}
    context.book.named.append(named)
    return {"namedRange": spots(named)}


def _named(context: Context, named_id: str) -> Json:
    for named in context.book.named:
        if named["namedRangeId"] == named_id:
            return named
    raise ApiError(f"No named range with id: {named_id}")


def update_named(context: Context, body: Json) -> Json:
    """Rename or move a named range."""
    wanted = body.get("namedRange", {})
    tree = update_mask(body.get("fields", ""))
    named = _named(context, wanted.get("namedRangeId", ""))
    changed = merged(named, wanted, tree)
    grid(context, changed.get("range", {}))
    named.clear()
    named.update({**changed, "namedRangeId": wanted["namedRangeId"]})
    return {}


def delete_named(context: Context, body: Json) -> Json:
    """Take a name away; the cells stay."""
    context.book.named.remove(_named(context, body.get("namedRangeId", "")))
    return {}


def _add(context: Context, body: Json, *, kind: str) -> Json:
    part, id_field, _words = _KINDS[kind]
    wanted = completed(copy.deepcopy(body.get(kind, {})))
    spot = wanted.get("range", {})
    sheet = tab(context, spot.get("sheetId", 0))
    if set(spot) - {"sheetId"}:
        grid(context, spot)
    given = wanted.pop(id_field, context.book.new_id())
    one = {id_field: given, **wanted}
    if kind == "protectedRange":
        _check_protection(wanted)
        _let_in(context, one)
    sheet.parts.setdefault(part, []).append(one)
    return {kind: spots(one) if kind != "protectedRange" else {**spots(one), "requestingUserCanEdit": True}}


def _check_protection(wanted: Json) -> None:
    if wanted.get("warningOnly") and "editors" in wanted:
        raise ApiError("ProtectedRange is warningOnly. Editors cannot be set on it.")


def _let_in(context: Context, one: Json) -> None:
    """The one who protects may always edit."""
    users = one.setdefault("editors", {}).setdefault("users", [])
    if context.caller and context.caller not in users:
        users.append(context.caller)


def _find(context: Context, kind: str, object_id: int) -> tuple[Sheet, Json]:
    part, id_field, words = _KINDS[kind]
    for sheet in context.book.sheets:
        for one in sheet.parts.get(part, []):
            if one[id_field] == object_id:
                return sheet, one
    raise ApiError(f"No {words} with id: {object_id}")


def _update(context: Context, body: Json, *, kind: str) -> Json:
    _part, id_field, _words = _KINDS[kind]
    wanted = completed(body.get(kind, {}))
    tree = update_mask(body.get("fields", ""))
    _sheet, one = _find(context, kind, wanted.get(id_field, 0))
    _check_may(context, kind, one)
    changed = {**merged(one, wanted, tree), id_field: one[id_field]}
    one.clear()
    one.update(changed)
    if kind == "protectedRange":
        _check_protection(wanted)
        _let_in(context, one)
    return {}


def _delete(context: Context, body: Json, *, kind: str, field: str) -> Json:
    sheet, one = _find(context, kind, body.get(field, 0))
    _check_may(context, kind, one)
    part = _KINDS[kind][0]
    sheet.parts[part].remove(one)
    return {}


def _check_may(context: Context, kind: str, one: Json) -> None:
    """Only who may edit a protected range may change its protection."""
    shut = kind == "protectedRange" and not context.owner and not one.get("warningOnly")
    if shut and context.caller not in one.get("editors", {}).get("users", []):
        raise ApiError(PROTECTED)


def _rules(context: Context, sheet_id: int, index: int | None = None) -> list[Json]:
    sheet = tab(context, sheet_id)
    rules: list[Json] = sheet.parts.setdefault("conditionalFormats", [])
    if index is not None and index >= len(rules):
        raise ApiError(f"No conditional format on sheet: {sheet_id} at index: {index}")
    return rules


def add_rule(context: Context, body: Json) -> Json:
    """Add a conditional format before the one at the index, or at the end."""
    rule = completed(copy.deepcopy(body.get("rule", {})))
    ranges = rule.get("ranges", [])
    if not ranges:
        raise ApiError("A conditional format must have at least one range.")
    for spot in ranges:
        grid(context, spot)
    rules = _rules(context, ranges[0].get("sheetId", 0))
    index = body.get("index", 0)
    if index > len(rules):
        raise ApiError(f"index[{index}] is after the last conditional format[{len(rules)}]")
    rules.insert(index, rule)
    return {}


def update_rule(context: Context, body: Json) -> Json:
    """Replace a conditional format, or move it."""
    index = body.get("index", 0)
    ranges = body.get("rule", {}).get("ranges", [{}])
    rules = _rules(context, body.get("sheetId", ranges[0].get("sheetId", 0)), index)
    old = rules.pop(index)
    new = completed(copy.deepcopy(body["rule"])) if "rule" in body else old
    at: int = {"newIndex": index, **body}["newIndex"]
    rules.insert(at, new)
    reply: Json = {"newRule": spots(new), "newIndex": at}
    if "newIndex" in body:
        return {**reply, "oldIndex": index}
    return {**reply, "oldRule": spots(old)}


def delete_rule(context: Context, body: Json) -> Json:
    """Remove a conditional format; those after it move up."""
    rules = _rules(context, body.get("sheetId", 0), body.get("index", 0))
    return {"rule": spots(rules.pop(body.get("index", 0)))}


def _object_handlers(kind: str, name: str, field: str) -> dict[str, Callable[[Context, Json], Any]]:
    return {
        f"add{name}": partial(_add, kind=kind),
        f"update{name}": partial(_update, kind=kind),
        f"delete{name}": partial(_delete, kind=kind, field=field),
    }


HANDLERS: dict[str, Handler] = {
    "addNamedRange": add_named,
    "updateNamedRange": update_named,
    "deleteNamedRange": delete_named,
    **_object_handlers("protectedRange", "ProtectedRange", "protectedRangeId"),
    **_object_handlers("bandedRange", "Banding", "bandedRangeId"),
    **_object_handlers("filter", "FilterView", "filterId"),
    "addConditionalFormatRule": add_rule,
    "updateConditionalFormatRule": update_rule,
    "deleteConditionalFormatRule": delete_rule,
}
