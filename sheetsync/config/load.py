"""Finding, reading and checking ``sheetsync.toml``."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sheetsync.config.base import Source
from sheetsync.config.checks import cross_problems
from sheetsync.config.models import Settings
from sheetsync.config.problems import Problem, problems_of
from sheetsync.errors import ConfigError

FILE_NAME = "sheetsync.toml"
VARIABLE = "SHEETSYNC_CONFIG"

MAX_BYTES = 1_000_000
"""Bytes of the file; a thousand connections need half of it, so more is another file by mistake."""


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Return the settings of the file at ``path``, else at ``SHEETSYNC_CONFIG``, else ``./sheetsync.toml``.

    Args:
        path: what ``--config`` says, or None.
        env: the process's environment; secrets are looked up in it when they are needed.

    Raises:
        ConfigError: no such file, not TOML, or ``details["problems"]`` lists all that is wrong.
    """
    file = find(path, env)
    return settings_from(_parse(_read(file), file), source=Source(file.parent, env), name=str(file))


def find(path: Path | None, env: Mapping[str, str]) -> Path:
    """Return the absolute path of the configuration file, whether it exists or not."""
    named = path or (Path(env[VARIABLE]) if env.get(VARIABLE, "").strip() else None)
    return (named or Path(FILE_NAME)).expanduser().absolute()


def settings_from(
    data: Mapping[str, Any], *, source: Source | None = None, name: str = FILE_NAME
) -> Settings:
    """Return the settings in tables that are read already, with all checks of a file.

    Args:
        data: as TOML gives it.
        source: where relative paths start and secrets are looked up; by default here and in the environment.
        name: of the file, for messages.

    Raises:
        ConfigError: ``details["problems"]`` lists all that is wrong.
    """
    source = source or Source()
    problems: list[Problem] = []
    settings = None
    try:
        settings = Settings.model_validate(dict(data), context=source)
    except ValidationError as error:
        problems.extend(problems_of(error))
    problems.extend(cross_problems(data, source.base))
    if settings is None or problems:
        raise _problem_error(problems, name)
    return settings


def _problem_error(problems: list[Problem], name: str) -> ConfigError:
    unique = list(dict.fromkeys(problems))
    count = "a problem" if len(unique) == 1 else f"{len(unique)} problems"
    lines = [f"  {problem.key}: {problem.message}" for problem in unique]
    return ConfigError(
        "\n".join([f"{name} has {count}:", *lines]),
        hint="Mend the file; docs/configuration.md describes every setting.",
        details={"problems": [{"path": problem.key, "message": problem.message} for problem in unique]},
    )


def _read(file: Path) -> str:
    if file.is_dir():
        raise ConfigError(
            f"{file} is a folder, not a configuration file.", hint=f"Name the {FILE_NAME} in it."
        )
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration file {file}.",
            hint=f'"sheetsync init" writes one; --config or {VARIABLE} names one elsewhere.',
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}.", hint="Let the account that runs sheetsync read it."
        ) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{file} is larger than {MAX_BYTES} bytes.", hint="Name another file.")
    return _text(data, file)


def _text(data: bytes, file: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{file} is not text in UTF-8: see line {line}.", hint="Save it as UTF-8."
        ) from None


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{file} is not valid TOML: {error}.",
            hint="Texts stand in quotes, tables in [brackets], one key = value per line.",
            details={"problems": [{"path": "", "message": str(error)}]},
        ) from None
    except RecursionError:
        raise ConfigError(
            f"{file} is nested too deeply.", hint="Write it anew with sheetsync init."
        ) from None
