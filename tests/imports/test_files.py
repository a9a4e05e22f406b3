"""Files as many programs write them, whole and broken."""

import os
from pathlib import Path

import pytest

from sheetsync.csvs import open_csv
from sheetsync.errors import UsageError
from tests.imports.office import bring, save, source_of, statuses
from tests.rules.clerk import Clerk

LINE = "user_id;action;amount;note\n1;add;25;Grüße – naïve\n"


@pytest.mark.parametrize(
    ("data", "guessed"),
    [
        (LINE.encode(), False),
        (LINE.encode("utf-8-sig"), False),
        (LINE.encode("utf-16"), False),
        (LINE.encode("utf-16-le"), False),
        (LINE.encode("utf-16-be"), False),
        (LINE.encode("cp1252"), True),
    ],
    ids=["utf-8", "utf-8 bom", "utf-16 bom", "utf-16-le", "utf-16-be", "cp1252"],
)
def test_encodings(ana: Clerk, data: bytes, *, guessed: bool) -> None:
    """Every letter arrives; a guess is named."""
    (meant,) = bring(ana, data)
    assert meant.edit is not None
    assert "Grüße – naïve" == meant.edit.note
    assert guessed == bool(open_csv(ana.town.folder / "may.csv", {"user_id"}).warnings)


def test_a_named_encoding(tmp_path: Path) -> None:
    """A person knows better than a guess; an encoding that there is not is refused in words."""
    path = tmp_path / "a.csv"
    path.write_bytes("user_id;note\n1;Łukasz\n".encode("cp1250"))
    rows = list(open_csv(path, {"user_id"}, encoding="cp1250").rows())
    assert [(2, ["1", "Łukasz"], "")] == rows
    for encoding in ("klingon", "ascii"):
        with pytest.raises(UsageError, match=encoding):
            open_csv(path, {"user_id"}, encoding=encoding)


def test_a_late_letter_of_another_encoding(tmp_path: Path) -> None:
    """It is refused in words, with about where it stands; the header alone proves nothing."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"user_id;note\n" + b"1;plain\n" * 20_000 + "2;Łukasz\n".encode())
    with pytest.raises(UsageError, match="not text in ascii somewhere after line"):
        list(open_csv(path, {"user_id"}, encoding="ascii").rows())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("sep=;\nuser_id;action;amount\n1;add;25\n", 3),
        ('"sep=;"\r\nuser_id;action;amount\r\n1;add;25\r\n', 3),
        ("\n \nuser_id,action,amount\n1,add,25\n", 4),
        ('"user\nid",action,amount\n1,add,25\n', 3),
        ("user_id\taction\tamount\r1\tadd\t25\r", 2),
        ('user_id,action,amount\n\n,,\n"1","add","25"\n', 4),
    ],
)
def test_first_lines(ana: Clerk, text: str, number: int) -> None:
    """What stands before the header, or within it, is no obstacle; lines are numbered as an editor does."""
    assert {number: "edited"} == statuses(bring(ana, text))


def test_a_quotation_mark_that_is_never_closed(ana: Clerk) -> None:
    """It is named with what it swallowed."""
    (meant,) = bring(ana, 'user_id,action,amount,note\n1,add,25,"abc\n2,add,3,x\n')
    assert "all that follow were not read" in meant.message
    cell = "x" * 20_000
    first, second = bring(ana, f'user_id,action,amount,note\n1,add,25,"{cell}"\n2,add,3,x\n')
    assert "longer than 10000 characters" in first.message
    assert "edited" == second.status


def test_a_line_break_in_quotes(ana: Clerk) -> None:
    """It is part of the note."""
    meant = bring(ana, 'user_id,action,amount,note\n1,add,25,"two\nlines"\n2,add,3,x\n')
    assert {2: "edited", 4: "edited"} == statuses(meant)


def test_a_workbook_is_no_csv(ana: Clerk) -> None:
    """It is refused with what to do."""
    with pytest.raises(UsageError, match="workbook"):
        bring(ana, ana.process.path.read_bytes())


def test_a_file_without_lines(ana: Clerk) -> None:
    """It asks for nothing."""
    assert [] == bring(ana, "user_id,action,amount\n")


def test_a_file_that_changes_while_it_is_read(ana: Clerk) -> None:
    """Nothing of it counts."""
    path = save(ana, "may.csv", "user_id,action,amount\n1,add,25\n")
    source = source_of(ana, path)
    path.write_text("user_id,action,amount\n2,add,25\n", encoding="utf-8")
    os.utime(path)
    with pytest.raises(UsageError, match="changed while it was read"):
        list(source.file.lines(source.columns))
