"""What the browser fixtures promise: nobody beyond this machine is asked, and no mistake goes unseen."""

import pytest

from tests.browser.conftest import OpenTab


def test_strangers_are_refused_and_told(tabs: OpenTab) -> None:
    """A request beyond this machine never leaves, and fails the test."""
    with pytest.raises(AssertionError, match=r"asked a stranger: https://example\.org/x\.png"), tabs() as tab:
        tab.page.set_content("<img alt='x' src='https://example.org/x.png'>")


def test_broken_scripts_are_told(tabs: OpenTab) -> None:
    """An exception of the page fails the test."""
    with pytest.raises(AssertionError, match="no such thing"), tabs() as tab:
        tab.page.set_content("<script>throw new Error('no such thing')</script>")


def test_what_is_not_accessible_is_told(tabs: OpenTab) -> None:
    """A control without a name breaks a rule of axe-core."""
    with tabs() as tab:
        tab.page.set_content(
            "<html lang='en'><title>t</title><main><h1>t</h1><button></button></main></html>"
        )
        with pytest.raises(AssertionError, match="button-name"):
            tab.check_accessibility()
