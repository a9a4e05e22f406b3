"""The configuration that init writes."""

import re
import tomllib
from pathlib import Path

import pytest

from sheetsync.config import FastCreditConnection, load
from sheetsync.config.routes import Routes
from sheetsync.config.template import ANSWERS, PROVIDERS, SHEETS, quoted, render

_COMMENTED = re.compile(r'^# (?=\[|[a-z_]+ = |"[^"]+" = )', re.MULTILINE)
NASTY = 'a "quoted" \\ back\nslash \t = # {x}\x07 é'


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_load_accepts_it_as_it_is(provider: str, sheet: str, tmp_path: Path) -> None:
    """Whatever was chosen, with no answers at all."""
    file = tmp_path / "sheetsync.toml"
    file.write_text(render(provider, sheet, {}), "utf-8")
    settings = load(file, {})
    (connection,) = settings.connections.values()
    assert (connection.provider, connection.sheet.kind) == (provider, sheet)
    assert (settings.google.service_account is not None) == (sheet == "google")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_its_commented_settings_are_settings(provider: str, tmp_path: Path) -> None:
    """Taking the comment signs off gives a configuration, too."""
    text = _COMMENTED.sub("", render(provider, "google", {}))
    file = tmp_path / "sheetsync.toml"
    file.write_text(text, "utf-8")
    settings = load(file, {})
    assert settings.auth.roles
    (connection,) = settings.connections.values()
    assert connection.limits.approval_over
    assert connection.reasons_strict


def test_answers_are_written() -> None:
    """An answer replaces the example; a blank one does not."""
    answers = {"name": "main", "base_url": " https://s.example ", "username": " ", "secret_env": "PW"}
    shop = tomllib.loads(render("fastcredit", "xlsx", answers))["connections"]["main"]
    assert shop["base_url"] == "https://s.example"
    assert shop["username"] == ANSWERS["fastcredit"]["username"]
    assert shop["application_password"] == {"env": "PW"}


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_answer_can_break_out_of_its_text(provider: str, sheet: str) -> None:
    """Whatever a person pastes stays one value; load then judges it."""
    keys = {*ANSWERS[provider], "timezone", "spreadsheet_id", "service_account"}
    data = tomllib.loads(render(provider, sheet, dict.fromkeys(keys, NASTY)))
    ((name, connection),) = data["connections"].items()
    assert name == NASTY
    assert connection["sheet"]["tab"] == NASTY
    assert set(data) <= {"service", "connections", "google"}


def test_the_routes_are_the_shipped_ones(tmp_path: Path) -> None:
    """Written out, so that an admin can compare them, and equal to what holds without them."""
    file = tmp_path / "sheetsync.toml"
    text = render("fastcredit", "xlsx", {})
    file.write_text(text, "utf-8")
    shop = load(file, {}).connections["shop"]
    assert isinstance(shop, FastCreditConnection)
    assert shop.routes == Routes()
    assert "API Details" in text


def test_several_currencies() -> None:
    """Separated by commas."""
    text = render("unibee", "xlsx", {"currencies": "eur, USD,"})
    assert tomllib.loads(text)["connections"]["saas"]["currencies"] == ["eur", "USD"]
    assert "{ promo_eur = " in text


def test_unknown_choices() -> None:
    """A caller's mistake."""
    with pytest.raises(KeyError):
        render("shopify", "xlsx", {})
    with pytest.raises(ValueError, match="not a kind of sheet"):
        render("unibee", "ods", {})


@pytest.mark.parametrize("text", ["", "a", NASTY, "\x00\x7f\x85", "\r\n"])
def test_texts_are_quoted(text: str) -> None:
    """As TOML reads them back."""
    assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}
