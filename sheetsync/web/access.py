"""Who may do what: the one place that decides it."""

from sheetsync.config import ROLES, GoogleSheet, Role, Settings, role_in
from sheetsync.errors import ForbiddenError, NotFoundError
from sheetsync.ledger.callers import CallerStore
from sheetsync.web.callers import Caller, refuse_unlinked

RANK = {role: rank for rank, role in enumerate(ROLES)}
ADD_ON_MAX: Role = "editor"
"""Every editor of a sheet can change the script bound to it, so it never speaks for more than an editor."""


class Access:
    """What one caller may do.

    Args:
        caller: who.
        settings: roles and linked spreadsheets.
        store: spreadsheets that an admin linked.

    Raises:
        NotLinkedError: the add-on runs in a spreadsheet that nobody linked.
    """

    def __init__(self, caller: Caller, settings: Settings, store: CallerStore) -> None:
        self.caller = caller
        self._settings = settings
        self._linked = self._links(store) if caller.kind == "google" else set(settings.connections)
        refuse_unlinked(caller, self._linked)

    def _links(self, store: CallerStore) -> set[str]:
        which = self.caller.spreadsheet
        if not which:
            return set()
        configured = {
            name
            for name, connection in self._settings.connections.items()
            if isinstance(connection.sheet, GoogleSheet) and connection.sheet.spreadsheet_id == which
        }
        return (configured | store.links(which)) & set(self._settings.connections)

    def role(self, name: str) -> Role | None:
        """Return the caller's role on a connection; None also where there is no such connection."""
        caller, connection = self.caller, self._settings.connections.get(name)
        if connection is None or name not in self._linked:
            return None
        if caller.kind == "token":
            return caller.role if caller.connection in (None, name) else None
        found = [self._settings.auth.role_of(caller.email), role_in(connection.roles, caller.email)]
        ranks = [RANK[role] for role in found if role]
        if not ranks:
            return None
        best = max(ranks)
        return ROLES[min(best, RANK[ADD_ON_MAX]) if caller.kind == "google" else best]

    def visible(self) -> dict[str, Role]:
        """Return every connection that the caller may see, with the role there."""
        roles = ((name, self.role(name)) for name in self._settings.connections)
        return {name: role for name, role in roles if role is not None}

    def need(self, role: Role, name: str | None, *, what: str) -> str:
        """Return the connection's name if the caller may act on it.

        Args:
            role: at least this one.
            name: of the connection that the thing belongs to; None if there is no such thing.
            what: how the request named it.

        Raises:
            NotFoundError: it is not there, or not for this caller.
            ForbiddenError: the caller sees it and may not do this.
        """
        found = None if name is None else self.role(name)
        if found is None or name is None:
            raise NotFoundError(f"There is no {what} here.", hint="See: GET /api/v1/connections")
        if RANK[found] < RANK[role]:
            via = " The add-on acts as an editor at most." if self.caller.kind == "google" else ""
            raise ForbiddenError(
                f"This needs the role {role}; yours on {name} is {found}.{via}",
                hint="Ask an admin, or do it in the console.",
            )
        return name

    def need_everywhere(self, role: Role) -> None:
        """Refuse a caller who has not this role for the whole service.

        Raises:
            ForbiddenError: no such role.
        """
        caller = self.caller
        found = self._settings.auth.role_of(caller.email)
        if caller.kind == "token":
            found = caller.role if caller.connection is None else None
        if caller.kind == "google" or found is None or RANK[found] < RANK[role]:
            raise ForbiddenError(f"This needs the role {role} for the whole service.", hint="Ask an admin.")
