"""Files into the tab: whose line it is, what it asks, and that nothing is guessed or overwritten."""

import pytest

from tests.imports.office import bring, statuses
from tests.rules.clerk import Clerk
from tests.stateful.kit import Town

HEADER = "user_id,action,amount,reason,note\n"


def test_lines_become_edits(ana: Clerk, town: Town) -> None:
    """Each in the row of its user, and a push carries them out."""
    meant = bring(ana, HEADER + "1,add,25,Goodwill,late parcel\n2,Reset,50,,\n3,adjust,-5,Correction,\n")
    assert {2: "edited", 3: "edited", 4: "edited"} == statuses(meant)
    row = ana.row("1")
    assert ("Add", 25, "Goodwill", "late parcel", "Edited") == tuple(
        row[each] for each in ("Action", "Amount", "Reason", "Note", "Status")
    )
    assert "may.csv, line 2" in str(row["Message"])
    assert dict.fromkeys("123", "confirmed") == ana.ship()
    assert (20_025, 50, 19_995) == tuple(town.balance(each) for each in "123")
    assert (None, None) == (ana.row("1")["Action"], ana.row("1")["Amount"])


def test_by_email(ana: Clerk) -> None:
    """Compared without case and spaces; an id and an e-mail that differ are refused."""
    meant = bring(
        ana,
        "user_id,email,action,amount\n"
        ", C1@Example.com ,add,25\n2,c2@example.com,add,25\n3,c1@example.com,add,25\n"
        ",nobody@example.com,add,1\n,,add,1\n",
    )
    assert {2: "edited", 3: "edited", 4: "invalid", 5: "invalid", 6: "invalid"} == statuses(meant)
    assert ["1", "2"] == [each.account_id for each in meant[:2]]
    assert "not c1@example.com" in meant[2].message
    assert "No user is ever created" in meant[3].message
    assert "whose it is" in meant[4].message


def test_wrong_lines_stop_no_others(ana: Clerk) -> None:
    """Each says what is wrong; the good ones go on."""
    meant = bring(
        ana,
        HEADER + '1,add,"1,234",,\n2,give,25,,\n9,add,25,,\n3,add,25,,\n3,add,7,x,y,z\n',
    )
    assert {2: "invalid", 3: "invalid", 4: "invalid", 5: "edited", 6: "invalid"} == statuses(meant)
    assert "can be read as 1234 or as 1.234" in meant[0].message
    assert "not an action" in meant[1].message
    assert "no user “9”" in meant[2].message
    assert "6 cells, the header 5" in meant[4].message


@pytest.mark.parametrize(
    ("amounts", "read"),
    [
        (("1.234,50", "2.000", "12,5"), None),  # fractions do not fit a unit of whole numbers
        (("1,000,000", "2,000"), (1_000_000, 2_000)),
        (("1.000.000", "2.000"), (1_000_000, 2_000)),
    ],
)
def test_the_files_own_lines_settle_the_mark(
    ana: Clerk, amounts: tuple[str, ...], read: tuple[int, ...] | None
) -> None:
    """A line that can be read in two ways is read as another line of the file shows."""
    lines = "".join(f'{user};add;"{amount}"\n' for user, amount in enumerate(amounts, start=1))
    meant = bring(ana, "user_id;action;amount\n" + lines)
    found = tuple(each.edit.changes[0].amount for each in meant if each.edit is not None)
    assert (read or (2_000,)) == found


def test_a_mark_by_hand(ana: Clerk) -> None:
    """What the person says counts."""
    meant = bring(ana, HEADER + '1,add,"1,234",,\n', mark=".")
    assert meant[0].edit is not None
    assert 1_234 == meant[0].edit.changes[0].amount


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfUser ID;Action;Amount;Note\n1;add;25;f\xc3\xbcr Zo\xc3\xab\n",
        "User ID\tAction\tAmount\tNote\r\n1\tadd\t25\tfür Zoë\r\n".encode("utf-16"),
        "user_id,ACTION,Amount,note\r\n1,add,25,für Zoë\r\n".encode("cp1252"),
        '"user-id";"action";"amount";"note"\n"1";"add";"25";"für Zoë"\n\n;;;\n'.encode(),
    ],
    ids=["UTF-8 with mark", "UTF-16", "Windows", "quoted, blank lines"],
)
def test_as_programs_write_them(ana: Clerk, data: bytes) -> None:
    """Encoding, separator and spelling of the header are found out."""
    meant = bring(ana, data)
    assert {2: "edited"} == statuses(meant)
    assert ("Add", 25, "für Zoë") == tuple(ana.row("1")[each] for each in ("Action", "Amount", "Note"))


def test_an_edit_is_not_overwritten(ana: Clerk) -> None:
    """Whatever a person typed stays; the line says which row."""
    ana.add("1", 7)
    ana.paper.type("2", {"Note": "ask first"})
    meant = bring(ana, HEADER + "1,add,25,,\n2,add,25,,\n")
    assert {2: "invalid", 3: "invalid"} == statuses(meant)
    assert "not overwritten" in meant[0].message
    assert ("Add", 7) == (ana.row("1")["Action"], ana.row("1")["Amount"])


def test_two_lines_for_one_user(ana: Clerk) -> None:
    """A row takes one change; nothing is summed, and the same twice is told apart by a reference only."""
    meant = bring(ana, "user_id,action,amount,reference\n1,add,25,a\n1,add,25,b\n2,add,5,\n2,add,5,\n")
    assert dict.fromkeys(range(2, 6), "invalid") == statuses(meant)
    assert "--plan" in meant[0].message
    assert "its own reference" in meant[2].message


def test_an_unproven_change_comes_first(ana: Clerk, town: Town) -> None:
    """The row waits for its proof, and takes no line before."""
    ana.add("1", 1000)
    town.fault("drop_after", "1")
    ana.ship()
    ana.paper.clear("1")
    meant = bring(ana, HEADER + "1,add,25,,\n")
    assert {2: "invalid"} == statuses(meant)
    assert "not proven yet" in meant[0].message


def test_a_row_that_was_put_back(ana: Clerk) -> None:
    """An old copy of the tab takes no line: its edit would be refused."""
    copy = ana.paper.path.read_bytes()
    ana.add("1", 1000)
    ana.ship()
    ana.paper.path.write_bytes(copy)
    meant = bring(ana, HEADER + "1,add,25,,\n")
    assert {2: "invalid"} == statuses(meant)
    assert "older than the ledger" in meant[0].message
