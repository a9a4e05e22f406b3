"""docs/configuration.md names every key, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sheetsync.config import (
    Auth,
    FasCardConnection,
    FastCreditConnection,
    Google,
    GoogleSheet,
    Limits,
    Route,
    Service,
    UniBeeConnection,
    XlsxSheet,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"

TABLES: dict[str, tuple[type[BaseModel], ...]] = {
    "service": (Service,),
    "google": (Google,),
    "auth": (Auth,),
    "connections.NAME": (FastCreditConnection, FasCardConnection, UniBeeConnection),
    "connections.NAME.sheet": (XlsxSheet, GoogleSheet),
    "connections.NAME.limits": (Limits,),
    "connections.NAME.routes.ROUTE": (Route,),
}
_OWN_TABLES = {"connections.NAME.sheet", "connections.NAME.limits", "connections.NAME.routes"}
_ROW = re.compile(r"^\| `([^`]+)` \| (.*?) \|", re.MULTILINE)


def _fields() -> Iterator[tuple[str, Any]]:
    for table, models in TABLES.items():
        for model in models:
            for name, field in model.model_fields.items():
                if f"{table}.{name}" not in _OWN_TABLES:
                    yield f"{table}.{name}", field


def test_every_key_is_documented_and_no_other() -> None:
    """A setting that nobody finds does not exist; one that is only documented is a lie."""
    documented = [key for key, _ in _ROW.findall(DOCUMENT.read_text("utf-8"))]
    assert sorted(documented) == sorted({key for key, _ in _fields()})


def test_documented_defaults_are_the_code_s() -> None:
    """Numbers, words and switches; what is worked out is described in words."""
    documented = dict(_ROW.findall(DOCUMENT.read_text("utf-8")))
    for key, field in _fields():
        default = field.default
        if isinstance(default, bool):
            assert f"`{str(default).lower()}`" == documented[key]
        elif isinstance(default, int | float):
            assert f"`{default:g}`" == documented[key]
        elif isinstance(default, str) and default and key != "connections.NAME.routes.ROUTE.method":
            assert default in documented[key]
