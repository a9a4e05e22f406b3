"""What travels between the HTTP server and a dialect, and what a dialect must offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Protocol, get_type_hints
from urllib.parse import parse_qsl, unquote, urlsplit

from sheetsync.sandbox.exact import encode

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, of a repeated query key the last counts, as in PHP."""

    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    @property
    def path(self) -> str:
        """The decoded path without the query."""
        return unquote(urlsplit(self.uri).path)

    @property
    def query(self) -> dict[str, str]:
        """The decoded query."""
        return dict(parse_qsl(urlsplit(self.uri).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, or the lack of one.

    `drop` closes the connection without a byte; `cut` announces the whole body and closes half-way through.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False

    def with_headers(self, **headers: str) -> "Response":
        """Add headers; an underscore in a name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


def json_response(value: object, status: int = 200) -> Response:
    """Answer with JSON; `Decimal` values are written exactly."""
    return Response(status, encode(value).encode())


def html_response(page: str, status: int) -> Response:
    """Answer with a page meant for people."""
    return Response(status, page.encode(), HTML_TYPE)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about: the account it names, if any, and whether it would change a balance."""

    account: str | None = None
    write: bool = False


@dataclass
class Switches:
    """Settings of a fake site that tests and trainers turn while it runs."""

    max_requests_per_second: float | int | None = None

    def update(self, values: Mapping[str, object]) -> None:
        """Turn several switches, all or none.

        Raises:
            ValueError: A name or the type of a value is wrong.
        """
        hints = get_type_hints(type(self))
        for name, value in values.items():
            if name not in hints:
                raise ValueError(f"no switch {name!r}; there are {', '.join(sorted(hints))}")
            if not isinstance(value, hints[name]):
                raise ValueError(f"switch {name!r} cannot be {value!r}")  # noqa: TRY004 - input, not a programming error
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, object]:
        """Return every switch by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


class Dialect(Protocol):
    """One credit system's way of speaking about the book."""

    @property
    def site(self) -> Switches:
        """The switches of this dialect."""
        ...

    @property
    def unit(self) -> str:
        """The unit of a purchase that names none."""
        ...

    def target(self, request: Request) -> Target:
        """Say what a request is about, without carrying it out."""
        ...

    def handle(self, request: Request) -> Response:
        """Carry out a request."""
        ...

    def too_many(self, retry_after_s: int | None) -> Response:
        """Refuse a request that came too early; it was not carried out."""
        ...

    def server_error(self) -> Response:
        """Answer as the system does when it broke down."""
        ...

    def unauthorized(self) -> Response:
        """Answer as if the client had not signed in, or no longer was; nothing was carried out."""
        ...
