"""A stranger's first hour: README and docs/first-hour.md, followed to the letter in an empty folder."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.databases import PostgresqlServer
from tests.stranger.reader import Reader, cells, free_ports, steps

ROOT = Path(__file__).parents[2]
CHECKOUT = ("Makefile", "pyproject.toml", "requirements-dev.lock")
REFUSES = "#!/bin/sh\necho 'The set-up is older than what it was made from: make setup' >&2\nexit 1\n"
"""Instead of the set-up, which would install the copy over this checkout."""


@pytest.fixture
def ports() -> dict[str, str]:
    """Ports that the pages name, and free ones instead."""
    return free_ports("8765", "8766", "8080")


@pytest.fixture
def checkout(tmp_path: Path, ports: dict[str, str]) -> Path:
    """A folder that is set up as ``.ci/setup`` leaves one, with nothing that was made in it."""
    folder = tmp_path / "sheetsync"
    (folder / ".ci").mkdir(parents=True)
    for name in CHECKOUT:
        copy = folder / name
        shutil.copy(ROOT / name, copy)
        os.utime(copy, (0, 0))  # older than the set-up, so that make does not set up again
    setup = folder / ".ci" / "setup"
    setup.write_text(REFUSES, "utf-8")
    setup.chmod(0o755)
    os.utime(setup, (0, 0))
    makefile = folder / "Makefile"
    makefile.write_text(
        makefile.read_text("utf-8").replace("demo --once", f"demo --once --port {ports['8765']}")
    )
    for name in (".venv", "tests", "sheetsync"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture
def reader(checkout: Path, ports: dict[str, str]) -> Iterator[Reader]:
    """A person with an empty home and a bare environment."""
    home = checkout.parent / "home"
    home.mkdir()
    env = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    reader = Reader(checkout, env, ports, leaves_out=("make test",))
    yield reader
    reader.close()


def shown(path: Path) -> dict[str, str]:
    """Return the Status cells of the rows that have one."""
    header, *rows = load_workbook(path)["Credits"].iter_rows(values_only=True)
    user, status = header.index("User ID"), header.index("Status")
    return {str(row[user]): str(row[status]) for row in rows if row[status]}


def typed(page: str) -> set[str]:
    """Return the users into whose rows a page lets one type."""
    return {row["User ID"] for step in steps(page) if step.is_table for row in cells(step.text)}


def sent(reader: Reader, connection: str) -> dict[str, tuple[str, int]]:
    """Return account → how its newest operation ended, and in how many attempts."""
    reader.run(f"sheetsync history {connection} --json")
    found = json.loads(reader.printed.pop())["operations"]
    return {each["account_id"]: (each["status"], each["attempts"]) for each in reversed(found)}


@pytest.mark.timeout(600)  # a dozen processes, one after the other
def test_readme(reader: Reader, checkout: Path) -> None:
    """What the first page promises in five minutes."""
    page = (ROOT / "README.md").read_text("utf-8")
    reader.follow(page)
    assert dict.fromkeys(typed(page), "Confirmed") == shown(checkout / "sheetsync-demo" / "credits.xlsx")


@pytest.mark.timeout(600)
def test_first_hour(reader: Reader, postgresql_server: PostgresqlServer, checkout: Path) -> None:
    """Demo, a site, a workbook, a Google spreadsheet, and a service with two workers on PostgreSQL."""
    page = (ROOT / "docs" / "first-hour.md").read_text("utf-8")
    programs = postgresql_server._find_programs() / "bin"
    reader.env |= {"PGHOST": str(postgresql_server.folder), "PGUSER": "tests"}
    reader.env["PATH"] = f"{programs}:{reader.env['PATH']}"
    reader.follow(page)
    assert dict.fromkeys(typed(page), "Confirmed") == shown(checkout / "first-hour" / "credits.xlsx")
    assert "FAIL" not in "".join(reader.printed)
    tested, imported = {"7"}, {"3", "6"}
    once = dict.fromkeys(typed(page) | tested | imported, ("confirmed", 1))
    assert once == sent(reader, "shop") | sent(reader, "cloud")
