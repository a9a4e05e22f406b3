"""What people do around the add-on: laptops close, spreadsheets are copied, buttons are pressed twice."""

import pytest

from tests.appsscript.office import SERVICE, Office, ScriptError, open_addon


@pytest.fixture
def desk(shop: Office) -> Office:
    """The office with no edit in the tab."""
    shop.clear_edits()
    return shop


def test_a_closed_laptop(desk: Office) -> None:
    """The push began, then nothing reached anybody: the service does it, and the sidebar finds it."""
    before = int(str(desk.people.cell("1", "Credits")))
    desk.edit("1", Action="Add", Amount=3, Reason="Goodwill")
    desk.plain()
    desk.addon.control(faults=[None, None, *[{"kind": "unreachable"}] * 3])
    desk.addon.run("pushChanges", answers=["YES", "OK"])
    assert "The service cannot be reached from Google." == desk.addon.state["asked"][-1]["title"]
    run = desk.addon.call("sidebarRecall")["run"]
    assert "push" == run["kind"]
    assert {"confirmed": 1}.items() <= desk.end_of(run["run"])["counts"].items()
    assert before + 3 == desk.balance("1")


def test_an_execution_that_google_ends(desk: Office) -> None:
    """Six minutes are over right after the push began: it is remembered, goes on, and is not sent again."""
    before = int(str(desk.people.cell("2", "Credits")))
    desk.edit("2", Action="Add", Amount=3, Reason="Goodwill")
    desk.plain()
    desk.addon.control(executionMs=900)
    with pytest.raises(ScriptError, match="maximum execution time"):
        desk.addon.run("pushChanges", answers=["YES"])
    desk.addon.control(executionMs=360_000)
    desk.end_of(desk.addon.call("sidebarRecall")["run"]["run"])
    desk.addon.run("pushChanges", answers=["OK"])
    assert "There is nothing to push" == desk.addon.state["asked"][-1]["title"]
    assert before + 3 == desk.balance("2")


def test_a_copy_of_the_spreadsheet(desk: Office) -> None:
    """A copy knows no service; set up by hand it is refused with what to do; nothing is sent."""
    copy = desk.google.new()
    copy.put("Sheet1!A1", desk.people.raw_cells())
    writes = desk.balance("3")
    with open_addon(copy, desk.identity, desk.service) as addon:
        unknown = addon.ask("GET", "/api/v1/connections")
        assert ("not_set_up", "not_set_up") == (unknown["kind"], unknown["error"]["code"])
        addon.run("pushChanges", answers=[{"button": "CANCEL"}])
        assert addon.state["asked"][-1]["title"] == "Where is the service?"
        assert addon.state["fetches"] == []
        addon.call("sidebarSetUp", {"service_url": SERVICE, "connection": "shop"})
        refused = addon.ask("POST", "/api/v1/connections/shop/plans", body={"scope": "all"})
        assert ("refused", "not_linked") == (refused["kind"], refused["error"]["code"])
        assert "It may be a copy." in refused["error"]["hint"]
        addon.run("pushChanges", answers=["OK"])
        assert "is not linked to a connection" in addon.state["asked"][-1]["title"]
    assert writes == desk.balance("3")


def test_two_dialogs_and_both_are_pressed(desk: Office) -> None:
    """The same changes agreed to in two windows are sent once."""
    before = int(str(desk.people.cell("4", "Credits")))
    desk.edit("4", Action="Add", Amount=3, Reason="Goodwill")
    answers = []
    for key in ("window-1", "window-2"):
        desk.addon.run("pushChanges")
        plan = desk.addon.ask("POST", "/api/v1/connections/shop/plans", body={"scope": "visible"})
        digest = plan["body"]["plan"]["digest"]
        answers.append({"act": "push", "given": {"digest": digest}, "key": key, "email": "ed@example.org"})
    found = [desk.addon.call("dialogConfirmed", answer) for answer in answers]
    assert found[0] == {"ok": True}
    desk.end_of(desk.addon.call("sidebarRecall")["run"]["run"])
    assert before + 3 == desk.balance("4")


def test_a_viewer_looks_and_no_more(desk: Office) -> None:
    """Who may only look is told which role is missing; the tab's statuses stay as they are."""
    desk.edit("5", Action="Add", Amount=3, Reason="Goodwill")
    desk.addon.control(user="vic@example.org")
    reply = desk.addon.ask("POST", "/api/v1/connections/shop/plans", body={"scope": "all"})
    assert ("refused", "forbidden") == (reply["kind"], reply["error"]["code"])
    assert "needs the role editor" in reply["error"]["message"]
    assert desk.addon.ask("GET", "/api/v1/connections/shop")["ok"]


def test_a_stranger_learns_nothing(desk: Office) -> None:
    """Somebody without a role gets the answer of what does not exist."""
    desk.addon.control(user="stranger@elsewhere.example")
    reply = desk.addon.ask("GET", "/api/v1/connections/shop")
    assert ("refused", 404) == (reply["kind"], reply["status"])


def test_hidden_rows_are_counted_aloud(desk: Office) -> None:
    """A row that the person cannot see is left out of the push, and the question says so."""
    desk.plain()
    desk.edit("6", Action="Add", Amount=3, Reason="Goodwill")
    desk.edit("7", Action="Add", Amount=3, Reason="Goodwill")
    desk.people.hide_row("7")
    desk.addon.run("pushChanges", answers=["NO"])
    text = desk.addon.state["asked"][-1]["text"]
    assert "Push 1 change: +3 credits" in text
    assert "1 changed row hidden by your filter: left out." in text


def test_a_push_of_any_size_takes_a_handful_of_fetches(desk: Office) -> None:
    """Ten rows or one: a preview, a push, and a look now and then."""
    for account_id in range(1, 11):
        desk.edit(str(account_id), Action="Add", Amount=1, Reason="Goodwill")
    desk.plain()
    desk.addon.control(forget=True)
    desk.addon.run("pushChanges", answers=["YES", "OK"])
    assert len(desk.addon.state["fetches"]) <= 9
