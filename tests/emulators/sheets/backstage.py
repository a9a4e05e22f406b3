"""Takes a request through log, faults, sign-in and quota to the API that it is for."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulators.sheets import errors, rogue, tokens
from tests.emulators.sheets.drive import DriveApi, error_body
from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.faults import Fault, When
from tests.emulators.sheets.sheets_api import PREFIX, SheetsApi, is_write
from tests.emulators.sheets.wire import Reply, Request, error_reply, json_reply
from tests.emulators.sheets.world import ANYONE, World


@dataclass
class Entry:
    """One request in the log.

    Attributes:
        method: Such as `GET`.
        path: Decoded.
        target: As sent.
        write: Whether it counts as a write.
        sent: Bytes of its body.
        status: Of the answer; 0 when the connection was dropped.
        received: Bytes of the answer's body.
        caller: Who asked.
    """

    method: str
    path: str
    target: str
    write: bool
    sent: int
    status: int = 0
    received: int = 0
    caller: str = ""


@dataclass
class Log:
    """Every request since the last clearing."""

    entries: list[Entry] = field(default_factory=list)

    def summary(self) -> Json:
        """Counts and bytes."""
        sheets = [entry for entry in self.entries if entry.path.startswith(PREFIX)]
        return {
            "requests": len(self.entries),
            "reads": sum(not entry.write for entry in sheets),
            "writes": sum(entry.write for entry in sheets),
            "bytes_sent": sum(entry.sent for entry in self.entries),
            "bytes_received": sum(entry.received for entry in self.entries),
            "largest_sent": max((entry.sent for entry in self.entries), default=0),
            "largest_received": max((entry.received for entry in self.entries), default=0),
            "statuses": dict(Counter(str(entry.status) for entry in self.entries)),
        }


class Backstage:
    """Answers requests.

    Args:
        world: The emulator's state.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.log = Log()
        self._sheets = SheetsApi(world)
        self._drive = DriveApi(world)

    def answer(self, request: Request) -> Reply:
        """Answer one request to Google."""
        write = request.path.startswith(PREFIX) and is_write(request)
        entry = Entry(request.method, request.path, request.target, write, len(request.body))
        with self.world.lock:
            self.log.entries.append(entry)
            faults = self.world.faults.due(request.method, request.path)
        reply = self._through(request, entry, faults)
        entry.status = 0 if reply.drop else reply.status
        entry.received = 0 if reply.drop else len(reply.body)
        return reply

    def _through(self, request: Request, entry: Entry, faults: list[Fault]) -> Reply:
        self._wait(faults, "before")
        stopped = self._stopped(faults, "before")
        if stopped:
            return stopped
        with self.world.lock:
            self._edit(faults, "before", request)
            reply = self._carried_out(request, entry, lambda: self._edit(faults, "halfway", request))
            self._edit(faults, "after", request)
        self._wait(faults, "after")
        return self._stopped(faults, "after") or reply

    def _wait(self, faults: list[Fault], when: When) -> None:
        seconds = sum(fault.delay_s for fault in faults if fault.kind == "delay" and fault.when == when)
        if when == "before":
            seconds += self.world.switches.latency_s
        if seconds:
            time.sleep(seconds)

    def _stopped(self, faults: list[Fault], when: When) -> Reply | None:
        for fault in faults:
            if fault.when == when and fault.kind == "drop":
                return Reply(drop=True)
            if fault.when == when and fault.kind == "status":
                return error_reply(_failure(fault.status))
        return None

    def _edit(self, faults: list[Fault], when: When, request: Request) -> None:
        for fault in faults:
            if fault.kind == "edit" and fault.when == when:
                # A spreadsheet is named in the path; a person works in the same one.
                file = next((f for key, f in self.world.files.items() if key in request.path), None)
                if file:
                    rogue.act(file.book, fault.edits)
                    self.world.wrote(file)

    def _carried_out(self, request: Request, entry: Entry, halfway: Callable[[], None]) -> Reply:
        if request.raw_path == "/token":
            return tokens.answer(self.world, request)
        drive = "/drive/" in request.raw_path
        try:
            entry.caller = self._caller(request)
            if drive:
                return self._drive.answer(request, entry.caller)
            return self._sheet(request, entry, halfway)
        except ApiError as error:
            return json_reply(error_body(error), error.code) if drive else error_reply(error)

    def _sheet(self, request: Request, entry: Entry, halfway: Callable[[], None]) -> Reply:
        if not self.world.switches.api_enabled:
            raise errors.disabled()
        self.world.quota.count(entry.caller, write=entry.write)
        body = self._sheets.answer(request, entry.caller, halfway)
        pretty = request.query.get("prettyPrint", ["true"])[-1].lower() != "false"
        return json_reply(body, pretty=pretty)

    def _caller(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = self.world.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if known:
            return known
        if self.world.switches.strict_auth:
            raise errors.unauthenticated()
        return ANYONE


def _failure(status: int) -> ApiError:
    if status == 429:
        return errors.quota("Write", 60)
    if status == 503:
        return errors.unavailable()
    return ApiError("Internal error encountered.", status)
