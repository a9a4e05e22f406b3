"""Passwords and keys: named in the configuration, kept elsewhere, looked up when they are needed."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from sheetsync.config.base import absolute, source_of
from sheetsync.config.redaction import MASK, remember
from sheetsync.errors import ConfigError

HOW = 'use { env = "NAME" } or { file = "path" }'
"""How a secret is written in the file; ends every sentence about it."""

MAX_BYTES = 65_536
"""Bytes of a secret file: a service account's key has 2,400; more than this is another file by mistake."""


class Secret:
    """A secret that is looked up each time it is revealed; its value shows nowhere else.

    Attributes:
        env: name of the environment variable, or None.
        file: absolute path of the file, or None.
    """

    __slots__ = ("_environ", "env", "file")

    def __init__(
        self, *, env: str | None = None, file: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        if (env is None) == (file is None):
            raise ValueError(f"a secret has one place: {HOW}")
        self.env = env
        self.file = file
        self._environ = os.environ if environ is None else environ

    def reveal(self) -> str:
        """Return the value, and have it masked in all text from now on.

        Raises:
            ConfigError: the variable is not set, the file cannot be read, or there is nothing in it.
        """
        value = (self._from_env() if self.env is not None else self._from_file()).rstrip("\r\n")
        if not value.strip():
            raise ConfigError(f"The secret in {self.place} is empty.", hint="Put the password or key there.")
        remember(value)
        return value

    @property
    def place(self) -> str:
        """Where the value is kept, for messages."""
        return f"environment variable {self.env}" if self.env is not None else f"file {self.file}"

    def _from_env(self) -> str:
        value = self._environ.get(self.env or "")
        if value is None:
            raise ConfigError(
                f"Environment variable {self.env} is not set, and the configuration reads a secret from it.",
                hint=f"Set {self.env} for the process that runs sheetsync, then start it again.",
            )
        return value

    def _from_file(self) -> str:
        hint = "Create the file, or let the account that runs sheetsync read it."
        try:
            with Path(self.file or "").open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            why = error.strerror or "unknown error"
            raise ConfigError(f"The secret file {self.file} cannot be read: {why}.", hint=hint) from None
        if len(data) > MAX_BYTES:
            raise ConfigError(
                f"The secret file {self.file} is larger than {MAX_BYTES} bytes.", hint="Name another file."
            )
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError(
                f"The secret file {self.file} is not text in UTF-8.", hint="Save it as UTF-8."
            ) from None

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self.env, self.file) == (other.env, other.file)

    def __hash__(self) -> int:
        return hash((self.env, self.file))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled: name its place again where it is needed")

    @classmethod
    def _validate(cls, value: object, info: ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            raise ValueError(f"a secret is never written in this file: {HOW}")  # noqa: TRY004 - pydantic's way
        if not isinstance(value, dict) or set(value) not in ({"env"}, {"file"}):
            raise ValueError(f"a secret names exactly one place: {HOW}")
        ((kind, place),) = value.items()
        if not isinstance(place, str) or not place.strip():
            raise ValueError(f"a secret's place is a text that is not empty: {HOW}")
        source = source_of(info)
        if kind == "env":
            return cls(env=place.strip(), environ=source.environ)
        return cls(file=absolute(place, source.base))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Tell pydantic how a secret is read, and that it is dumped as a mask."""
        return core_schema.with_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(_masked)
        )


def _masked(_secret: Any) -> str:  # noqa: ANN401 - whatever pydantic serialises
    return MASK
