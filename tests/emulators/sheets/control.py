"""`/control`: the switches for tests; see README.md."""

from collections.abc import Callable
from dataclasses import asdict

from tests.emulators.sheets import rogue
from tests.emulators.sheets.backstage import Backstage
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.faults import Fault
from tests.emulators.sheets.model import new_spreadsheet
from tests.emulators.sheets.quota import MINUTE_S
from tests.emulators.sheets.wire import Reply, Request, json_reply
from tests.emulators.sheets.world import OWNER, File

PREFIX = "/control"


class Control:
    """Turns the switches.

    Args:
        backstage: What they are of.
    """

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._world = backstage.world
        self._routes: dict[tuple[str, str], Callable[[Json], object]] = {
            ("GET", "log"): self._log,
            ("DELETE", "log"): self._clear_log,
            ("POST", "switches"): self._switch,
            ("POST", "quota"): self._quota,
            ("POST", "faults"): self._fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "spreadsheets"): self._create,
            ("POST", "share"): self._share,
            ("POST", "accounts"): self._account,
            ("POST", "edit"): self._edit,
            ("POST", "reset"): self._reset,
        }

    def answer(self, request: Request) -> Reply:
        """Turn one switch."""
        name = request.path.removeprefix(PREFIX).strip("/")
        handler = self._routes.get((request.method, name))
        if handler is None:
            return json_reply({"error": f"no switch {request.method} {request.path}"}, 404)
        try:
            body = request.json()
            with self._world.lock:
                return json_reply(handler(body if isinstance(body, dict) else {}))
        except (ApiError, KeyError, TypeError, ValueError, AttributeError) as error:
            return json_reply({"error": f"{type(error).__name__}: {error}"}, 400)

    def _log(self, _body: Json) -> Json:
        log = self._backstage.log
        return {**log.summary(), "entries": [asdict(entry) for entry in log.entries]}

    def _clear_log(self, _body: Json) -> Json:
        self._backstage.log.entries.clear()
        return {}

    def _switch(self, body: Json) -> Json:
        switches = self._world.switches
        for name, value in body.items():
            if not hasattr(switches, name):
                raise KeyError(name)
            setattr(switches, name, value)
        return asdict(switches)

    def _quota(self, body: Json) -> Json:
        self._world.quota.set(
            reads=body.get("reads"), writes=body.get("writes"), window_s=body.get("window_s", MINUTE_S)
        )
        return {}

    def _fault(self, body: Json) -> Json:
        self._world.faults.add(Fault(**body))
        return {}

    def _clear_faults(self, _body: Json) -> Json:
        self._world.faults.waiting.clear()
        return {}

    def _create(self, body: Json) -> Json:
        book = new_spreadsheet(body.get("title", "Untitled spreadsheet"))
        file = self._world.add(book, owner=body.get("owner", OWNER), roles=body.get("roles"))
        return {"spreadsheetId": file.book.spreadsheet_id}

    def _file(self, body: Json) -> File:
        return self._world.files[body["spreadsheetId"]]

    def _share(self, body: Json) -> Json:
        file = self._file(body)
        file.owner = body.get("owner", file.owner)
        file.roles = body.get("roles")
        return {}

    def _account(self, body: Json) -> Json:
        email = body["email"]
        if "public_key" in body:
            self._world.keys[email] = body["public_key"]
        if body.get("revoked"):
            self._world.revoked.add(email)
        else:
            self._world.revoked.discard(email)
        return {}

    def _edit(self, body: Json) -> Json:
        file = self._file(body)
        rogue.act(file.book, body["edits"])
        self._world.wrote(file)
        return {}

    def _reset(self, _body: Json) -> Json:
        """Forget everything, as if just started."""
        fresh = type(self._world)(clock=self._world.clock)
        for name in ("files", "switches", "faults", "quota", "tokens", "keys", "revoked"):
            setattr(self._world, name, getattr(fresh, name))
        self._backstage.log.entries.clear()
        return {}
