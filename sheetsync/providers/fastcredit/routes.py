"""From a configured route to a request, and from a reply to the balance in it. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sheetsync.config import Route
from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import format_amount
from sheetsync.errors import RejectedError
from sheetsync.providers.messages import Request, clean

KEYS_SHOWN = 12
"""Keys of a reply that a message names."""

_PLACEHOLDER = re.compile(r"\{(user_id|email|amount)\}")
_PLAIN_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
# What an address may hold as it stands; "%" because an admin may have encoded something already.
_ADDRESS = "/?&=%:@!$'()*+,;~[]-._"


@dataclass(frozen=True, slots=True)
class Values:
    """What the placeholders of a route stand for; ``amount`` is an exact decimal."""

    user_id: str = ""
    email: str = ""
    amount: str = ""

    def of(self, name: str) -> str:
        """Return one of them."""
        return {"user_id": self.user_id, "email": self.email, "amount": self.amount}[name]


def amount_text(minor: int, unit: Unit) -> str:
    """Return an amount as an exact decimal without trailing zeros: ``25``, ``12.5``."""
    text = format_amount(minor, unit)
    return text.rstrip("0").rstrip(".") if "." in text else text


def make_request(
    route: Route,
    values: Values,
    *,
    setting: str,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Fill in a route.

    Args:
        route: as configured.
        values: for its placeholders.
        setting: the route's key in the configuration.
        query: further parameters.
        headers: such as ``Authorization``.

    Raises:
        RejectedError: a value would turn the address into another one; nothing was sent.
    """
    for name in route.placeholders():
        _refuse_unusable(name, values.of(name))
    path = quote(_fill(route.path, values, encode=True), safe=_ADDRESS)
    pairs = {name: _fill(text, values) for name, text in route.query.items()} | dict(query or {})
    target = add_query(path, pairs)
    body = None if route.method == "GET" else encode(_fill_body(route.body, values, as_text=route.as_text))
    # Sentences and logs name the path with its placeholders: no e-mail, no amount.
    return Request(route.method, target, label=route.path, setting=setting, body=body, headers=headers or {})


def add_query(path: str, pairs: Mapping[str, str]) -> str:
    """Append parameters to a path, which may hold some already (``/index.php?rest_route=…``)."""
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())
    if not text:
        return path
    return f"{path}{'&' if '?' in path else '?'}{text}"


def _refuse_unusable(name: str, value: str) -> None:
    # Servers resolve dots in paths, and an empty value would name the list instead of one user in it.
    if not value or (name == "user_id" and value.strip(".") == ""):
        raise RejectedError(f"This account has no {name} that can be sent.", hint="Nothing was sent.")


def _fill(template: str, values: Values, *, encode: bool = False) -> str:
    """Replace all placeholders in one pass: what is put in is never looked at again."""

    def value(match: re.Match[str]) -> str:
        text = values.of(match[1])
        return quote(text, safe="") if encode else text

    return _PLACEHOLDER.sub(value, template)


class _Number(str):
    """Text that goes into JSON as it stands: a number, without passing through a float."""

    __slots__ = ()


def _fill_body(part: object, values: Values, *, as_text: bool) -> object:
    if isinstance(part, str):
        filled = _fill(part, values)
        return _Number(filled) if not as_text and _is_number(part, filled) else filled
    if isinstance(part, Mapping):
        return {key: _fill_body(value, values, as_text=as_text) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_fill_body(value, values, as_text=as_text) for value in part]
    return part


def _is_number(template: str, filled: str) -> bool:
    # 00123 is another id than 123, and more than 18 digits are no integer to PHP.
    return template == "{amount}" or (template == "{user_id}" and bool(_PLAIN_INTEGER.fullmatch(filled)))


def encode(value: object) -> bytes:
    """Return JSON; amounts stay the exact decimals that they are."""
    return _encode(value).encode()


def _encode(value: object) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_encode(item) for item in value) + "]"
    return json.dumps(value)


class MissingResultError(Exception):
    """The balance is not where the route says; the text says what is there."""


def dig(data: object, path: str | None) -> object:
    """Return what a dotted path leads to, through objects and lists.

    A reply that is one bare value is the balance itself, whatever the path.

    Raises:
        MissingResultError: it leads nowhere, or not to one value.
    """
    found = data
    for step in (path or "").split(".") if path and isinstance(data, dict | list) else ():
        found = _step(found, step)
    if isinstance(found, dict | list):
        raise MissingResultError(f"there is no single value but {_keys(found)}")
    return found


def _step(data: object, step: str) -> object:
    if isinstance(data, dict) and step in data:
        return data[step]
    if isinstance(data, list) and step.isdecimal() and int(step) < len(data):
        return data[int(step)]
    raise MissingResultError(f'there is no "{step}" but {_keys(data)}')


def _keys(data: object) -> str:
    """Name what is there, never its values: they may be personal."""
    if isinstance(data, dict):
        names = [clean(str(key))[:40] for key in list(data)[:KEYS_SHOWN]]
        more = ", …" if len(data) > KEYS_SHOWN else ""
        return f"an object with {', '.join(names)}{more}" if names else "an empty object"
    if isinstance(data, list):
        return f"a list of {len(data)}"
    return "a single value"
