"""The Sheets API v4: from method and path to what carries the request out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.emulators.sheets import a1, appending, batch, discovery, filtering, masks, render, values
from tests.emulators.sheets.batch import metadata
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.model import Spreadsheet, new_sheet, new_spreadsheet
from tests.emulators.sheets.wire import Request
from tests.emulators.sheets.world import File, World

PREFIX = "/v4/spreadsheets"
_READS = {"GET"}
_ONE = r"/v4/spreadsheets/(?P<spreadsheetId>[^/:]+)"


@dataclass(frozen=True)
class Call:
    """A request, checked.

    Attributes:
        context: The spreadsheet and the caller.
        body: Its JSON.
        query: Its parameters.
        path: What the path says, decoded: `range`, `sheetId`, `metadataId`.
        tree: Mask of the reply.
    """

    context: Context
    body: Json
    query: Json
    path: dict[str, str]
    tree: masks.Tree

    @property
    def book(self) -> Spreadsheet:
        """The spreadsheet."""
        return self.context.book

    def area(self) -> a1.Area:
        """The range in the path."""
        return a1.parse(self.book, self.path["range"])


def _get(call: Call) -> Json:
    areas = [a1.parse(call.book, text) for text in call.query.get("ranges", [])]
    return _shown(call, areas, call.query.get("includeGridData"))


def _get_by_filter(call: Call) -> Json:
    areas = filtering.areas(call.context, call.body.get("dataFilters", []))
    return _shown(call, areas, call.body.get("includeGridData"))


def _shown(call: Call, areas: list[a1.Area], flag: object) -> Json:
    branch = call.tree.get("sheets", {})
    asked = bool(branch) and "data" in branch
    with_cells = asked or (not call.tree and str(flag).lower() == "true")
    reply = render.spreadsheet(call.book, areas, with_cells=with_cells, tree=call.tree)
    for sheet in reply["sheets"]:
        for protection in sheet.get("protectedRanges", []):
            if call.context.may_edit(protection):
                protection["requestingUserCanEdit"] = True
    return reply


def _values_get(call: Call) -> Json:
    return values.get(call.context, call.area(), call.query)


def _values_batch_get(call: Call) -> Json:
    areas = [a1.parse(call.book, text) for text in call.query.get("ranges", [])]
    found = [values.get(call.context, area, call.query) for area in areas]
    return {"spreadsheetId": call.book.spreadsheet_id, **({"valueRanges": found} if found else {})}


def _values_update(call: Call) -> Json:
    options = {**call.query, "majorDimension": call.body.get("majorDimension", "ROWS")}
    area = call.area()
    named = call.body.get("range")
    if named is not None and a1.parse(call.book, named) != area:
        raise ApiError(f"Requested writing within range [{area.named()}], but the body names range [{named}]")
    return values.update(call.context, area, call.body, options)


def _values_append(call: Call) -> Json:
    return appending.append(call.context, call.area(), call.body, call.query)


def _values_clear(call: Call) -> Json:
    return {
        "spreadsheetId": call.book.spreadsheet_id,
        "clearedRange": values.clear(call.context, call.area()),
    }


def _values_batch_clear(call: Call) -> Json:
    areas = [a1.parse(call.book, text) for text in call.body.get("ranges", [])]
    return _cleared(call, areas)


def _cleared(call: Call, areas: list[a1.Area]) -> Json:
    cleared = [values.clear(call.context, area) for area in areas]
    return {"spreadsheetId": call.book.spreadsheet_id, **({"clearedRanges": cleared} if cleared else {})}


def _values_batch_update(call: Call) -> Json:
    return values.batch_update(call.context, call.body)


def _batch_get_by_filter(call: Call) -> Json:
    return filtering.batch_get(call.context, call.body)


def _batch_clear_by_filter(call: Call) -> Json:
    return _cleared(call, filtering.areas(call.context, call.body.get("dataFilters", [])))


def _batch_update_by_filter(call: Call) -> Json:
    return filtering.batch_update(call.context, call.body)


def _batch_update(call: Call) -> Json:
    return batch.run(call.context, call.body)


def _metadata_get(call: Call) -> Json:
    return metadata.by_id(call.context, int(call.path["metadataId"]))


def _metadata_search(call: Call) -> Json:
    return metadata.search(call.context, call.body.get("dataFilters", []))


_S = "sheets.spreadsheets"
_ROUTES: list[tuple[str, str, str, Callable[[Call], Json]]] = [
    ("GET", rf"{_ONE}", f"{_S}.get", _get),
    ("POST", rf"{_ONE}:getByDataFilter", f"{_S}.getByDataFilter", _get_by_filter),
    ("POST", rf"{_ONE}:batchUpdate", f"{_S}.batchUpdate", _batch_update),
    ("GET", rf"{_ONE}/values:batchGet", f"{_S}.values.batchGet", _values_batch_get),
    ("POST", rf"{_ONE}/values:batchUpdate", f"{_S}.values.batchUpdate", _values_batch_update),
    ("POST", rf"{_ONE}/values:batchClear", f"{_S}.values.batchClear", _values_batch_clear),
    (
        "POST",
        rf"{_ONE}/values:batchGetByDataFilter",
        f"{_S}.values.batchGetByDataFilter",
        _batch_get_by_filter,
    ),
    (
        "POST",
        rf"{_ONE}/values:batchUpdateByDataFilter",
        f"{_S}.values.batchUpdateByDataFilter",
        _batch_update_by_filter,
    ),
    (
        "POST",
        rf"{_ONE}/values:batchClearByDataFilter",
        f"{_S}.values.batchClearByDataFilter",
        _batch_clear_by_filter,
    ),
    ("POST", rf"{_ONE}/values/(?P<range>.+):append", f"{_S}.values.append", _values_append),
    ("POST", rf"{_ONE}/values/(?P<range>.+):clear", f"{_S}.values.clear", _values_clear),
    ("GET", rf"{_ONE}/values/(?P<range>.+)", f"{_S}.values.get", _values_get),
    ("PUT", rf"{_ONE}/values/(?P<range>.+)", f"{_S}.values.update", _values_update),
    ("POST", rf"{_ONE}/developerMetadata:search", f"{_S}.developerMetadata.search", _metadata_search),
    ("GET", rf"{_ONE}/developerMetadata/(?P<metadataId>\d+)", f"{_S}.developerMetadata.get", _metadata_get),
]
_COMPILED = [(method, re.compile(path), name, handler) for method, path, name, handler in _ROUTES]
_COPY = re.compile(rf"{_ONE}/sheets/(?P<sheetId>\d+):copyTo")
# Reads that come as POST.
_POST_READS = ("getByDataFilter", "batchGetByDataFilter", "search")


def is_write(request: Request) -> bool:
    """Whether a request counts as a write, for the quota and for who may."""
    return request.method != "GET" and request.raw_path.rpartition(":")[2] not in _POST_READS


class SheetsApi:
    """Carries out requests of the Sheets API.

    Args:
        world: The spreadsheets.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, caller: str, halfway: Callable[[], None]) -> Json:
        """Carry a request out.

        Args:
            request: What arrived.
            caller: E-mail address of who asks.
            halfway: To call in the middle of a batch of values.

        Raises:
            ApiError: It is refused.
        """
        if request.raw_path == PREFIX and request.method == "POST":
            return self._create(request, caller)
        copied = _COPY.fullmatch(request.raw_path)
        if copied and request.method == "POST":
            return self._copy_to(request, caller, copied.groupdict())
        for method, pattern, name, handler in _COMPILED:
            found = pattern.fullmatch(request.raw_path)
            if found and method == request.method:
                return self._call(request, caller, halfway, name, found.groupdict(), handler)
        raise ApiError(f"The requested URL {request.path} was not found on this server.", 404)

    def _call(
        self,
        request: Request,
        caller: str,
        halfway: Callable[[], None],
        name: str,
        path: dict[str, str],
        handler: Callable[[Call], Json],
    ) -> Json:
        query, tree = _query(name, request)
        body = discovery.check_body(name, request.json())
        path = {key: unquote(value) for key, value in path.items()}
        write = is_write(request)
        file = self._world.open(path["spreadsheetId"], caller, write=write)
        context = self._world.context(file, caller)
        context.halfway = halfway
        reply = handler(Call(context, body, query, path, tree))
        if write:
            self._world.wrote(file)
        return _masked(reply, tree)

    def _create(self, request: Request, caller: str) -> Json:
        name = f"{_S}.create"
        _query_found, tree = _query(name, request)
        body = discovery.check_body(name, request.json())
        book = _made(body)
        self._add(book, caller)
        return _masked(render.spreadsheet(book, [], with_cells=False, tree={}), tree)

    def _add(self, book: Spreadsheet, caller: str) -> File:
        return self._world.add(book, owner=caller, roles={} if self._world.switches.private else None)

    def _copy_to(self, request: Request, caller: str, path: dict[str, str]) -> Json:
        name = f"{_S}.sheets.copyTo"
        _query_found, tree = _query(name, request)
        body = discovery.check_body(name, request.json())
        source = self._world.open(path["spreadsheetId"], caller, write=False)
        target = self._world.open(body.get("destinationSpreadsheetId", ""), caller, write=True)
        sheet = source.book.sheet(int(path["sheetId"]))
        if sheet is None:
            raise ApiError(f"No sheet with id: {path['sheetId']}")
        target.book.check_size(sheet.height * sheet.width)
        copy = batch.sheets.copied(target.book, sheet)
        self._world.wrote(target)
        return _masked(render.properties(target.book, copy), tree)


def _query(name: str, request: Request) -> tuple[Json, masks.Tree]:
    query = discovery.check_query(name, request.query)
    tree = masks.parse(query["fields"]) if query.get("fields") else {}
    discovery.check_mask(name, tree)
    return query, tree


def _masked(reply: Json, tree: masks.Tree) -> Json:
    picked: Any = masks.pick(reply, tree)
    return dict(picked)


def _made(body: Json) -> Spreadsheet:
    """A new spreadsheet as the request describes it."""
    wanted = body.get("properties", {})
    book = new_spreadsheet(wanted.get("title", "Untitled spreadsheet"))
    book.properties.update(
        {key: wanted[key] for key in ("locale", "timeZone", "autoRecalc") if key in wanted}
    )
    tabs = body.get("sheets") or []
    if tabs:
        book.sheets = []
        for number, one in enumerate(tabs):
            properties = one.get("properties", {})
            properties.setdefault("title", f"Sheet{number + 1}")
            if number == 0:
                properties.setdefault("sheetId", 0)
            batch.run(Context(book), {"requests": [{"addSheet": {"properties": properties}}]})
    book.sheets = book.sheets or [new_sheet(0, "Sheet1")]
    return book
