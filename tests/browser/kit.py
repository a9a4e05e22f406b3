"""A real browser for tests: one that reaches only this machine, tells every mistake, and draws pictures."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Playwright, Route, ViewportSize

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
PICTURES = "SHEETSYNC_PICTURES"
"""Environment variable that lets tests draw the pictures of the documentation anew: ``make pictures``."""

PICTURE_MAX_BYTES = 80 * 1024
"""A page of documentation loads a handful of them."""

COLOURS = 64
"""Of a picture."""

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)
"""No sandbox: tests run as root in containers. No updates: a test browser talks to nobody."""

TIMEOUT_MS = 60_000
"""How long a page may take to show something on a busy machine; nothing is ever judged by it."""

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


def chromium() -> str | None:
    """Return the path of the system's Chromium."""
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=path, args=list(QUIET))


@dataclass
class Tab:
    """One page, and what went wrong on it.

    Attributes:
        strangers: addresses beyond this machine that the page asked for.
        errors: exceptions of the page's scripts, and errors in its console.
        expected: parts of console errors that a test provokes, such as ``status of 409``.
    """

    page: Page
    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def unexpected(self) -> list[str]:
        """Return what a test has to fail for."""
        errors = [each for each in self.errors if not any(part in each for part in self.expected)]
        return [*errors, *(f"asked a stranger: {each}" for each in self.strangers)]

    def check_accessibility(self) -> None:
        """Fail with the rules of axe-core (WCAG 2.2 A and AA, and best practices) that the page breaks.

        Pages inside the page are looked at one by one.
        """
        main = self.page.main_frame
        frames = [frame for frame in self.page.frames if frame is main or frame.url != "about:blank"]
        found = [rule for frame in frames for rule in Axe().run(frame).response["violations"]]
        told = [
            f"{rule['id']}: {rule['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for rule in found
            for node in rule["nodes"]
        ]
        assert not told, "\n".join(told)


@contextmanager
def open_tab(
    browser: Browser, *, width: int = 1280, height: int = 800, scheme: str = "light"
) -> Iterator[Tab]:
    """Open an empty page; at its end, fail for scripts that broke and for requests beyond this machine.

    Args:
        browser: as launched.
        width: of the window, in CSS pixels.
        height: of the window, in CSS pixels.
        scheme: ``light`` or ``dark``.
    """
    context = browser.new_context(
        viewport=ViewportSize(width=width, height=height),
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(TIMEOUT_MS)
    tab = Tab(context.new_page())

    def guard(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in ("data", "blob", "about") or parts.hostname in LOCAL:
            route.fallback()
        else:
            tab.strangers.append(route.request.url)
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            tab.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def thrown(error: Error) -> None:
        tab.errors.append(f"{error.name}: {error.message}")

    context.route("**/*", guard)
    tab.page.on("console", heard)
    tab.page.on("pageerror", thrown)
    try:
        yield tab
        assert not tab.unexpected(), "\n".join(tab.unexpected())
    finally:
        context.close()


def _small(png: bytes) -> bytes:
    """Return the picture with few colours, which is enough for pages of text."""
    small = BytesIO()
    with Image.open(BytesIO(png)) as drawn:
        drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def picture(target: Page | Locator, name: str) -> None:
    """Draw a picture of the documentation; keep it where it is missing or where pictures are drawn anew.

    Args:
        target: a page, or a part of one.
        name: of the file in ``docs/images``, without ``.png``.
    """
    drawn = _small(target.screenshot(animations="disabled", caret="hide"))
    assert len(drawn) <= PICTURE_MAX_BYTES, f"{name}.png has {len(drawn)} bytes"
    path = IMAGES / f"{name}.png"
    if os.environ.get(PICTURES) or not path.exists():
        path.write_bytes(drawn)
