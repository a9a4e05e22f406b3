"""Requests and replies between the HTTP side and the rest."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from tests.emulators.sheets.errors import ApiError, Json


@dataclass(frozen=True)
class Request:
    """What arrived.

    Attributes:
        method: Such as `GET`.
        target: Path and query as sent, percent signs and all.
        headers: By lower-case name.
        body: The bytes.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def raw_path(self) -> str:
        """The path as sent."""
        return urlsplit(self.target).path

    @property
    def path(self) -> str:
        """The path with percent signs decoded."""
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def json(self) -> object:
        """The body as JSON; nothing is an empty object.

        Raises:
            ApiError: It is no JSON.
        """
        if not self.body.strip():
            return {}
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ApiError(f"Invalid JSON payload received. {error}") from error


@dataclass(frozen=True)
class Reply:
    """What goes back.

    Attributes:
        status: HTTP status.
        body: The bytes.
        kind: Content type.
        headers: More headers.
        drop: Close the connection instead of answering.
    """

    status: int = 200
    body: bytes = b""
    kind: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


def json_reply(body: object, status: int = 200, *, pretty: bool = True) -> Reply:
    """A reply in JSON, indented as Google does unless `prettyPrint=false`."""
    if pretty:
        text = json.dumps(body, ensure_ascii=False, indent=2) + "\n"
    else:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, text.encode())


def error_reply(error: ApiError) -> Reply:
    """A refusal."""
    body: Json = error.body()
    return json_reply(body, error.code)
