"""The console in a real browser: every page, every width, both colours; by keyboard and without scripts."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import OpenTab
from tests.browser.house import SHOP, House, open_house, serving
from tests.browser.kit import Tab, picture
from tests.web.issuer import Issuer
from tests.web.test_openid import openid_app

PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}
"""320 CSS pixels: a wide page at 400 % zoom, as WCAG's reflow wants it."""


@dataclass
class Scene:
    """A service with a past: what its pages show.

    Attributes:
        plan: waits for a second person.
        run: a push that ended.
        operation: one that no balance proves.
    """

    house: House
    plan: str
    run: str
    operation: str

    def paths(self) -> dict[str, str]:
        """Return every page by a name."""
        shop = "/connections/shop"
        return {
            "overview": "/", "connection": shop, "plans": f"{shop}/plans", "runs": f"{shop}/runs",
            "history": f"{shop}/history", "check": f"{shop}/check", "plan": f"/plans/{self.plan}",
            "run": f"/runs/{self.run}", "operation": f"/operations/{self.operation}",
            "unsettled": "/unsettled", "access": "/access", "missing": "/runs/nothing",
        }  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Open a service that has pulled."""
    with open_house(tmp_path_factory.mktemp("console")) as opened:
        opened.pull()
        yield opened


@pytest.fixture(scope="module")
def scene(house: House) -> Scene:
    """Give the service a past."""
    house.push({2: 5, 3: 12})
    operation = house.leave_one_open(4)
    run = house.push({5: 20, 6: 8, 7: 1})["run"]
    house.post(f"{SHOP}/checks", {})
    return Scene(house, house.preview({8: 500, 9: 40, 10: 5}), run, operation)


@pytest.mark.parametrize("look", ["light", "dark", "phone", "narrowest"])
def test_every_page_is_accessible_and_fits(scene: Scene, tabs: OpenTab, look: str) -> None:
    """No rule of axe-core is broken, nothing is wider than the window, nothing breaks the policy."""
    sizes = {"phone": PHONE, "narrowest": NARROWEST}
    scheme = "dark" if look in ("dark", "phone") else "light"
    with tabs(**sizes.get(look, {}), scheme=scheme) as tab:
        tab.expected.append("status of 404")
        scene.house.sign_in(tab, "boss@example.org")
        for name, path in scene.paths().items():
            tab.page.goto(f"{scene.house.address}{path}")
            for details in tab.page.locator("details").all():
                details.evaluate("each => each.open = true")
            tab.check_accessibility()
            wide = tab.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} pixels too wide"


def test_pictures(scene: Scene, tabs: OpenTab) -> None:
    """The pictures of the documentation show what runs."""
    with tabs(width=1080, height=640) as tab:
        scene.house.sign_in(tab, "boss@example.org")
        picture(tab.page, "console-overview")
        tab.page.set_viewport_size({"width": 1080, "height": 900})
        tab.page.goto(f"{scene.house.address}/connections/shop")
        picture(tab.page, "console-connection")
        tab.page.goto(f"{scene.house.address}/plans/{scene.plan}")
        picture(tab.page, "console-plan")
        tab.page.goto(f"{scene.house.address}/operations/{scene.operation}")
        picture(tab.page.get_by_role("region", name="Your verdict"), "console-verdict")
    with tabs(width=1080, height=640, scheme="dark") as tab:
        scene.house.sign_in(tab, "boss@example.org", f"/runs/{scene.run}")
        picture(tab.page, "console-run-dark")
    with tabs(**PHONE) as tab:
        scene.house.sign_in(tab, "boss@example.org", f"/plans/{scene.plan}")
        picture(tab.page, "console-phone")


def test_signing_in_and_out(house: House, tab: Tab) -> None:
    """A link works once; signing out ends the session."""
    tab.expected += ["status of 401"]
    link = house.link("boss@example.org")
    tab.page.goto(link)
    tab.check_accessibility()
    tab.page.get_by_role("button", name="Sign in").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Overview")
    tab.page.get_by_role("button", name="Sign out").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("You have signed out")
    tab.page.get_by_role("link", name="Sign in again").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    tab.check_accessibility()
    tab.page.goto(link)
    tab.page.get_by_role("button", name="Sign in").click()
    expect(tab.page.get_by_role("alert")).to_contain_text("was used, or is too old")


def test_approving_on_a_phone_without_scripts(scene: Scene, browser: Browser, tabs: OpenTab) -> None:
    """The approver decides with one thumb; afterwards somebody else pushes, and the page follows the run."""
    house = scene.house
    digest = house.preview({8: 300})
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(house.link("ann@example.org"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Look at").click()
    button = page.get_by_role("button", name="Approve")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 640, "in sight without scrolling"
    button.click()
    expect(page.get_by_role("status").first).to_contain_text("You approved this plan")
    expect(page.get_by_role("main")).to_contain_text("You approved it, so somebody else pushes it")
    context.close()
    with tabs() as tab:
        house.sign_in(tab, "ed@example.org", f"/plans/{digest}")
        expect(tab.page.get_by_role("main")).to_contain_text("Approved by ann@example.org")
        tab.page.get_by_role("button", name="Push").click()
        expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Done")
        expect(tab.page.get_by_role("table")).to_contain_text("Confirmed")


def test_refusing(scene: Scene, tabs: OpenTab) -> None:
    """A refusal needs its reason, and everybody sees it."""
    digest = scene.house.preview({9: 700})
    with tabs(**PHONE) as tab:
        scene.house.sign_in(tab, "ann@example.org", f"/plans/{digest}")
        tab.page.get_by_text("Refuse…").click()
        refuse = tab.page.get_by_role("button", name="Refuse this plan")
        refuse.click()
        expect(tab.page.get_by_label("Why?")).to_be_focused()
        tab.page.get_by_label("Why?").fill("Ask the <manager>")
        refuse.click()
        expect(tab.page.get_by_role("main")).to_contain_text("Refused by ann@example.org")
        expect(tab.page.get_by_role("main")).to_contain_text("Ask the <manager>")
        expect(tab.page.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_run_is_followed_and_stopped(house: House, tabs: OpenTab) -> None:
    """The page moves on by itself, says so aloud, and stops the run between two rows."""
    faults = house.town.sandbox.faults
    faults.script("slow", on="read", seconds=0.7, times=None)
    try:
        with tabs() as tab:
            house.sign_in(tab, "ed@example.org", "/connections/shop")
            tab.page.get_by_role("button", name="Pull").click()
            progress = tab.page.get_by_role("progressbar")
            expect(progress).to_be_visible()
            tab.check_accessibility()
            expect(tab.page.locator("[data-words]")).to_contain_text("rows")
            assert "polite" == tab.page.locator("[data-aloud]").get_attribute("aria-live")
            tab.page.get_by_role("button", name="Stop between two rows").click()
            expect(tab.page.get_by_role("main")).to_contain_text("asked to stop")
            faults.clear()
            expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    finally:
        faults.clear()


def test_a_verdict(scene: Scene, tabs: OpenTab) -> None:
    """What no balance proves is settled by a person, with the keyboard alone."""
    with tabs() as tab:
        scene.house.sign_in(tab, "ann@example.org", "/unsettled")
        row = tab.page.get_by_role("row").filter(has_text=scene.operation)
        expect(row).to_contain_text("before 30")
        row.get_by_role("link", name="Details").press("Enter")
        page = tab.page
        page.get_by_role("radio", name="It arrived").press("Space")
        page.keyboard.press("Tab")
        expect(page.get_by_label("How do you know?")).to_be_focused()
        page.keyboard.type("I saw it in the customer's list")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Settled by you: Confirmed")
        expect(page.get_by_role("main")).to_contain_text("“I saw it in the customer's list”")
        expect(page.get_by_role("radio")).to_have_count(0)


def test_the_keyboard_leads_to_the_content(scene: Scene, tabs: OpenTab) -> None:
    """The first stop skips the navigation; every stop is visible."""
    with tabs() as tab:
        scene.house.sign_in(tab, "boss@example.org", "/connections/shop/history")
        tab.page.keyboard.press("Tab")
        skip = tab.page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        tab.page.keyboard.press("Enter")
        expect(tab.page.get_by_role("main")).to_be_focused()
        for _ in range(12):
            tab.page.keyboard.press("Tab")
            outline = tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert "none" != outline


def test_history(scene: Scene, tabs: OpenTab, tmp_path: Path) -> None:
    """Search and filter change the list and the download alike."""
    with tabs() as tab:
        scene.house.sign_in(tab, "vera@example.org", "/connections/shop/history")
        tab.page.get_by_label("Search").fill("Goodwill")
        tab.page.get_by_label("Status").select_option("Confirmed")
        tab.page.get_by_role("button", name="Show").click()
        count = tab.page.get_by_role("table").get_by_role("row").count() - 1
        assert count > 0
        with tab.page.expect_download() as download:
            tab.page.get_by_role("link", name="Download as CSV").click()
        path = tmp_path / "history.csv"
        download.value.save_as(path)
        with path.open(newline="", encoding="utf-8") as stream:
            lines = list(csv.DictReader(stream))
        assert count == len(lines)
        assert {"confirmed"} == {line["status"] for line in lines}
        tab.page.get_by_label("Search").fill("nobody-has-this")
        tab.page.get_by_label("Search").press("Enter")
        expect(tab.page.get_by_role("main")).to_contain_text("0 operations")


def test_charts_have_tables(scene: Scene, tabs: OpenTab) -> None:
    """What a chart shows stands beside it as words, exact."""
    with tabs() as tab:
        scene.house.sign_in(tab, "vera@example.org", "/connections/shop")
        figures = tab.page.get_by_role("figure")
        names = ["Net change per day, Credits", "Outcomes of the last pushes", "Balances, Credits"]
        for name in names:
            figure = figures.filter(has_text=name)
            assert figure.locator("svg .rect").count() > 0
            figure.get_by_text("As a table").click()
            assert figure.get_by_role("table").get_by_role("row").count() > 1
        total = figures.filter(has_text=names[2]).get_by_role("cell").all_inner_texts()
        assert 10 == sum(int(each) for each in total), "every customer stands in one bar"


def test_edits_are_counted_in_the_tab(scene: Scene, tabs: OpenTab) -> None:
    """What was typed after the preview counts as well, once somebody asks."""
    scene.house.town.edit({11: 3})
    with tabs() as tab:
        scene.house.sign_in(tab, "vera@example.org", "/connections/shop")
        tab.page.get_by_role("link", name="Count in the tab").click()
        told = tab.page.get_by_role("status").filter(has_text="In the tab now")
        expect(told).to_contain_text("not sent")
        assert tab.page.get_by_role("link", name="Count in the tab").count() == 0
        tab.check_accessibility()


def test_checks(house: House, tabs: OpenTab) -> None:
    """The check runs in the background and its lines stand on the page."""
    with tabs() as tab:
        house.sign_in(tab, "ed@example.org", "/connections/shop/check")
        tab.page.get_by_role("button", name="Check now").click()
        expect(tab.page.get_by_role("main")).to_contain_text("shop: tab")
        tab.page.get_by_role("link", name="Check").click()
        expect(tab.page.get_by_role("main")).to_contain_text("chain ok")


def test_access(house: House, tabs: OpenTab) -> None:
    """A token is shown once and ends at once; a spreadsheet is linked by its address."""
    with tabs() as tab:
        house.sign_in(tab, "boss@example.org", "/access")
        page = tab.page
        page.get_by_text("Make a token").first.click()
        page.get_by_label("Connection").select_option("shop")
        page.get_by_label("Role").select_option("viewer")
        page.get_by_role("button", name="Make a token").click()
        secret = page.locator("code").inner_text()
        tab.check_accessibility()
        assert 200 == house.town.ask("GET", SHOP, token=secret).status_code
        page.goto(f"{house.address}/access")
        assert secret not in page.content()
        page.get_by_role("row").filter(has_text="boss@example.org").get_by_role("button").click()
        expect(page.get_by_role("status")).to_contain_text("revoked")
        assert 401 == house.town.ask("GET", SHOP, token=secret).status_code
        page.get_by_text("Link a spreadsheet to shop").click()
        page.get_by_label("Its address").locator("visible=true").fill(
            "https://docs.google.com/spreadsheets/d/1Abc/edit"
        )
        page.get_by_role("button", name="Link it").locator("visible=true").click()
        expect(page.get_by_role("row").filter(has_text="1Abc")).to_contain_text("by boss@example.org")


def test_openid_from_another_site(tmp_path: Path, tabs: OpenTab) -> None:
    """The way through the issuer ends where it began, signed in, although the session's cookie is strict."""
    issuer = Issuer()
    app = openid_app(tmp_path, issuer.url)
    try:
        with serving(app) as served, tabs() as tab:
            address = served.replace("127.0.0.1", "localhost")  # the issuer is on 127.0.0.1: another site
            tab.expected.append("status of 401")
            tab.page.goto(f"{address}/unsettled?connection=shop")
            tab.check_accessibility()
            tab.page.get_by_role("link", name="Sign in with Google").click()
            expect(tab.page.get_by_role("heading", level=1)).to_have_text("Unsettled")
            assert f"{address}/unsettled?connection=shop" == tab.page.url
            expect(tab.page.get_by_text("ann@example.org")).to_be_visible()
            assert "/token" in issuer.asked
    finally:
        app.extensions["sheetsync"].close()
        issuer.close()


def test_a_link_from_another_site(house: House, tabs: OpenTab) -> None:
    """Who has signed in and follows a link in a mail arrives, although the cookie is strict."""
    with tabs() as tab:
        house.sign_in(tab, "boss@example.org")
        other = house.address.replace("127.0.0.1", "localhost")
        tab.expected.append("404")
        tab.page.goto(f"{other}/healthz")
        tab.page.evaluate("address => { location.href = address; }", f"{house.address}/unsettled")
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Unsettled")
