"""What all settings have in common: the model's strictness, and where paths and secrets are looked up."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationInfo


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings come from; travels as pydantic's validation context.

    Attributes:
        base: folder of the configuration file; relative paths start there.
        environ: where ``{ env = "NAME" }`` is looked up.
    """

    base: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def source_of(info: ValidationInfo) -> Source:
    """Return the validation's source: the working folder and the process's environment unless told."""
    return info.context if isinstance(info.context, Source) else Source()


class Table(BaseModel):
    """A table of ``sheetsync.toml``: frozen, strictly typed, with no unknown keys.

    Input stays out of error messages, because a password typed in the wrong place is input.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        validate_default=True,
    )


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _as_path(value: object, info: ValidationInfo) -> object:
    """Resolve a path against the configuration file's folder; ``~`` is the user's home."""
    if isinstance(value, str) and value.strip():
        return absolute(value, source_of(info).base)
    return absolute(value, source_of(info).base) if isinstance(value, Path) else value


def absolute(path: str | Path, base: Path) -> Path:
    """Return the path made absolute from ``base``, with ``..`` and links resolved."""
    return (base / Path(path).expanduser()).resolve()


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    doubled = _doubled(values)
    if doubled is not None:
        raise ValueError(f'"{doubled}" is listed twice')
    return values


def _doubled(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value.casefold() in seen:
            return value
        seen.add(value.casefold())
    return None


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""One line of text that says something; 500 characters bound what is shown on every page."""

Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple), AfterValidator(_unique)]
"""A list of texts, none of them twice."""

FilePath = Annotated[Path, BeforeValidator(_as_path)]
"""A path, absolute once loaded."""
