"""Finding and reading sheetsync.toml: good files, broken files, and every problem at once."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sheetsync.config import (
    FasCardConnection,
    FastCreditConnection,
    GoogleSheet,
    Settings,
    Source,
    UniBeeConnection,
    XlsxSheet,
    load,
    settings_from,
    units_of,
)
from sheetsync.errors import ConfigError

CONFIGS = Path(__file__).parents[1] / "configs"

MINIMAL = (CONFIGS / "minimal.toml").read_text("utf-8")

Write = Callable[[str], Path]


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        file = tmp_path / "sheetsync.toml"
        file.write_text(text, "utf-8")
        return file

    return write


def _problems(file: Path) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    return {problem["path"]: problem["message"] for problem in caught.value.details["problems"]}


def _one(text: str) -> tuple[str, str]:
    """Return the only problem of a file."""
    with pytest.raises(ConfigError) as caught:
        settings_from(tomllib.loads(text))
    (problem,) = caught.value.details["problems"]
    return problem["path"], problem["message"]


def test_a_file_with_every_setting_loads() -> None:
    """Values arrive typed, addresses in one spelling, paths absolute from the file's folder."""
    settings = load(CONFIGS / "full.toml", {})
    shop, laundry, saas = settings.connections.values()
    assert isinstance(shop, FastCreditConnection)
    assert isinstance(laundry, FasCardConnection)
    assert isinstance(saas, UniBeeConnection)
    assert settings.service.database_url == f"sqlite:///{CONFIGS}/data/sheetsync.db"
    assert settings.service.lease_s == 12.5
    assert shop.base_url == "https://shop.example/blog"
    assert shop.routes.add_credits.body == {"user": "{user_id}", "change": {"amount": "{amount}", "kind": 3}}
    assert isinstance(shop.sheet, GoogleSheet)
    assert laundry.sheet == XlsxSheet(kind="xlsx", path=CONFIGS / "laundry.xlsx", tab="Accounts")
    assert laundry.password.file == CONFIGS / "secrets" / "fascard"
    assert laundry.account_id == "F0002"
    assert laundry.active_since == datetime(2024, 1, 31, tzinfo=UTC)
    assert saas.currencies == ("EUR", "USD")
    assert settings.auth.role_of(" CLERK@example.org") == "editor"
    assert settings.auth.role_of("somebody@example.org") == "viewer"
    assert settings.auth.role_of("somebody@elsewhere.example") is None


def test_a_minimal_file_has_the_defaults() -> None:
    """Everything that is not needed has a default, and default paths start at the file's folder too."""
    settings = load(CONFIGS / "minimal.toml", {})
    shop = settings.connections["shop"]
    assert settings.service.database_url == f"sqlite:///{CONFIGS}/sheetsync.db"
    assert settings.service.queue_url == f"sqlite:///{CONFIGS}/sheetsync-queue.db"
    assert (shop.timeout_s, shop.settle_after_s, settings.service.lease_s) == (30, 90, 30)
    assert shop.limits.requests_per_second == 5
    assert shop.limits.parallel_requests == 4
    assert shop.limits.max_rows_per_push == 5000
    assert shop.limits.stop_after_unknown == 5
    assert shop.reasons == ("Goodwill", "Promotion", "Referral", "Correction", "Refund", "Other")
    assert (shop.environment, shop.balance_evidence) == ("live", "accept")
    assert (shop.plan_expires_min, shop.approval_expires_h) == (30, 72)


def test_every_problem_is_reported_at_once() -> None:
    """One run of check is enough to mend the file."""
    problems = _problems(CONFIGS / "many_problems.toml")
    assert sorted(problems) == sorted(
        [
            "surprise",
            "service.timezone",
            "service.lease",
            "service.database_url",
            "connections.shop.base_url",
            "connections.shop.user",
            "connections.shop.username",
            "connections.shop.application_password",
            "connections.shop.decimals",
            "connections.shop.retries",
            "connections.shop.settle_after_s",
            "connections.shop.user_url",
            "connections.shop.reasons",
            "connections.shop.balance_evidence",
            "connections.shop.routes.get_credits",
            "connections.shop.routes.add_credits.body",
            "connections.shop.routes.reset_credits",
            "connections.shop.sheet.path",
            "connections.shop.limits.requests_per_second",
            "connections.shop.limits.parallel_request",
            "connections.shop.limits.max_amount_per_row.credit",
            "connections.laundry.sheet",
            "connections.laundry.password",
            "connections.laundry.limits.max_amount_per_row.balance",
            "connections.laundry.limits.max_amount_per_row.bonus",
            'connections."My Shop"',
            "connections.saas",
            "auth.roles.clerk",
            'auth.roles."boss@example.org"',
        ]
    )
    assert problems["connections.shop.limits.requests_per_second"] == "must be greater than 0"
    assert 'did you mean "parallel_requests"?' in problems["connections.shop.limits.parallel_request"]
    assert 'did you mean "username"?' in problems["connections.shop.user"]


def test_problems_stand_in_the_message_and_hold_no_secret() -> None:
    """What a person reads names each key; a password in the wrong place is not repeated."""
    with pytest.raises(ConfigError) as caught:
        load(CONFIGS / "many_problems.toml", {})
    error = caught.value
    for problem in error.details["problems"]:
        assert f"  {problem['path']}: {problem['message']}" in error.message.splitlines()
    assert "hunter2secret" not in str(error.as_dict())
    assert "pydantic" not in error.message
    assert "Input should" not in error.message


