"""The workbook as a file: who has it open, two writers at once, and no half-written file ever."""

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from sheetsync.core.tab import Patch
from sheetsync.errors import LayoutError, SheetError
from sheetsync.sheets.workbook import WorkbookSheet, files
from sheetsync.sheets.workbook.sheet import MAX_TRIES
from tests.contract.sheet_suite import COLUMNS, account, cell, column

TAB = "Credits"


def adapter(path: Path) -> WorkbookSheet:
    """Return the adapter over the file."""
    return WorkbookSheet(path, tab=TAB, columns=COLUMNS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a workbook with two rows."""
    path = tmp_path / "credits.xlsx"
    adapter(path).create()
    adapter(path).write([], append=[account("1"), account("2")])
    return path


def write(path: Path, account_id: str = "1", text: str = "x") -> None:
    """Write one message."""
    adapter(path).write([Patch(account_id, {"message": text})])


def test_open_in_libreoffice_names_the_person(path: Path) -> None:
    """Reading is allowed, writing is not."""
    path.with_name(f".~lock.{path.name}#").write_text(",Ana Lima,host,12.03.2026 09:30,file:///x;")
    assert 2 == len(adapter(path).read().values)
    for act in (adapter(path).ensure_writable, adapter(path).create, lambda: write(path)):
        with pytest.raises(SheetError, match=r"open in LibreOffice by Ana Lima .*close it there"):
            act()


def test_open_in_excel_names_the_person(path: Path) -> None:
    """Excel's own mark beside the file."""
    name = b"Bea Ruiz"
    mark = bytes([len(name)]) + name.ljust(54) + bytes([len(name), 0])
    path.with_name(f"~${path.name}").write_bytes(mark)
    with pytest.raises(SheetError, match="open in Excel by Bea Ruiz"):
        write(path)


def test_a_mark_without_a_name_still_counts(path: Path) -> None:
    """An empty mark says that somebody has it open."""
    path.with_name(f"~${path.name}").write_bytes(b"")
    with pytest.raises(SheetError, match="open in Excel "):
        write(path)


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Work without root's privilege to write everywhere."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o777), (0o666, 0o555), (0o000, 0o777), (0o666, 0o000)])
def test_missing_permissions_are_said(tmp_path: Path, path: Path, file: int, folder: int) -> None:
    """Of the file or its folder; whoever took them away meant it."""
    before = path.read_bytes()
    path.chmod(file)
    tmp_path.chmod(folder)
    with unprivileged():
        for act in (adapter(path).ensure_writable, adapter(path).create, lambda: write(path)):
            with pytest.raises(SheetError, match="cannot be written"):
                act()
    tmp_path.chmod(0o777)
    path.chmod(0o666)
    assert before == path.read_bytes()


def test_an_unreadable_mark_still_counts(path: Path) -> None:
    """Another user's mark says no name, but that the workbook is open."""
    path.with_name(f".~lock.{path.name}#").mkdir()
    with pytest.raises(SheetError, match="open in LibreOffice"):
        write(path)


def test_a_folder_is_no_workbook(tmp_path: Path) -> None:
    """Reading and writing it are refused in words."""
    with pytest.raises(SheetError, match="cannot be read"):
        adapter(tmp_path).read()
    with pytest.raises(SheetError, match="it is a folder"):
        adapter(tmp_path).create()


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    """A create makes the file, never folders."""
    with pytest.raises(SheetError, match="folder does not exist"):
        adapter(tmp_path / "nowhere" / "credits.xlsx").create()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Reading and writing say to run a pull; the file is not made by them."""
    path = tmp_path / "credits.xlsx"
    for act in (adapter(path).read, lambda: write(path)):
        with pytest.raises(LayoutError, match="no workbook") as caught:
            act()
        assert "pull" in caught.value.hint
    adapter(path).ensure_writable()
    assert [] == list(tmp_path.iterdir())


def test_no_litter(path: Path) -> None:
    """Nothing stands beside the workbook after work."""
    write(path)
    assert [path] == list(path.parent.iterdir())


def test_mode_and_link_stay(path: Path) -> None:
    """The file behind a symbolic link is replaced, with its mode, and the link still points there."""
    path.chmod(0o640)
    link = path.with_name("link.xlsx")
    link.symlink_to(path)
    write(link, text="through the link")
    assert link.is_symlink()
    assert 0o640 == path.stat().st_mode & 0o777
    assert "through the link" == cell(adapter(path).read(), "1", "message")


def test_a_failing_save_leaves_the_old_file(path: Path) -> None:
    """A full disk is a sentence, the old version stays, and no litter."""
    before = path.read_bytes()

    def full(target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(SheetError, match="No space left"):
        files.replace(path, full, expected=files.signature(path))
    assert before == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


def test_a_file_saved_meanwhile_is_not_overwritten(path: Path) -> None:
    """The replacement notices and says so."""
    expected = files.signature(path)

    def meanwhile(target: Path) -> None:
        target.write_bytes(b"ours")
        book = openpyxl.load_workbook(path)
        book[TAB]["H2"] = "typed meanwhile"
        book.save(path)

    assert not files.replace(path, meanwhile, expected=expected)
    assert "typed meanwhile" == openpyxl.load_workbook(path)[TAB]["H2"].value


class Meddled(WorkbookSheet):
    """A person saves the file while it is loaded, a given number of times."""

    times = 0

    def _load(self, path: Path) -> openpyxl.Workbook:
        book = super()._load(path)
        if self.times:
            self.times -= 1
            theirs = openpyxl.load_workbook(path)
            theirs[TAB]["H3"] = f"still {self.times}"
            theirs.save(path)
        return book


def test_a_change_in_between_is_kept_and_ours_applied_to_it(path: Path) -> None:
    """Load again, apply again."""
    meddled = Meddled(path, tab=TAB, columns=COLUMNS)
    meddled.times = 2
    assert {"1"} == meddled.write([Patch("1", {"message": "ours"})]).applied
    tab = adapter(path).read()
    assert ["ours", "still 0"] == [cell(tab, "1", "message"), cell(tab, "2", "note")]


def test_endless_changes_in_between_end_in_words(path: Path) -> None:
    """Bounded tries; nothing of ours was written."""
    meddled = Meddled(path, tab=TAB, columns=COLUMNS)
    meddled.times = MAX_TRIES
    with pytest.raises(SheetError, match="another program saved it"):
        meddled.write([Patch("1", {"message": "ours"})])
    assert None is cell(adapter(path).read(), "1", "message")


def _writer(path: Path, worker: int, rounds: int) -> None:
    for number in range(rounds):
        adapter(path).write([], append=[account(f"w{worker}-{number}")])


def test_processes_never_lose_each_others_rows(path: Path) -> None:
    """Three processes append at once; every row is there, once."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_writer, args=(path, worker, 5)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [0, 0, 0] == [worker.exitcode for worker in workers]
    expected = {"1", "2", *(f"w{worker}-{number}" for worker in range(3) for number in range(5))}
    ids = column(adapter(path).read(), "account_id")
    assert (expected, len(expected)) == (set(ids), len(ids))


def test_threads_never_lose_each_others_rows_and_readers_see_whole_files(path: Path) -> None:
    """Two threads append while a third reads."""
    threads = [threading.Thread(target=_writer, args=(path, worker, 4)) for worker in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert 2 <= len(adapter(path).read().values)
    for thread in threads:
        thread.join()
    assert 10 == len(adapter(path).read().values)


def test_a_lock_that_is_never_given_back_ends_in_words(path: Path) -> None:
    """Waiting is bounded."""
    began = time.monotonic()
    with (
        files.exclusive(path),
        pytest.raises(SheetError, match="locked"),
        files.exclusive(path, timeout_s=0.1),
    ):
        pass
    assert time.monotonic() - began < 5
