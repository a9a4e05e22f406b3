"""What Google publishes about the API: every request and reply, checked field by field."""

import json
import re
from functools import cache
from importlib import resources
from typing import Any

from tests.emulators.sheets.errors import ApiError, Json
from tests.emulators.sheets.masks import Tree, camel

_TYPE = "type.googleapis.com/google.apps.sheets.v4"
_EVERYWHERE = frozenset(
    [
        "$.xgafv",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
    ]
)
_SNAKE = re.compile(r"(?<=[a-z0-9])([A-Z])")


@cache
def document() -> Json:
    """The discovery document of the Sheets API, as google-api-python-client ships it."""
    folder = resources.files("googleapiclient.discovery_cache") / "documents"
    return dict(json.loads((folder / "sheets.v4.json").read_text(encoding="utf-8")))


@cache
def methods() -> dict[str, Json]:
    """All methods of the API by id, such as `sheets.spreadsheets.values.get`."""
    found: dict[str, Json] = {}
    waiting = [document()]
    while waiting:
        resource = waiting.pop()
        found.update({method["id"]: method for method in resource.get("methods", {}).values()})
        waiting.extend(resource.get("resources", {}).values())
    return found


def snake(name: str) -> str:
    """A field's name as Google's errors have it."""
    return _SNAKE.sub(lambda found: "_" + found[1].lower(), name)


def check_body(method_id: str, body: object) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Check a request's JSON and give it with its names in camel case.

    Raises:
        ApiError: A field is unknown or of the wrong kind.
    """
    wanted = methods()[method_id].get("request")
    return _checked({"$ref": wanted["$ref"]}, body, "") if wanted else {}


def check_reply(method_id: str, body: object) -> None:
    """Check a reply the same way.

    Raises:
        ApiError: The emulator answers what Google would not.
    """
    _checked({"$ref": methods()[method_id]["response"]["$ref"]}, body, "")


def _checked(schema: Json, value: Any, path: str) -> Any:  # noqa: ANN401 - JSON in, JSON out
    name = schema.get("$ref")
    if name:
        schema = document()["schemas"][name]
    kind = schema.get("type", "any")
    if value is None or kind == "any":
        return value
    if kind == "object":
        return _object(schema, value, path)
    if kind == "array":
        if not isinstance(value, list):
            raise ApiError(f"Invalid value at '{path}', {json.dumps(value)}")
        if schema["items"].get("type") == "array" or schema["items"].get("type") == "any":
            return _rows(value, path)
        return [_checked(schema["items"], item, f"{path}[{index}]") for index, item in enumerate(value)]
    return _leaf(schema, value, path)


def _rows(value: list[Any], path: str) -> list[Any]:
    for index, row in enumerate(value):
        if not isinstance(row, list):
            raise ApiError(
                f"Invalid value at '{path}[{index}]' (type.googleapis.com/google.protobuf.ListValue)"
            )
    return value


def _object(schema: Json, value: Any, path: str) -> Json:  # noqa: ANN401 - JSON in
    if not isinstance(value, dict):
        raise ApiError(f"Invalid value at '{path}', {json.dumps(value)}")
    fields = schema.get("properties")
    if fields is None:
        return value
    checked = {}
    for key, item in value.items():
        field = fields.get(key) or fields.get(camel(key))
        if field is None:
            raise _unknown(key, path)
        name = key if key in fields else camel(key)
        below = _checked(field, item, f"{path}.{snake(name)}".lstrip("."))
        if below is not None:
            checked[name] = below
    return checked


def _unknown(key: str, path: str) -> ApiError:
    place = f" at '{path}'" if path else ""
    message = f'Invalid JSON payload received. Unknown name "{key}"{place}: Cannot find field.'
    return ApiError(
        message,
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{**({"field": path} if path else {}), "description": message}],
            }
        ],
    )


def _leaf(schema: Json, value: Any, path: str) -> Any:  # noqa: ANN401 - JSON in, JSON out
    kind = schema["type"]
    if "enum" in schema:
        if value not in schema["enum"]:
            raise ApiError(f"Invalid value at '{path}' ({_TYPE}), {json.dumps(value)}")
        return value
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "number" and isinstance(value, str):
        return value
    right = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value),
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
    }[kind]
    if not right:
        shape = {"boolean": "TYPE_BOOL", "integer": "TYPE_INT32", "number": "TYPE_FLOAT"}.get(
            kind, "TYPE_STRING"
        )
        raise ApiError(f"Invalid value at '{path}' ({shape}), {json.dumps(value)}")
    return int(value) if kind == "integer" else value


def check_query(method_id: str, query: dict[str, list[str]]) -> Json:
    """Check a request's parameters; those that may be repeated become lists.

    Raises:
        ApiError: A parameter is unknown or none of the values allowed.
    """
    known = methods()[method_id]["parameters"]
    found: Json = {}
    for name, values in query.items():
        if name in _EVERYWHERE:
            found[name] = values[-1]
            continue
        field = known.get(name) or known.get(camel(name))
        if field is None or field.get("location") != "query":
            raise ApiError(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message."
            )
        if "enum" in field and values[-1] not in field["enum"]:
            kind = name[0].upper() + name[1:]
            raise ApiError(f"Invalid value at '{snake(name)}' ({_TYPE}.{kind}), \"{values[-1]}\"")
        found[camel(name)] = values if field.get("repeated") else values[-1]
    return found


def check_mask(method_id: str, tree: Tree) -> None:
    """Check that a reply has the fields of a mask.

    Raises:
        ApiError: It has not.
    """
    _check_tree({"$ref": methods()[method_id]["response"]["$ref"]}, tree, "")


def check_update_mask(schema: str, tree: Tree) -> None:
    """Check that an object has the fields that an update names.

    Raises:
        ApiError: It has not.
    """
    _check_tree({"$ref": schema}, tree, "")


def _check_tree(schema: Json, tree: Tree, path: str) -> None:
    if "$ref" in schema:
        schema = document()["schemas"][schema["$ref"]]
    if schema.get("type") == "array":
        _check_tree(schema["items"], tree, path)
        return
    fields = schema.get("properties", {})
    for name, branch in tree.items():
        if name == "*":
            continue
        if name not in fields:
            raise ApiError(
                "Request contains an invalid argument.",
                details=[
                    {
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": [
                            {
                                "field": "fields",
                                "description": "Error expanding 'fields' parameter. Cannot find matching "
                                f"fields for path '{path}{name}'.",
                            }
                        ],
                    }
                ],
            )
        _check_tree(fields[name], branch, f"{path}{name}.")
