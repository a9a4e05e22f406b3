"""The try-it page and the add-on's sidebar in a real browser: the whole job, and what goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenTab
from tests.browser.demo import Desk, demo
from tests.browser.kit import picture

PAGE = {"width": 1366, "height": 768}


@pytest.fixture
def desk(tabs: OpenTab, tmp_path: Path) -> Iterator[Desk]:
    """Open the page of a new demo."""
    with demo(tmp_path) as address, tabs(**PAGE) as tab:
        yield Desk(tab, address)


def test_the_working_day(desk: Desk) -> None:
    """Pull, type, preview, push: each row says what happened, and nothing is left to do."""
    desk.sees("What next?")
    expect(desk.sidebar.locator("header")).to_contain_text("SANDBOX")
    expect(desk.sidebar.locator("header")).to_contain_text("you@demo.example, admin")
    desk.tab.check_accessibility()
    desk.pull()
    picture(desk.picture, "sidebar-steps")
    desk.type(10, "Add", "25", "Goodwill")
    desk.type(11, "Reset", "100")
    desk.type(13, "Add", "1,500")
    desk.step("Preview changes")
    desk.sees("Preview")
    expect(desk.sidebar.get_by_role("table").first).to_contain_text("Net")
    desk.reads("can be read as 1500 or as 1.5")
    desk.tab.check_accessibility()
    picture(desk.picture, "sidebar-preview")
    desk.sidebar.get_by_role("button", name="Invalid").click()
    desk.wait_for(lambda: desk.page.evaluate("window.tryIt.selection().account_ids.join()") == "13")
    desk.press("Push 2 changes…")
    desk.tab.check_accessibility()
    picture(desk.picture, "sidebar-confirm")
    desk.press("Push 2 changes")
    desk.sees("Push is done")
    desk.reads("2 Confirmed")
    desk.reads("Every row is proven by a re-read.")
    for account_id in (10, 11):
        expect(desk.cell(account_id, "Status")).to_have_text("Confirmed")
        expect(desk.cell(account_id, "Amount")).to_have_text("")
    expect(desk.page.locator("#write-count")).to_have_text("2")
    picture(desk.picture, "sidebar-results")
    picture(desk.page, "try-it")


def test_a_lost_answer_is_proven_and_not_sent_again(desk: Desk) -> None:
    """The change arrives and its answer does not: read again, Confirmed, one request."""
    desk.pull()
    desk.turn("Lose answers")
    desk.type(20, "Add", "25", "Goodwill")
    desk.push(1)
    desk.sees("Push is done")
    expect(desk.cell(20, "Status")).to_have_text("Confirmed")
    expect(desk.page.locator("#write-count")).to_have_text("1")


def test_three_numbers_that_do_not_fit(desk: Desk) -> None:
    """A customer who spends meanwhile: push, expected, now; the customer's page; the console settles it."""
    desk.pull()
    desk.turn("Spending customers")
    desk.type(15, "Add", "25", "Goodwill")
    before = int(desk.cell(15, "Credits").inner_text())
    desk.push(1)
    desk.sees("Push is done")
    desk.reads("Still open (1)")
    numbers = desk.sidebar.get_by_role("table", name="Credits")
    expect(numbers.locator("tbody")).to_have_text(f"{before}{before + 25}{before + 22}")
    expect(desk.cell(15, "Status")).to_have_text("Confirmation Required")
    desk.tab.check_accessibility()
    picture(desk.picture, "sidebar-confirmation-required")
    with desk.page.expect_popup() as opened:
        desk.sidebar.get_by_role("link", name="Customer’s page").click()
    expect(opened.value.get_by_text(f"{before + 22} credits")).to_be_visible()
    with desk.page.expect_popup() as opened:
        desk.sidebar.get_by_role("link", name="Settle in the console").click()
    expect(opened.value).to_have_url(f"{desk.address}/operations/{opened.value.url.rsplit('/', 1)[-1]}")
    desk.turn("Spending customers")
    desk.press("Verify")
    desk.sees("Verify is done")
    desk.reads("Still open (1)")
    desk.press("Verify all")
    desk.sees("Verify is done")


def test_a_conflict_has_two_ways_out(desk: Desk) -> None:
    """The balance moved since the pull: keep the change, or still go to the target."""
    desk.pull()
    for account_id in (12, 17):
        before = int(desk.cell(account_id, "Credits").inner_text())
        desk.type(account_id, "Reset", str(before + 10))
        desk.cell(account_id, "Action").click()
        desk.page.get_by_role("button", name="Selected customer spends 3").click()
        expect(desk.page.locator("#say")).to_contain_text("spent 3 credits")
    desk.step("Preview changes")
    desk.reads("Needs attention (2)")
    picture(desk.picture, "sidebar-conflict")
    desk.sidebar.get_by_role("group", name="Conflict of user 12").get_by_role(
        "button", name="Keep my change"
    ).click()
    desk.reads("Needs attention (1)")
    desk.sidebar.get_by_role("group", name="Conflict of user 17").get_by_role(
        "button", name="Use my target"
    ).click()
    desk.reads("Will be sent (2)")
    before = int(desk.cell(12, "Credits").inner_text())
    expect(desk.cell(12, "Amount")).to_have_text(str(before + 10))


