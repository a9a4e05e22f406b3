"""Data filters: ranges found by A1 notation, grid range or developer metadata."""

from tests.emulators.sheets import a1, values
from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.batch import metadata
from tests.emulators.sheets.batch.common import grid
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json


def areas(context: Context, filters: list[Json]) -> list[Area]:
    """The areas that any of the filters means."""
    return [area for one in filters for area in _areas(context, one)]


def _areas(context: Context, one: Json) -> list[Area]:
    if "a1Range" in one:
        return [a1.parse(context.book, one["a1Range"])]
    if "gridRange" in one:
        sheet, (top, left, bottom, right) = grid(context, one["gridRange"])
        return [Area(sheet, top, left, bottom, right)]
    if "developerMetadataLookup" in one:
        return metadata.areas(context, one["developerMetadataLookup"])
    raise ApiError("Must specify one of a1Range, gridRange, developerMetadataLookup.")


def batch_get(context: Context, body: Json) -> Json:
    """Read every area that a filter means."""
    found = [
        {"valueRange": values.get(context, area, body), "dataFilters": [one]}
        for one in body.get("dataFilters", [])
        for area in _areas(context, one)
    ]
    return {"spreadsheetId": context.book.spreadsheet_id, **({"valueRanges": found} if found else {})}


def batch_update(context: Context, body: Json) -> Json:
    """Write to every area that a filter means."""
    data, filters = [], []
    for one in body.get("data", []):
        for area in _areas(context, one.get("dataFilter", {})):
            data.append(
                {
                    **{key: one[key] for key in ("majorDimension", "values") if key in one},
                    "range": area.named(),
                }
            )
            filters.append(one["dataFilter"])
    reply = values.batch_update(context, {**body, "data": data})
    for response, one in zip(reply["responses"], filters, strict=True):
        response.pop("spreadsheetId")
        response["dataFilter"] = one
    return reply
