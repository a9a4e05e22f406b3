"""What travels: bodies of requests, and replies as JSON or CSV."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from flask import Response, g, request

from sheetsync.config import redact_json
from sheetsync.errors import SheetsyncError, UsageError

BODY_MAX_BYTES = 2 * 1024 * 1024
"""10,000 account ids of 200 characters; nothing else that is asked here is longer."""

UPLOAD_MAX_BYTES = 32 * 1024 * 1024
"""A file to be imported: half a million lines of 64 bytes, a hundred times what one push may hold."""

CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Csv:
    """A reply that is no JSON.

    Attributes:
        name: the file's, where somebody saves it.
        parts: its bytes, in pieces.
    """

    name: str
    parts: Iterator[bytes]


def json_body() -> Any:  # noqa: ANN401 - JSON
    """Return the request's body; nothing at all is an empty object.

    Raises:
        UsageError: it is not JSON, or no object.
    """
    data = request.get_data()
    if not data:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError("The body is not JSON.", hint="See /openapi.json.") from error
    if not isinstance(found, dict):
        raise UsageError("The body is JSON, but no object: {…}.", hint="See /openapi.json.")
    return found


def form_body() -> dict[str, Any]:
    """Return a form's fields, with the bytes of its file; a field that may repeat is a list.

    Raises:
        UsageError: it is no such form, or holds no file.
    """
    if request.mimetype != "multipart/form-data":
        raise UsageError(
            "The body is not multipart/form-data.",
            hint="For example: curl -F file=@changes.csv …; see docs/api.md.",
        )
    fields: dict[str, Any] = request.form.to_dict()
    fields.pop("csrf", None)  # the console's own, checked before
    if "map" in request.form:
        fields["map"] = _pairs([each for each in request.form.getlist("map") if each])
    sent = request.files.getlist("file")
    others = sorted(set(request.files) - {"file"})
    if len(sent) != 1 or others:
        raise UsageError("The form needs one file, in the field file.", hint="Send one file at a time.")
    name = PurePosixPath((sent[0].filename or "").replace("\\", "/")).name
    return {**fields, "file": sent[0].read(), **({"name": name} if name else {})}


def _pairs(given: list[str]) -> list[str]:
    """Return ``HEADER=FIELD`` each; who cannot repeat a field, as the add-on, sends one JSON object."""
    if len(given) != 1 or not given[0].startswith("{"):
        return given
    try:
        found = json.loads(given[0])
    except (ValueError, RecursionError):
        return given  # no JSON after all: refused as any other that is not HEADER=FIELD
    return [f"{header}={name}" for header, name in found.items()]


def as_json(status: int, body: dict[str, Any]) -> Response:
    """Return a reply, with secrets masked."""
    text = json.dumps(redact_json(body), ensure_ascii=False)
    return Response(text, status=status, content_type="application/json")


def as_csv(body: Csv) -> Response:
    """Return a file to be saved."""
    reply = Response(body.parts, content_type=f"{CSV}; charset=utf-8")
    reply.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(body.name, safe='')}"
    return reply


def refusal(status: int, error: SheetsyncError, page: Response | None = None) -> Response:
    """Return an error object, or a page for a person, with the headers that belong to it."""
    reply = page or as_json(status, as_dict(error))
    if status == 401:
        reply.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.details:
        reply.headers["Retry-After"] = str(error.details["retry_after_s"])
    return reply


def as_dict(error: SheetsyncError) -> dict[str, Any]:
    """Return an error object with the request's id."""
    told = error.as_dict()
    told["error"]["details"] = {**told["error"]["details"], "request_id": g.request_id}
    return told
