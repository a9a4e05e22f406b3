"""Single values of the configuration: secrets, addresses, routes, units, tabs."""

import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from sheetsync.config import (
    Auth,
    Connection,
    FasCardConnection,
    FastCreditConnection,
    Google,
    RedactingFilter,
    Route,
    Routes,
    Secret,
    Service,
    SheetSettings,
    Source,
    UniBeeConnection,
    redact,
    remember,
    system_id,
    units_of,
)
from sheetsync.config.urls import is_loopback, normalise
from sheetsync.core.accounts import Unit
from sheetsync.errors import ConfigError

CONNECTION: TypeAdapter[Connection] = TypeAdapter(Connection)
SHEET: TypeAdapter[SheetSettings] = TypeAdapter(SheetSettings)

XLSX = {"kind": "xlsx", "path": "a.xlsx", "tab": "A"}
SHOP = {
    "provider": "fastcredit",
    "base_url": "https://shop.example",
    "username": "office",
    "application_password": {"env": "SHOP_PASSWORD"},
    "sheet": XLSX,
}
LAUNDRY = {"provider": "fascard", "account_id": 12, "username": "o", "password": {"env": "P"}, "sheet": XLSX}
SAAS = {"provider": "unibee", "api_key": {"env": "K"}, "currencies": ["eur", "USD"], "sheet": XLSX}


def _shop(**changes: object) -> FastCreditConnection:
    return FastCreditConnection.model_validate({**SHOP, **changes})


def test_a_secret_by_variable_is_looked_up_late() -> None:
    """The variable may be set after the file was read; each look is fresh."""
    environ: dict[str, str] = {}
    shop = FastCreditConnection.model_validate(SHOP, context=Source(Path.cwd(), environ))
    with pytest.raises(ConfigError, match="variable SHOP_PASSWORD is not set"):
        shop.application_password.reveal()
    environ["SHOP_PASSWORD"] = "abcd efgh\n"
    assert shop.application_password.reveal() == "abcd efgh"


def test_a_secret_by_file(tmp_path: Path) -> None:
    """Relative to the configuration; the editor's last line break is not part of it."""
    (tmp_path / "password").write_text("s3cret-of-file \r\n", "utf-8")
    google = Google.model_validate({"service_account": {"file": "password"}}, context=Source(tmp_path, {}))
    assert google.service_account is not None
    assert google.service_account.reveal() == "s3cret-of-file "


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"\n", "is empty"),
        (b"\xff\xfe\xfa", "not text in UTF-8"),
        (b"x" * 65_537, "larger than"),
    ],
)
def test_a_secret_file_that_is_no_use(tmp_path: Path, data: bytes | None, words: str) -> None:
    """Each with a sentence that names the file."""
    file = tmp_path / "password"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ConfigError, match=words) as caught:
        Secret(file=file).reveal()
    assert str(file) in str(caught.value)


def test_an_empty_variable() -> None:
    """Set, but to nothing."""
    with pytest.raises(ConfigError, match="environment variable X is empty"):
        Secret(env="X", environ={"X": " "}).reveal()


def test_a_secret_shows_nowhere() -> None:
    """Neither its value nor its place in repr, str, dumps; and it is not pickled."""
    shop = FastCreditConnection.model_validate(
        SHOP, context=Source(Path.cwd(), {"SHOP_PASSWORD": "tOpSeCrEt"})
    )
    value = shop.application_password.reveal()
    shown = [repr(shop), str(shop), str(shop.model_dump()), shop.model_dump_json()]
    assert not [text for text in shown if value in text]
    assert repr(shop.application_password) == "Secret(•••)"
    with pytest.raises(TypeError):
        pickle.dumps(shop.application_password)


@pytest.mark.parametrize(
    "value", ["hunter2", 5, {}, {"env": ""}, {"env": 5}, {"env": "A", "file": "b"}, {"value": "x"}, ["A"]]
)
def test_other_spellings_of_a_secret(value: object) -> None:
    """A literal, or no single place."""
    with pytest.raises(ValidationError, match=r"use \{ env = "):
        _shop(application_password=value)


def test_secrets_compare_by_place() -> None:
    """Two connections may share one."""
    assert Secret(env="A") == Secret(env="A") != Secret(env="B")
    assert len({Secret(env="A"), Secret(env="A")}) == 1
    with pytest.raises(ValueError, match="one place"):
        Secret()


