"""``sheetsync init``: a few questions, and a commented configuration."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import JsonValue

from sheetsync.cli.frame import Frame
from sheetsync.config import load
from sheetsync.config.endpoints import parse_endpoint
from sheetsync.config.template import ANSWERS, PROVIDERS, render
from sheetsync.errors import UsageError

QUESTIONS = {
    "name": "A short name for this connection",
    "base_url": "Address of the credit system",
    "username": "User name there",
    "account_id": "Account id (SysConfig id or store id)",
    "currencies": "Currencies, separated by commas",
    "secret_env": "Environment variable that will hold the password or key (its name, not the password)",
    "path": "Workbook file",
    "tab": "Name of the tab",
    "spreadsheet_id": "Id of the Google spreadsheet (from its address)",
    "timezone": "Your time zone",
}

ENDPOINTS = {
    "get_credits": "Get User Credits",
    "add_credits": "Update User Credits",
    "reset_credits": "Update Total User Credits",
}
"""Route → its name under "Integrations and API", "API Details" in FastCredit Pro."""

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration that was written.

    Attributes:
        name: of its connection.
        secret_env: environment variable that has to hold the secret.
    """

    path: Path
    name: str
    secret_env: str


def write_config(
    frame: Frame, *, provider: str | None, sheet: str | None, yes: bool, given: Mapping[str, str]
) -> Written:
    """Ask, and write ``sheetsync.toml``; never over an existing file, and never a secret.

    Args:
        frame: of the command.
        provider: skips that question.
        sheet: skips that question.
        yes: ask nothing.
        given: answers and endpoints that came as options.

    Raises:
        UsageError: there is one already, or the answers do not make a configuration.
    """
    path = frame.config or Path("sheetsync.toml")
    if path.exists():
        raise UsageError(
            f"{path} is there already and stays as it is.", hint="Move it away, or name another --config."
        )
    asks = not yes and not frame.as_json and sys.stdin.isatty()
    if provider is None and asks:
        provider = click.prompt(
            "Which credit system", type=click.Choice(PROVIDERS), default="fastcredit", err=True
        )
    if sheet is None and asks:
        sheet = click.prompt(
            "Which spreadsheet", type=click.Choice(["xlsx", "google"]), default="xlsx", err=True
        )
    provider, sheet = provider or "fastcredit", sheet or "xlsx"
    endpoints = {name: text for name, text in given.items() if name in ENDPOINTS}
    known = {name: text for name, text in given.items() if name not in ENDPOINTS}
    answers = dict(ANSWERS[provider]) | known
    if asks:
        answers |= _ask(answers, sheet, known)
        endpoints |= _ask_endpoints(endpoints) if provider == "fastcredit" else {}
    site = answers["base_url"] if asks or "base_url" in known else ""
    routes, found = _routes(endpoints, site)
    answers["base_url"] = found or answers["base_url"]
    _refuse_secret(answers)
    _write(path, render(provider, sheet, answers, routes=routes))
    return Written(path, answers["name"], answers["secret_env"])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text)
    try:
        load(path, os.environ)
    except UsageError:
        path.unlink()
        raise


def _refuse_secret(answers: Mapping[str, str]) -> None:
    """Refuse what looks like the password itself where the name of a variable belongs."""
    if not _VARIABLE.fullmatch(answers["secret_env"]):
        raise UsageError(
            "The environment variable's name must be capital letters, digits and _, such as SHOP_PASSWORD.",
            hint="Give the name of the variable. The password itself never stands in the configuration.",
        )


def _routes(endpoints: Mapping[str, str], site: str) -> tuple[dict[str, Mapping[str, JsonValue]], str]:
    """Return the routes, and the site's address, which an endpoint may name."""
    routes: dict[str, Mapping[str, JsonValue]] = {}
    for name, text in endpoints.items():
        try:
            endpoint = parse_endpoint(text, writes=name != "get_credits", base_url=site)
        except ValueError as error:
            option = f"--{name.replace('_', '-')}"
            hint = f'Copy it from "API Details" in FastCredit Pro: {option} "POST https://…"'
            raise UsageError(f"The endpoint {ENDPOINTS[name]} {error}.", hint=hint) from error
        site = site or endpoint.site
        routes[name] = endpoint.route
    return routes, site


def _ask(defaults: Mapping[str, str], sheet: str, known: Mapping[str, str]) -> dict[str, str]:
    found = {}
    skipped = {"path" if sheet == "google" else "spreadsheet_id", *known}
    names = [name for name in QUESTIONS if name in defaults or name in ("spreadsheet_id", "timezone")]
    for name in names:
        if name not in skipped:
            found[name] = click.prompt(
                QUESTIONS[name], default=defaults.get(name, "UTC" if name == "timezone" else ""), err=True
            )
    return found


def _ask_endpoints(known: Mapping[str, str]) -> dict[str, str]:
    click.echo(
        'Copy the three endpoints from FastCredit Pro, "Integrations and API", "API Details".\n'
        "An address or a path, with or without POST before it. Enter alone takes our assumption.",
        err=True,
    )
    found: dict[str, str] = {}
    for name, title in ENDPOINTS.items():
        if name not in known:
            text = click.prompt(title, default="", show_default=False, err=True).strip()
            found |= {name: text} if text else {}
    return found
