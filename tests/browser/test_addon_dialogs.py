"""The add-on's dialogs in a real browser: the button says what it does; several accounts are no trap."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.appsscript.office import CLERK, Office, open_office
from tests.browser.conftest import OpenTab
from tests.browser.kit import TIMEOUT_MS, Tab, picture

expect.set_options(timeout=TIMEOUT_MS)
OTHER = "private@elsewhere.example"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Open an office whose spreadsheet is connected and has rows."""
    with open_office(tmp_path_factory.mktemp("dialogs")) as office:
        office.pull()
        yield office


@pytest.fixture
def desk(office: Office, tabs: OpenTab) -> Iterator[tuple[Office, Tab]]:
    """Open the spreadsheet's page, with nothing typed."""
    office.fresh()
    office.clear_edits()
    with tabs(width=1000, height=640) as tab:
        tab.page.goto(office.addon.address)
        yield office, tab
    office.fresh()
    office.clear_edits()


def dialog(page: Page) -> FrameLocator:
    """Return the dialog's page."""
    return page.frame_locator("iframe[name=dialog]")


def sidebar(page: Page) -> FrameLocator:
    """Return the sidebar's page."""
    return page.frame_locator("iframe[name=sidebar]")


def asked(office: Office) -> list[dict[str, Any]]:
    """Return the plain questions so far."""
    found: list[dict[str, Any]] = office.addon.state["asked"]
    return found


def test_push_by_a_button_with_numbers(desk: tuple[Office, Tab]) -> None:
    """It holds the totals, Cancel has the focus, the button pushes once, the sidebar tells the end."""
    office, tab = desk
    before = int(str(office.people.cell("1", "Credits")))
    office.edit("1", Action="Add", Amount=25, Reason="Goodwill")
    office.edit("2", Action="Add", Amount="much")
    office.addon.run("pushChanges")
    box = dialog(tab.page)
    expect(box.get_by_role("heading")).to_have_text("Push 1 change: +25 credits")
    expect(box.get_by_text("shop · SANDBOX")).to_be_visible()
    expect(box.get_by_text("Row 3, user 2: Invalid.")).to_be_visible()
    expect(box.get_by_role("button", name="Cancel")).to_be_focused()
    tab.check_accessibility()
    picture(tab.page.locator("dialog"), "addon-confirm")
    box.get_by_role("button", name="Push 1 change").click()
    expect(sidebar(tab.page).get_by_role("heading", name="Push is done")).to_be_visible()
    expect(tab.page.locator("dialog")).to_be_hidden()
    assert before + 25 == office.people.cell("1", "Credits")
    pushes = [each for each in office.addon.state["fetches"] if each["url"].endswith("/pushes")]
    assert 1 == len(pushes)


def test_a_lost_answer_is_pressed_again(desk: tuple[Office, Tab]) -> None:
    """The push began and its answer was lost three times: the second press finds the same run."""
    office, tab = desk
    before = int(str(office.people.cell("3", "Credits")))
    office.edit("3", Action="Add", Amount=5, Reason="Goodwill")
    office.addon.run("pushChanges")
    box = dialog(tab.page)
    button = box.get_by_role("button", name="Push 1 change")
    expect(button).to_be_enabled()
    office.addon.control(faults=[{"kind": "timeout", "after": True}] * 3)
    button.click()
    expect(box.get_by_role("status")).to_contain_text("It may have done what was asked, or not.")
    button.click()
    expect(sidebar(tab.page).get_by_role("heading", name="Push is done")).to_be_visible()
    assert before + 5 == office.people.cell("3", "Credits")


@pytest.mark.parametrize(
    ("browser_", "words"),
    [
        ({"mode": "denied"}, "PERMISSION_DENIED"),
        ({"mode": "other", "email": OTHER}, f"works as {OTHER}, the menu as {CLERK}"),
    ],
)
def test_several_accounts(desk: tuple[Office, Tab], browser_: dict[str, str], words: str) -> None:
    """The dialog cannot, says so, does nothing; the same entry then asks plainly, as the right person."""
    office, tab = desk
    office.addon.control(browser=browser_)
    before = int(str(office.people.cell("4", "Credits")))
    office.edit("4", Action="Add", Amount=2, Reason="Goodwill")
    office.addon.run("pushChanges")
    box = dialog(tab.page)
    expect(box.get_by_role("status")).to_contain_text(words)
    expect(box.get_by_role("button", name="Push 1 change")).to_be_disabled()
    assert before == office.people.cell("4", "Credits")
    office.addon.control(laterMs=10_000)
    office.addon.run("pushChanges", answers=["YES"])
    assert "Push 1 change?" == asked(office)[-1]["title"]
    assert before + 2 == office.people.cell("4", "Credits")
    office.addon.control(browser={"mode": "same"})
    history = office.addon.ask("GET", "/api/v1/connections/shop/history", query={"account_id": "4"})
    assert {f"web:{CLERK}"} == {each["actor"] for each in history["body"]["operations"]}


def test_help(desk: tuple[Office, Tab]) -> None:
    """The client id stands there, ready to be copied, before any request to the service."""
    office, tab = desk
    office.addon.run("showHelp")
    box = dialog(tab.page)
    client_id = box.get_by_label("Client id (for auth.google_audiences)")
    expect(client_id).to_have_value("sheet.apps.googleusercontent.com")
    client_id.focus()
    chosen = client_id.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert "sheet.apps.googleusercontent.com" == chosen
    tab.check_accessibility()
    picture(tab.page.locator("dialog"), "addon-help")
    assert [] == office.addon.state["fetches"]


def test_import_from_the_menu(desk: tuple[Office, Tab]) -> None:
    """The entry opens the sidebar where a file is chosen; the next time it opens as usual."""
    office, tab = desk
    office.addon.run("importCsv")
    expect(sidebar(tab.page).get_by_role("heading", name="Import CSV")).to_be_visible()
    office.addon.run("openSidebar")
    expect(sidebar(tab.page).get_by_role("heading", name="What next?")).to_be_visible()
