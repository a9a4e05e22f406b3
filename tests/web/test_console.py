"""The console's pages: who sees what, which forms are let in, what the cookie is."""

import re
from datetime import timedelta

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from sheetsync.web.console.frame import local
from tests.web.crowd import DIGEST, RUN, fill_ledger, fill_units, save_plan
from tests.web.kit import Town
from tests.web.people import Person, said, signed_in

KEY = f"K{100:023d}"
"""An operation that is not proven."""


@pytest.fixture(scope="module")
def filled(town: Town) -> Town:
    """Add operations, a run and a plan of the shop."""
    fill_ledger(town, 200)
    save_plan(town, 20)
    return town


def _rules(town: Town, method: str) -> list[tuple[Rule, str]]:
    """Return every address of the console with ids of the shop."""
    ids = {"name": "shop", "digest": DIGEST, "run_id": RUN, "key": KEY, "token_id": "x", "secret": "x"}
    found = [
        (rule, re.sub(r"<(\w+)>", lambda part: ids[part[1]], rule.rule))
        for rule in town.app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and method in (rule.methods or ())
    ]
    assert found, f"the console has no address for {method}"
    return found


def test_nobody_sees_anything_without_signing_in(filled: Town) -> None:
    """Every page asks to sign in, every form is refused; only signing in is open."""
    for rule, path in _rules(filled, "GET"):
        reply = filled.client.get(path)
        expected = 200 if rule.endpoint == "console.ask" else 401
        assert expected == reply.status_code, path
        assert "customers.example" not in reply.text
        assert "text/html" in reply.headers["Content-Type"]
    for _, path in _rules(filled, "POST"):
        assert 401 == filled.client.post(path, data={"csrf": "x"}).status_code, path


def test_every_form_needs_its_token(filled: Town) -> None:
    """A form of another site carries the cookie at most, never the token."""
    boss = signed_in(filled, "boss@example.org")
    for rule, path in _rules(filled, "POST"):
        if rule.endpoint == "console.sign_in":
            foreign = boss.client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
            assert 403 == foreign.status_code
            continue
        for given in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "é"}):
            assert 403 == boss.client.post(path, data=given).status_code, path


def test_another_connection_is_like_none(filled: Town) -> None:
    """Whoever has a role elsewhere gets the answer for what does not exist, word for word."""
    far = signed_in(filled, "far@elsewhere.org")
    for rule, path in _rules(filled, "GET"):
        if rule.arguments and rule.endpoint != "console.ask":
            reply = far.get(path)
            nowhere = re.sub(r"<(\w+)>", "nothing-here", rule.rule)
            assert 404 == reply.status_code, path
            assert said(far.get(nowhere)) == said(reply), path
    for rule, path in _rules(filled, "POST"):
        if rule.arguments and rule.endpoint != "console.sign_in":
            assert 404 == far.post(path, days="1").status_code, path
    assert "/api/" not in far.get("/plans/nothing").text
    for path in ("/", "/unsettled", "/access"):
        text = said(far.get(path))
        assert "shop" not in text
        assert "customers.example" not in text
        assert "scripts.org" not in text, "tokens for all connections are for admins of all"
    assert 404 == far.get("/unsettled?connection=shop").status_code


def test_a_viewer_looks_only(filled: Town) -> None:
    """A viewer sees every page of the connection and no button that changes anything."""
    viewer = signed_in(filled, "vera@example.org")
    for path in ("/connections/shop", f"/plans/{DIGEST}", f"/runs/{RUN}", f"/operations/{KEY}"):
        reply = viewer.get(path)
        forms = re.findall(r'<form[^>]*method="post" action="([^"]+)"', reply.text)
        assert (200, ["/sign-out"]) == (reply.status_code, forms), path
    refused = {
        rule.endpoint: viewer.post(path, decision="approve", reason="x", **{"as": "applied"}).status_code
        for rule, path in _rules(filled, "POST")
        if rule.endpoint not in ("console.sign_in", "console.sign_out")
    }
    assert {403} == set(refused.values()), refused
    assert 403 == viewer.get("/access").status_code


def test_an_editor_neither_approves_nor_resolves(filled: Town) -> None:
    """Approving and resolving are the approver's, links and tokens the admin's."""
    editor = signed_in(filled, "ed@example.org")
    assert "Refuse" not in said(editor.get(f"/plans/{DIGEST}"))
    assert "Your verdict" not in said(editor.get(f"/operations/{KEY}"))
    assert 403 == editor.post(f"/plans/{DIGEST}/approval", decision="approve").status_code
    resolution = {"as": "applied", "reason": "x"}
    assert 403 == editor.post(f"/operations/{KEY}/resolution", **resolution).status_code
    assert 403 == editor.post("/access/tokens", connection="shop", role="admin", days="1").status_code
    assert 403 == editor.post("/connections/shop/links", spreadsheet_id="1abc").status_code