def test_redaction_masks_whole_and_nested_secrets() -> None:
    """Longest first, so that no rest of a longer secret stays; very short values are left alone."""
    for value in ("long-secret", "long-secret-tail", "ab", ""):
        remember(value)
    assert redact("x long-secret-tail y long-secret ab") == "x ••• y ••• ab"


def test_log_records_are_masked() -> None:
    """Message, arguments and traceback."""
    remember("logged-secret")
    record = logging.LogRecord("x", logging.INFO, "f", 1, "token %s", ("logged-secret",), None)
    try:
        raise ValueError("logged-secret in a traceback")  # noqa: TRY301 - to have one
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    record.stack_info = "logged-secret on the stack"
    assert RedactingFilter().filter(record)
    text = logging.Formatter("%(message)s").format(record)
    assert "logged-secret" not in text
    assert text.startswith("token •••")


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        ("HTTPS://shop.example:443", "https://shop.example"),
        ("https://shop.example.:443//", "https://shop.example"),
        ("https://shop.example:8443/Blog/", "https://shop.example:8443/Blog"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        (" https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example ", "https://xn--bcher-kva.example"),
    ],
)
def test_addresses_have_one_spelling(url: str, normal: str) -> None:
    """They identify the credit system."""
    assert normalise(url) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://a b",
        "https://u:p@shop.example",
        "https://@shop.example",
        "https://shop.example/?x=1",
        "https://shop.example?",
        "https://shop.example/#x",
        "https://shop.example:99999",
        "https://shop.example:0",
        "https://[::1",
        "https://a\\b.example",
        "https://ü..example",
    ],
)
def test_addresses_refused(url: str) -> None:
    """What is no base address."""
    with pytest.raises(ValueError, match=r"must|not|has"):
        normalise(url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "x.localhost"])
def test_plain_http_on_this_machine(host: str) -> None:
    """The sandbox needs no certificate."""
    assert is_loopback(f"http://{host}:8080")
    assert _shop(base_url=f"http://{host}:8080").base_url == f"http://{host}:8080"


@pytest.mark.parametrize("base", [SHOP, LAUNDRY, SAAS])
@pytest.mark.parametrize("host", ["shop.example", "10.0.0.1", "127.0.0.1.example", "localhost.example"])
def test_plain_http_beyond(base: dict[str, Any], host: str) -> None:
    """Refused without allow_http, for every provider."""
    data = {**base, "base_url": f"http://{host}"}
    with pytest.raises(ValidationError, match="plain http"):
        CONNECTION.validate_python(data)
    assert CONNECTION.validate_python({**data, "allow_http": True}).base_url == f"http://{host}"


def test_google_over_plain_http() -> None:
    """Only the emulator on this machine."""
    with pytest.raises(ValidationError, match="plain http"):
        Google.model_validate({"api_base_url": "http://sheets.example"})


def test_shipped_routes() -> None:
    """What holds where the file gives no routes."""
    routes = _shop().routes
    assert routes.list_users == Route(path="/wp-json/wp/v2/users")
    assert routes.get_credits.result == "credits"
    assert routes.add_credits.body == {"amount": "{amount}"}
    assert (routes.add_credits.method, routes.reset_credits.method) == ("POST", "POST")
    assert routes.reset_credits.path == "/wp-json/fastcredit/v1/users/{user_id}/credits/reset"


def test_a_route_is_completed() -> None:
    """Without a path from the shipped route; with one only in method and result."""
    routes = Routes.model_validate(
        {
            "list_users": {"result": "meta.credits"},
            "get_credits": {"path": "/c/{user_id}"},
            "add_credits": {"as_text": True},
            "reset_credits": {"path": "/c/{email}", "query": {"to": "{amount}"}},
        }
    )
    assert routes.list_users == Route(path="/wp-json/wp/v2/users", result="meta.credits")
    assert routes.get_credits == Route(path="/c/{user_id}", result="credits")
    assert routes.add_credits.body == {"amount": "{amount}"}
    assert routes.reset_credits == Route(method="POST", path="/c/{email}", query={"to": "{amount}"})


