"""The functions that the sidebar calls: context, requests and their end, rows, memory, the first setting."""

from typing import Any

import pytest

from tests.appsscript.office import CLERK, SERVICE, Office, ScriptError

PATH = "/api/v1/connections/shop"


def test_context_without_network(shop: Office) -> None:
    """It names connection, console, spreadsheet, tab, client id and person, and asks nobody."""
    found = shop.addon.call("sidebarContext")
    assert "shop" == found["connection"]
    assert f"{SERVICE}/" == found["console_url"]
    assert shop.google.spreadsheet_id == found["spreadsheet_id"]
    assert "Credits" == found["tab"]
    assert "sheet.apps.googleusercontent.com" == found["client_id"]
    assert CLERK == found["email"]
    assert [] == shop.addon.state["fetches"]


def test_a_request_carries_who_where_and_what(shop: Office) -> None:
    """Identity, spreadsheet, request id; a key only where something is to be done once."""
    read = shop.addon.ask("GET", PATH)
    assert read["ok"]
    assert read["body"]["role"] == "editor"
    wrote = shop.addon.ask("POST", f"{PATH}/verifications", key="k-1", body={})
    assert (True, 202, "k-1") == (wrote["ok"], wrote["status"], wrote["key"])
    first, second = shop.addon.state["fetches"]
    assert shop.google.spreadsheet_id == first["headers"]["X-Sheetsync-Spreadsheet"]
    assert first["headers"]["Authorization"].startswith("Bearer ey")
    assert read["request_id"] == first["headers"]["X-Request-Id"]
    assert "Idempotency-Key" not in first["headers"]
    assert "k-1" == second["headers"]["Idempotency-Key"]


def test_the_same_key_is_done_once(shop: Office) -> None:
    """A time-out after the request arrived, and the repeat with the same key: one run."""
    shop.addon.control(faults=[{"kind": "timeout", "after": True}])
    lost = shop.addon.ask("POST", f"{PATH}/verifications", key="once", body={})
    assert (False, "timeout", 0, "once") == (lost["ok"], lost["kind"], lost["status"], lost["key"])
    assert "may have done" in lost["error"]["message"]
    again = shop.addon.ask("POST", f"{PATH}/verifications", key="once", body={})
    third = shop.addon.ask("POST", f"{PATH}/verifications", key="once", body={})
    assert again["body"]["run"] == third["body"]["run"]


def test_the_cell_typed_last_is_read(shop: Office) -> None:
    """What is still on its way to Google is there when the service reads the tab; a GET does not wait."""
    shop.addon.control(typed=[{"range": f"Credits!{_cell(shop, 'Action')}", "value": "Add"}])
    shop.addon.ask("GET", PATH)
    assert shop.people.cell("8", "Action") is None
    shop.addon.control(typed=[{"range": f"Credits!{_cell(shop, 'Amount')}", "value": "5"}])
    plan = shop.addon.ask("POST", f"{PATH}/plans", body={"scope": "selected", "account_ids": ["8"]})
    assert [("8", "edited")] == [(row["account_id"], row["status"]) for row in plan["body"]["plan"]["rows"]]
    shop.clear_edits()


def _cell(office: Office, header: str) -> str:
    return f"{chr(65 + office.people.column(header))}{office.people.row('8')}"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("timeout", "timeout", "took too long"),
        ("unreachable", "unreachable", "cannot be reached"),
        ("dns", "unreachable", "cannot be reached"),
    ],
)
def test_no_answer_is_not_a_refusal(shop: Office, fault: str, kind: str, words: str) -> None:
    """Google's failures are told apart, with what to do."""
    shop.addon.control(faults=[{"kind": fault}])
    reply = shop.addon.ask("GET", PATH)
    assert (False, kind) == (reply["ok"], reply["kind"])
    assert words in reply["error"]["message"]
    assert reply["error"]["hint"]
    assert reply["request_id"]


def test_a_refusal_keeps_the_services_words(shop: Office) -> None:
    """Code, message, hint, details and request id travel."""
    reply = shop.addon.ask("POST", f"{PATH}/pushes", body={"plan": "sha256:none"})
    assert (False, "refused", "stale_plan") == (reply["ok"], reply["kind"], reply["error"]["code"])
    assert reply["request_id"] == reply["error"]["details"]["request_id"]


