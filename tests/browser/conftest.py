"""Fixtures of browser tests; all are skipped, with a reason, where there is no Chromium."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.kit import Tab, chromium, launch, open_tab

OpenTab = Callable[..., AbstractContextManager[Tab]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; for one module, because an open Playwright keeps its thread's event loop."""
    path = chromium()
    if path is None:
        pytest.skip(
            "there is no chromium here; install it to run the browser tests: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        started = launch(playwright, path)
        yield started
        started.close()


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> OpenTab:
    """Open further windows; the size of each is an argument."""
    return partial(open_tab, browser)


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """Open a window for one test."""
    with open_tab(browser) as opened:
        yield opened
