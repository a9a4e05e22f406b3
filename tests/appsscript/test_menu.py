"""The menu's entries, from the menu alone: plain questions, as with several Google accounts open."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.appsscript.office import CLERK, Office, ScriptError

ENTRIES = [
    "Open sidebar", "Pull users and credits", "Refresh selected rows", "Set action for edited rows…",
    "Preview changes", "Push changes…", "Push selected rows…", "Verify", "Undo a push…", "Import CSV…",
    "History", "Set up…", "Help and about",
]  # fmt: skip


@pytest.fixture
def desk(shop: Office) -> Iterator[Office]:
    """The office of a person who gets plain questions, with no edit in the tab."""
    shop.clear_edits()
    shop.plain()
    yield shop
    shop.clear_edits()


def asked(office: Office) -> list[dict[str, Any]]:
    """Return the questions so far."""
    found: list[dict[str, Any]] = office.addon.state["asked"]
    return found


@pytest.mark.parametrize("mode", ["NONE", "LIMITED", "FULL"])
@pytest.mark.parametrize("event", ["onOpen", "onInstall"])
def test_menu_without_permission(shop: Office, event: str, mode: str) -> None:
    """The menu is there before anybody allowed anything, under Credits and under Extensions."""
    shop.addon.run(event, {"authMode": mode}, authMode=mode)
    menus = shop.addon.state["menus"]
    assert ["", "Credits"] == [menu["caption"] for menu in menus]
    for menu in menus:
        assert ENTRIES == [item["title"] for item in menu["items"] if "title" in item]
        assert all(re.fullmatch(r"\w*[a-z]", item["name"]) for item in menu["items"] if "name" in item)


def test_pull_and_refresh(desk: Office) -> None:
    """A toast says how many; selected rows are read anew and no others."""
    desk.addon.run("pullUsers")
    assert "10 users pulled." == desk.addon.state["toasts"][-1]["message"]
    desk.addon.control(select={"tab": "Credits", "ranges": ["B2:C3"]})
    desk.addon.run("refreshSelectedRows")
    toasts = [toast["message"] for toast in desk.addon.state["toasts"]]
    assert "Refreshing 2 rows …" in toasts
    assert "2 users pulled." == toasts[-1]
    assert [] == asked(desk)


def test_selection_that_means_nobody(desk: Office) -> None:
    """The header row alone is no selection; the sentence says what to select."""
    desk.addon.run("refreshSelectedRows", answers=["OK"])
    assert "No row with a user is selected" == asked(desk)[-1]["title"]
    assert [] == desk.addon.state["fetches"]


def test_push_previews_and_asks_with_numbers(desk: Office) -> None:
    """The question holds the totals; No sends nothing; Yes sends it, and the tab and the customer have it."""
    before = {row: desk.people.cell(row, "Credits") for row in ("1", "2")}
    desk.edit("1", Action="Add", Amount=950, Reason="Goodwill")
    desk.edit("2", Action="Reset", Amount=4)
    desk.edit("3", Action="Add", Amount="much")
    desk.addon.run("previewChanges", answers=["OK"])
    shown = asked(desk)[-1]
    assert shown["title"].startswith("2 changes: +9")
    assert shown["title"].endswith("credits, 1 reset")
    assert "shop · SANDBOX" in shown["text"]
    assert "Row 4, user 3: Invalid." in shown["text"]
    desk.edit("1", Amount=50)
    desk.addon.run("pushChanges", answers=["NO"])
    assert "Push 2 changes?" == asked(desk)[-1]["title"]
    assert f"Push 2 changes: +{50 + max(0, 4 - int(str(before['2'])))}" in asked(desk)[-1]["text"]
    assert before == {row: desk.people.cell(row, "Credits") for row in ("1", "2")}
    desk.addon.run("pushChanges", answers=["YES"])
    assert "Push 2 changes: 2 confirmed." == desk.addon.state["toasts"][-1]["message"]
    assert [int(str(before["1"])) + 50, 4] == [desk.people.cell(row, "Credits") for row in ("1", "2")]
    assert ["Confirmed", "Confirmed", "Invalid"] == [
        desk.people.cell(row, "Status") for row in ("1", "2", "3")
    ]
    posts = [each for each in desk.addon.state["fetches"] if each["method"] == "POST"]
    assert 4 == len(posts)


def test_push_that_needs_a_second_person(desk: Office) -> None:
    """Over the limit nothing is sent; an approver agrees to exactly that plan, and the entry pushes it."""
    before = int(str(desk.people.cell("9", "Credits")))
    desk.edit("9", Action="Add", Amount=1250, Reason="Goodwill")
    desk.addon.run("pushChanges", answers=["OK"])
    assert "A second person has to approve 1 change: +1,250 credits" == asked(desk)[-1]["title"]
    assert before == desk.people.cell("9", "Credits")
    digest = desk.addon.state["fetches"][-1]["url"].rpartition("/")[2].replace("%3A", ":")
    refused = desk.addon.ask("POST", f"/api/v1/plans/{digest}/approval", body={"approve": True})
    assert ("refused", "forbidden") == (refused["kind"], refused["error"]["code"])
    desk.approve(digest)
    desk.addon.run("pushChanges", answers=["YES"])
    assert "Approved by ann@example.org." in asked(desk)[-1]["text"]
    assert before + 1250 == desk.people.cell("9", "Credits")


def test_push_of_selected_rows(desk: Office) -> None:
    """Only the selected rows go, and nothing is asked where nothing is to be pushed."""
    desk.edit("4", Action="Add", Amount=1, Reason="Goodwill")
    desk.edit("5", Action="Add", Amount=1, Reason="Goodwill")
    desk.addon.control(select={"tab": "Credits", "ranges": ["A5"]})
    desk.addon.run("pushSelectedRows", answers=["YES"])
    assert ["Confirmed", None] == [desk.people.cell(row, "Status") for row in ("4", "5")]
    desk.addon.run("pushSelectedRows", answers=["OK"])
    assert "There is nothing to push" == asked(desk)[-1]["title"]


def test_undo(desk: Office) -> None:
    """A push is chosen by its number and taken back, once its totals were agreed to."""
    before = desk.people.cell("6", "Credits")
    desk.edit("6", Action="Add", Amount=7, Reason="Goodwill")
    desk.addon.run("pushChanges", answers=["YES"])
    assert int(str(before)) + 7 == desk.people.cell("6", "Credits")
    wrong = [{"button": "OK", "text": "77"}, "OK"]
    desk.addon.run("undoPush", answers=wrong)
    assert "“77” is not one of the numbers" == asked(desk)[-1]["title"]
    desk.addon.run("undoPush", answers=[{"button": "OK", "text": "1"}, "YES"])
    assert "Undo 1 change: −7 credits" in asked(desk)[-1]["text"]
    desk.addon.run("pullUsers")
    assert before == desk.people.cell("6", "Credits")


def test_set_action(desk: Office) -> None:
    """Rows with an amount and no action get one, after a yes to their number; other words are refused."""
    desk.edit("7", Amount=3)
    typed = [{"button": "OK", "text": "Double"}, "OK"]
    desk.addon.run("setAction", answers=typed)
    assert "“Double” is not an action" == asked(desk)[-1]["title"]
    typed = [{"button": "OK", "text": "add"}, {"button": "OK", "text": "Goodwill"}, "YES"]
    desk.addon.run("setAction", answers=typed)
    assert "Set Add in 1 row?" == asked(desk)[-1]["title"]
    assert "+3 credits" in asked(desk)[-1]["text"]
    assert ["Add", "Goodwill"] == [desk.people.cell("7", header) for header in ("Action", "Reason")]


def test_verify_and_history(desk: Office) -> None:
    """Verify says that nothing is open; History shows runs, or the changes of the selected user."""
    desk.addon.run("verifyChanges")
    assert "Verified: nothing to do." == desk.addon.state["toasts"][-1]["message"]
    desk.addon.run("showHistory", answers=["OK"])
    assert "The last runs" == asked(desk)[-1]["title"]
    assert "verify by ed@example.org" in asked(desk)[-1]["text"]
    desk.addon.control(select={"tab": "Credits", "ranges": ["A2"]})
    desk.addon.run("showHistory", answers=["OK"])
    assert "The last changes of user 1" == asked(desk)[-1]["title"]


def test_help_before_any_call(desk: Office) -> None:
    """Help shows the client id, ready to paste, and asks the service nothing."""
    desk.addon.run("showHelp", answers=["OK"])
    assert "sheet.apps.googleusercontent.com" in asked(desk)[-1]["text"]
    assert "private window" in asked(desk)[-1]["text"]
    assert [] == desk.addon.state["fetches"]


def test_set_up_by_questions(desk: Office) -> None:
    """The address has to be https; the right one is tried at once; an empty answer keeps what was there."""
    desk.addon.run(
        "setUp",
        answers=[{"button": "OK", "text": "http://x.example"}, {"button": "OK", "text": "shop"}, "OK"],
    )
    assert "must start with https://" in asked(desk)[-1]["title"]
    desk.addon.run("setUp", answers=[{"button": "CANCEL"}])
    desk.addon.run("setUp", answers=[{"button": "OK", "text": ""}, {"button": "OK", "text": ""}, "OK"])
    assert "It works" == asked(desk)[-1]["title"]
    assert f"You are {CLERK}, editor." in asked(desk)[-1]["text"]


def test_trouble_is_told_with_what_to_do(desk: Office) -> None:
    """A service that cannot be reached is told in words, after bounded tries with one key."""
    desk.addon.control(faults=[{"kind": "unreachable"}] * 3)
    desk.addon.run("verifyChanges", answers=["OK"])
    assert "The service cannot be reached from Google." == asked(desk)[-1]["title"]
    assert "Request " in asked(desk)[-1]["text"]
    fetches = desk.addon.state["fetches"]
    assert 3 == len(fetches)
    assert 1 == len({each["headers"]["Idempotency-Key"] for each in fetches})


def test_private_functions_stay_private(desk: Office) -> None:
    """A page cannot call what ends in an underscore."""
    with pytest.raises(ScriptError):
        desk.addon.call("ask_", "GET", "connections")
