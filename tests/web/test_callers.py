"""Who is let in, and to what: every endpoint, every role, every connection."""

import re
from typing import Any

import pytest

from sheetsync.config import ROLES, Role
from sheetsync.core.people import same_person
from sheetsync.web.access import RANK
from sheetsync.web.endpoints import ENDPOINTS, Endpoint
from tests.web.kit import SHEET, Town

BODIES: dict[str, dict[str, Any]] = {
    "pushes": {"plan": "sha256:none"},
    "undos": {"run": "none"},
    "rebases": {"account_id": "none", "keep": "change"},
    "fills": {"action": "add", "dry_run": True},
    "links": {"spreadsheet_id": "other"},
    "approval": {"approve": False},
    "resolution": {"as": "applied", "reason": "seen"},
}


@pytest.fixture(scope="module")
def things(town: Town) -> dict[str, str]:
    """Return ids of things on the shop."""
    town.edit({2: 1})
    shown = town.ask(
        "POST", "/api/v1/connections/shop/plans", token=town.token("editor"), body={"scope": "all"}
    ).json
    assert shown is not None
    digest = shown["plan"]["digest"]
    body = {"plan": digest}
    pushed = town.ask("POST", "/api/v1/connections/shop/pushes", token=town.token("editor"), body=body).json
    assert pushed is not None
    ended = town.end_of(pushed["run"])
    return {
        "connection": "shop",
        "plan": digest,
        "run": pushed["run"],
        "operation": ended["rows"][0]["operation"],
    }


def _ask(town: Town, each: Endpoint, target: str, token: str | None, **headers: str) -> Any:  # noqa: ANN401
    path = re.sub(r"{\w+}", target, each.path)
    body = BODIES.get(path.rsplit("/", 1)[-1], {}) if each.method == "POST" else None
    return town.ask(each.method, path, token=token, body=body, **headers)


@pytest.mark.parametrize("each", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_every_endpoint_and_role(town: Town, things: dict[str, str], each: Endpoint) -> None:
    """Nobody unnamed; a lower role is refused; whoever has no role there learns nothing."""
    target = things.get(each.on, "")
    assert 401 == _ask(town, each, target, None).status_code
    if each.on == "nothing":
        return
    for role in ROLES:
        status = _ask(town, each, target, town.token(role, "shop")).status_code
        assert (RANK[role] < RANK[each.role]) == (status == 403), (role, status)
        assert status not in (401, 404), (role, status)
        hidden = _ask(town, each, target, town.token(role, "far"))
        absent = _ask(town, each, "no-such-thing", town.token(role, "far"))
        assert (404, 404) == (hidden.status_code, absent.status_code)
        assert absent.json["error"]["message"] == hidden.json["error"]["message"]
    person = town.google.token("stranger@elsewhere.org")
    assert 404 == _ask(town, each, target, person, X_Sheetsync_Spreadsheet=SHEET).status_code


OPEN = {"/openapi.json", "/healthz", "/readyz"}
SIGNING_IN = {"/sign-in", "/sign-in/<secret>", "/sign-in/back", "/console/<path:filename>"}
"""The console's way in, and its styles and scripts."""


def test_no_route_is_forgotten(town: Town) -> None:
    """Every route that the application has is in the table, or refuses whoever has no name."""
    listed = {(each.method, re.sub(r"{(\w+)}", r"<\1>", each.path)) for each in ENDPOINTS}
    found = {
        (method, rule.rule)
        for rule in town.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert listed <= found
    assert not [rule for _, rule in found - listed if rule.startswith("/api/")]
    for method, rule in sorted(found - listed):
        if rule in OPEN | SIGNING_IN:
            continue
        status = town.client.open(re.sub(r"<[^>]+>", "x", rule), method=method).status_code
        assert 401 == status, (method, rule, status)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"aud": "other"}, 401),
        ({"iss": "https://evil.example"}, 401),
        ({"email_verified": False}, 401),
        ({"exp": 1}, 401),
        ({"email": None}, 401),
    ],
)
def test_google_tokens(town: Town, claims: dict[str, Any], status: int) -> None:
    """Signature, audience, issuer, time and verified e-mail all have to be right."""
    token = town.google.token("boss@example.org", **claims)
    reply = town.ask("GET", "/api/v1/connections", token=token, X_Sheetsync_Spreadsheet=SHEET)
    assert status == reply.status_code, reply.text


def test_add_on_is_an_editor_of_its_own_sheet(town: Town) -> None:
    """An admin in the add-on is an editor; a copy is told how to be linked; a link works at once."""
    token = town.google.token("boss@example.org")
    seen = town.ask("GET", "/api/v1/connections", token=token, X_Sheetsync_Spreadsheet=SHEET).json
    assert seen is not None
    assert [("far", "editor")] == [(each["connection"], each["role"]) for each in seen["connections"]]
    for headers in ({}, {"X_Sheetsync_Spreadsheet": "copy"}):
        told = town.ask("GET", "/api/v1/connections/far", token=token, **headers)
        assert told.json is not None
        assert (403, "not_linked") == (told.status_code, told.json["error"]["code"])
        assert "links" in told.json["error"]["hint"]
    admin: Role = "admin"
    body = {"spreadsheet_id": "copy"}
    town.ask("POST", "/api/v1/connections/shop/links", token=town.token(admin, "shop"), body=body)
    seen = town.ask("GET", "/api/v1/connections", token=token, X_Sheetsync_Spreadsheet="copy").json
    assert seen is not None
    assert ["shop"] == [each["connection"] for each in seen["connections"]]


def test_revoked_and_guessed_tokens(town: Town) -> None:
    """A revoked token ends at once; who guesses has to wait."""
    store = town.service.store.callers
    secret, token = store.create_token("x@y.org", "viewer", connection=None, expires=None, by="cli:test")
    assert 200 == town.ask("GET", "/api/v1/connections", token=secret).status_code
    store.revoke_token(token.id, by="cli:test")
    client = town.client
    found = []
    for _ in range(11):
        headers = {"Authorization": f"Bearer {secret}"}
        reply = client.get("/api/v1/connections", headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.9"})
        found.append(reply.status_code)
    assert [401] * 10 + [429] == found


def test_console_session(town: Town) -> None:
    """A link signs in once; a POST needs the page's own token; signing out ends it."""
    store = town.service.store.callers
    from sheetsync.web.console import LINK  # noqa: PLC0415

    secret = store.open_session("boss@example.org", kind="link", length=LINK)
    client = town.client
    assert 303 == client.post(f"/sign-in/{secret}").status_code
    assert 401 == town.client.post(f"/sign-in/{secret}").status_code
    page = client.get("/").text
    assert "boss@example.org" in page
    body = {"spreadsheet_id": "console"}
    assert 403 == client.post("/api/v1/connections/shop/links", json=body).status_code
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf
    headers = {"X-CSRF-Token": csrf[1]}
    assert 200 == client.post("/api/v1/connections/shop/links", json=body, headers=headers).status_code
    assert 200 == client.post("/sign-out", data={"csrf": csrf[1]}).status_code
    assert 401 == client.get("/").status_code


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("cli:ana@example.org", "web:Ana@Example.org", True),
        ("cli:ana", "token:ana@example.org", True),
        ("web:ana@example.org", "web:ana@elsewhere.org", False),
        ("cli:bo", "cli:ana", False),
    ],
)
def test_one_person_under_several_names(one: str, other: str, *, same: bool) -> None:
    """Author and approver are compared as people, however they call."""
    assert same == same_person(one, other)
