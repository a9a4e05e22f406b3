"""The add-on's files as they are pushed: which, how written, what they may, and where they are shipped."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sheetsync
from tests.appsscript.office import ADD_ON, HERE, Office, needs_node

SCRIPTS = [
    "Asking", "Context", "Dialogs", "Fill", "Help", "History", "Html", "Identity", "Import", "Memory",
    "Menu", "Outcome", "Preview", "Pull", "Push", "Selection", "Service", "SetUp", "Settings", "Sidebar",
    "Types", "Undo", "Verify", "Version", "Words",
]  # fmt: skip
PAGES = ["Confirm", "DialogStyle", "Help"]


def test_exactly_these_files_are_pushed() -> None:
    """Nothing else would reach Google: one file more is somebody's mistake, or belongs into these lists."""
    found = sorted(path.name for path in ADD_ON.iterdir())
    sidebar = [name for name in found if re.fullmatch(r"Sidebar\w*\.html", name)]
    assert "Sidebar.html" in sidebar
    wanted = ["appsscript.json", *(f"{each}.gs" for each in SCRIPTS), *(f"{each}.html" for each in PAGES)]
    assert sorted([*wanted, *sidebar]) == found


def test_syntax() -> None:
    """What Node would run and Google refuses is found: modules, private members, code at the top."""
    needs_node()
    command = ["node", str(HERE / "check" / "syntax.mjs"), *map(str, sorted(ADD_ON.glob("*.gs")))]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (0, "") == (found.returncode, found.stdout + found.stderr)


@pytest.mark.parametrize(
    "code",
    [
        "class A { #x = 1 }",
        "import x from 'y'",
        "let x = 1;",
        "go();",
        "const x = SpreadsheetApp.getUi();",
        "class A {}",
    ],
)
def test_the_gate_can_close(code: str, tmp_path: Path) -> None:
    """Each kind of mistake is found."""
    needs_node()
    (tmp_path / "Bad.gs").write_text(code)
    command = ["node", str(HERE / "check" / "syntax.mjs"), str(tmp_path / "Bad.gs")]
    assert 1 == subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


def typed(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Check types; the compiler takes no .gs, so the same text goes under another name."""
    needs_node()
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    shutil.copy(HERE / "check" / "tsconfig.json", folder)
    tools = HERE / "node_modules"
    command = [str(tools / ".bin" / "tsc"), "-p", str(folder), "--typeRoots", str(tools / "@types")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=170)


def test_types(tmp_path: Path) -> None:
    """The JSDoc types hold, against Google's published interfaces."""
    found = typed(tmp_path, {path.stem: path.read_text() for path in ADD_ON.glob("*.gs")})
    assert (0, "") == (found.returncode, found.stdout)


def test_types_can_fail(tmp_path: Path) -> None:
    """A member that Google does not have is found."""
    found = typed(tmp_path, {"Bad": "function go() { SpreadsheetApp.getActiveSpreadsheet().getOwnr(); }"})
    assert "getOwnr" in found.stdout


def test_manifest(shop: Office) -> None:
    """Exactly the scopes that the functions use are declared."""
    shop.addon.call("sidebarContext")
    shop.addon.ask("GET", "/api/v1/connections")
    shop.addon.run("showHelp")
    manifest = json.loads((ADD_ON / "appsscript.json").read_text())
    assert sorted(manifest["oauthScopes"]) == sorted(
        {*shop.addon.state["scopes"], *needed_for_the_token(shop)}
    )
    assert "V8" == manifest["runtimeVersion"]


def needed_for_the_token(office: Office) -> set[str]:
    """Return the scope without which the token names nobody."""
    assert office.addon.call("sidebarContext")["email"]
    return {"https://www.googleapis.com/auth/userinfo.email"}


def test_every_entry_is_a_function() -> None:
    """The menu's functions exist, and so do those that the pages call."""
    code = "\n".join(path.read_text() for path in ADD_ON.glob("*.gs"))
    functions = set(re.findall(r"^function (\w+)", code, re.MULTILINE))
    entries = set(re.findall(r"^  \['.*', '(\w+)'\],", (ADD_ON / "Menu.gs").read_text(), re.MULTILINE))
    pages = "\n".join(path.read_text() for path in ADD_ON.glob("*.html"))
    called = set(re.findall(r"\bserver\('(\w+)'", pages)) | set(
        re.findall(r"^\s+\.(dialog\w+)\(", pages, re.MULTILINE)
    )
    assert 13 == len(entries)
    assert {"dialogReady", "dialogConfirmed", "sidebarCall"} <= called
    assert set() == (entries | called) - functions


def test_no_secret_and_no_other_address() -> None:
    """Everybody who may edit the sheet can read the script; and no page loads anything over the network."""
    for path in ADD_ON.iterdir():
        text = path.read_text()
        addresses = set(re.findall(r"https?://[\w.-]*\w", text))
        assert not {
            each for each in addresses if not each.endswith((".example.org", "www.googleapis.com"))
        }, path.name
        assert not re.search(r"(?i)(password|secret|api.?key)\s*[:=]\s*['\"]", text), path.name


def test_version() -> None:
    """The add-on carries the service's version."""
    assert f"const ADDON_VERSION = '{sheetsync.__version__}';" in (ADD_ON / "Version.gs").read_text()


def test_files_are_in_the_wheel(tmp_path: Path) -> None:
    """Whoever installs the package has the add-on, too."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ADD_ON.parent, check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = {Path(name).name for name in wheel.namelist() if name.startswith("sheetsync/appsscript/")}
    assert {path.name for path in ADD_ON.iterdir()} == inside