def test_a_problem_in_one_word_is_singular(write: Write) -> None:
    """Small courtesies."""
    with pytest.raises(ConfigError, match="has a problem:"):
        load(write(MINIMAL.replace("office", "")), {})


def test_no_toml() -> None:
    """A syntax error names its line."""
    with pytest.raises(ConfigError, match=r"is not valid TOML: .*line 5"):
        load(CONFIGS / "not_toml.toml", {})


def test_one_tab_for_two_connections() -> None:
    """However the path and the tab are spelled; and two keys at one address are two merchants."""
    problems = _problems(CONFIGS / "same_tab.toml")
    assert 'connection "a" already' in problems["connections.b.sheet.tab"]
    assert "another key at the same address" in problems["connections.b.account_id"]


def test_one_rate_for_one_system() -> None:
    """However its address is spelled, all connections to one credit system have one limit."""
    problems = _problems(CONFIGS / "two_rates.toml")
    assert {"connections.b.limits.requests_per_second"} == set(problems)
    said = problems["connections.b.limits.requests_per_second"]
    assert 'is 5, but 8 in connection "a"' in said
    assert "write the same number in both" in said


def test_where_the_file_is_found(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config, else SHEETSYNC_CONFIG, else the current folder."""
    file = write(MINIMAL)
    other = CONFIGS / "full.toml"
    monkeypatch.chdir(file.parent)
    assert list(load(None, {}).connections) == ["shop"]
    assert list(load(None, {"SHEETSYNC_CONFIG": " "}).connections) == ["shop"]
    assert len(load(None, {"SHEETSYNC_CONFIG": str(other)}).connections) == 3
    assert list(load(Path("sheetsync.toml"), {"SHEETSYNC_CONFIG": str(other)}).connections) == ["shop"]


def test_no_file(tmp_path: Path) -> None:
    """The way out is named."""
    with pytest.raises(ConfigError, match="no configuration file") as caught:
        load(tmp_path / "none.toml", {})
    assert "sheetsync init" in caught.value.hint


def test_a_folder(tmp_path: Path) -> None:
    """A folder instead of the file in it."""
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path, {})


def test_unreadable(tmp_path: Path) -> None:
    """The operating system's own words, since root may read everything in a test."""
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "loop.toml", {})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"# \xe4\n", "not text in UTF-8: see line 1"),
        (b"#" * 1_000_001, "larger than"),
        (b"x = " + b"[" * 5_000, "nested too deeply|not valid TOML"),
    ],
)
def test_other_files(tmp_path: Path, data: bytes, words: str) -> None:
    """Another file by mistake."""
    file = tmp_path / "sheetsync.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=words):
        load(file, {})


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """Windows editors write one."""
    file = tmp_path / "sheetsync.toml"
    file.write_text(MINIMAL, "utf-8-sig")
    assert load(file, {}).connections


def test_an_empty_file_is_a_service_without_connections(write: Write) -> None:
    """Commands that need a connection say so themselves."""
    assert load(write(""), {}) == Settings.model_validate({}, context=Source(write("").parent))


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ("timeout_s = true", "timeout_s", "must be a number, without quotes"),
        ("timeout_s = nan", "timeout_s", "must be a number that ends"),
        ("timeout_s = 0", "timeout_s", "must be greater than 0"),
        ("retries = 2.5", "retries", "must be a whole number"),
        ("retries = -1", "retries", "must be 0 or more"),
        ("allow_http = 1", "allow_http", "must be true or false"),
        ('reasons = "Goodwill"', "reasons", "must be a list"),
        ("reasons = [1]", "reasons[1]", "must be text in quotes"),
        ('reasons = ["a", ""]', "reasons[2]", "must not be empty"),
        (f'reasons = ["{"x" * 101}"]', "reasons", "at most 100 characters"),
        ("limits = 5", "limits", "must be a table"),
        ('environment = "prod"', "environment", 'must be "live" or "test"'),
        ("settle_after_s = 59.9", "settle_after_s", "write 60 or more"),
        ("decimals = 7", "decimals", "must be 6 or less"),
        ('limits = { approval_over = { credits = "x" } }', "limits.approval_over.credits", "not an amount"),
        ('limits = { approval_over = { credits = "0.5" } }', "limits.approval_over.credits", "whole numbers"),
        ("limits = { parallel_requests = 65 }", "limits.parallel_requests", "must be 64 or less"),
        ("routes = { get_credit = {} }", "routes.get_credit", 'did you mean "get_credits"?'),
        ('routes = { get_credits = { paht = "/x" } }', "routes.get_credits.paht", 'did you mean "path"?'),
        ("zzz = 1", "zzz", "there is no such setting$"),
    ],
)
def test_sentences(line: str, key: str, words: str) -> None:
    """Each kind of slip in a connection, in words."""
    path, message = _one(MINIMAL.replace("username", f"{line}\nusername"))
    assert path == f"connections.shop.{key}"
    assert words.removesuffix("$") in message


def test_limits_in_minor_units() -> None:
    """A limit is compared in minor units of the unit."""
    text = MINIMAL.replace(
        "username", 'decimals = 2\nlimits = { approval_over = { credits = "12.5" } }\nusername'
    )
    shop = settings_from(tomllib.loads(text)).connections["shop"]
    assert isinstance(shop, FastCreditConnection)
    (unit,) = units_of(shop)
    assert shop.limits.minor("approval_over", unit) == 1250
    assert shop.limits.minor("max_amount_per_row", unit) is None
    with pytest.raises(KeyError):
        shop.limits.minor("max_rows_per_push", unit)
