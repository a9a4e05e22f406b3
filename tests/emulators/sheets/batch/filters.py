"""The basic filter of a tab: it hides rows."""

import copy

from tests.emulators.sheets.batch.common import Handler, as_range, grid, tab
from tests.emulators.sheets.context import Context, bounds
from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.formats import shown
from tests.emulators.sheets.formulas import value_of
from tests.emulators.sheets.model import Sheet

_HIDDEN = "hiddenByFilter"


def set_filter(context: Context, body: Json) -> Json:
    """Set the tab's filter; there is one at most."""
    wanted = copy.deepcopy(body.get("filter", {}))
    sheet, box = grid(context, wanted.get("range", {}))
    _show_all(sheet)
    wanted["range"] = as_range(sheet, box)
    sheet.parts["basicFilter"] = wanted
    hidden = _criteria(wanted)
    top, _left, bottom, _right = bounds(wanted["range"], sheet)
    for at in range(top + 1, bottom):
        for column, texts in hidden.items():
            look = sheet.rows[at].look(column)
            text = shown(value_of(context.book, sheet, at, column), look.form.get("numberFormat"))
            if text in texts:
                sheet.rows[at].meta[_HIDDEN] = True
    return {}


def _criteria(wanted: Json) -> dict[int, list[str]]:
    """Texts to hide, by column."""
    found = {int(column): one.get("hiddenValues", []) for column, one in wanted.get("criteria", {}).items()}
    for spec in wanted.get("filterSpecs", []):
        found[spec.get("columnIndex", 0)] = spec.get("filterCriteria", {}).get("hiddenValues", [])
    return found


def clear_filter(context: Context, body: Json) -> Json:
    """Remove the tab's filter and show its rows."""
    sheet = tab(context, body.get("sheetId", 0))
    sheet.parts.pop("basicFilter", None)
    _show_all(sheet)
    return {}


def _show_all(sheet: Sheet) -> None:
    for row in sheet.rows:
        row.meta.pop(_HIDDEN, None)


HANDLERS: dict[str, Handler] = {"setBasicFilter": set_filter, "clearBasicFilter": clear_filter}