@pytest.mark.parametrize(
    ("name", "route", "words"),
    [
        ("get_credits", {"path": "/c"}, "must use {user_id} or {email}"),
        ("get_credits", {"path": "/c/{amount}/{email}"}, "takes no {amount}"),
        ("get_credits", {"path": "/c/{id}"}, "{id} is not a placeholder"),
        ("get_credits", {"path": "/c/{user_id"}, "brace that stands alone"),
        ("get_credits", {"path": "c/{user_id}"}, 'must start with one "/"'),
        ("get_credits", {"path": "//evil.example/{user_id}"}, 'must start with one "/"'),
        ("get_credits", {"path": "/../{user_id}"}, "must not climb"),
        ("get_credits", {"path": "/c/{user_id}#x"}, "must not hold"),
        ("get_credits", {"result": "a..b"}, "joined by dots"),
        ("get_credits", {"method": "DELETE"}, "'GET'"),
        ("get_credits", {"path": "/c", "body": {"u": "{user_id}"}}, "carries no body"),
        ("add_credits", {"path": "/c/{user_id}"}, "must use {amount}"),
        ("add_credits", {"path": "/c/{amount}"}, "must use {user_id} or {email}"),
        ("add_credits", {"body": {"a": {"b": ["{x}"]}}}, "{x} is not a placeholder"),
        ("reset_credits", {"body": {}}, "must use {amount}"),
        ("list_users", {"method": "POST"}, "must be a GET"),
        ("list_users", {"path": "/u/{user_id}"}, "takes no placeholders"),
    ],
)
def test_routes_refused(name: str, route: dict[str, Any], words: str) -> None:
    """A route that could not do its work, or could do another's."""
    with pytest.raises(ValidationError) as caught:
        Routes.model_validate({name: route})
    assert words in str(caught.value)


def test_a_balance_needs_its_place_in_the_reply() -> None:
    """A model built by hand is held to it too."""
    with pytest.raises(ValidationError, match="must have a result"):
        Routes(get_credits=Route(path="/c/{user_id}"))


def test_units() -> None:
    """In the order of the tab's columns."""
    assert units_of(_shop(decimals=3)) == (Unit("credits", "Credits", 3),)
    assert units_of(FasCardConnection.model_validate(LAUNDRY)) == (
        Unit("balance", "Balance", 2),
        Unit("bonus", "Bonus", 2),
        Unit("loyalty_points", "Loyalty Points", 0),
        Unit("free_starts", "Free Starts", 0),
    )
    assert units_of(UniBeeConnection.model_validate(SAAS)) == (
        Unit("promo_eur", "Promo EUR", 0),
        Unit("promo_usd", "Promo USD", 0),
    )


def test_systems() -> None:
    """One system, one identity, however it is spelled and whoever logs in."""
    assert system_id(_shop(base_url="https://SHOP.example:443/")) == "fastcredit:https://shop.example"
    assert system_id(_shop(username="x")) == system_id(_shop(username="y"))
    laundry = FasCardConnection.model_validate({**LAUNDRY, "account_id": "f0002"})
    assert system_id(laundry) == "fascard:https://m.fascard.com:F0002"
    assert system_id(UniBeeConnection.model_validate(SAAS)) == "unibee:https://api.unibee.dev"
    named = UniBeeConnection.model_validate({**SAAS, "account_id": "main"})
    assert system_id(named) == "unibee:https://api.unibee.dev:MAIN"


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ({"kind": "xlsx", "path": "a.xls", "tab": "A"}, "ends in .xlsx"),
        ({"kind": "xlsx", "path": 5, "tab": "A"}, "path"),
        ({"kind": "xlsx", "path": "a.xlsx", "tab": "x" * 32}, "31"),
        ({"kind": "xlsx", "path": "a.xlsx", "tab": "A/B"}, "not a tab's name"),
        (
            {
                "kind": "google",
                "spreadsheet_id": "https://docs.google.com/spreadsheets/d/1Ab/edit#gid=0",
                "tab": "A",
            },
            '"1Ab"',
        ),
        ({"kind": "google", "spreadsheet_id": "a b", "tab": "A"}, "between /d/ and /edit"),
    ],
)
def test_tabs_refused(sheet: dict[str, Any], words: str) -> None:
    """Each with its reason."""
    with pytest.raises(ValidationError) as caught:
        SHEET.validate_python(sheet)
    assert words in str(caught.value)


