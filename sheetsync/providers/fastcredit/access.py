"""Why a site does not let us in: each cause apart, in the words of WordPress's own menu."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from sheetsync.errors import RejectedError, RequestOutcome
from sheetsync.providers.fastcredit.words import PASSWORD_PLACE, PERMALINK_NEXT
from sheetsync.providers.messages import Reply, Request

_APP_PASSWORD = re.compile(r"[A-Za-z0-9]{24}")

STRIPPED = "The web server removes the Authorization header before WordPress sees it"
STRIPPED_NEXT = (
    "User name and application password are right: WordPress takes them where they travel another way. With "
    "Apache"
    ' add "SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1" to .htaccess; with nginx and PHP-FPM add'
    ' "fastcgi_param HTTP_AUTHORIZATION $http_authorization;"; or ask the hosting company to pass the '
    "header on."
    " WordPress → Tools → Site Health shows the same."
)
WRONG = "User name or application password is wrong"
WRONG_NEXT = (
    f"Compare username with the first column of WordPress → Users, and make a new application password under"
    f" {PASSWORD_PLACE} in the profile of that user."
)
NO_LOGIN_PASSWORD = (
    "What application_password holds is no application password: those are 24 letters and digits, with or "
    "without"
    f" spaces. The password that one logs in with does not work here. Make one under {PASSWORD_PLACE}."
)
MAIL_AS_NAME = (
    "username is an e-mail address: take the name in the first column of WordPress → Users; some sites take "
    "no other."
)
HTTP_NEXT = (
    "Application passwords need https: put https:// into base_url. For a test site on plain http set"
    " WP_ENVIRONMENT_TYPE to local in wp-config.php."
)
MAINTENANCE_NEXT = (
    "The site is in maintenance: wait until its update has ended. If it stays so, delete the file "
    ".maintenance in the"
    " site's folder, or switch the plug-in off under WordPress → Plugins."
)
BLOCKED_NEXT = (
    "A security plug-in or firewall blocks this machine: allow its address there (Wordfence → Firewall → "
    "All Firewall"
    " Options → Allowlisted IP addresses; Solid Security → Settings; All-In-One Security → Firewall), or "
    "ask the"
    " hosting company to let it pass to /wp-json/."
)
HIDDEN_NEXT = (
    "A security plug-in restricts the REST API: allow it for logged-in users (WordPress → Plugins → its "
    "settings)."
)
NO_REST_NEXT = (
    "There is no WordPress REST API at base_url: correct base_url (with the folder, if WordPress is in "
    "one), or save"
    " WordPress → Settings → Permalinks once more."
)
LOGIN_NEXT = (
    "A plug-in asks everybody to log in first: let the REST API pass in its settings (WordPress → Plugins)."
)
BROKEN_NEXT = "WordPress is broken there: see WordPress → Tools → Site Health, and wp-content/debug.log."


@dataclass(frozen=True, slots=True)
class Access:
    """What a connection comes with.

    Attributes:
        base_url: of the site.
        username: as configured.
        password: never shown.
    """

    base_url: str
    username: str
    password: str = field(repr=False)

    @property
    def is_http(self) -> bool:
        """Whether the site is asked without encryption."""
        return self.base_url.startswith("http:")

    def xmlrpc(self) -> Request:
        """Return a read that carries user name and password in its body, where no web server removes them.

        ``wp.getUsersBlogs`` of WordPress's XML-RPC; documented by WordPress; moves no credits.
        """
        values = "".join(
            f"<param><value><string>{escape(text)}</string></value></param>"
            for text in (self.username, self.password)
        )
        body = (
            '<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName>'
            f"<params>{values}</params></methodCall>"
        )
        headers = {"Content-Type": "text/xml", "Accept": "text/xml"}
        return Request("POST", "/xmlrpc.php", label="/xmlrpc.php", body=body.encode(), headers=headers)

    def advice(self) -> list[str]:
        """Return what user name and password show by themselves."""
        found = []
        if not _APP_PASSWORD.fullmatch("".join(self.password.split())):
            found.append(NO_LOGIN_PASSWORD)
        if "@" in self.username:
            found.append(MAIL_AS_NAME)
        return found


XMLRPC = Request("GET", "/xmlrpc.php", label="/xmlrpc.php")
"""Asks whether there is an XML-RPC at all: only then anything is posted to it."""


def has_xmlrpc(reply: Reply) -> bool:
    """Whether the reply to ``XMLRPC`` is WordPress's own: it takes POST requests only."""
    return reply.status == 405 and b"XML-RPC server accepts POST requests only" in reply.body[:20_000]


def is_taken(reply: Reply) -> bool | None:
    """Whether XML-RPC took user name and password; None if it does not say, as where it is switched off."""
    text = reply.body[:20_000].decode("utf-8", "replace")
    if reply.status != 200 or "<methodResponse>" not in text:
        return None
    if "<fault>" not in text:
        return True
    return False if re.search(r"<int>403</int>", text) else None


def address_problem(error: RequestOutcome, access: Access, *, plain_works: bool) -> tuple[str, str]:
    """Return (message, hint) for a site whose REST index is not to be had.

    Args:
        error: of the read of the index.
        access: of the connection.
        plain_works: the index is there below ``/index.php?rest_route=``.
    """
    status, html = error.details.get("status"), error.details.get("html")
    location = error.details.get("location")
    if plain_works:
        return f"{error.message} Below /index.php?rest_route= it is there.", PERMALINK_NEXT
    if isinstance(location, str):
        return error.message, _redirect_next(location, access, error.hint)
    return error.message, _page_next(status, html=bool(html)) or error.hint


def _page_next(status: object, *, html: bool) -> str:
    """Say what to do about a page where data should be; "" if the page does not tell."""
    if status == 503:
        return MAINTENANCE_NEXT
    if html and status in (401, 403, 406, 429):
        return BLOCKED_NEXT
    if html and status in (200, 404):
        return NO_REST_NEXT
    return BROKEN_NEXT if isinstance(status, int) and status >= 500 else ""


def _redirect_next(location: str, access: Access, otherwise: str) -> str:
    target, own = urlsplit(location), urlsplit(access.base_url)
    if "wp-login" in target.path:
        return LOGIN_NEXT
    if not target.netloc or (target.scheme, target.netloc) == (own.scheme, own.netloc):
        return f"{otherwise} Or: {PERMALINK_NEXT}"
    base = f"{target.scheme}://{target.netloc}{own.path.rstrip('/')}"
    what = "https" if target.scheme != own.scheme else "that name"
    return f'The site wants {what}: set base_url = "{base}". Redirects are never followed.'


def is_hidden(error: RequestOutcome) -> bool:
    """Whether the site keeps its index to itself, as security plug-ins do; anything else stops everything."""
    refused = isinstance(error, RejectedError) and error.details.get("status") in (401, 403, 404)
    return refused and bool(error.details.get("code"))
