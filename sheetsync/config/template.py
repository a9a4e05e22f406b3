"""The commented ``sheetsync.toml`` that ``sheetsync init`` writes."""

from collections.abc import Mapping

from pydantic import JsonValue

from sheetsync.config import connections as defaults
from sheetsync.config import limits
from sheetsync.config.routes import SHIPPED
from sheetsync.config.service import DATABASE_URL, LEASE_S

PROVIDERS = ("fastcredit", "fascard", "unibee")
SHEETS = ("xlsx", "google")

ANSWERS: Mapping[str, Mapping[str, str]] = {
    "fastcredit": {
        "name": "shop",
        "base_url": "https://shop.example",
        "username": "office",
        "secret_env": "SHOP_PASSWORD",
        "path": "credits.xlsx",
        "tab": "Credits",
    },
    "fascard": {
        "name": "laundry",
        "base_url": defaults.FASCARD_URL,
        "account_id": "F0002",
        "username": "office@example.org",
        "secret_env": "FASCARD_PASSWORD",
        "path": "laundry.xlsx",
        "tab": "Accounts",
    },
    "unibee": {
        "name": "saas",
        "base_url": defaults.UNIBEE_URL,
        "currencies": "EUR",
        "secret_env": "UNIBEE_KEY",
        "path": "promo.xlsx",
        "tab": "Promo",
    },
}
"""What init may ask for each provider, with what is written where nothing was answered. Also asked:
``spreadsheet_id`` (google), ``timezone`` and ``service_account`` (google)."""

NEEDED = ("get_credits", "add_credits", "reset_credits")
"""The routes whose addresses only the vendor's page shows."""

_COMMON = {
    "timezone": "UTC",
    "spreadsheet_id": "ID-OF-THE-SPREADSHEET",
    "service_account": "service-account.json",
}

_UNITS = {"fastcredit": "credits", "fascard": "balance"}


def render(
    provider: str,
    sheet: str,
    answers: Mapping[str, str],
    *,
    routes: Mapping[str, Mapping[str, JsonValue]] | None = None,
) -> str:
    """Return a configuration for one connection that ``load`` accepts as it is, if the answers are right.

    Args:
        provider: ``fastcredit``, ``fascard`` or ``unibee``.
        sheet: ``xlsx`` or ``google``.
        answers: by the names of ``ANSWERS``; a blank or missing one takes its default. ``currencies`` are
            separated by commas.
        routes: of FastCredit Pro, as the vendor's page shows them; what is left out is our assumption.

    Raises:
        KeyError: there is no such provider.
        ValueError: there is no such kind of sheet.
    """
    if sheet not in SHEETS:
        raise ValueError(f'"{sheet}" is not a kind of sheet: {" or ".join(SHEETS)}')
    known = {**_COMMON, **ANSWERS[provider]}
    known.update({key: value.strip() for key, value in answers.items() if value.strip()})
    parts = [
        _service(known),
        _connection(provider, known),
        _routes(known, routes or {}) if provider == "fastcredit" else "",
        _sheet(sheet, known),
        _limits(provider, known),
        _google(known) if sheet == "google" else "",
        _AUTH,
    ]
    return "\n".join(part for part in parts if part)


def quoted(text: str) -> str:
    """Return ``text`` as a TOML basic string."""
    short = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short.get(char) or _escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x20 or 0x7F <= code < 0xA0 else char


def _service(known: Mapping[str, str]) -> str:
    return f"""\
# Settings of sheetsync. Every setting is described in docs/configuration.md.
# Paths are relative to this file. Passwords and keys never stand here: {{ env = "NAME" }} reads an
# environment variable, {{ file = "path" }} a file that only the service may read.

[service]
database_url = {quoted(DATABASE_URL)}   # the ledger: back this file up
timezone = {quoted(known["timezone"])}   # where a person's day begins, for daily limits
# lease_s = {LEASE_S:g}   # seconds that a silent worker keeps a credit system
"""


def _connection(provider: str, known: Mapping[str, str]) -> str:
    name = _key(known["name"])
    secret = f"{{ env = {quoted(known['secret_env'])} }}"
    lines = [f"[connections.{name}]", f"provider = {quoted(provider)}"]
    if provider == "fastcredit":
        lines += [
            f"base_url = {quoted(known['base_url'])}   # the WordPress site",
            f"username = {quoted(known['username'])}   # an administrator: only they may list users",
            "# made in WordPress under Users, Profile, Application Passwords:",
            f"application_password = {secret}",
            f"# decimals = {defaults.DECIMALS}   # decimal places of a credit, up to {defaults.DECIMALS_MAX}",
        ]
    elif provider == "fascard":
        lines += [
            f"base_url = {quoted(known['base_url'])}",
            f"account_id = {quoted(known['account_id'])}   # SysConfig id or store id",
            f"username = {quoted(known['username'])}   # needs 'Loyalty Accounts', 'Reports'",
            f"password = {secret}",
        ]
    else:
        codes = ", ".join(quoted(code.strip()) for code in known["currencies"].split(",") if code.strip())
        lines += [
            f"base_url = {quoted(known['base_url'])}",
            f"api_key = {secret}   # made in the merchant portal",
            f"currencies = [{codes}]   # of the promo credit; each gets its columns",
        ]
    return "\n".join([*lines, *_further(), ""])


