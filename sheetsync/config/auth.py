"""Who may do what over the HTTP API and in the console."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from sheetsync.config.base import Table, Texts

Role = Literal["viewer", "editor", "approver", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "editor", "approver", "admin")
"""Each may do what the ones before it may."""

_WHO = re.compile(r"(\*|[^@\s*]+)@[^@\s*]+")


def _who(who: str) -> str:
    """Return an address as it is compared: without spaces around it and in small letters."""
    if not _WHO.fullmatch(who.strip()):
        raise ValueError("is neither an e-mail address nor *@domain")
    return who.strip().casefold()


Roles = dict[Annotated[str, AfterValidator(_who)], Role]


class Auth(Table):
    """Who may call.

    Attributes:
        google_audiences: client ids whose Google ID tokens are accepted; none: no caller with a Google token.
        roles: e-mail address, or ``*@domain``, → role; anybody else may do nothing.
    """

    google_audiences: Texts = ()
    roles: Roles = Field(default_factory=dict)

    @field_validator("roles", mode="before")
    @classmethod
    def _once_each(cls, roles: object) -> object:
        """Refuse one address in two cases: which of its roles would hold?"""
        if isinstance(roles, dict) and len({str(who).strip().casefold() for who in roles}) < len(roles):
            raise ValueError("names one address twice, in different cases")
        return roles

    def role_of(self, email: str) -> Role | None:
        """Return a caller's role: that of the address itself before that of its domain, or None."""
        who = email.strip().casefold()
        return self.roles.get(who) or self.roles.get(f"*@{who.rpartition('@')[2]}")
