"""What has to fit together across keys, looked at in the file's own tables.

Works on what was written and not on the models, so that these problems are reported together with all others,
even in a table in which something else is wrong. What is wrong by itself is passed over here.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from sheetsync.config import connections as defaults
from sheetsync.config import urls
from sheetsync.config.base import absolute
from sheetsync.config.limits import MONEY_LIMITS, REQUESTS_PER_SECOND
from sheetsync.config.problems import Path, Problem
from sheetsync.config.service import LEASE_S
from sheetsync.config.units import FASCARD_UNITS, credits_unit, promo_units
from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import parse_decimal_text

Raw = Mapping[str, Any]


def cross_problems(data: Raw, base: FilePath) -> Iterator[Problem]:
    """Yield what does not fit together in the tables of a file in folder ``base``."""
    connections = _table(data.get("connections"))
    lease_s = _number(_table(data.get("service")).get("lease_s", LEASE_S))
    for name, value in connections.items():
        connection = _table(value)
        yield from _settles_late_enough(("connections", name), connection, lease_s)
        yield from _amounts_fit(("connections", name, "limits"), connection)
    yield from _one_tab_each(connections, base)
    yield from _merchants_told_apart(connections)
    yield from _one_rate_each(connections)


def _settles_late_enough(path: Path, connection: Raw, lease_s: float | None) -> Iterator[Problem]:
    """A lost request must be certainly over before "not applied" is said."""
    settle_s = _number(connection.get("settle_after_s", defaults.SETTLE_AFTER_S))
    timeout_s = _number(connection.get("timeout_s", defaults.TIMEOUT_S))
    if settle_s is None or timeout_s is None or lease_s is None or settle_s >= timeout_s + lease_s:
        return
    yield Problem(
        (*path, "settle_after_s"),
        f"is {settle_s:g}, shorter than timeout_s + service.lease_s = {timeout_s:g} + {lease_s:g}: a lost "
        "request could still be running when a row is called Not applied; "
        f"write {timeout_s + lease_s:g} or more",
    )


def _amounts_fit(path: Path, connection: Raw) -> Iterator[Problem]:
    units = _units(connection)
    limits = _table(connection.get("limits"))
    if units is None:
        return
    for name in MONEY_LIMITS:
        for code, value in _table(limits.get(name)).items():
            message = _amount_problem(code, value, units)
            if message:
                yield Problem((*path, name, code), message)


def _amount_problem(code: str, value: object, units: Mapping[str, Unit]) -> str | None:
    if code not in units:
        return f"this connection has no such unit: it has {', '.join(units)}"
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        parse_decimal_text(str(value), units[code])
    except ValueError as problem:
        return str(problem)
    return None


def _units(connection: Raw) -> Mapping[str, Unit] | None:
    """Return the units by code, or None where they cannot be told from what was written."""
    provider = connection.get("provider")
    units: tuple[Unit, ...] = ()
    if provider == "fascard":
        units = FASCARD_UNITS
    elif provider == "fastcredit":
        decimals = connection.get("decimals", defaults.DECIMALS)
        known = isinstance(decimals, int) and 0 <= decimals <= defaults.DECIMALS_MAX
        units = (credits_unit(decimals if known else defaults.DECIMALS_MAX),)
    elif provider == "unibee":
        currencies = connection.get("currencies")
        if isinstance(currencies, list) and all(isinstance(code, str) for code in currencies):
            units = promo_units(tuple(code.strip() for code in currencies))
    return {unit.code: unit for unit in units} or None


def _one_tab_each(connections: Raw, base: FilePath) -> Iterator[Problem]:
    """Two connections in one tab would overwrite each other's balances."""
    owners: dict[tuple[str, str], str] = {}
    for name, value in connections.items():
        sheet = _table(_table(value).get("sheet"))
        place, tab = sheet.get("path", sheet.get("spreadsheet_id")), sheet.get("tab")
        if not isinstance(place, str) or not place.strip() or not isinstance(tab, str):
            continue
        where = str(absolute(place, base)) if "path" in sheet else place.strip()
        owner = owners.setdefault((where, tab.strip().casefold()), name)
        if owner != name:
            yield Problem(
                ("connections", name, "sheet", "tab"),
                f'is the tab of connection "{owner}" already: each connection needs a tab of its own',
            )


def _merchants_told_apart(connections: Raw) -> Iterator[Problem]:
    """Two UniBee keys at one address belong to two merchants, unless they say that it is one."""
    keys: dict[tuple[str, str], tuple[str, object]] = {}
    for name, value in connections.items():
        connection = _table(value)
        url = connection.get("base_url", defaults.UNIBEE_URL)
        if connection.get("provider") != "unibee" or not isinstance(url, str):
            continue
        place = (_spelling(url), str(connection.get("account_id", "")).upper())
        other, key = keys.setdefault(place, (name, connection.get("api_key")))
        if key != connection.get("api_key") and not place[1]:
            yield Problem(
                ("connections", name, "account_id"),
                f'is needed: connection "{other}" uses another key at the same address; give each merchant a '
                "word of its own, or both the same word if it is one merchant",
            )


def _one_rate_each(connections: Raw) -> Iterator[Problem]:
    """A credit system has one rate limit, whatever number of connections lead to it."""
    rates: dict[tuple[object, ...], tuple[str, float]] = {}
    for name, value in connections.items():
        connection = _table(value)
        provider = connection.get("provider")
        url = connection.get("base_url", URLS.get(str(provider)))
        limits = _table(connection.get("limits"))
        rate = _number(limits.get("requests_per_second", REQUESTS_PER_SECOND))
        if not isinstance(url, str) or rate is None:
            continue
        account = "" if provider == "fastcredit" else str(connection.get("account_id", "")).strip().upper()
        owner, other = rates.setdefault((provider, _spelling(url), account), (name, rate))
        if other != rate:
            yield Problem(
                ("connections", name, "limits", "requests_per_second"),
                f'is {rate:g}, but {other:g} in connection "{owner}", which is the same credit system: one '
                "system has one limit; write the same number in both",
            )


URLS = {"fascard": defaults.FASCARD_URL, "unibee": defaults.UNIBEE_URL}
"""Addresses of the credit systems that have one of their own."""


def _spelling(url: str) -> str:
    try:
        return urls.normalise(url)
    except ValueError:
        return url


def _table(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    """Return a number that the models accept as one, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < float("inf") else None
