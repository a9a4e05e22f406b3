"""`sheetsync add-on DIR`: the files, as they are pushed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sheetsync.cli import main
from tests.appsscript.office import ADD_ON


def test_all_files_are_written(tmp_path: Path) -> None:
    """The folder is made and holds exactly our files; a second time changes nothing."""
    for _ in range(2):
        done = CliRunner().invoke(main, ["add-on", str(tmp_path / "new" / "addon"), "--json"])
        assert 0 == done.exit_code, done.output
        found = {path.name: path.read_bytes() for path in (tmp_path / "new" / "addon").iterdir()}
        assert {path.name: path.read_bytes() for path in ADD_ON.iterdir()} == found
        assert sorted(found) == json.loads(done.output)["files"]


def test_changed_files_are_not_lost(tmp_path: Path) -> None:
    """What somebody changed is named and stays, unless they say so; files of their own stay anyway."""
    (tmp_path / "Menu.gs").write_text("// ours")
    (tmp_path / ".clasp.json").write_text("{}")
    done = CliRunner().invoke(main, ["add-on", str(tmp_path)])
    assert 2 == done.exit_code
    assert "Menu.gs" in done.output
    assert {"Menu.gs", ".clasp.json"} == {path.name for path in tmp_path.iterdir()}
    assert 0 == CliRunner().invoke(main, ["add-on", str(tmp_path), "--force"]).exit_code
    assert (ADD_ON / "Menu.gs").read_text() == (tmp_path / "Menu.gs").read_text()
    assert "{}" == (tmp_path / ".clasp.json").read_text()


def test_the_only_address(tmp_path: Path) -> None:
    """The manifest allows one address, with a path, as a published add-on needs; the rest stays."""
    done = CliRunner().invoke(main, ["add-on", str(tmp_path), "--address", "https://credits.example.org"])
    assert 0 == done.exit_code, done.output
    manifest = json.loads((tmp_path / "appsscript.json").read_text())
    assert ["https://credits.example.org/"] == manifest.pop("urlFetchWhitelist")
    assert json.loads((ADD_ON / "appsscript.json").read_text()) == manifest


@pytest.mark.parametrize(
    "address", ["http://x.example", "x.example", "https://a@b.example", "https://x.example/?y"]
)
def test_addresses_that_cannot_be(tmp_path: Path, address: str) -> None:
    """Only a plain https address."""
    done = CliRunner().invoke(main, ["add-on", str(tmp_path / "x"), "--address", address])
    assert 2 == done.exit_code
    assert not (tmp_path / "x").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """A file is no folder."""
    (tmp_path / "x").write_text("")
    done = CliRunner().invoke(main, ["add-on", str(tmp_path / "x")])
    assert (2, True) == (done.exit_code, "is not a folder" in done.output)
