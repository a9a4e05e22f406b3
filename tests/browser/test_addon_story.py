"""The whole story with every real part: credit system, service, spreadsheet, add-on, sidebar in a browser."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, expect

from tests.appsscript.office import SERVICE, Office, open_office
from tests.browser.conftest import OpenTab
from tests.browser.kit import TIMEOUT_MS, Tab

expect.set_options(timeout=3 * TIMEOUT_MS)  # a push on a busy machine, and growing pauses between looks


@dataclass
class Story:
    """A spreadsheet with its sidebar, and everything behind it."""

    office: Office
    tab: Tab

    @property
    def sidebar(self) -> FrameLocator:
        """The sidebar's page."""
        return self.tab.page.frame_locator("iframe[name=sidebar]")

    def press(self, name: str) -> None:
        """Press a button of the sidebar."""
        self.sidebar.get_by_role("button", name=name).first.click()

    def agree(self, name: str) -> None:
        """Press the button of its question."""
        self.sidebar.get_by_role("dialog").get_by_role("button", name=name).click()

    def sees(self, title: str) -> None:
        """Wait for a view of the sidebar."""
        expect(self.sidebar.get_by_role("heading", name=title)).to_be_visible()

    def shown(self, header: str, *account_ids: str) -> list[object]:
        """Return cells of the tab."""
        return [self.office.people.cell(each, header) for each in account_ids]


@pytest.fixture
def story(tabs: OpenTab, tmp_path: Path) -> Iterator[Story]:
    """Open an office with a new spreadsheet that is not connected yet, and the spreadsheet's page."""
    with open_office(tmp_path, set_up=False) as office, tabs(width=1200, height=760) as tab:
        office.addon.run("onOpen", {"authMode": "LIMITED"}, authMode="LIMITED")
        tab.page.goto(office.addon.address)
        yield Story(office, tab)


def test_from_the_first_setting_to_the_undo(story: Story) -> None:
    """A new spreadsheet is connected, pulled, edited, pushed, proven, undone; the ledger agrees."""
    office = story.office
    office.addon.run("openSidebar")
    _connect_and_pull(story)
    before = {each: office.balance(each) for each in ("1", "2", "4")}
    _push_what_is_right(story, before)
    _lose_an_answer(story, before["4"])
    _close_and_undo(story, before)
    found = json.loads(office.command("ledger", "check", "--json"))
    assert ("ok", "ok") == (found["chain"], found["sums"])


def _connect_and_pull(story: Story) -> None:
    """The first setting is refused where it is wrong, and kept where it is right."""
    story.sidebar.get_by_label("Address of the service").fill("http://sheetsync.example")
    story.sidebar.get_by_label("Connection").fill("shop")
    story.press("Save")
    expect(story.sidebar.get_by_role("alert")).to_contain_text("must start with https://")
    story.sidebar.get_by_label("Address of the service").fill(SERVICE)
    story.press("Save")
    story.sees("What next?")
    story.press("Pull users and credits")
    story.sees("Pull is done")
    assert 10 == len(story.office.people.raw_cells()) - 1
    story.press("Done")


def _push_what_is_right(story: Story, before: dict[str, int]) -> None:
    """What is right goes, behind a question with numbers; a click on what is not selects its row."""
    office = story.office
    office.edit("1", Action="Add", Amount=25, Reason="Goodwill")
    office.edit("2", Action="Reset", Amount=7)
    office.edit("3", Action="Add", Amount="1,500")
    story.press("Preview changes")
    story.sees("Preview")
    story.sidebar.get_by_role("button", name="Invalid").click()
    expect(story.sidebar.locator("body")).to_contain_text("The row of user 3 is selected.")
    expect(story.sidebar.locator("body")).to_contain_text("can be read as 1500 or as 1.5")
    story.press("Push 2 changes…")
    story.agree("Push 2 changes")
    story.sees("Push is done")
    assert ["Confirmed", "Confirmed", "Invalid"] == story.shown("Status", "1", "2", "3")
    assert [before["1"] + 25, 7] == story.shown("Credits", "1", "2")
    assert [before["1"] + 25, 7] == [office.balance(each) for each in ("1", "2")]
    assert ["3"] == office.addon.call("sidebarSelection")["account_ids"]
    story.press("Done")


def _lose_an_answer(story: Story, before: int) -> None:
    """The credit system's answer is lost: the change is proven by a re-read, and is there once."""
    office = story.office
    office.sandbox.faults.script("drop_after", on="write", account="4")
    office.edit("4", Action="Add", Amount=9, Reason="Goodwill")
    story.press("Preview changes")
    story.press("Push 1 change…")
    story.agree("Push 1 change")
    story.sees("Push is done")
    office.wait_for("4", "Confirmed")  # at once, or by the service's own verify a little later
    assert before + 9 == office.balance("4")
    story.press("Done")
    story.sees("What next?")


def _close_and_undo(story: Story, before: dict[str, int]) -> None:
    """Both pushes are taken back from the menu alone, the newest first."""
    office = story.office
    office.plain()
    for number in ("1", "2"):
        office.addon.run("undoPush", answers=[{"button": "OK", "text": number}, "YES"])
    assert before == {each: office.balance(each) for each in before}