def test_the_daily_quota_is_told(shop: Office) -> None:
    """Google's own limit is named, and the way round it."""
    shop.addon.control(fetchesLeft=0)
    reply = shop.addon.ask("GET", PATH)
    assert ("unreachable", "google_quota") == (reply["kind"], reply["error"]["code"])


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "GET", "path": "https://evil.example/api/v1/"},
        {"method": "GET", "path": "/api/v1/../metrics"},
        {"method": "GET", "path": "/api/v1/%2e%2e/metrics"},
        {"method": "GET", "path": "/api/v1//x"},
        {"method": "GET", "path": "/api/v1/x?y=1"},
        {"method": "GET", "path": "/metrics"},
        {"method": "PUT", "path": PATH},
        {"method": "GET", "path": PATH, "query": {"account_id": "9" * 2001}},
    ],
)
def test_what_is_never_asked(shop: Office, request_: dict[str, Any]) -> None:
    """Only the service's own paths, methods and lengths; nothing leaves, so no token does."""
    reply = shop.addon.call("sidebarCall", request_)
    assert (False, "refused", "usage") == (reply["ok"], reply["kind"], reply["error"]["code"])
    assert [] == shop.addon.state["fetches"]


def test_selection_leaves_hidden_rows_out(shop: Office) -> None:
    """Ids as they are shown, each once, in order; hidden rows are counted; the header is none."""
    shop.people.hide_row("3")
    shop.addon.control(select={"tab": "Credits", "ranges": ["B4:B6", "A1:C4"]})
    found = shop.addon.call("sidebarSelection")
    assert {"account_ids": ["1", "2", "4", "5"], "rows": [2, 3, 5, 6], "hidden": 1, "too_many": 0} == found
    shop.addon.control(select={"tab": "Credits", "ranges": ["A1:Z2000"]})
    assert 0 == shop.addon.call("sidebarSelection")["too_many"]
    shop.addon.control(select={"tab": "Sheet1", "ranges": ["A1:C4"]})
    assert [] == shop.addon.call("sidebarSelection")["account_ids"]


def test_going_to_a_row(shop: Office) -> None:
    """The user's row is selected, also from another tab; somebody unknown moves nothing."""
    shop.addon.control(select={"tab": "Sheet1", "ranges": ["A1"]})
    assert shop.addon.call("sidebarGoTo", "7") is True
    assert ["7"] == shop.addon.call("sidebarSelection")["account_ids"]
    assert shop.addon.call("sidebarGoTo", "nobody") is False
    assert ["7"] == shop.addon.call("sidebarSelection")["account_ids"]


def test_memory(shop: Office) -> None:
    """Facts stay beside one another until null; another person has their own; too much is refused."""
    shop.addon.call("sidebarRemember", {"run": {"run": "r", "kind": "push"}})
    shop.addon.call("sidebarRemember", {"plan": {"digest": "d", "expires_at": "t"}})
    assert {"run", "plan"} == set(shop.addon.call("sidebarRecall"))
    assert {"plan"} == set(shop.addon.call("sidebarRemember", {"run": None}))
    shop.addon.control(user="vic@example.org")
    assert {} == shop.addon.call("sidebarRecall")
    with pytest.raises(ScriptError, match="too much"):
        shop.addon.call("sidebarRemember", {"asked": {"text": "x" * 4000}})


@pytest.mark.parametrize(
    ("url", "connection", "words"),
    [
        ("http://sheetsync.example", "shop", "https://"),
        ("https://user@sheetsync.example", "shop", "not the address"),
        ("https://sheetsync.example/?x", "shop", "not the address"),
        ("sheetsync.example", "shop", "not the address"),
        ("http://localhost.evil.example", "shop", "https://"),
        (SERVICE, "", "not the name"),
        (SERVICE, "a/b", "not the name"),
    ],
)
def test_set_up_refuses(shop: Office, url: str, connection: str, words: str) -> None:
    """A wrong address or name is told, and the old setting stays."""
    found = shop.addon.call("sidebarSetUp", {"service_url": url, "connection": connection})
    assert words in found["error"]["message"]
    assert SERVICE == shop.addon.call("sidebarContext")["service_url"]


def test_set_up_takes_loopback_and_slashes(shop: Office) -> None:
    """A slash at the end and capital letters are no problem; plain http is, except on this machine."""
    for url, kept in (
        (f"{SERVICE.upper()}/", SERVICE),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (SERVICE, SERVICE),
    ):
        assert {"ok": True} == shop.addon.call("sidebarSetUp", {"service_url": url, "connection": "shop"})
        assert kept == shop.addon.call("sidebarContext")["service_url"]
