"""The harness refuses what Google refuses: otherwise a green test would say nothing about the real thing."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.appsscript.office import AddOn, ScriptError, needs_node, open_addon
from tests.emulators.identity import IdentityEmulator
from tests.google.office import GoogleOffice, serving

SCOPES = "https://www.googleapis.com/auth/"
ALL = ["openid", *(SCOPES + name for name in (
    "userinfo.email", "spreadsheets.currentonly", "script.container.ui", "script.external_request",
))]  # fmt: skip
Script = Callable[..., AddOn]


@pytest.fixture(scope="module")
def around() -> Iterator[tuple[GoogleOffice, IdentityEmulator]]:
    """Return a spreadsheet and an identity."""
    needs_node()
    with serving() as google, IdentityEmulator() as identity:
        yield google, identity


@pytest.fixture
def script(around: tuple[GoogleOffice, IdentityEmulator], tmp_path: Path) -> Iterator[Script]:
    """Return what runs a script of the test's own."""
    with ExitStack() as stack:

        def start(code: str, *, scopes: list[str] = ALL, **manifest: object) -> AddOn:
            (tmp_path / "appsscript.json").write_text(json.dumps({"oauthScopes": scopes, **manifest}))
            (tmp_path / "Code.gs").write_text(code)
            google, identity = around
            return stack.enter_context(open_addon(google, identity, identity.url, folder=tmp_path))

        yield start


@pytest.mark.parametrize(
    "code",
    [
        "setTimeout(() => {}, 1)",
        "fetch('x')",
        "new URL('https://x.example')",
        "require('fs')",
        "process.exit()",
        "SpreadsheetApp.getActiveSpreadsheet().getOwner()",
        "SpreadsheetApp.nothing",
        "Utilities.base64Encode('x')",
        "UrlFetchApp.fetch('http://127.0.0.1', {timeout: 3})",
        "HtmlService.createHtmlOutputFromFile('Nothing')",
        "SpreadsheetApp.getActiveSpreadsheet().getActiveSheet().getRange(0, 1)",
    ],
)
def test_what_is_not_there(script: Script, code: str) -> None:
    """Timers, modules and members that Google does not have, or that nobody modelled, throw."""
    with pytest.raises(ScriptError):
        script(f"function go() {{ {code}; }}").run("go")


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        ("SpreadsheetApp.getActiveSpreadsheet()", "spreadsheets.currentonly"),
        ("SpreadsheetApp.getUi().alert('x')", "script.container.ui"),
        ("UrlFetchApp.fetch('https://x.example')", "script.external_request"),
        ("Session.getActiveUser().getEmail()", "userinfo.email"),
    ],
)
def test_scopes(script: Script, code: str, scope: str) -> None:
    """A service without its scope in the manifest is refused by name."""
    without = [each for each in ALL if not each.endswith(scope)]
    with pytest.raises(ScriptError, match="not sufficient"):
        script(f"function go() {{ {code}; }}", scopes=without).run("go")


def test_no_identity_without_its_scope(script: Script) -> None:
    """Without openid there is no token."""
    addon = script("function go() { return ScriptApp.getIdentityToken(); }", scopes=ALL[1:])
    assert addon.run("go") is None


@pytest.mark.parametrize(
    "code",
    [
        "SpreadsheetApp.getActiveSpreadsheet()",
        "PropertiesService.getUserProperties()",
        "ScriptApp.getIdentityToken()",
    ],
)
def test_before_anybody_allowed_anything(script: Script, code: str) -> None:
    """In AuthMode.NONE there is the menu and nothing else."""
    addon = script(f"function go() {{ {code}; }}")
    addon.run("go")
    with pytest.raises(ScriptError, match="permission"):
        addon.run("go", authMode="NONE")


def test_addresses_that_the_manifest_allows(script: Script) -> None:
    """A whitelist holds, and nothing leaves this machine."""
    code = "function go(url) { return UrlFetchApp.fetch(url).getResponseCode(); }"
    addon = script(code, urlFetchWhitelist=["https://sheetsync.example/"])
    assert 200 == addon.run("go", "https://sheetsync.example/certs")
    with pytest.raises(ScriptError, match="not permitted"):
        addon.run("go", "https://elsewhere.example/")
    with pytest.raises(ScriptError, match="DNS"):
        script(code).run("go", "https://elsewhere.example/")


def test_sizes(script: Script) -> None:
    """9 KB a property, 2,082 characters an address, 20,000 fetches a day."""
    code = """
      function keep(n) { PropertiesService.getUserProperties().setProperty('p', 'x'.repeat(n)); }
      function get(n) {
        return UrlFetchApp.fetch('https://sheetsync.example/certs?' + 'x'.repeat(n)).getResponseCode();
      }
    """
    addon = script(code)
    addon.run("keep", 9000)
    with pytest.raises(ScriptError, match="too large"):
        addon.run("keep", 9217)
    assert 200 == addon.run("get", 1000)
    with pytest.raises(ScriptError, match="URL Length"):
        addon.run("get", 3000)
    addon.control(fetchesLeft=0)
    with pytest.raises(ScriptError, match="too many times"):
        addon.run("get", 1)


def test_time(script: Script) -> None:
    """Sleeping counts against the six minutes, without taking them."""
    addon = script("function go() { Utilities.sleep(250000); Utilities.sleep(250000); }")
    with pytest.raises(ScriptError, match="maximum execution time"):
        addon.run("go")


def test_executions_share_nothing_but_the_stores(script: Script) -> None:
    """A global of one execution is not there in the next; a property is."""
    code = """
      let count = 0;
      function go() {
        count += 1;
        const kept = PropertiesService.getUserProperties();
        kept.setProperty('n', String(Number(kept.getProperty('n') || 0) + 1));
        return [count, Number(kept.getProperty('n'))];
      }
    """
    addon = script(code)
    assert [[1, 1], [1, 2]] == [addon.run("go"), addon.run("go")]


def test_locks(script: Script) -> None:
    """A dialog lets go of a lock, and so does the end of an execution."""
    code = """
      function take() { return LockService.getUserLock().tryLock(10); }
      function ask() {
        const lock = LockService.getUserLock();
        lock.waitLock(10);
        SpreadsheetApp.getUi().alert('?');
        return lock.hasLock();
      }
    """
    addon = script(code)
    assert [True, True] == [addon.run("take"), addon.run("take")]
    assert addon.run("ask", answers=["OK"]) is False
    with pytest.raises(ScriptError, match="nobody answers"):
        addon.run("ask")


@pytest.mark.parametrize("value", ["new Date()", "() => 1", "{ inner: [new Date()] }", "new Map()"])
def test_values_that_cannot_cross(script: Script, value: str) -> None:
    """A page gets no Date, function or Map from the script."""
    with pytest.raises(ScriptError, match="cannot cross"):
        script(f"function go() {{ return ({value}); }}").call("go")
