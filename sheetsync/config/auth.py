"""Who may do what over the HTTP API and in the console."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sheetsync.config import urls
from sheetsync.config.base import Table, Text, Texts
from sheetsync.config.secret import Secret

Role = Literal["viewer", "editor", "approver", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "editor", "approver", "admin")
"""Each may do what the ones before it may."""

GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
"""Google's certificates, as x509."""

GOOGLE_ISSUER = "https://accounts.google.com"
"""Google's OpenID Connect."""

_WHO = re.compile(r"(\*|[^@\s*]+)@[^@\s*]+")


def _who(who: str) -> str:
    """Return an address as it is compared: without spaces around it and in small letters."""
    if not _WHO.fullmatch(who.strip()):
        raise ValueError("is neither an e-mail address nor *@domain")
    return who.strip().casefold()


def _encrypted(url: str) -> str:
    if not url.startswith(("https://", "http://")) or urls.is_plain(url):
        raise ValueError("must start with https://")
    return url


def once_each(roles: object) -> object:
    """Refuse one address in two cases: which of its roles would hold?"""
    if isinstance(roles, dict) and len({str(who).strip().casefold() for who in roles}) < len(roles):
        raise ValueError("names one address twice, in different cases")
    return roles


Roles = Annotated[dict[Annotated[str, AfterValidator(_who)], Role], BeforeValidator(once_each)]


class Auth(Table):
    """Who may call.

    Attributes:
        google_audiences: client ids whose Google ID tokens are accepted; none: no caller with a Google token.
        add_on: the add-on is used, so ``google_audiences`` must not be empty.
        hosted_domain: only accounts of this Google Workspace; None: of any.
        google_certs_url: where Google's certificates are; another address for tests.
        client_id, client_secret: the console's OpenID Connect client; none: people sign in by link only.
        issuer: who knows the people; its description stands below ``/.well-known/openid-configuration``.
        roles: e-mail address, or ``*@domain``, → role; anybody else may do nothing.
    """

    google_audiences: Texts = ()
    add_on: bool = False
    hosted_domain: Text | None = None
    google_certs_url: Annotated[Text, AfterValidator(_encrypted)] = GOOGLE_CERTS_URL
    client_id: Text | None = None
    client_secret: Secret | None = None
    issuer: Annotated[Text, AfterValidator(_encrypted)] = GOOGLE_ISSUER
    roles: Roles = Field(default_factory=dict)

    @model_validator(mode="after")
    def _audiences(self) -> Self:
        """Refuse an empty list: a token for any program in the world would do."""
        if self.add_on and not self.google_audiences:
            raise ValueError("add_on = true needs google_audiences: the client ids of the add-on's projects")
        return self

    @model_validator(mode="after")
    def _client(self) -> Self:
        """Refuse half a client."""
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("client_id and client_secret belong together: give both, or none")
        return self

    def role_of(self, email: str) -> Role | None:
        """Return a caller's role everywhere, or None."""
        return role_in(self.roles, email)


def role_in(roles: Mapping[str, Role], email: str) -> Role | None:
    """Return a caller's role: that of the address itself before that of its domain, or None."""
    who = email.strip().casefold()
    return roles.get(who) or roles.get(f"*@{who.rpartition('@')[2]}")
