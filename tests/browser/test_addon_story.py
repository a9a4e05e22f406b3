"""The whole story with every real part: credit system, service, spreadsheet, add-on, sidebar in a browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.appsscript.office import SERVICE, Office, open_office
from tests.browser.conftest import OpenTab
from tests.browser.kit import TIMEOUT_MS, Tab

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture
def story(tabs: OpenTab, tmp_path: Path) -> Iterator[tuple[Office, Tab]]:
    """Open an office with a new spreadsheet that is not connected yet, and the spreadsheet's page."""
    with open_office(tmp_path, set_up=False) as office, tabs(width=1200, height=760) as tab:
        office.addon.run("onOpen", {"authMode": "LIMITED"}, authMode="LIMITED")
        tab.page.goto(office.addon.address)
        yield office, tab


def test_from_the_first_setting_to_the_undo(story: tuple[Office, Tab]) -> None:
    """A new spreadsheet is connected, pulled, edited, pushed and undone; the ledger agrees."""
    office, tab = story
    office.addon.run("openSidebar")
    sidebar = tab.page.frame_locator("iframe[name=sidebar]")

    def press(name: str) -> None:
        sidebar.get_by_role("button", name=name).first.click()

    def sees(title: str) -> None:
        expect(sidebar.get_by_role("heading", name=title)).to_be_visible()

    def field(name: str) -> Locator:
        return sidebar.get_by_label(name)

    # the first setting
    field("Address of the service").fill(SERVICE)
    field("Connection").fill("shop")
    press("Save")
    sees("What next?")
    # pull
    press("Pull users and credits")
    sees("Pull is done")
    assert 10 == len(office.people.raw_cells()) - 1
    before = {each: int(str(office.people.cell(each, "Credits"))) for each in ("1", "2", "3")}
    # edit, preview, look at the row that needs attention
    office.addon.control(select={"tab": "Credits", "ranges": ["A1"]})
    office.edit("1", Action="Add", Amount=25, Reason="Goodwill")
    office.edit("2", Action="Reset", Amount=7)
    office.edit("3", Action="Add", Amount="1,500")
    press("Done")
    press("Preview changes")
    sees("Preview")
    sidebar.get_by_role("button", name="Invalid").click()
    expect(sidebar.locator("body")).to_contain_text("can be read as 1500 or as 1.5")
    # push, behind a confirmation with numbers
    press("Push 2 changes…")
    sidebar.get_by_role("dialog").get_by_role("button", name="Push 2 changes").click()
    sees("Push is done")
    assert ["Confirmed", "Confirmed"] == [office.people.cell(each, "Status") for each in ("1", "2")]
    assert [before["1"] + 25, 7] == [office.people.cell(each, "Credits") for each in ("1", "2")]
    assert {"1": before["1"] + 25, "2": 7} == {each: office.balance(each) for each in ("1", "2")}
    assert ["3"] == office.addon.call("sidebarSelection")["account_ids"]
    # close and open: it is still known; then undo from the menu's plain entry
    office.addon.run("openSidebar")
    sees("What next?")
    office.plain()
    office.addon.run("undoPush", answers=[{"button": "OK", "text": "1"}, "YES"])
    assert before["1"] == office.balance("1")
    assert before["2"] == office.balance("2")
    # the ledger holds all of it, unbroken
    found = json.loads(office.command("ledger", "check", "--json"))
    assert ("ok", "ok") == (found["chain"], found["sums"])
