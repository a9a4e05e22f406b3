"""`/token`: access tokens for service accounts, given for a signed grant."""

import secrets
from urllib.parse import parse_qs

from google.auth import exceptions, jwt

from tests.emulators.sheets.errors import Json
from tests.emulators.sheets.wire import Reply, Request, json_reply
from tests.emulators.sheets.world import World

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE_S = 3600
# How far a grant's times may be off.
MAX_SKEW_S = 300


class _Refused(Exception):  # noqa: N818 - an answer of the protocol
    """A grant that gives no token.

    Args:
        error: OAuth's code.
        description: The sentence.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def answer(world: World, request: Request) -> Reply:
    """Give a token, or say why not."""
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    try:
        email = _grantee(world, form)
    except _Refused as refused:
        return json_reply({"error": refused.error, "error_description": refused.description}, 400)
    token = "ya29.c." + secrets.token_urlsafe(32)
    world.tokens[token] = email
    return json_reply({"access_token": token, "expires_in": LIFE_S - 1, "token_type": "Bearer"})


def _grantee(world: World, form: dict[str, str]) -> str:
    """The account that a grant is for."""
    if form.get("grant_type") == "refresh_token":
        return _refreshed(world, form)
    if form.get("grant_type") != GRANT:
        raise _Refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    claims, email = _claims(form.get("assertion", ""))
    if email in world.revoked:
        raise _Refused("invalid_grant", "Invalid JWT Signature.")
    _check_key(world, form["assertion"], email)
    _check_times(world, claims)
    if not str(claims.get("scope", "")).strip():
        raise _Refused("invalid_scope", "Empty or missing scope not allowed.")
    return email


def _refreshed(world: World, form: dict[str, str]) -> str:
    email = form.get("refresh_token", "")
    if not email or email in world.revoked:
        raise _Refused("invalid_grant", "Token has been expired or revoked.")
    return email


def _claims(assertion: str) -> tuple[Json, str]:
    try:
        claims = jwt.decode(assertion, verify=False)  # type: ignore[no-untyped-call]
    except (ValueError, exceptions.GoogleAuthError) as error:
        raise _Refused("invalid_grant", "Bad Request") from error
    email = claims.get("iss")
    if not isinstance(email, str) or "@" not in email:
        raise _Refused("invalid_grant", "Invalid grant: account not found")
    return dict(claims), email


def _check_key(world: World, assertion: str, email: str) -> None:
    """A registered account's grant must be signed with its key."""
    key = world.keys.get(email)
    if key is None:
        if world.switches.strict_keys:
            raise _Refused("invalid_grant", "Invalid grant: account not found")
        return
    try:
        # Times are checked against the emulator's own clock.
        jwt.decode(assertion, certs=key, clock_skew_in_seconds=10**9)  # type: ignore[no-untyped-call]
    except (ValueError, exceptions.GoogleAuthError) as error:
        raise _Refused("invalid_grant", "Invalid JWT Signature.") from error


def _check_times(world: World, claims: Json) -> None:
    now = world.clock()
    issued, ends = claims.get("iat", 0), claims.get("exp", 0)
    if issued > now + MAX_SKEW_S or ends < now or ends - issued > LIFE_S + MAX_SKEW_S:
        raise _Refused(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim.",
        )