def test_a_push_survives_closing_and_can_be_stopped(desk: Desk) -> None:
    """Closed while rows are sent and opened again, it shows the progress; a stop leaves the rest unsent."""
    desk.pull()
    desk.cell(1, "Action").click()
    lines = "\n".join(f"Add\t{25 + number % 7}\tGoodwill" for number in range(60))
    _paste(desk, lines)
    expect(desk.cell(60, "Reason")).to_have_text("Goodwill")
    desk.page.evaluate("window.tryIt.flush()")
    desk.step("Preview changes")
    desk.sees("Preview")
    desk.turn("Slow system")
    desk.press("Push 60 changes…")
    desk.press("Push 60 changes")
    desk.sees("Push is running")
    desk.page.reload()
    desk.sees("Push is running")
    expect(desk.sidebar.get_by_role("progressbar")).to_be_visible()
    desk.reads("by you@demo.example")
    desk.tab.check_accessibility()
    desk.press("Stop…")
    desk.press("Stop it")
    desk.sees("Push was stopped")
    desk.turn("Slow system")
    desk.home()
    sent = int(desk.page.locator("#write-count").inner_text())
    assert 0 < sent < 60


def _paste(desk: Desk, lines: str) -> None:
    """Paste as Ctrl-V does: what a spreadsheet program copied, into the cell that has the focus."""
    desk.page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData('text/plain', text);
            const paste = { clipboardData: data, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent('paste', paste));
        }""",
        lines,
    )


def test_undo_and_history(desk: Desk) -> None:
    """A push is taken back by a plan of its own; the row's history shows both."""
    desk.pull()
    before = desk.cell(30, "Credits").inner_text()
    desk.type(30, "Add", "40", "Promotion")
    desk.push(1)
    desk.sees("Push is done")
    desk.home()
    desk.press("Undo a push…")
    desk.tab.check_accessibility()
    desk.sidebar.get_by_role("button", name="Undo the push").click()
    desk.sees("Take it back")
    picture(desk.picture, "sidebar-undo")
    desk.press("Push 1 change…")
    desk.press("Push 1 change")
    desk.sees("Undo is done")
    expect(desk.cell(30, "Credits")).to_have_text(before)
    desk.home()
    desk.cell(30, "Note").click()
    desk.press("Selected rows")
    desk.sees("User 30")
    expect(desk.sidebar.get_by_role("listitem").filter(has_text="Confirmed")).to_have_count(2)
    desk.tab.check_accessibility()
    picture(desk.picture, "sidebar-row")


def test_one_action_for_many_rows(desk: Desk) -> None:
    """Amounts without an action: counted first, then set; and only the selected row is pushed."""
    desk.pull()
    for account_id in (5, 6):
        desk.cell(account_id, "Amount").click()
        desk.page.keyboard.type("15")
        desk.page.keyboard.press("Enter")
    desk.page.evaluate("window.tryIt.flush()")
    desk.press("Set action…")
    desk.sidebar.get_by_label("Reason").fill("Goodwill")
    desk.tab.check_accessibility()
    desk.press("Count the rows…")
    expect(desk.sidebar.get_by_role("dialog")).to_contain_text("Set Add in 2 rows?")
    desk.press("Set Add")
    desk.sees("What next?")
    expect(desk.cell(6, "Reason")).to_have_text("Goodwill")
    desk.cell(6, "Amount").click()
    desk.press("Selected rows")
    desk.press("Push…")
    expect(desk.sidebar.get_by_role("dialog")).to_contain_text("Push 1 change?")
    desk.press("Push 1 change")
    desk.sees("Push is done")
    expect(desk.cell(6, "Status")).to_have_text("Confirmed")
    expect(desk.cell(5, "Action")).to_have_text("Add")


def test_errors_say_what_to_do(desk: Desk) -> None:
    """What is wrong, what to do, and by which id an admin finds it; and once more when the cause is gone."""
    desk.tab.expected.append("status of 400")
    desk.step("Preview changes")
    alert = desk.sidebar.get_by_role("alert")
    expect(alert).to_contain_text("pull")
    expect(alert).to_contain_text("For the admin: request")
    desk.tab.check_accessibility()
    desk.press("Back to the steps")
    desk.turn("System is down")
    desk.step("Pull users and credits")
    desk.sees("Pull did not work")
    expect(alert).to_contain_text("For the admin: run")
    desk.turn("System is down")
    desk.home()
    desk.pull()


