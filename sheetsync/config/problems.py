"""What is wrong with a configuration, in words for the person who mends it."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sheetsync.config.connections import FasCardConnection, FastCreditConnection, UniBeeConnection
from sheetsync.config.models import Settings
from sheetsync.config.sheet import GoogleSheet, XlsxSheet

Path = tuple[str | int, ...]

PROVIDERS: Mapping[str, type[BaseModel]] = {
    "fastcredit": FastCreditConnection,
    "fascard": FasCardConnection,
    "unibee": UniBeeConnection,
}
KINDS: Mapping[str, type[BaseModel]] = {"xlsx": XlsxSheet, "google": GoogleSheet}

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    Attributes:
        path: keys and indexes from the top of the file.
        message: what is wrong, and what to write.
    """

    path: Path
    message: str

    @property
    def key(self) -> str:
        """The path in TOML's notation, e.g. ``auth.roles."clerk@example.org"``."""
        return toml_path(self.path)


def toml_path(path: Path) -> str:
    """Return a path of keys in TOML's notation; a list's entries are counted from 1, as people do."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += ("." if text else "") + (part if _BARE.fullmatch(part) else f'"{quoted}"')
    return text


def problems_of(error: ValidationError) -> list[Problem]:
    """Return pydantic's complaints as problems in plain words."""
    return [_problem(details) for details in error.errors(include_url=False, include_input=False)]


def _problem(details: ErrorDetails) -> Problem:
    loc = details["loc"]
    path = _without_tags(loc)
    if details["type"] == "extra_forbidden":
        return Problem(path, _unknown(str(path[-1]), _fields_at(loc[:-1])))
    return Problem(path, _sentence(details))


def _without_tags(loc: Path) -> Path:
    """Drop what pydantic puts between the keys: the chosen kind of connection and sheet, and ``[key]``."""
    kept: list[str | int] = []
    for place, part in enumerate(loc):
        tag = (place == 2 and loc[0] == "connections" and part in PROVIDERS) or (
            place == 4 and loc[0] == "connections" and loc[3] == "sheet" and part in KINDS
        )
        if not tag and part != "[key]":
            kept.append(part)
    return tuple(kept)


def _fields_at(loc: Path) -> Sequence[str]:
    """Return the keys of the table at a place of the file."""
    model: Any = Settings
    for part in loc:
        if part in PROVIDERS and len(loc) > 2 and loc[2] == part:
            model = PROVIDERS[str(part)]
        elif part in KINDS and loc[-1] == part:
            model = KINDS[str(part)]
        else:
            model = _model_of(model, part)
    return list(model.model_fields) if model else []


def _model_of(model: Any, key: str | int) -> Any:  # noqa: ANN401 - models are classes that pydantic built
    """Return the model of a field, or ``model`` itself where the field is none (tags decide unions)."""
    field = model.model_fields.get(key) if model else None
    if field is None:
        return model
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return model


def _unknown(key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key.casefold(), known, n=1, cutoff=0.6)
    return f'there is no such setting: did you mean "{close[0]}"?' if close else "there is no such setting"


_PLAIN = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "finite_number": "must be a number that ends",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "list_type": 'must be a list, such as ["a", "b"]',
    "dict_type": "must be a table of keys and values",
    "model_type": "must be a table of keys and values",
    "model_attributes_type": "must be a table of keys and values",
    "path_type": "must be a path in quotes",
    "is_instance_of": "must be a path in quotes",
    "datetime_type": "must be a date such as 2024-01-31",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must have {discriminator} = {expected_tags}",
    "union_tag_not_found": "needs its {discriminator}",
    "invalid-json-value": "must be text, a number, true, false, a list or a table",
}


def _sentence(details: ErrorDetails) -> str:
    """Return pydantic's message in an admin's words; our own sentences pass as they are."""
    context = details.get("ctx", {})
    if details["type"] == "value_error":
        return str(context["error"])
    facts = {key: _number(value) for key, value in context.items()}
    if "discriminator" in facts:
        facts["discriminator"] = str(facts["discriminator"]).strip("'")
        facts["expected_tags"] = " or ".join(
            str(context.get("expected_tags", "")).replace("'", '"').split(", ")
        )
    if "expected" in facts:
        facts["expected"] = str(facts["expected"]).replace("'", '"')
    plain = _PLAIN.get(details["type"])
    return (
        plain.format(**facts) if plain else f"is not right: {details['msg'][:1].lower()}{details['msg'][1:]}"
    )


def _number(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value
