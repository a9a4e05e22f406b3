"""The settings of ``sheetsync.toml``, typed and frozen."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from sheetsync.config.auth import Auth
from sheetsync.config.base import Table
from sheetsync.config.connections import Connection, FasCardConnection, FastCreditConnection, UniBeeConnection
from sheetsync.config.limits import Limits
from sheetsync.config.routes import Route, Routes
from sheetsync.config.secret import Secret
from sheetsync.config.service import Google, Service
from sheetsync.config.sheet import GoogleSheet, SheetSettings, XlsxSheet

__all__ = [
    "Auth",
    "Connection",
    "FasCardConnection",
    "FastCreditConnection",
    "Google",
    "GoogleSheet",
    "Limits",
    "Route",
    "Routes",
    "Secret",
    "Service",
    "Settings",
    "SheetSettings",
    "UniBeeConnection",
    "XlsxSheet",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def _connection_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a connection's name has small letters, digits, - and _, and at most 40 of them")
    return name


Name = Annotated[str, AfterValidator(_connection_name)]
"""A connection's name: it stands in addresses, commands and file names, in at most 40 characters."""


class Settings(Table):
    """The whole of ``sheetsync.toml``.

    Attributes:
        connections: by name, in the file's order.
    """

    service: Service
    connections: dict[Name, Connection] = Field(default_factory=dict)
    google: Google = Field(default_factory=Google)
    auth: Auth = Field(default_factory=Auth)

    @model_validator(mode="before")
    @classmethod
    def _service_from_here(cls, data: object) -> object:
        """Read a missing ``[service]`` as an empty one: its default paths start at the file's folder."""
        return {"service": {}, **data} if isinstance(data, dict) else data