def test_a_service_that_is_gone(tabs: OpenTab, tmp_path: Path) -> None:
    """No answer is told apart from a refusal; when the service is back, the same button goes on."""
    with tabs(**PAGE) as tab:
        tab.expected.append("ERR_CONNECTION_REFUSED")
        with demo(tmp_path) as address:
            desk = Desk(tab, address)
            desk.sees("What next?")
        desk.press("History")
        desk.sees("The service cannot be reached")
        expect(desk.sidebar.get_by_role("alert")).to_contain_text("still running")


def test_dark(tabs: OpenTab, tmp_path: Path) -> None:
    """In the dark everything stays readable."""
    with demo(tmp_path) as address, tabs(**PAGE, scheme="dark") as tab:
        desk = Desk(tab, address)
        desk.pull()
        desk.type(10, "Add", "25", "Goodwill")
        desk.type(13, "Add", "1,500")
        desk.step("Preview changes")
        desk.sees("Preview")
        tab.check_accessibility()
        picture(desk.picture, "sidebar-dark")


def test_import_a_file(desk: Desk, tmp_path: Path) -> None:
    """Choose a file, say what its columns are, see what would happen, put it into the tab, keep results."""
    file = tmp_path / "may.csv"
    file.write_text(
        "Customer,Action,Credits to give,Reason\n21,Add,30,Promotion\n22,Add,40,Promotion\n999,Add,1,X\n"
    )
    desk.pull()
    desk.press("Import CSV…")
    desk.sidebar.get_by_label("File").set_input_files(file)
    desk.sidebar.get_by_label("What “Customer” is").select_option("user_id")
    desk.sidebar.get_by_label("What “Credits to give” is").select_option("amount")
    expect(desk.sidebar.get_by_role("table")).to_contain_text("Promotion")
    desk.tab.check_accessibility()
    picture(desk.picture, "sidebar-import")
    desk.press("Check the file")
    desk.reads("So far nothing was written.")
    desk.reads("Line 4")
    expect(desk.cell(21, "Amount")).to_have_text("")
    desk.press("Put 2 edits into the tab")
    expect(desk.cell(21, "Amount")).to_have_text("30")
    with desk.page.expect_download() as saved:
        desk.press("Download results")
    assert saved.value.suggested_filename == "results-may.csv"
    assert "invalid" in Path(saved.value.path()).read_text()
    desk.press("Preview changes")
    desk.reads("Will be sent (2)")


def test_the_keyboard_is_enough(desk: Desk) -> None:
    """Arrows, Enter, Escape, a range with Shift, Delete; and what Sheetsync writes cannot be typed over."""
    desk.pull()
    keys = desk.page.keyboard
    desk.cell(40, "Amount").click()
    keys.type("7")
    keys.press("Escape")
    expect(desk.cell(40, "Amount")).to_have_text("")
    for amount in ("7", "8"):
        keys.type(amount)
        keys.press("Enter")
    expect(desk.cell(42, "Amount")).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Shift+ArrowUp")
    assert ["40", "41"] == desk.page.evaluate("window.tryIt.selection().account_ids")
    keys.press("Delete")
    expect(desk.cell(41, "Amount")).to_have_text("")
    keys.press("Home")
    keys.type("9")
    expect(desk.page.locator("#say")).to_contain_text("belongs to Sheetsync")
    expect(desk.cell(40, "User ID")).to_have_text("40")


def test_a_long_list_comes_in_pieces(desk: Desk) -> None:
    """Of five thousand rows only the first are drawn; the rest come when the end is near."""
    desk.sees("What next?")
    frame = desk.page.frame(url=f"{desk.address}/try-it/sidebar")
    assert frame is not None
    frame.evaluate(
        """() => {
            const row = (_none, at) => ({ account_id: String(at), email: at + '@x.example', status: 'edited',
                action: 'add', changes: { credits: { amount: '1', before: '0', after: '1' } }, message: '' });
            const plan = { rows: Array.from({ length: 5000 }, row), totals: {}, counts: { add: 5000 },
                over_limits: [], digest: 'x', expires_at: '2999-01-01T00:00:00Z' };
            showPlan({ plan });
        }"""
    )
    rows = desk.sidebar.locator("ul.list > li")
    few = rows.count()
    assert few < 500
    rows.last.scroll_into_view_if_needed()
    desk.wait_for(lambda: few < rows.count() < 1000)
    desk.tab.check_accessibility()
