"""Judges requests and replies by UniBee's contract, whose facts stand in ``contract.json``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contract.json").read_text())
CALLS: dict[str, Any] = CONTRACT["calls"]
_RECORDS, _REQUIRED = CONTRACT["records"], CONTRACT["required"]
_BITS = {"int32": 2**31, "int64": 2**63}


def problems_of_request(method: str, path: str, query: Mapping[str, str], body: bytes) -> Iterator[str]:
    """Yield what in a request is not as the contract says."""
    call = CALLS.get(f"{method} {path}")
    if call is None:
        yield f"{method} {path} is not in the contract"
        return
    known = call.get("query", {})
    for name, value in query.items():
        if name not in known:
            yield f"{path}: unknown parameter {name}"
        elif known[name] in _BITS and not value.lstrip("-").isdecimal():
            yield f"{path}: {name} is {value}"
    yield from (f"{path}: {name} is missing" for name in call.get("needs", ()) if name not in query)
    if "body" not in call:
        if body:
            yield f"{path} takes no body"
        return
    try:
        data = json.loads(body)
    except ValueError:
        yield f"{path}: the body is no JSON"
        return
    yield from _record(data, call["body"], path)


def problems_of_reply(method: str, path: str, status: int, reply: object) -> Iterator[str]:
    """Yield what in a reply is not as the contract says."""
    if status not in (200, 400, 401):
        yield f"{path}: HTTP {status}"
        return
    envelope = {
        "code": "int32",
        "message": "text",
        "redirect": "text",
        "requestId": "text",
        "merchantId": "int64",
    }
    if not isinstance(reply, dict) or "code" not in reply or (status == 200 and "data" not in reply):
        yield f"{path}: no envelope"
        return
    if status != 200 and "message" not in reply:
        yield f"{path}: a refusal without words"
    yield from _fields({name: each for name, each in reply.items() if name != "data"}, envelope, path)
    if reply.get("data") is not None:
        if not isinstance(reply["data"], dict):
            yield f"{path}: data is no object"
            return
        yield from _fields(reply["data"], CALLS[f"{method} {path}"]["data"], f"{path}: data")


def _record(value: object, name: str, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no {name}"
        return
    yield from (f"{where}: {need} is missing" for need in _REQUIRED.get(name, ()) if need not in value)
    yield from _fields(value, _RECORDS[name], where)


def _fields(value: Mapping[str, object], known: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, each in value.items():
        if name not in known:
            yield f"{where}: unknown field {name}"
        else:
            yield from _value(each, known[name], f"{where}.{name}")


def _value(value: object, kind: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(kind, dict):
        if value is not None:
            yield from _value(value, kind["nullable"], where)
        return
    if isinstance(kind, list):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for each in value:
            yield from _value(each, kind[1], where)
        return
    name, _, limit = kind.partition(" ")
    if name in _RECORDS:
        yield from _record(value, name, where)
    elif name in _BITS:
        yield from _number(value, _BITS[name], limit, where)
    elif not isinstance(value, {"text": str, "flag": bool, "object": dict}[name]):
        yield f"{where} is {value!r}"
    elif limit and len(str(value)) > int(limit.split()[1]):
        yield f"{where} is too long"


def _number(value: object, most: int, limit: str, where: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int) or not -most <= value < most:
        yield f"{where} is {value!r}"
    elif limit and value < int(limit.split()[1]):
        yield f"{where} is below {limit.split()[1]}"
