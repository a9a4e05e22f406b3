"""What travels between the transport and those who judge it: requests, replies, JSON and words for people."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from typing import Final, NoReturn

from urllib3 import HTTPHeaderDict

from sheetsync.config.redaction import redact

WORDS_LIMIT = 200
"""Characters of a credit system's own words that a message repeats; a cell shows about as much."""

HTML_LIMIT = 20_000
"""Characters of an HTML page that are looked at for words."""


class NotJson:
    """The type of ``NOT_JSON``."""

    def __repr__(self) -> str:
        return "NOT_JSON"


NOT_JSON: Final = NotJson()
"""What stands for a body that is not, as a whole, one JSON value."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a credit system.

    Attributes:
        method: HTTP method.
        target: path and query below the base address, percent-encoded.
        label: how logs and sentences name it: without amounts, e-mails or other personal data.
        setting: the setting that describes it, e.g. ``connections.shop.routes.add_credits``.
        body: JSON, or None.
        headers: beside those that every request carries.
    """

    method: str
    target: str
    label: str
    setting: str = ""
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete reply.

    Attributes:
        framed: the reply said how long it is; otherwise its end may have been cut off unnoticed.
        data: the body as JSON, numbers with a fraction as ``Decimal``; ``NOT_JSON`` if it is none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    framed: bool = True
    data: object = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", parse_json(self.body))

    @property
    def is_json(self) -> bool:
        """Whether the whole body is one JSON value that cannot have been cut off."""
        return self.data is not NOT_JSON and (self.framed or isinstance(self.data, dict | list))

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people.

        PHP calls JSON a page, too, once a plug-in has printed something before it.
        """
        start = self.body[:200].lstrip().lower()
        if self.is_json or start.startswith((b"<!doctype html", b"<html")):
            return not self.is_json
        ends_like_json = self.body[-200:].rstrip().endswith((b"}", b"]"))
        return "html" in self.headers.get("Content-Type", "").lower() and not ends_like_json


def make_headers(pairs: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers whose names are found in any case."""
    return HTTPHeaderDict(pairs)


def parse_json(body: bytes) -> object:
    """Return the JSON value that is the whole of ``body``, fractions as ``Decimal``, or ``NOT_JSON``.

    A byte-order mark, a PHP notice before it, NaN, or anything after it makes it no JSON.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError):  # broken, absurdly large, or nested without end
        return NOT_JSON


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


class _Text(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in ("script", "style")
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in ("script", "style")))
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain(text: str, limit: int = WORDS_LIMIT) -> str:
    """Return foreign text as one short line: no tags, no control characters, no secrets."""
    reader = _Text()
    # A space keeps the parser from waiting for the rest of an "&" or "<" at the very end.
    reader.feed(text[:HTML_LIMIT] + " ")
    reader.close()
    line = clean("".join(reader.parts))
    line = redact(line)
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def clean(text: str) -> str:
    """Return text on one line, without control characters or halves of characters."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"\s+", " ", "".join(char if char.isprintable() else " " for char in sound)).strip()


def entities(text: str) -> str:
    """Return a name as people read it: ``O&#8217;Brien`` is stored like this by some WordPress plug-ins."""
    return clean(html.unescape(text))


def words(reply: Reply) -> str:
    """Return what the credit system said, in its own words, or ""."""
    if isinstance(reply.data, dict):
        found = (reply.data.get(key) for key in ("message", "error", "code"))
        nested = (item.get("message") if isinstance(item, dict) else item for item in found)
        return next((plain(item) for item in nested if isinstance(item, str) and item.strip()), "")
    if reply.is_html:
        title = re.search(
            r"<title[^>]*>(.{1,500}?)</title>",
            reply.body[:HTML_LIMIT].decode("utf-8", "replace"),
            re.IGNORECASE | re.DOTALL,
        )
        return plain(title[1]) if title else ""
    return ""


def code_of(reply: Reply) -> str:
    """Return the error code of a reply such as WordPress's ``{"code", "message", "data"}``, or ""."""
    code = reply.data.get("code") if isinstance(reply.data, dict) else None
    return code if isinstance(code, str) else ""
