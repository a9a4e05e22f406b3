"""``sheetsync init``: a few questions, and a commented configuration."""

import os
import sys
from pathlib import Path

import click

from sheetsync.cli.frame import Frame
from sheetsync.config import load
from sheetsync.config.template import ANSWERS, PROVIDERS, render
from sheetsync.errors import UsageError

QUESTIONS = {
    "name": "A short name for this connection",
    "base_url": "Address of the credit system",
    "username": "User name there",
    "account_id": "Account id (SysConfig id or store id)",
    "currencies": "Currencies, separated by commas",
    "secret_env": "Environment variable that will hold the password or key",
    "path": "Workbook file",
    "tab": "Name of the tab",
    "spreadsheet_id": "Id of the Google spreadsheet (from its address)",
    "timezone": "Your time zone",
}


def write_config(frame: Frame, *, provider: str | None, sheet: str | None, yes: bool) -> Path:
    """Ask, and write ``sheetsync.toml``; never over an existing file.

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
    answers = dict(ANSWERS[provider])
    if asks:
        answers |= _ask(answers, sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(provider, sheet, answers), encoding="utf-8")
    try:
        load(path, os.environ)
    except UsageError:
        path.unlink()
        raise
    return path


def _ask(defaults: dict[str, str], sheet: str) -> dict[str, str]:
    found = {}
    skipped = ("path",) if sheet == "google" else ("spreadsheet_id",)
    names = [name for name in QUESTIONS if name in defaults or name in ("spreadsheet_id", "timezone")]
    for name in names:
        if name not in skipped:
            found[name] = click.prompt(
                QUESTIONS[name], default=defaults.get(name, "UTC" if name == "timezone" else ""), err=True
            )
    return found
