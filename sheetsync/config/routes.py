"""Where FastCredit Pro's operations are found: its vendor documents none, so they are configuration."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, JsonValue, ValidationInfo, field_validator, model_validator

from sheetsync.config.base import Table, Text

PLACEHOLDERS = ("user_id", "email", "amount")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_RESULT = re.compile(r"[^.\s]+(\.[^.\s]+)*")

Method = Literal["GET", "POST", "PUT", "PATCH"]


class Route(Table):
    """One request of the credit system, with ``{user_id}``, ``{email}`` and ``{amount}`` to be filled in.

    Attributes:
        method: HTTP method.
        path: below the base URL; starts with a slash.
        query: parameters of the address.
        body: JSON body; a value that is only ``{amount}`` or ``{user_id}`` goes as a number.
        result: dotted path to the balance in the reply, or None.
        as_text: numbers in the body go as text.
    """

    method: Method = "GET"
    path: str = Field(max_length=2_000)
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, JsonValue] = Field(default_factory=dict)
    result: Text | None = None
    as_text: bool = False

    @field_validator("path")
    @classmethod
    def _below_base(cls, path: str) -> str:
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError('must start with one "/": it continues base_url')
        if "#" in path or any(char.isspace() for char in path):
            raise ValueError('must not hold spaces or "#"')
        if ".." in path.partition("?")[0].split("/"):
            raise ValueError('must not climb with ".."')
        return path

    @field_validator("result")
    @classmethod
    def _dotted(cls, result: str | None) -> str | None:
        if result is not None and not _RESULT.fullmatch(result):
            raise ValueError('must be names joined by dots, such as "credits" or "data.credits"')
        return result

    @field_validator("path", "query", "body")
    @classmethod
    def _known_placeholders(cls, value: object) -> object:
        for text in texts(value):
            check_template(text)
        return value

    @model_validator(mode="after")
    def _body_has_a_carrier(self) -> "Route":
        if self.method == "GET" and self.body:
            raise ValueError("a GET request carries no body: use query, or another method")
        return self

    def placeholders(self) -> frozenset[str]:
        """Return the names of all placeholders in path, query and body."""
        found = texts([self.path, self.query, self.body])
        return frozenset(name for text in found for name in _PLACEHOLDER.findall(text))


def texts(value: object) -> Iterator[str]:
    """Yield every text in a value of nested tables and lists; names of keys are not templates."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)


def check_template(text: str, allowed: tuple[str, ...] = PLACEHOLDERS) -> None:
    """Raise ValueError unless all braces of ``text`` are placeholders of ``allowed``."""
    names = " ".join(f"{{{name}}}" for name in allowed)
    for name in _PLACEHOLDER.findall(text):
        if name not in allowed:
            raise ValueError(f"{{{name}}} is not a placeholder: use {names}")
    if set("{}") & set(_PLACEHOLDER.sub("", text)):
        raise ValueError(f"has a brace that stands alone: placeholders are {names}")


SHIPPED: Mapping[str, Mapping[str, JsonValue]] = {
    "list_users": {"method": "GET", "path": "/wp-json/wp/v2/users"},
    "get_credits": {
        "method": "GET",
        "path": "/wp-json/fastcredit/v1/users/{user_id}/credits",
        "result": "credits",
    },
    "add_credits": {
        "method": "POST",
        "path": "/wp-json/fastcredit/v1/users/{user_id}/credits/add",
        "body": {"amount": "{amount}"},
    },
    "reset_credits": {
        "method": "POST",
        "path": "/wp-json/fastcredit/v1/users/{user_id}/credits/reset",
        "body": {"amount": "{amount}"},
    },
}
"""The routes that hold where the file gives none. ``list_users`` is WordPress's own; the others are our
assumption."""

_NEEDS = {
    "list_users": (),
    "get_credits": (("user_id", "email"),),
    "add_credits": (("user_id", "email"), ("amount",)),
    "reset_credits": (("user_id", "email"), ("amount",)),
}


def _default(name: str) -> Route:
    return Route.model_validate(SHIPPED[name])


class Routes(Table):
    """The four requests that FastCredit Pro is worked with."""

    list_users: Route = Field(default_factory=lambda: _default("list_users"))
    get_credits: Route = Field(default_factory=lambda: _default("get_credits"))
    add_credits: Route = Field(default_factory=lambda: _default("add_credits"))
    reset_credits: Route = Field(default_factory=lambda: _default("reset_credits"))

    @field_validator("list_users", "get_credits", "add_credits", "reset_credits", mode="before")
    @classmethod
    def _complete(cls, value: object, info: ValidationInfo) -> object:
        """Fill what a given route leaves out.

        A route that names its path stands for itself, since a body that was never written in the file must
        not travel to a path of the admin's; only method and result are filled in. Without a path, everything
        that is not named is as shipped.
        """
        name = info.field_name
        if not isinstance(value, dict) or name is None:
            return value
        shipped = SHIPPED[name]
        kept = ("method", "result") if "path" in value else tuple(shipped)
        return {**{key: shipped[key] for key in kept if key in shipped}, **value}

    @field_validator("list_users", "get_credits", "add_credits", "reset_credits")
    @classmethod
    def _says_who_and_how_much(cls, route: Route, info: ValidationInfo) -> Route:
        for names in _NEEDS[info.field_name or ""]:
            if not route.placeholders() & set(names):
                wanted = " or ".join(f"{{{name}}}" for name in names)
                raise ValueError(f"must use {wanted} in path, query or body")
        return route

    @field_validator("list_users")
    @classmethod
    def _lists_everybody(cls, route: Route) -> Route:
        if route.method != "GET":
            raise ValueError("must be a GET request: listing users changes nothing")
        if route.placeholders():
            raise ValueError("lists all users, so it takes no placeholders")
        return route

    @field_validator("get_credits")
    @classmethod
    def _reads_a_balance(cls, route: Route) -> Route:
        if route.result is None:
            raise ValueError(
                'must have a result: the dotted path to the balance in the reply, such as "credits"'
            )
        if "amount" in route.placeholders():
            raise ValueError("reads a balance, so it takes no {amount}")
        return route
