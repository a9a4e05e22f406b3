"""What every WordPress 6.1 site does before a plugin's own route is reached: addresses, sign-in, errors."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sheetsync.sandbox.wire import Request, Response, Switches, html_response, json_response

ROLES = ("administrator", "editor", "subscriber")
_CAPABILITIES: dict[str, tuple[str, ...]] = {
    "administrator": ("manage_options", "list_users", "edit_users", "create_users", "delete_users", "read"),
    "editor": ("edit_posts", "edit_others_posts", "publish_posts", "moderate_comments", "read"),
    "subscriber": ("read",),
}
_PREFIX = "/wp-json"


@dataclass
class WordPressSite(Switches):
    """Switches of a WordPress site with the credit plugin.

    Attributes:
        role: Role of the API user: administrator, editor or subscriber.
        strip_authorization: The web server swallows the `Authorization` header.
        app_passwords_off: A security plugin switched application passwords off.
        woocommerce_codes: Wrong credentials are named (`incorrect_password` …) instead of being ignored.
        plain_permalinks: Only `/index.php?rest_route=` works; `/wp-json` redirects there.
        namespace: Where the credit routes live.
        negative_add: Adding a negative amount subtracts; otherwise it is refused.
        credits_in_list: The list of users carries the credits, as `meta.credits`.
        race_window_s: Adds read, wait this long and write back without a lock: parallel ones get lost.
    """

    role: str = "administrator"
    strip_authorization: bool = False
    app_passwords_off: bool = False
    woocommerce_codes: bool = False
    plain_permalinks: bool = False
    namespace: str = "fastcredit/v1"
    negative_add: bool = False
    credits_in_list: bool = False
    race_window_s: float | int = 0

    def update(self, values: Mapping[str, object]) -> None:
        """Turn several switches, all or none."""
        if values.get("role", self.role) not in ROLES:
            raise ValueError(f"switch 'role' must be one of {', '.join(ROLES)}")
        super().update(values)

    @property
    def capabilities(self) -> dict[str, bool]:
        """What the API user may do, as WordPress prints it."""
        return dict.fromkeys((*_CAPABILITIES[self.role], self.role), True)

    @property
    def may_administer(self) -> bool:
        """Whether the API user may list users and change credits."""
        return self.role == "administrator"


class RestError(Exception):
    """A WordPress error, to be answered as it is."""

    def __init__(
        self, status: int, code: str, message: str, data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.response = json_response(
            {"code": code, "message": message, "data": {"status": status, **(data or {})}}, status
        )


def no_route() -> RestError:
    """WordPress says this of an unknown address and of a wrong method alike."""
    return RestError(404, "rest_no_route", "No route was found matching the URL and request method.")


def not_signed_in() -> RestError:
    """The request came without credentials, or with such as were ignored."""
    return RestError(401, "rest_not_logged_in", "You are not currently logged in.")


def forbidden(status: int) -> RestError:
    """A plugin's own route refused: 401 without a signed-in user, else 403."""
    return RestError(status, "rest_forbidden", "Sorry, you are not allowed to do that.")


def forbidden_context() -> RestError:
    """Only an administrator may see users in full."""
    return RestError(403, "rest_forbidden_context", "Sorry, you are not allowed to list users.")


def unknown_user() -> RestError:
    """No such user."""
    return RestError(404, "rest_user_invalid_id", "Invalid user ID.")


def missing_param(name: str) -> RestError:
    """A required parameter is not there."""
    message = f"Missing parameter(s): {name}"
    return RestError(400, "rest_missing_callback_param", message, {"params": [name]})


def invalid_param(name: str, why: str, *, code: str = "rest_invalid_type") -> RestError:
    """A parameter has a value that its schema refuses."""
    details = {name: {"code": code, "message": why, "data": None}}
    return RestError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        {"params": {name: why}, "details": details},
    )


def find_route(request: Request, site: WordPressSite) -> str | None:
    """Return the REST route of a request, such as `/wp/v2/users`; `None` for any other page."""
    path = request.path
    if path in ("/", "/index.php"):
        route = request.query.get("rest_route")
        return None if route is None else _tidy(route)
    if path == _PREFIX or path.startswith(f"{_PREFIX}/"):
        return None if site.plain_permalinks else _tidy(path.removeprefix(_PREFIX))
    return None


def _tidy(route: str) -> str:
    return "/" + route.strip("/")


def no_page(request: Request, site: WordPressSite) -> Response:
    """Answer a request that reached no REST route: a redirect with plain permalinks, else a 404 page."""
    path = request.path
    if site.plain_permalinks and (path == _PREFIX or path.startswith(f"{_PREFIX}/")):
        query = urlencode({"rest_route": path.removeprefix(_PREFIX) or "/", **request.query}, safe="/")
        return html_response("", 301).with_headers(Location=f"{request.base_url}/index.php?{query}")
    if path in ("/", "/index.php"):
        return html_response("<!DOCTYPE html><title>Sandbox shop</title><h1>Sandbox shop</h1>\n", 200)
    return html_response("<!DOCTYPE html><title>Page not found</title><h1>Page not found</h1>\n", 404)


@dataclass(frozen=True, slots=True)
class Door:
    """Checks application passwords of the one API user."""

    username: str
    password: str

    def admits(self, request: Request, site: WordPressSite) -> bool:
        """Whether the request is signed in.

        Raises:
            RestError: The credentials are wrong and the site names what is wrong with them.
        """
        header = request.headers.get("authorization", "")
        scheme, _, encoded = header.partition(" ")
        if site.strip_authorization or site.app_passwords_off or scheme.lower() != "basic":
            return False
        name, password = _read_basic(encoded)
        name_fits = name.casefold() == self.username.casefold()
        # WordPress drops every blank of an application password before it compares.
        fits = hmac.compare_digest(_squeeze(password), _squeeze(self.password))
        if site.woocommerce_codes and not (name_fits and fits):
            raise _wrong_credentials(name, name_fits=name_fits)
        return name_fits and fits


def _read_basic(encoded: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _squeeze(password: str) -> bytes:
    return "".join(password.split()).encode()


def _wrong_credentials(name: str, *, name_fits: bool) -> RestError:
    if name_fits:
        who = f"the username <strong>{name}</strong>"
        text = f"<strong>Error:</strong> The password you entered for {who} is incorrect."
        return RestError(401, "incorrect_password", text)
    if "@" in name:
        text = "<strong>Error:</strong> Unknown email address. Check again or try your username."
        return RestError(401, "invalid_email", text)
    text = "<strong>Error:</strong> The username is not registered on this site."
    return RestError(401, "invalid_username", text)
