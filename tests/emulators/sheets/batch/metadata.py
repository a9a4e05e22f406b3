"""Developer metadata: notes for programs, on the spreadsheet, a tab, a row or a column."""

from collections.abc import Iterator
from typing import Any

from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.batch.common import Handler, tab
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json, not_found
from tests.emulators.sheets.masks import merged, update_mask
from tests.emulators.sheets.model import Sheet

_FIELD = "developerMetadata"
# A list that holds metadata, and where that is.
_Place = tuple[list[Json], Json]


def _places(context: Context) -> Iterator[_Place]:
    """Every list of metadata with its location of now."""
    book = context.book
    yield book.metadata, {"locationType": "SPREADSHEET", "spreadsheet": True}
    for sheet in book.sheets:
        yield sheet.parts.get(_FIELD, []), {"locationType": "SHEET", "sheetId": sheet.sheet_id}
        metas: list[tuple[str, Any]] = [("ROW", [row.meta for row in sheet.rows]), ("COLUMN", sheet.columns)]
        for kind, lines in metas:
            for index, meta in enumerate(lines):
                if meta and _FIELD in meta:
                    yield meta[_FIELD], _line(sheet, kind, index)


def _line(sheet: Sheet, kind: str, index: int) -> Json:
    line = {"sheetId": sheet.sheet_id, "dimension": f"{kind}S", "startIndex": index, "endIndex": index + 1}
    return {"locationType": kind, "dimensionRange": line}


def _found(context: Context, lookup: Json) -> list[tuple[Json, Json, list[Json]]]:
    """Metadata that a lookup means: the entry, its location, the list that holds it."""
    found: list[tuple[Json, Json, list[Json]]] = []
    for entries, location in _places(context):
        found.extend(
            (entry, location, entries) for entry in entries if _means(lookup, {**entry, "location": location})
        )
    return found


def _means(lookup: Json, entry: Json) -> bool:
    for name in ("metadataId", "metadataKey", "metadataValue", "visibility"):
        if name in lookup and lookup[name] != entry.get(name):
            return False
    if "locationType" in lookup and lookup["locationType"] != entry["location"]["locationType"]:
        return False
    wanted = lookup.get("metadataLocation")
    if not wanted:
        return True
    here = entry["location"]
    return all(here.get(name) == value for name, value in wanted.items() if name != "locationType")


def create(context: Context, body: Json) -> Json:
    """Attach metadata."""
    wanted = dict(body.get(_FIELD, {}))
    location = wanted.pop("location", {"spreadsheet": True})
    if "metadataKey" not in wanted:
        raise ApiError("Metadata key must be set.")
    wanted.setdefault("visibility", "DOCUMENT")
    wanted.setdefault("metadataId", context.book.new_id())
    if _found(context, {"metadataId": wanted["metadataId"]}):
        raise ApiError(f"Metadata with id {wanted['metadataId']} already exists.")
    entries, place = _home(context, location)
    entries.append(wanted)
    return {_FIELD: {**wanted, "location": place}}


def _home(context: Context, location: Json) -> _Place:
    if location.get("spreadsheet"):
        return context.book.metadata, {"locationType": "SPREADSHEET", "spreadsheet": True}
    if "sheetId" in location:
        sheet = tab(context, location["sheetId"])
        place = {"locationType": "SHEET", "sheetId": sheet.sheet_id}
        return sheet.parts.setdefault(_FIELD, []), place
    line = location.get("dimensionRange", {})
    sheet = tab(context, line.get("sheetId", 0))
    start = line.get("startIndex", 0)
    if line.get("endIndex", start + 1) != start + 1:
        raise ApiError("Metadata can be attached to one row or column at a time.")
    rows = line.get("dimension") != "COLUMNS"
    if start >= (sheet.height if rows else sheet.width):
        raise ApiError("The row or column for the metadata lies outside of the grid.")
    meta = sheet.rows[start].meta if rows else sheet.columns[start]
    return meta.setdefault(_FIELD, []), _line(sheet, "ROW" if rows else "COLUMN", start)


def _filtered(context: Context, filters: list[Json]) -> list[tuple[Json, Json, list[Json]]]:
    found = []
    for one in filters:
        found.extend(_found(context, one.get("developerMetadataLookup", {})))
    return found


def update(context: Context, body: Json) -> Json:
    """Change metadata that filters mean."""
    tree = update_mask(body.get("fields", ""))
    replies = []
    for entry, location, entries in _filtered(context, body.get("dataFilters", [])):
        changed = merged(entry, body.get(_FIELD, {}), tree)
        entries[entries.index(entry)] = changed
        replies.append({**changed, "location": location})
    return {_FIELD: replies}


def delete(context: Context, body: Json) -> Json:
    """Remove metadata that a filter means."""
    gone = []
    for entry, location, entries in _filtered(context, [body.get("dataFilter", {})]):
        entries.remove(entry)
        gone.append({**entry, "location": location})
    return {"deletedDeveloperMetadata": gone}


def by_id(context: Context, metadata_id: int) -> Json:
    """One entry.

    Raises:
        ApiError: There is none.
    """
    for entry, location, _ in _found(context, {"metadataId": metadata_id}):
        return {**entry, "location": location}
    raise not_found()


def search(context: Context, filters: list[Json]) -> Json:
    """All entries that filters mean."""
    matched: list[Json] = [
        {"developerMetadata": {**entry, "location": location}, "dataFilters": [one]}
        for one in filters
        for entry, location, _ in _found(context, one.get("developerMetadataLookup", {}))
    ]
    return {"matchedDeveloperMetadata": matched} if matched else {}


def areas(context: Context, lookup: Json) -> list[Area]:
    """The rows, columns and tabs that a lookup's metadata hangs on."""
    found = []
    for _entry, location, _ in _found(context, lookup):
        line = location.get("dimensionRange")
        if line:
            sheet = tab(context, line["sheetId"])
            start, end = line["startIndex"], line["endIndex"]
            rows = line["dimension"] == "ROWS"
            found.append(Area(sheet, start, 0, end, None) if rows else Area(sheet, 0, start, None, end))
        elif "sheetId" in location:
            found.append(Area(tab(context, location["sheetId"])))
    return found


HANDLERS: dict[str, Handler] = {
    "createDeveloperMetadata": create,
    "updateDeveloperMetadata": update,
    "deleteDeveloperMetadata": delete,
}
