"""``sheetsync demo`` as a process of its own, and its page as a person uses it."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import FrameLocator, Locator, expect

from tests.browser.kit import TIMEOUT_MS, Tab

ENDS_WITHIN_S = 60
COLUMNS = ("User ID", "Email", "Name", "Credits", "Action", "Amount", "Reason", "Note", "Status", "Message")

expect.set_options(timeout=TIMEOUT_MS)


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Start it on a free port; yield the page's address, and stop it as Ctrl-C does.

    Args:
        folder: for its configuration, workbook and ledger.
    """
    command = [sys.executable, "-m", "sheetsync", "demo", "--port", "0", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = next((word for word in line.split() if word.startswith("http://")), "")
            if not address:
                process.kill()
                raise AssertionError(f"the demo did not start: {line} {process.communicate()[1]}")
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=ENDS_WITHIN_S)[1]
    assert process.returncode == 0, told


class Desk:
    """The page: the grid on the left, the sidebar on the right.

    Args:
        tab: a window.
        address: of the demo.
    """

    def __init__(self, tab: Tab, address: str) -> None:
        self.tab, self.page, self.address = tab, tab.page, address
        self.page.goto(address)
        self.grid = self.page.get_by_role("grid")

    @property
    def sidebar(self) -> FrameLocator:
        """The sidebar's document."""
        return self.page.frame_locator("#sidebar")

    @property
    def picture(self) -> Locator:
        """The sidebar as it stands on the screen."""
        return self.page.locator("#sidebar")

    def cell(self, account_id: int, header: str) -> Locator:
        """Return a customer's cell; the sandbox's customers stand in the order of their ids."""
        row = self.grid.locator("tbody tr").nth(account_id - 1)
        return row.get_by_role("gridcell").nth(COLUMNS.index(header))

    def press(self, name: str) -> None:
        """Press a button of the sidebar."""
        self.sidebar.get_by_role("button", name=name, exact=True).click()

    def step(self, name: str) -> None:
        """Press one of the numbered steps; each also holds a hint."""
        self.sidebar.get_by_role("listitem").get_by_role("button", name=name).click()

    def sees(self, title: str) -> None:
        """Wait for a view by its title."""
        expect(self.sidebar.get_by_role("heading", level=2, name=title)).to_be_visible()

    def reads(self, text: str) -> None:
        """Wait for words in the sidebar's view."""
        expect(self.sidebar.locator("main")).to_contain_text(text)

    def home(self) -> None:
        """Go back to the steps."""
        done = self.sidebar.get_by_role("button", name="Done")
        (done if done.count() else self.sidebar.get_by_role("button", name="Back")).click()
        self.sees("What next?")

    def pull(self) -> None:
        """Pull, and see the rows in the grid."""
        self.step("Pull users and credits")
        self.sees("Pull is done")
        expect(self.cell(1, "User ID")).to_have_text("1")
        self.home()

    def type(self, account_id: int, action: str, amount: str, reason: str = "") -> None:
        """Type an edit with the keyboard, from the Action cell on."""
        self.cell(account_id, "Action").click()
        for text in (action[0].lower(), amount, reason):
            if text:
                self.page.keyboard.type(text)
                self.page.keyboard.press("Tab")
        expect(self.cell(account_id, "Action")).to_have_text(action)
        expect(self.cell(account_id, "Amount")).to_have_text(amount)
        self.page.evaluate("window.tryIt.flush()")

    def push(self, changes: int) -> None:
        """Preview, agree to the numbers, and push; the push is on its way then."""
        self.step("Preview changes")
        self.sees("Preview")
        words = f"{changes} change" + ("" if changes == 1 else "s")
        self.press(f"Push {words}…")
        self.press(f"Push {words}")

    def turn(self, switch: str) -> None:
        """Turn one of the page's switches."""
        self.page.get_by_role("switch", name=switch).click()

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Wait until something holds that no element says."""
        for _ in range(TIMEOUT_MS // 100):
            if is_so():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("it never came to that")
