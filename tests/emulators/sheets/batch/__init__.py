"""`spreadsheets.batchUpdate`: requests that are carried out all, or none."""

from tests.emulators.sheets import a1, render
from tests.emulators.sheets.batch import (
    attached,
    cells,
    dimensions,
    filters,
    metadata,
    moving,
    sheets,
    typing,
)
from tests.emulators.sheets.batch.common import Handler
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json

HANDLERS: dict[str, Handler] = {
    **sheets.HANDLERS,
    **cells.HANDLERS,
    **typing.HANDLERS,
    **dimensions.HANDLERS,
    **moving.HANDLERS,
    **attached.HANDLERS,
    **filters.HANDLERS,
    **metadata.HANDLERS,
}


def run(context: Context, body: Json) -> Json:
    """Carry out all requests of a body.

    Raises:
        ApiError: One of them is refused; the spreadsheet is as it was.
    """
    requests = body.get("requests") or []
    if not requests:
        raise ApiError("Must specify at least one request.")
    book = context.book
    kept = book.keep()
    try:
        replies = [_one(context, request, index) for index, request in enumerate(requests)]
    except Exception:
        book.put_back(kept)
        raise
    book.touched()
    reply: Json = {"spreadsheetId": book.spreadsheet_id, "replies": replies}
    if body.get("includeSpreadsheetInResponse"):
        areas = [a1.parse(book, text) for text in body.get("responseRanges", [])]
        with_cells = bool(body.get("responseIncludeGridData"))
        reply["updatedSpreadsheet"] = render.spreadsheet(book, areas, with_cells=with_cells, tree={})
    return reply


def _one(context: Context, request: Json, index: int) -> Json:
    if len(request) != 1:
        raise ApiError(f"Invalid requests[{index}]: Must specify exactly one request kind.")
    [(kind, body)] = request.items()
    handler = HANDLERS.get(kind)
    if handler is None:
        raise ApiError(f"The emulator does not know how to carry out {kind}.").within(
            f"requests[{index}].{kind}"
        )
    try:
        reply = handler(context, body)
    except ApiError as error:
        raise error.within(f"requests[{index}].{kind}") from error
    context.book.touched()
    return {kind: reply} if reply else {}
