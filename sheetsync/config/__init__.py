"""``sheetsync.toml`` as typed settings."""

from sheetsync.config.auth import ROLES, Role, role_in
from sheetsync.config.base import Source
from sheetsync.config.load import find, load, settings_from
from sheetsync.config.models import (
    Auth,
    Connection,
    FasCardConnection,
    FastCreditConnection,
    Google,
    GoogleSheet,
    Limits,
    Route,
    Routes,
    Secret,
    Service,
    Settings,
    SheetSettings,
    UniBeeConnection,
    XlsxSheet,
)
from sheetsync.config.redaction import RedactingFilter, redact, redact_json, remember
from sheetsync.config.units import system_id, units_of

__all__ = [
    "ROLES",
    "Auth",
    "Connection",
    "FasCardConnection",
    "FastCreditConnection",
    "Google",
    "GoogleSheet",
    "Limits",
    "RedactingFilter",
    "Role",
    "Route",
    "Routes",
    "Secret",
    "Service",
    "Settings",
    "SheetSettings",
    "Source",
    "UniBeeConnection",
    "XlsxSheet",
    "find",
    "load",
    "redact",
    "redact_json",
    "remember",
    "role_in",
    "settings_from",
    "system_id",
    "units_of",
]