def test_a_workbook_that_is_a_folder(tmp_path: Path) -> None:
    """Said when the file is read, not when a pull fails."""
    (tmp_path / "a.xlsx").mkdir()
    with pytest.raises(ValidationError, match="is a folder"):
        SHEET.validate_python(XLSX, context=Source(tmp_path, {}))


def test_a_tabs_identity() -> None:
    """Excel and Google do not tell cases apart."""
    one = SHEET.validate_python({"kind": "google", "spreadsheet_id": "1", "tab": "Tab"})
    other = SHEET.validate_python({"kind": "google", "spreadsheet_id": "1", "tab": "TAB"})
    assert one.identity == other.identity
    assert SHEET.validate_python(XLSX).identity.endswith("a.xlsx, tab a")


@pytest.mark.parametrize(
    ("base", "changes", "words"),
    [
        (SHOP, {"user_url": "https://shop.example/u"}, "must hold {user_id}"),
        (SHOP, {"user_url": "https://{user_id}.example"}, "after the host name"),
        (SHOP, {"user_url": "javascript:alert({user_id})"}, "starts with https"),
        (SHOP, {"user_url": "https://shop.example/{user_id}/{email}"}, "{email} is not a placeholder"),
        (SHOP, {"reasons": [f"r{n}" for n in range(101)]}, "at most 100 reasons"),
        (LAUNDRY, {"account_id": "F 2"}, "such as"),
        (LAUNDRY, {"account_id": -1}, "string"),
        (LAUNDRY, {"active_since": "soon"}, "such as 2024-01-31"),
        (LAUNDRY, {"active_since": 5}, "datetime"),
        (SAAS, {"currencies": []}, "one to 20"),
        (SAAS, {"currencies": ["EUR", "eur"]}, "twice"),
        (SAAS, {"currencies": ["€"]}, "not a currency"),
    ],
)
def test_values_refused(base: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    """Values of single keys."""
    with pytest.raises(ValidationError) as caught:
        CONNECTION.validate_python({**base, **changes})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("url", "queue"),
    [
        ("sqlite:////data/l.db", "sqlite:////data/l-queue.db"),
        ("sqlite:////data/ledger", "sqlite:////data/ledger-queue"),
        ("postgresql://u@h/db", "postgresql+psycopg://u@h/db"),
    ],
)
def test_the_queue_is_beside_the_database(url: str, queue: str) -> None:
    """As a file, or on the same server with the same password."""
    data = {"database_url": url, "database_password": {"env": "P"}}
    service = Service.model_validate(data, context=Source(Path("/x"), {"P": "p@ss/word"}))
    assert service.queue_url == queue
    assert service.queue_password == Secret(env="P")


def test_passwords_of_servers() -> None:
    """Put into the address for the engine alone, quoted, and masked in both spellings."""
    service = Service.model_validate(
        {
            "database_url": "postgresql+psycopg://u@h:5433/db",
            "database_password": {"env": "P"},
            "queue_url": "redis://h/0",
        },
        context=Source(Path("/x"), {"P": "p@ss/word"}),
    )
    assert service.database_address() == "postgresql+psycopg://u:p%40ss%2Fword@h:5433/db"
    assert service.queue_address() == "redis://h/0"
    assert redact(f"p@ss/word {service.database_address()}") == "••• postgresql+psycopg://u:•••@h:5433/db"
    assert Service().database_address().startswith("sqlite:////")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////tmp",
        "mysql://h/db",
        "ledger.db",
        "postgresql+psycopg://u:secret@h/db",
        "postgresql+psycopg://h/db?user=u&password=secret",
        "redis://h/0",
    ],
)
def test_databases_refused(url: str) -> None:
    """A ledger that forgets, another system's, or a password in the open."""
    with pytest.raises(ValidationError) as caught:
        Service.model_validate({"database_url": url})
    assert "secret@" not in str(caught.value)


def test_one_address_in_two_cases() -> None:
    """Which role would hold?"""
    with pytest.raises(ValidationError, match="twice"):
        Auth.model_validate({"roles": {"A@x.example": "viewer", "a@x.example": "admin"}})


def test_the_time_zone() -> None:
    """As an object that times can be shown in."""
    assert Service.model_validate({"timezone": "Europe/Berlin"}).zone.key == "Europe/Berlin"
