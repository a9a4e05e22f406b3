"""How callers are recognised: proxies, Google's certificates and domains, and what a token may become."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from sheetsync.config import load
from sheetsync.errors import ConfigError
from sheetsync.web import create_app
from sheetsync.web.google import CERTS_AGAIN_S
from sheetsync.web.service import Service
from tests.emulators.identity import AUDIENCE, IdentityEmulator
from tests.web.kit import SHEET, Town

CONFIG = """
[service]
trusted_proxies = {proxies}
[auth]
google_audiences = ["{audience}"]
google_certs_url = "{certs}"
{domain}
[auth.roles]
"*@example.org" = "viewer"
[connections.far]
provider = "fastcredit"
base_url = "http://127.0.0.1:9"
username = "u"
application_password = {{ env = "PASSWORD" }}
[connections.far.sheet]
kind = "google"
spreadsheet_id = "{sheet}"
tab = "Far"
"""


@contextmanager
def _app(folder: Path, certs: str, *, proxies: int = 0, domain: str = "") -> Iterator[Flask]:
    config = folder / "sheetsync.toml"
    text = CONFIG.format(audience=AUDIENCE, certs=certs, sheet=SHEET, proxies=proxies, domain=domain)
    config.write_text(text)
    app = create_app(load(config, {"PASSWORD": "p"}))
    service: Service = app.extensions["sheetsync"]
    try:
        yield app
    finally:
        service.close()


@pytest.fixture
def google() -> Iterator[IdentityEmulator]:
    """Google, as far as tokens go."""
    with IdentityEmulator() as found:
        yield found


def _ask(app: Flask, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "X-Sheetsync-Spreadsheet": SHEET}
    return app.test_client().get("/api/v1/connections", headers=headers).status_code


def test_certificates_are_read_once(tmp_path: Path, google: IdentityEmulator) -> None:
    """Many callers, one read; a token that does not fit makes us look again at most once a minute."""
    with _app(tmp_path, google.certs_url) as app:
        assert [200] * 5 == [_ask(app, google.token("ann@example.org")) for _ in range(5)]
        assert 1 == google.asked
        with IdentityEmulator() as forged:
            assert [401] * 5 == [_ask(app, forged.token("ann@example.org")) for _ in range(5)]
    assert CERTS_AGAIN_S >= 60
    assert 1 == google.asked


def test_no_certificates_is_not_a_refusal(tmp_path: Path, google: IdentityEmulator) -> None:
    """Where Google cannot be asked the answer is 503, never 401: the caller did nothing wrong."""
    token = google.token("ann@example.org")
    with _app(tmp_path, "http://127.0.0.1:9/certs") as app:
        assert 503 == _ask(app, token)


def test_hosted_domain(tmp_path: Path, google: IdentityEmulator) -> None:
    """With a domain only accounts of that organisation come in, whatever their address says."""
    with _app(tmp_path, google.certs_url, domain='hosted_domain = "example.org"') as app:
        assert 200 == _ask(app, google.token("ann@example.org", hd="Example.org"))
        assert 401 == _ask(app, google.token("ann@example.org", hd="elsewhere.org"))
        assert 401 == _ask(app, google.token("ann@example.org"))


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [401] * 10 + [429]), (1, [401] * 11)])
def test_forwarded_addresses(
    tmp_path: Path, google: IdentityEmulator, proxies: int, statuses: list[int]
) -> None:
    """Who guesses cannot change the address by a header, unless a proxy is configured that sets it."""
    with _app(tmp_path, google.certs_url, proxies=proxies) as app:
        client, found = app.test_client(), []
        for number in range(11):
            headers = {"Authorization": "Bearer guess", "X-Forwarded-For": f"10.0.0.{number}"}
            found.append(client.get("/api/v1/connections", headers=headers).status_code)
        secure = client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert statuses == found
    assert (proxies == 1) == ("Strict-Transport-Security" in secure.headers)


def test_only_as_many_proxies_as_configured(tmp_path: Path, google: IdentityEmulator) -> None:
    """Of a longer chain only the last hop is believed: what a caller wrote before it is not."""
    with _app(tmp_path, google.certs_url, proxies=1) as app:
        client = app.test_client()
        found = []
        for number in range(11):
            headers = {"Authorization": "Bearer guess", "X-Forwarded-For": f"10.0.0.{number}, 192.0.2.7"}
            found.append(client.get("/api/v1/connections", headers=headers).status_code)
    assert [401] * 10 + [429] == found


@pytest.mark.parametrize("lines", ["google_audiences = []", "add_on = true"])
def test_no_audience_no_start(tmp_path: Path, lines: str) -> None:
    """With the add-on enabled and nobody named, any Google token would do: it does not start."""
    config = tmp_path / "sheetsync.toml"
    config.write_text(f"[auth]\n{lines}\n")
    with pytest.raises(ConfigError, match="google_audiences"):
        create_app(load(config, {}))


def test_a_token_expires_and_is_remembered(town: Town) -> None:
    """An expired token is unknown; the last use of one that holds is kept; nothing tells a secret."""
    store = town.service.store.callers
    old, gone = store.create_token(
        "a@b.c", "admin", connection=None, expires=timedelta(seconds=-1), by="cli:t"
    )
    new, kept = store.create_token("a@b.c", "viewer", connection=None, expires=timedelta(days=1), by="cli:t")
    assert 401 == town.ask("GET", "/api/v1/connections", token=old).status_code
    assert 200 == town.ask("GET", "/api/v1/connections", token=new).status_code
    used = {token.id: token.used_at for token in store.tokens()}
    assert used[gone.id] is None
    assert used[kept.id] is not None
    with town.service.store.database.read() as connection:
        from sqlalchemy import select  # noqa: PLC0415

        from sheetsync.ledger.schema import api_tokens  # noqa: PLC0415

        stored = str(connection.execute(select(api_tokens)).all())
    assert new not in stored
    assert old not in stored
