"""The sidebar where it lives: in a spreadsheet, run by the add-on's own script, before the real service."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.appsscript.office import Office, open_office
from tests.browser.conftest import OpenTab
from tests.browser.kit import Tab, picture

SIZE = {"width": 300, "height": 640}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Open an office with a service, a spreadsheet and the add-on in it."""
    with open_office(tmp_path_factory.mktemp("office")) as office:
        office.pull()
        yield office


@pytest.fixture
def shop(office: Office) -> Iterator[Office]:
    """The same office as if nobody had done anything with the add-on yet."""
    office.fresh()
    yield office
    office.fresh()


class Sidebar:
    """The sidebar of a spreadsheet's page.

    Args:
        office: whose spreadsheet.
        tab: a window.
    """

    def __init__(self, office: Office, tab: Tab) -> None:
        self.office, self.tab, self.page = office, tab, tab.page
        self.open()

    def open(self) -> None:
        """Open it from the menu, as after it was closed."""
        self.office.addon.run("openSidebar")
        self.page.goto(f"{self.office.addon.address}/frame/sidebar")

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=isinstance(name, str)).click()

    def step(self, name: str) -> None:
        """Press one of the numbered steps."""
        self.page.get_by_role("listitem").get_by_role("button", name=name).click()

    def sees(self, title: str) -> None:
        """Wait for a view by its title."""
        expect(self.page.get_by_role("heading", level=2, name=title)).to_be_visible()

    def reads(self, text: str) -> None:
        """Wait for words in the view."""
        expect(self.page.locator("main")).to_contain_text(text)


def test_the_whole_story(shop: Office, tabs: OpenTab) -> None:
    """Pull, edit, preview, click, push, undo: credit system, service, spreadsheet and add-on agree."""
    with tabs(**SIZE) as tab:
        sidebar = Sidebar(shop, tab)
        sidebar.sees("What next?")
        expect(tab.page.locator("header")).to_contain_text("ed@example.org, editor")
        sidebar.step("Pull users and credits")
        sidebar.sees("Pull is done")
        sidebar.press("Done")
        before = shop.balance("4")
        shop.edit("4", Action="Add", Amount=25, Reason="Goodwill")
        shop.edit("5", Action="Add", Amount="1,500")
        sidebar.step("Preview changes")
        sidebar.reads("Needs attention (1)")
        tab.check_accessibility()
        sidebar.press(re.compile("Invalid"))
        expect(tab.page.get_by_role("status")).to_contain_text("The row of user 5 is selected.")
        assert shop.addon.call("sidebarSelection")["account_ids"] == ["5"]
        sidebar.press("Push 1 change…")
        sidebar.press("Push 1 change")
        sidebar.sees("Push is done")
        sidebar.reads("1 Confirmed")
        assert before + 25 == shop.balance("4")
        assert "Confirmed" == shop.people.cell("4", "Status")
        sidebar.press("Undo…")
        sidebar.sees("Take it back")
        sidebar.press("Push 1 change…")
        sidebar.press("Push 1 change")
        sidebar.sees("Undo is done")
        assert before == shop.balance("4")
        shop.clear_edits()


def test_reopened_while_a_push_runs(shop: Office, tabs: OpenTab) -> None:
    """The answer to the push got lost: the person is asked, and asking again finds it."""
    shop.pull()
    before = shop.balance("6")
    shop.edit("6", Action="Add", Amount=7, Reason="Goodwill")
    with tabs(**SIZE) as tab:
        sidebar = Sidebar(shop, tab)
        sidebar.step("Preview changes")
        sidebar.press("Push 1 change…")
        shop.addon.control(faults=[{"kind": "timeout", "after": True}])
        sidebar.press("Push 1 change")
        sidebar.sees("No answer in time")
        tab.check_accessibility()
        sidebar.open()
        sidebar.sees("A push without an answer")
        tab.check_accessibility()
        sidebar.press("Ask again")
        sidebar.sees("Push is done")
    assert before + 7 == shop.balance("6")


def test_errors(shop: Office, tabs: OpenTab) -> None:
    """No answer, and a browser with several Google accounts: each says what to do."""
    shop.pull()
    with tabs(**SIZE) as tab:
        sidebar = Sidebar(shop, tab)
        sidebar.sees("What next?")
        shop.addon.control(faults=[{"kind": "unreachable"}])
        sidebar.press("History")
        sidebar.sees("The service cannot be reached")
        tab.check_accessibility()
        picture(tab.page, "sidebar-error")
        sidebar.press("Try again")
        sidebar.sees("History")
        shop.addon.control(browser={"mode": "denied"})
        sidebar.press(re.compile("Back"))
        sidebar.sees("The sidebar cannot run")
        sidebar.reads("several Google accounts")


def test_import_and_results(shop: Office, tabs: OpenTab, tmp_path: Path) -> None:
    """A file goes into the spreadsheet's rows, and its results come back."""
    shop.pull()
    file = tmp_path / "june.csv"
    file.write_text("Client;Action;Sum;Reason\n7;Add;30;Promotion\n8;Add;40;Promotion\n")
    with tabs(**SIZE) as tab:
        shop.addon.call("sidebarRemember", {"view": "import"})
        sidebar = Sidebar(shop, tab)
        sidebar.sees("Import CSV")
        tab.page.get_by_label("File").set_input_files(file)
        tab.page.get_by_label("What “Client” is").select_option("user_id")
        tab.page.get_by_label("What “Sum” is").select_option("amount")
        sidebar.press("Check the file")
        sidebar.reads("So far nothing was written.")
        sidebar.press("Put 2 edits into the tab")
        with tab.page.expect_download() as saved:
            sidebar.press("Download results")
        assert "edited" in Path(saved.value.path()).read_text()
    assert 30 == int(str(shop.people.cell("7", "Amount")))
    shop.clear_edits()


def test_set_up(tabs: OpenTab, tmp_path: Path) -> None:
    """Before anything is set: address and connection, and what the admin needs to know."""
    with open_office(tmp_path, set_up=False) as office, tabs(**SIZE) as tab:
        sidebar = Sidebar(office, tab)
        sidebar.sees("Set up")
        tab.page.get_by_label("Address of the service").fill("http://sheetsync.example")
        tab.page.get_by_label("Connection").fill("shop")
        sidebar.press("Save")
        expect(tab.page.get_by_role("alert")).to_contain_text("https://")
        tab.check_accessibility()
        picture(tab.page, "sidebar-set-up")
        tab.page.get_by_label("Address of the service").fill("https://sheetsync.example")
        sidebar.press("Save")
        sidebar.sees("What next?")
