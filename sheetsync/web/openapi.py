"""``/openapi.json``: made from the table of endpoints and their models, so it says what they do."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sheetsync import __version__
from sheetsync.web.endpoints import ENDPOINTS, Endpoint
from sheetsync.web.models import CsvReply, ErrorReply, HealthReply

REFUSALS = {
    400: "The request is wrong: the error says where.",
    401: "The caller did not prove who they are.",
    403: "The caller's role does not suffice, or the spreadsheet is not linked.",
    404: "It is not there, or not for this caller.",
    405: "The path does not know this method.",
    409: "Refused as unsafe: a stale plan, a limit, a missing approval, another run, the same key under way.",
    413: "The request is larger than allowed.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many failed attempts from this address.",
    500: "Something failed that nobody foresaw.",
    502: "A credit system, a sheet or the ledger could not be reached or refused us.",
    503: "Nobody can be recognised now, or the service is not ready.",
}
_CSV = {"text/csv": {"schema": {"type": "string"}}}
_REF = "#/components/schemas/{model}"


def spec() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    used: set[type[BaseModel]] = {model for each in ENDPOINTS for model in each.replies.values()} - {CsvReply}
    used |= {ErrorReply, HealthReply}
    inputs = {each.body for each in ENDPOINTS if each.body}
    pairs: list[tuple[type[BaseModel], Any]] = []
    pairs += ((each, "serialization") for each in used)
    pairs += ((each, "validation") for each in inputs)
    _, schemas = models_json_schema(sorted(pairs, key=lambda pair: pair[0].__name__), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in ENDPOINTS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    for path in ("/healthz", "/readyz"):
        replies = {"200": _reply(HealthReply, "It is."), "503": _reply(ErrorReply, REFUSALS[503])}
        paths[path] = {
            "get": {"summary": "Whether it lives, or is ready.", "security": [], "responses": replies}
        }
    paths["/metrics"] = {"get": _metrics()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sheetsync", "version": __version__},
        "paths": paths,
        "security": [{"bearer": []}],
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _metrics() -> dict[str, Any]:
    refused = {str(status): _reply(ErrorReply, REFUSALS[status]) for status in (401, 403, 429, 503)}
    text = {
        "description": "Figures for Prometheus.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    return {
        "summary": "Figures for Prometheus.",
        "description": "Needs the role viewer for the whole service.",
        "responses": {"200": text, **refused},
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": each.summary,
        "description": f"Needs the role {each.role}.",
        "operationId": re.sub(r"\W+", "_", f"{each.method.lower()}{each.path}").strip("_"),
        "parameters": [*_in_path(each), *_in_query(each), *_in_header(each)],
        "responses": {str(status): _reply(model, "Done.") for status, model in each.replies.items()}
        | {str(status): _reply(ErrorReply, text) for status, text in REFUSALS.items()},
    }
    if each.csv is not None:
        found["responses"]["200"]["content"] |= _CSV
    if each.body is not None:
        schema = {"$ref": _REF.format(model=each.body.__name__)}
        needed = any(field.is_required() for field in each.body.model_fields.values())
        found["requestBody"] = {"required": needed, "content": {_sent(each): {"schema": schema}}}
    return found


def _sent(each: Endpoint) -> str:
    return "multipart/form-data" if each.form else "application/json"


def _in_path(each: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", each.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(each: Endpoint) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    properties = each.query.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]


def _in_header(each: Endpoint) -> list[dict[str, Any]]:
    if each.method != "POST":
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "schema": schema}]


def _reply(model: type[BaseModel], text: str) -> dict[str, Any]:
    if model is CsvReply:
        return {"description": text, "content": _CSV}
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
