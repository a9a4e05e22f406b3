"""Endpoints as a vendor's page shows them: ``POST https://shop.example/wp-json/x/v1/users/123/add``."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import JsonValue

USER_NAMES = ("user_id", "userid", "user", "uid", "id", "customer_id", "customer", "member_id", "wp_user_id")
"""Arguments and parts of paths that name a user by id, the likeliest first."""

EMAIL_NAMES = ("email", "user_email", "email_address", "mail")
"""Arguments and parts of paths that name a user by e-mail."""

AMOUNT_NAMES = (
    "amount", "credits", "credit", "total_credits", "new_credits", "total", "balance", "points", "value",
    "quantity",
)  # fmt: skip
"""Arguments that carry the amount, the likeliest first."""

TEXT_MOST = 2_000
"""Characters of an endpoint; an address has no more."""

_METHOD = re.compile(r"\s*(GET|POST|PUT|PATCH)\b[\s:]*", re.IGNORECASE)
_BODY = re.compile(r"\s(\{\s*\".*\})\s*$", re.DOTALL)
_NAMED = re.compile(r"\(\?P?<(\w+)>[^/]*|\{+(\w+)\}+|<(\w+)>|\[(\w+)\]|:([A-Za-z]\w*)")
_PLAIN = "rest_route="


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as a route of the configuration.

    Attributes:
        site: address of the site if the text named it, with the folder that WordPress is in; else "".
        route: ``method``, ``path`` and, where there are any, ``query`` and ``body``.
    """

    site: str
    route: Mapping[str, JsonValue]


def parse_endpoint(text: str, *, writes: bool, base_url: str = "") -> Endpoint:
    """Return an endpoint that an admin copied: an address or a path, perhaps with a method and a JSON body.

    What varies becomes our placeholder: ``{id}``, ``:id``, ``<id>``, ``(?P<id>…)``, an example like ``123``.

    Args:
        text: as copied.
        writes: it changes credits, so it carries an amount.
        base_url: of the site, if it is known.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    method, rest, given = _take_apart(text, writes=writes)
    site, path, pairs = _address(rest, base_url)
    query = {name: _placeholder(name, value) for name, value in pairs}
    body: dict[str, JsonValue] = {}
    for name, value in given.items():
        body[name] = _placeholder(name, str(value)) if isinstance(value, str | int | float) else value
    route: dict[str, JsonValue] = {"method": method, "path": path}
    texts = json.dumps([path, query, body])
    missing = query if method == "GET" else body
    if "{user_id}" not in texts and "{email}" not in texts:
        missing["user_id"] = "{user_id}"
    if writes and "{amount}" not in texts:
        missing["amount"] = "{amount}"
    route |= {name: dict(values) for name, values in (("query", query), ("body", body)) if values}
    return Endpoint(site, route)


def _take_apart(text: str, *, writes: bool) -> tuple[str, str, Mapping[str, JsonValue]]:
    """Return (method, address, body)."""
    text = text.strip().strip("`\"'")
    if not text or len(text) > TEXT_MOST:
        raise ValueError("is no address: copy the endpoint as the plug-in shows it")
    method = "POST" if writes else "GET"
    if found := _METHOD.match(text):
        method, text = found[1].upper(), text[found.end() :]
    body: JsonValue = {}
    if found := _BODY.search(text):
        text = text[: found.start()]
        try:
            body = json.loads(found[1])
        except ValueError:
            raise ValueError("has a body that is no JSON") from None
    text = text.strip()
    if any(char.isspace() for char in text):
        raise ValueError("holds spaces: copy one endpoint, such as POST https://shop.example/wp-json/…")
    return method, text, body if isinstance(body, dict) else {}


def _address(text: str, base_url: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Return (site, path below it with placeholders, parameters)."""
    text = _named(unquote(text))
    site = ""
    if "://" in text:
        parts = urlsplit(text)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user name or password")
        site, text = _split_site(text, base_url)
    path, _, raw = text.partition("?")
    path = "/".join(_example(part) for part in f"/{path.lstrip('/')}".split("/"))
    if raw.startswith(_PLAIN):
        route, _, raw = raw.partition("&")
        path += "?" + "/".join(_example(part) for part in route.split("/"))
    return site, path, parse_qsl(raw, keep_blank_values=True)


def _split_site(text: str, base_url: str) -> tuple[str, str]:
    base = base_url.rstrip("/")
    if base:
        if not text.lower().startswith(f"{base.lower()}/"):
            raise ValueError(f"is on another site than {base}")
        return base, text[len(base) :]
    start = text.index("://") + 3
    at = next(
        (found for mark in ("/wp-json", "/index.php", "/?") if (found := text.find(mark, start)) > 0), -1
    )
    if at < 0:
        at = text.find("/", start)
    if at < 0:
        raise ValueError("is the address of a site: copy the whole endpoint")
    return text[:at], text[at:]


def _named(text: str) -> str:
    """Replace what stands for something, however it is written."""
    start = text.index("://") + 3 if "://" in text else 0
    start = text.find("/", start) if start else 0
    if start < 0:
        return text

    def ours(match: re.Match[str]) -> str:
        return f"{{{_kind(next(name for name in match.groups() if name))}}}"

    return text[:start] + _NAMED.sub(ours, text[start:])


def _kind(name: str) -> str:
    lower = name.lower()
    if lower in EMAIL_NAMES:
        return "email"
    return "amount" if lower in AMOUNT_NAMES else "user_id"


def _example(part: str) -> str:
    """Replace an example in a path: a number is a user's id, something with an @ an e-mail address."""
    if part.isdecimal():
        return "{user_id}"
    return "{email}" if re.fullmatch(r"[^@{}]+@[^@{}]+\.[^@{}]+", part) else part


def _placeholder(name: str, value: str) -> str:
    """Return our placeholder for a parameter that we know by its name, else its value."""
    lower = name.lower()
    for names, ours in ((USER_NAMES, "user_id"), (EMAIL_NAMES, "email"), (AMOUNT_NAMES, "amount")):
        if lower in names:
            return f"{{{ours}}}"
    return value
