"""Sphinx extension: puts what ``/openapi.json`` says where a page holds ``<!-- http-api -->``."""

from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

from sheetsync.web.openapi import spec

MARK = "<!-- http-api -->"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("source-read", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(_app: Sphinx, _page: str, source: list[str]) -> None:
    if MARK in source[0]:
        source[0] = source[0].replace(MARK, "\n".join(reference(spec())))


def reference(document: dict[str, Any]) -> Iterator[str]:
    """Yield lines of Markdown for every request and every schema of an OpenAPI document."""
    yield "## Requests\n"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield from _operation(f"{method.upper()} {path}", operation)
    yield "## Shapes\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _shape(name, schema)


def _operation(title: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### `{title}`\n"
    yield f"{operation['summary']} {operation.get('description', '')}\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | type |\n| --- | --- | --- |"
        for each in parameters:
            yield f"| `{each['name']}` | {each['in']} | {_type(each['schema'])} |"
        yield ""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body (`{kind}`): {_type(content['schema'])}\n"
    yield from _replies(operation["responses"])


def _replies(replies: dict[str, Any]) -> Iterator[str]:
    done = {status: reply for status, reply in replies.items() if status.startswith("2")}
    refused = [f"`{status}`" for status in replies if status not in done]
    for status, reply in done.items():
        shapes = [_type(content.get("schema", {})) for content in reply.get("content", {}).values()]
        yield f"`{status}`: {' or '.join(shapes) or 'no body'}\n"
    if refused:
        yield f"Refusals, as {_link('ErrorReply')}: {', '.join(refused)}\n"


def _shape(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    if "properties" not in schema:
        yield f"{_type(schema)}\n"
        return
    required = schema.get("required", [])
    yield "| field | type | |\n| --- | --- | --- |"
    for field, each in schema["properties"].items():
        remarks = [each.get("description", ""), "required" if field in required else ""]
        yield f"| `{field}` | {_type(each)} | {'; '.join(filter(None, remarks))} |"
    yield ""


def _type(schema: dict[str, Any]) -> str:
    """Say a schema's type in words, without line breaks and bars, for a cell of a table."""
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(choice) for choice in choices))
    return _plain_type(schema)


def _plain_type(schema: dict[str, Any]) -> str:
    values = schema.get("additionalProperties")
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(values, dict):
        return f"object of {_type(values)}"
    return str(schema.get("type", "any"))


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"