def _further() -> list[str]:
    reasons = ", ".join(quoted(reason) for reason in defaults.REASONS)
    return [
        '# environment = "test"   # shown everywhere, so that nobody works in the live account by mistake',
        f"# reasons = [{reasons}]",
        "# reasons_strict = true   # take no reason beside the list",
        '# user_url = "https://example.org/users/{user_id}"   # a link to the customer\'s page',
        f"# timeout_s = {defaults.TIMEOUT_S:g}   # seconds for one request",
        f"# settle_after_s = {defaults.SETTLE_AFTER_S:g}   # seconds; at least timeout_s + lease_s",
    ]


def _routes(known: Mapping[str, str], given: Mapping[str, Mapping[str, JsonValue]]) -> str:
    """Write the three routes out: the admin has to see what is assumed, to correct it."""
    lines = [
        "# FastCredit Pro's vendor documents no addresses. Compare these with what it shows under",
        '# "Integrations and API", "API Details", then run: sheetsync check',
        "# Placeholders: {user_id} {email} {amount}; result is the dotted path to the balance in the reply.",
    ]
    plain = next((path for path in _paths(given) if "rest_route=" in path), None)
    names = [*NEEDED]
    routes = {**SHIPPED, **given}
    if plain is not None:
        names.insert(0, "list_users")
        root = plain.partition("rest_route=")[0] + "rest_route="
        routes["list_users"] = {"path": f"{root}/wp/v2/users"}
    for name in names:
        lines.append(f"[connections.{_key(known['name'])}.routes.{name}]")
        if name in NEEDED and name not in given:
            lines.append("# our assumption:")
        values = {**routes[name], "result": "credits"} if name == "get_credits" else routes[name]
        lines += [f"{key} = {_value(value)}" for key, value in values.items()]
    return "\n".join([*lines, ""])


def _paths(routes: Mapping[str, Mapping[str, JsonValue]]) -> list[str]:
    return [str(route["path"]) for route in routes.values()]


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items()) + " }"
    return quoted(str(value))


def _sheet(sheet: str, known: Mapping[str, str]) -> str:
    lines = [f"[connections.{_key(known['name'])}.sheet]", f"kind = {quoted(sheet)}"]
    if sheet == "xlsx":
        lines.append(f"path = {quoted(known['path'])}   # a pull creates a missing workbook")
    else:
        lines.append("# from the spreadsheet's address, between /d/ and /edit:")
        lines.append(f"spreadsheet_id = {quoted(known['spreadsheet_id'])}")
    return "\n".join([*lines, f"tab = {quoted(known['tab'])}", ""])


def _limits(provider: str, known: Mapping[str, str]) -> str:
    currency = known.get("currencies", "").partition(",")[0].strip().lower()
    code = currency if currency.isalnum() else "eur"
    unit = _UNITS.get(provider, f"promo_{code}")
    return f"""\
[connections.{_key(known["name"])}.limits]
requests_per_second = {limits.REQUESTS_PER_SECOND:g}   # every request to the system, all workers together
parallel_requests = {limits.PARALLEL_REQUESTS}
max_rows_per_push = {limits.MAX_ROWS_PER_PUSH}
stop_after_unknown = {limits.STOP_AFTER_UNKNOWN}   # unknown outcomes in a row that stop a push
# Amounts are off unless set; they catch a slipped digit before it is sent.
# max_amount_per_row = {{ {unit} = "500" }}
# max_total_per_push = {{ {unit} = "5000" }}
# max_total_per_person_day = {{ {unit} = "10000" }}
# approval_over = {{ {unit} = "1000" }}   # a larger row or total waits for a second person
"""


def _google(known: Mapping[str, str]) -> str:
    return f"""\
[google]
# The service account's key file; share the spreadsheet with its address as an editor.
# Without this line, Application Default Credentials are used.
service_account = {{ file = {quoted(known["service_account"])} }}
"""


_AUTH = """\
# For the web page and the add-on: who may do what. viewer < editor < approver < admin
# [auth]
# google_audiences = ["CLIENT-ID.apps.googleusercontent.com"]
# [auth.roles]
# "clerk@example.org" = "editor"
# "*@example.org" = "viewer"
"""


def _key(text: str) -> str:
    bare = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return text if bare else quoted(text)