def test_the_author_only_refuses(town: Town) -> None:
    """Whoever previewed a plan is told why somebody else has to approve it."""
    digest = save_plan(town, 3, author="cli:ann", digest=f"sha256:{'a1' * 32}")
    ann, boss = signed_in(town, "ann@example.org"), signed_in(town, "boss@example.org")
    page = ann.get(f"/plans/{digest}")
    assert "somebody else has to approve it" in said(page)
    assert "Approve 3 changes" not in page.text
    assert 409 == ann.post(f"/plans/{digest}/approval", decision="approve").status_code
    assert 400 == boss.post(f"/plans/{digest}/approval", decision="refuse", reason=" ").status_code
    done = boss.post(f"/plans/{digest}/approval", decision="refuse", reason="<b>Too much</b>")
    assert 303 == done.status_code
    page = boss.get(f"/plans/{digest}")
    assert "&lt;b&gt;Too much&lt;/b&gt;" in page.text
    assert "You refused this plan" in said(page)


def test_a_form_sent_twice_starts_one_run(town: Town) -> None:
    """A double click, or sending again after a time-out, leads to the same run."""
    editor = signed_in(town, "ed@example.org")
    first = editor.post("/connections/shop/verify", request="form-1")
    again = editor.post("/connections/shop/verify", request="form-1")
    other = editor.post("/connections/shop/verify", request="form-2")
    assert [303] * 3 == [reply.status_code for reply in (first, again, other)]
    assert first.headers["Location"] == again.headers["Location"] != other.headers["Location"]


def test_tokens_open_no_pages(town: Town) -> None:
    """A script's token, an admin's too, is for the HTTP API."""
    for path in ("/", "/access"):
        assert 401 == town.ask("GET", path, token=town.token("admin")).status_code


def test_a_token_acts_as_its_maker(town: Town) -> None:
    """An admin makes tokens in the own name only, so no second person can be made up."""
    far = signed_in(town, "far@elsewhere.org")
    made = far.post("/access/tokens", connection="far", role="admin", days="7", email="ann@example.org")
    secret = re.search(r"sst_[\w-]+", made.text)
    assert secret
    assert secret[0] not in far.get("/access").text
    seen = town.ask("GET", "/api/v1/connections", token=secret[0])
    assert seen.json is not None
    assert ["far"] == [each["connection"] for each in seen.json["connections"]]
    mine = [each for each in town.service.store.callers.tokens() if each.connection == "far"]
    assert ["far@elsewhere.org"] == [each.email for each in mine]
    for given in (
        {"connection": "shop", "role": "viewer", "days": "7"},
        {"connection": "", "role": "viewer", "days": "7"},
        {"connection": "far", "role": "owner", "days": "7"},
        {"connection": "far", "role": "viewer", "days": "0"},
        {"connection": "far", "role": "viewer", "days": "9999"},
    ):
        assert 400 == far.post("/access/tokens", **given).status_code, given
    others = signed_in(town, "boss@example.org")
    assert 303 == others.post(f"/access/tokens/{mine[0].id}/revoke").status_code
    assert 401 == town.ask("GET", "/api/v1/connections", token=secret[0]).status_code
    assert 404 == far.post(f"/access/tokens/{mine[0].id}/revoke").status_code


def test_links(town: Town) -> None:
    """An address of a spreadsheet is as good as its id; a link can be ended."""
    boss = signed_in(town, "boss@example.org")
    address = "https://docs.google.com/spreadsheets/d/1Copy_of-it/edit#gid=0"
    assert 303 == boss.post("/connections/shop/links", spreadsheet_id=address).status_code
    assert {"shop"} == town.service.store.callers.links("1Copy_of-it")
    assert "1Copy_of-it" in said(boss.get("/access"))
    assert 400 == boss.post("/connections/shop/links", spreadsheet_id="a b").status_code
    assert 303 == boss.post("/connections/shop/links/remove", spreadsheet_id="1Copy_of-it").status_code
    assert set() == town.service.store.callers.links("1Copy_of-it")
    assert 404 == boss.post("/connections/shop/links/remove", spreadsheet_id="1Copy_of-it").status_code


def _cookie(reply: TestResponse) -> str:
    return next(each for each in reply.headers.getlist("Set-Cookie") if each.startswith("sheetsync="))


@pytest.mark.parametrize(
    ("base", "secure"),
    [("http://127.0.0.1", False), ("https://console.example", True), ("http://console.example", True)],
)
def test_the_cookie(town: Town, base: str, *, secure: bool) -> None:
    """It is signed, for this service's own pages only, out of scripts' reach, and encrypted on the way."""
    secret = town.service.store.callers.make_link(
        "boss@example.org", length=timedelta(minutes=1), by="cli:test"
    )
    reply = town.client.post(f"/sign-in/{secret}", base_url=base)
    cookie = _cookie(reply)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert secure == ("Secure" in cookie)
    assert secret not in cookie


