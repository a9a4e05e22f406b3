"""Everything the emulator knows: spreadsheets, who may open them, tokens, and the switches."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulators.sheets import errors
from tests.emulators.sheets.context import Context
from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.faults import Faults
from tests.emulators.sheets.model import Spreadsheet, new_spreadsheet
from tests.emulators.sheets.quota import Quota

# Who asks when a token says nothing about it.
ANYONE = "someone@example.com"
# A spreadsheet of somebody else that nobody else may open; gspread's own tests know it.
PRIVATE_ID = "1jIKzPs8LsiZZdLdeMEP-5ZIHw6RkjiOmj1LrJN706Yc"
OWNER = "office@example.com"


@dataclass
class File:
    """A spreadsheet as Drive sees it.

    Attributes:
        book: The spreadsheet.
        owner: E-mail address.
        roles: `writer` or `reader` by e-mail address; None lets everyone write.
        created: Seconds since 1970.
        modified: Seconds since 1970.
        folder: Id of the folder.
    """

    book: Spreadsheet
    owner: str = OWNER
    roles: dict[str, str] | None = None
    created: float = 0
    modified: float = 0
    folder: str = "root"

    def role(self, caller: str) -> str | None:
        """What the caller may do: `owner`, `writer`, `reader` or nothing."""
        if caller == self.owner:
            return "owner"
        if self.roles is None:
            return "writer"
        return self.roles.get(caller, self.roles.get("anyone"))


@dataclass
class Switches:
    """How the emulator behaves.

    Attributes:
        strict_auth: Refuse a request whose token `/token` has not given out.
        private: A new spreadsheet belongs to its maker alone until it is shared.
        api_enabled: Whether the project has switched the Sheets API on.
        grow: Whether `values.update` makes the grid larger instead of refusing.
        strict_keys: Refuse a signed grant whose key was not registered.
        latency_s: Every answer waits so long.
    """

    strict_auth: bool = False
    private: bool = False
    api_enabled: bool = True
    grow: bool = False
    strict_keys: bool = False
    latency_s: float = 0.0


@dataclass
class World:
    """All of the emulator's state.

    Attributes:
        files: Spreadsheets by id.
        switches: Behaviour.
        faults: What will go wrong.
        quota: Requests per minute.
        clock: Seconds since 1970.
        lock: Held while a request is carried out.
        tokens: E-mail address by access token.
        keys: Public keys (PEM) by service account's e-mail address.
        revoked: Accounts whose key no longer works.
    """

    files: dict[str, File] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], float] = time.time
    quota: Quota = field(init=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    revoked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Put the one private spreadsheet there."""
        self.quota = Quota(self.clock)
        self._add_private()

    def _add_private(self) -> None:
        book = new_spreadsheet("Private")
        book.spreadsheet_id = PRIVATE_ID
        self.files[PRIVATE_ID] = File(book, roles={})

    def add(self, book: Spreadsheet, *, owner: str = OWNER, roles: dict[str, str] | None = None) -> File:
        """Put a spreadsheet into somebody's Drive."""
        now = self.clock()
        file = File(book, owner, roles, now, now)
        self.files[book.spreadsheet_id] = file
        return file

    def open(self, spreadsheet_id: str, caller: str, *, write: bool) -> File:
        """The file, if the caller may.

        Raises:
            ApiError: No such file, or the caller may not.
        """
        file = self.files.get(spreadsheet_id)
        if file is None:
            raise errors.not_found()
        role = file.role(caller)
        if role is None or (write and role not in {"owner", "writer"}):
            raise errors.forbidden()
        return file

    def context(self, file: File, caller: str) -> Context:
        """What carries a request of this caller out."""
        return Context(file.book, caller, file.owner == caller, self.switches.grow)

    def wrote(self, file: File) -> None:
        """Note that a file was changed now."""
        file.modified = self.clock()


def permissions(file: File) -> list[Json]:
    """Who may open a file, as Drive lists it."""
    found = [{"id": "owner", "type": "user", "role": "owner", "emailAddress": file.owner}]
    for email, role in (file.roles or {}).items():
        if email == "anyone":
            found.append({"id": "anyoneWithLink", "type": "anyone", "role": role})
        else:
            found.append({"id": email, "type": "user", "role": role, "emailAddress": email})
    return [{"kind": "drive#permission", **one} for one in found]
