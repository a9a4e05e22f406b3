"""The little of Drive v3 that a spreadsheet client needs: files, permissions, CSV in and out."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

from tests.emulators.sheets import masks, values
from tests.emulators.sheets.a1 import Area
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.model import COLUMNS, ROWS, new_spreadsheet
from tests.emulators.sheets.wire import Reply, Request, json_reply
from tests.emulators.sheets.world import File, World, permissions

MIME = "application/vnd.google-apps.spreadsheet"
# What Drive answers without `fields`.
_BRIEF = masks.parse("kind,id,name,mimeType")
_FILE = r"/drive/v[23]/files/(?P<id>[^/]+)"
_NAME = re.compile(r"name\s*=\s*(['\"])((?:\\.|(?!\1).)*)\1")
_FOLDER = re.compile(r"['\"]([^'\"]+)['\"] in parents")


class DriveApi:
    """Carries out requests of the Drive API.

    Args:
        world: The spreadsheets.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Request, str, dict[str, str]], Reply]]] = [
            ("GET", re.compile(r"/drive/v3/files"), self._list),
            ("POST", re.compile(r"/drive/v3/files"), self._create),
            ("GET", re.compile(_FILE), self._get),
            ("PATCH", re.compile(_FILE), self._update),
            ("DELETE", re.compile(_FILE), self._delete),
            ("POST", re.compile(rf"{_FILE}/copy"), self._copy),
            ("GET", re.compile(rf"{_FILE}/export"), self._export),
            ("GET", re.compile(rf"{_FILE}/permissions"), self._permissions),
            ("POST", re.compile(rf"{_FILE}/permissions"), self._share),
            ("DELETE", re.compile(rf"{_FILE}/permissions/(?P<permission>[^/]+)"), self._unshare),
            ("GET", re.compile(rf"{_FILE}/comments"), self._comments),
            ("PUT", re.compile(r"/upload/drive/v2/files/(?P<id>[^/]+)"), self._import),
        ]

    def answer(self, request: Request, caller: str) -> Reply:
        """Carry a request out.

        Raises:
            ApiError: It is refused.
        """
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(request.raw_path)
            if found and method == request.method:
                return handler(request, caller, found.groupdict())
        raise ApiError(f"The requested URL {request.path} was not found on this server.", 404)

    def _open(self, path: dict[str, str], caller: str, *, write: bool = False) -> File:
        file = self._world.files.get(path["id"])
        if file is None or file.role(caller) is None:
            raise missing(path["id"])
        if write and file.role(caller) == "reader":
            raise ApiError("The user does not have sufficient permissions for this file.", 403)
        return file

    def _list(self, request: Request, caller: str, _path: dict[str, str]) -> Reply:
        query = request.query.get("q", [""])[-1]
        name, folder = _NAME.search(query), _FOLDER.search(query)
        files = [file for file in self._world.files.values() if file.role(caller)]
        if name:
            wanted = re.sub(r"\\(.)", r"\1", name[2])
            files = [file for file in files if file.book.properties["title"] == wanted]
        if folder:
            files = [file for file in files if file.folder == folder[1]]
        size = int(request.query.get("pageSize", ["100"])[-1])
        start = int(request.query.get("pageToken", ["0"])[-1] or 0)
        page: Json = {"kind": "drive#fileList", "incompleteSearch": False}
        if start + size < len(files):
            page["nextPageToken"] = str(start + size)
        page["files"] = [_described(file) for file in reversed(files[start : start + size])]
        tree = _tree(request) or {"kind": {}, "incompleteSearch": {}, "nextPageToken": {}, "files": _BRIEF}
        return json_reply(masks.pick(page, tree))

    def _create(self, request: Request, caller: str, _path: dict[str, str]) -> Reply:
        body = _body(request)
        book = new_spreadsheet(str(body.get("name", "Untitled")))
        file = self._world.add(book, owner=caller, roles={} if self._world.switches.private else None)
        file.folder = (body.get("parents") or ["root"])[0]
        return json_reply(masks.pick(_described(file), _tree(request) or _BRIEF))

    def _get(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        return json_reply(masks.pick(_described(self._open(path, caller)), _tree(request) or _BRIEF))

    def _update(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        file = self._open(path, caller, write=True)
        body = _body(request)
        file.book.properties["title"] = body.get("name", file.book.properties["title"])
        file.folder = request.query.get("addParents", [file.folder])[-1]
        self._world.wrote(file)
        return json_reply(masks.pick(_described(file), _tree(request) or _BRIEF))

    def _delete(self, _request: Request, caller: str, path: dict[str, str]) -> Reply:
        file = self._open(path, caller)
        if file.roles is not None and file.owner != caller:
            raise ApiError("The user does not have sufficient permissions for this file.", 403)
        del self._world.files[path["id"]]
        return Reply(204, kind="text/html")

    def _copy(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        source = self._open(path, caller)
        body = _body(request)
        title = str(body.get("name") or f"Copy of {source.book.properties['title']}")
        book = new_spreadsheet(title, sheets=[sheet.clone() for sheet in source.book.sheets])
        properties, _sheets, book.named, book.metadata = source.book.keep()
        book.properties = {**properties, "title": title}
        file = self._world.add(book, owner=caller, roles={} if self._world.switches.private else None)
        file.folder = (body.get("parents") or [source.folder])[0]
        return json_reply(masks.pick(_described(file), _tree(request) or _BRIEF))

    def _export(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        file = self._open(path, caller)
        kind = request.query.get("mimeType", [""])[-1]
        if kind not in {"text/csv", "text/tab-separated-values"}:
            raise ApiError("The requested conversion is not supported.")
        area = Area(file.book.sheets[0])
        rows = values.get(self._world.context(file, caller), area, {}).get("values", [])
        width = max(map(len, rows), default=0)
        text = io.StringIO()
        writer = csv.writer(text, delimiter="," if kind == "text/csv" else "\t")
        writer.writerows([*row, *[""] * (width - len(row))] for row in rows)
        return Reply(200, text.getvalue().removesuffix("\r\n").encode(), kind)

    def _permissions(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        page = {"kind": "drive#permissionList", "permissions": permissions(self._open(path, caller))}
        return json_reply(masks.pick(page, _tree(request)))

    def _share(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        file = self._open(path, caller, write=True)
        body = _body(request)
        email = "anyone" if body.get("type") == "anyone" else str(body.get("emailAddress", ""))
        if body.get("role") not in {"reader", "writer", "commenter", "owner"} or not email:
            raise ApiError("The permission type, role and e-mail address must be given.")
        if body["role"] == "owner":
            file.owner = email
        elif file.roles is not None:
            file.roles[email] = "writer" if body["role"] == "writer" else "reader"
        shown = {
            "kind": "drive#permission",
            "id": email,
            "type": body.get("type", "user"),
            "role": body["role"],
        }
        return json_reply(masks.pick(shown, _tree(request)))

    def _unshare(self, _request: Request, caller: str, path: dict[str, str]) -> Reply:
        file = self._open(path, caller, write=True)
        email = "anyone" if path["permission"] == "anyoneWithLink" else path["permission"]
        if file.roles is not None:
            file.roles.pop(email, None)
        return Reply(204, kind="text/html")

    def _comments(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        self._open(path, caller)
        return json_reply(masks.pick({"kind": "drive#commentList", "comments": []}, _tree(request)))

    def _import(self, request: Request, caller: str, path: dict[str, str]) -> Reply:
        """Replace everything by the lines of a CSV file, typed in by a person."""
        file = self._open(path, caller, write=True)
        rows = list(csv.reader(io.StringIO(request.body.decode("utf-8-sig"), newline="")))
        fresh = new_spreadsheet("").sheets[0]
        fresh.title = file.book.properties["title"]
        fresh.resize(max(ROWS, len(rows)), max(COLUMNS, *map(len, rows), 0) if rows else COLUMNS)
        file.book.sheets = [fresh]
        options = {"valueInputOption": "USER_ENTERED"}
        if rows:
            values.update(
                self._world.context(file, file.owner), Area(fresh, open_end=True), {"values": rows}, options
            )
        self._world.wrote(file)
        return json_reply({"kind": "drive#file", "id": path["id"], "title": fresh.title, "mimeType": MIME})


def missing(file_id: str) -> ApiError:
    """Drive's way of saying that a file is not there, or not for the caller."""
    return ApiError(f"File not found: {file_id}.", 404)


def error_body(error: ApiError) -> Json:
    """A refusal as Drive words it."""
    reason = {404: "notFound", 403: "insufficientFilePermissions", 401: "authError"}.get(
        error.code, "badRequest"
    )
    one: Json = {"message": error.message, "domain": "global", "reason": reason}
    if error.code == 404:
        one.update(location="fileId", locationType="parameter")
    return {"error": {"code": error.code, "message": error.message, "errors": [one]}}


def _tree(request: Request) -> masks.Tree:
    return masks.parse(request.query.get("fields", [""])[-1])


def _body(request: Request) -> Json:
    body = request.json()
    if not isinstance(body, dict):
        raise ApiError("Parse Error")
    return body


def _described(file: File) -> Json:
    return {
        "kind": "drive#file",
        "id": file.book.spreadsheet_id,
        "name": file.book.properties["title"],
        "mimeType": MIME,
        "parents": [file.folder],
        "createdTime": _time(file.created),
        "modifiedTime": _time(file.modified),
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.book.spreadsheet_id}/edit?usp=drivesdk",
        "owners": [{"kind": "drive#user", "emailAddress": file.owner}],
        "trashed": False,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