def test_a_cookie_that_is_not_ours(town: Town) -> None:
    """A changed, unsigned or ended cookie is nobody; what was signed out stays so for its copies."""
    boss = signed_in(town, "boss@example.org")
    held = boss.client.get_cookie("sheetsync")
    assert held is not None
    for forged in (held.value[:-1] + "A", held.value.partition(".")[0], "", "....", "é"):
        client = town.client
        client.set_cookie("sheetsync", forged)
        assert 401 == client.get("/").status_code, forged
    copy = town.client
    copy.set_cookie("sheetsync", held.value)
    assert 200 == copy.get("/").status_code
    assert 200 == boss.post("/sign-out").status_code
    assert 401 == copy.get("/").status_code


def test_a_link_from_elsewhere_asks_once_more(town: Town) -> None:
    """The strict cookie does not come with a link in a mail; the page then asks again by itself."""
    reply = town.client.get("/plans/x?page=2", headers={"Sec-Fetch-Site": "cross-site"})
    assert '<meta http-equiv="refresh" content="0;url=/plans/x?page=2">' in reply.text
    assert 401 == town.client.get("/plans/x?page=2", headers={"Sec-Fetch-Site": "same-origin"}).status_code


def test_policy(filled: Town) -> None:
    """Nothing inline, nothing from elsewhere, on every page; no page holds what the policy would refuse."""
    boss = signed_in(filled, "boss@example.org")
    for _, path in _rules(filled, "GET"):
        reply = boss.get(path)
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(
            r"<style|<script(?! src=)|\sstyle=|\son\w+=|javascript:|https?://", _shown(reply)
        ), path


def _shown(reply: TestResponse) -> str:
    if "text/html" not in reply.headers["Content-Type"]:
        return ""
    return reply.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "x", "/a\nb"],
)
def test_after_signing_in_nobody_is_led_elsewhere(path: str) -> None:
    """Only paths of this service are gone on to."""
    assert "/" == local(path)
    assert "/plans/x?page=2" == local("/plans/x?page=2")


def test_what_people_typed_is_text(filled: Town) -> None:
    """A search, an id and a reason are shown as they are, never as markup."""
    boss: Person = signed_in(filled, "boss@example.org")
    evil = "<img src=x onerror=alert(1)>"
    reply = boss.client.get("/connections/shop/history", query_string={"q": evil, "actor": evil})
    assert evil not in reply.text
    assert "&lt;img" in reply.text


def test_failures_are_pages_for_people(filled: Town) -> None:
    """A browser gets a page for what is not there or too large; a program gets JSON as before."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    boss = signed_in(filled, "boss@example.org")
    for client in (boss.client, filled.client):
        reply = client.get("/no/such/page", headers=browser)
        assert (404, True) == (reply.status_code, "That did not work" in reply.text)
        assert "openapi" not in reply.text
        assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
    large = boss.client.post("/access/tokens", data={"csrf": "x" * 3_000_000}, headers=browser)
    assert (413, "text/html; charset=utf-8") == (large.status_code, large.headers["Content-Type"])
    assert 405 == boss.client.delete("/unsettled", headers=browser).status_code
    for reply in (boss.get("/no/such/page"), boss.get("/api/v1/none", Accept="text/html")):
        assert reply.json is not None
        assert "not_found" == reply.json["error"]["code"]


def test_several_units_and_all_kinds_of_evidence(filled: Town) -> None:
    """Each unit has its change; each kind of evidence is told in words."""
    keys = fill_units(filled)
    boss = signed_in(filled, "boss@example.org")
    pages = [said(boss.get(f"/operations/{key}")) for key in keys]
    for page in pages:
        assert "Promo EUR 1.00 → to 3.50" in page
        assert "Bonus 0 → to 5" in page
    assert "Evidence transaction 18231" in pages[0]
    assert "before Bonus 0, Promo EUR 1.00 · expected Bonus 5, Promo EUR 3.50 · now" in pages[1]
    assert "Evidence ann@example.org: “I saw it”" in pages[2]
    listed = said(boss.get("/connections/shop/history?q=TWOUNITS"))
    assert "3 operations" in listed
    assert "Bonus 0 → to 5" in listed


def test_nobody_is_charged_unasked(town: Town) -> None:
    """A plan that charges customers says whom and what, and is pushed only with a person's consent to it."""
    digest = save_plan(town, 80, digest=f"sha256:{'c4' * 32}", charges=80)
    editor = signed_in(town, "ed@example.org")
    page = editor.get(f"/plans/{digest}")
    assert 50 == page.text.count("19.99 EUR"), "a bounded list"
    assert "It charges 80 customers" in said(page)
    assert "And 30 more" in said(page)
    assert re.search(r'<input type="checkbox" name="agree" value="yes" required>', page.text)
    refused = editor.post(f"/plans/{digest}/push")
    assert (409, True) == (refused.status_code, "charges customers" in said(refused))
    assert 303 == editor.post(f"/plans/{digest}/push", agree="yes").status_code
