"""Signing in by OpenID Connect, against an issuer on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sheetsync.config import load
from sheetsync.errors import ConfigError
from sheetsync.web import create_app
from tests.web.issuer import CLIENT, SECRET, Issuer
from tests.web.people import said

CONFIG = """
[service]
database_url = "sqlite:///ledger.db"
[auth]
client_id = "{client}"
client_secret = {{ env = "OIDC_SECRET" }}
issuer = "{issuer}"
{more}
[auth.roles]
"ann@example.org" = "approver"
[connections.shop]
provider = "fastcredit"
base_url = "http://127.0.0.1:9"
username = "u"
application_password = {{ env = "PASSWORD" }}
[connections.shop.roles]
"eva@example.org" = "editor"
[connections.shop.sheet]
kind = "xlsx"
path = "credits.xlsx"
tab = "Credits"
"""
SECRETS = {"OIDC_SECRET": SECRET, "PASSWORD": "p"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Start an issuer."""
    started = Issuer()
    yield started
    started.close()


def openid_app(folder: Path, url: str, more: str = "") -> Flask:
    """Return a service whose people an issuer knows."""
    config = folder / "sheetsync.toml"
    config.write_text(CONFIG.format(client=CLIENT, issuer=url, more=more))
    return create_app(load(config, SECRETS))


@pytest.fixture
def app(issuer: Issuer, tmp_path: Path) -> Iterator[Flask]:
    """Open a service whose people this issuer knows."""
    made = openid_app(tmp_path, issuer.url)
    yield made
    made.extensions["sheetsync"].close()


def _go(client: FlaskClient, **query: str) -> str:
    """Go to the issuer and return the address that it leads back to."""
    leaves = client.get("/sign-in/google", query_string=query)
    assert 302 == leaves.status_code, leaves.text
    answer = urllib3.request("GET", leaves.headers["Location"], redirect=False, retries=False)
    return str(answer.headers["Location"])


def _sign_in(client: FlaskClient, **query: str) -> TestResponse:
    return client.get(_go(client, **query))


def test_signing_in(app: Flask, issuer: Issuer) -> None:
    """The address that the issuer vouches for is who has signed in; the way goes on to where it began."""
    client = app.test_client()
    asks = client.get("/plans/x")
    assert 401 == asks.status_code
    assert "/sign-in/google?next=/plans/x" in asks.text
    reply = _sign_in(client, next="/connections/shop")
    assert 200 == reply.status_code
    assert '"0;url=/connections/shop"' in reply.text
    assert "ann@example.org" in client.get("/").text
    assert "SameSite=Strict" in str(reply.headers.getlist("Set-Cookie"))
    assert SECRET not in str(issuer.asked)
    actors = [event[1] for event in _events(app)]
    assert ["web:ann@example.org"] == actors


def _events(app: Flask) -> list[tuple[str, str]]:
    from sqlalchemy import select  # noqa: PLC0415

    from sheetsync.ledger.schema import events  # noqa: PLC0415

    with app.extensions["sheetsync"].store.database.read() as connection:
        found = connection.execute(select(events.c.kind, events.c.actor)).all()
    return [(kind, actor) for kind, actor in found if kind == "signed_in"]


def test_a_role_on_one_connection_is_enough(app: Flask, issuer: Issuer) -> None:
    """Addresses are compared without case."""
    issuer.email = "Eva@Example.org"
    client = app.test_client()
    assert 200 == _sign_in(client).status_code
    assert "eva@example.org" in client.get("/").text


@pytest.mark.parametrize(
    ("claims", "status", "part"),
    [
        ({"email": "eve@example.org"}, 403, "eve@example.org may not do anything here"),
        ({"email_verified": False}, 401, "not verified"),
        ({"email_verified": "true"}, 401, "not verified"),
        ({"email_verified": None}, 401, "not verified"),
        ({"email": None}, 401, "not verified"),
        ({"nonce": "another"}, 401, "ID token is not valid"),
        ({"aud": "another"}, 401, "ID token is not valid"),
        ({"iss": "https://accounts.google.com"}, 401, "ID token is not valid"),
        ({"exp": 1_000_000_000}, 401, "ID token is not valid"),
    ],
)
def test_who_is_refused(app: Flask, issuer: Issuer, claims: dict[str, Any], status: int, part: str) -> None:
    """Each claim that a token could be wrong in."""
    issuer.claims = claims
    client = app.test_client()
    reply = _sign_in(client)
    assert (status, True) == (reply.status_code, part in said(reply)), said(reply)
    assert 401 == client.get("/").status_code


def test_a_token_of_somebody_else(app: Flask, issuer: Issuer) -> None:
    """A signature by a key that the issuer does not list is none."""
    issuer.stranger = True
    reply = _sign_in(app.test_client())
    assert (401, True) == (reply.status_code, "not valid" in said(reply))


def test_an_answer_to_another_browser(app: Flask) -> None:
    """Somebody else's way back signs nobody in, and no way back works twice."""
    mine, other = app.test_client(), app.test_client()
    back = _go(mine)
    assert 401 == other.get(back).status_code
    assert 200 == mine.get(back).status_code
    assert 401 == mine.get(back).status_code
    assert 401 == app.test_client().get("/sign-in/google/back?error=access_denied").status_code


def test_the_issuer_is_away(tmp_path: Path, issuer: Issuer) -> None:
    """Then nobody signs in; the page says so, without details."""
    app = openid_app(tmp_path, issuer.url)
    issuer.close()
    client = app.test_client()
    reply = client.get("/sign-in/google")
    assert [503] * 9 + [429] == [client.get("/sign-in/google").status_code for _ in range(10)]
    assert (503, True) == (reply.status_code, "cannot be asked who you are" in said(reply))
    app.extensions["sheetsync"].close()


def test_only_one_domain(tmp_path: Path, issuer: Issuer) -> None:
    """A Workspace's domain is a claim of the token, not the end of an address."""
    app = openid_app(tmp_path, issuer.url, 'hosted_domain = "example.org"')
    assert 401 == _sign_in(app.test_client()).status_code
    issuer.claims = {"hd": "example.org"}
    assert 200 == _sign_in(app.test_client()).status_code
    app.extensions["sheetsync"].close()


def test_half_a_client(tmp_path: Path) -> None:
    """A client without its secret is a mistake that is told at once."""
    config = tmp_path / "sheetsync.toml"
    config.write_text('[auth]\nclient_id = "x"\n')
    with pytest.raises(ConfigError, match="belong together"):
        load(config, {})
