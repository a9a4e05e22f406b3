"""What people do to rows, columns and files between two commands."""

import shutil
from collections.abc import Iterator

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from tests.e2e.harness import Office, headers, places
from tests.e2e.site import Site


@pytest.fixture
def pulled(office: Office) -> Office:
    """An office that has pulled."""
    office.run("pull", "shop")
    return office


def reverse(tab: Worksheet, names: tuple[str, ...] | None = None) -> None:
    """Sort rows the other way round: all columns, or only some."""
    columns = headers(tab)
    chosen = [columns[name] for name in names or columns]
    numbers = range(2, tab.max_row + 1)
    values = [[tab.cell(row, column).value for column in chosen] for row in numbers]
    for row, cells in zip(reversed(numbers), values, strict=True):
        for column, value in zip(chosen, cells, strict=True):
            tab.cell(row, column).value = value


def test_sorting_whole_rows_is_fine(pulled: Office) -> None:
    """Rows sorted and a column put in before the push: the plan holds, each status finds its row."""
    pulled.add({"1": 5, "2": 6})
    digest = pulled.run("preview", "shop").digest
    book, tab = pulled.open()
    reverse(tab)
    tab.insert_cols(2)
    tab.cell(1, 2).value = "My notes"
    tab.cell(places(tab)["2"], 2).value = "mine"
    book.save(pulled.path)
    pushed = pulled.run("push", "shop", "--plan", digest)
    assert {"1": "confirmed", "2": "confirmed"} == pushed.statuses
    table = pulled.table()
    assert ("mine", 46, "Confirmed") == tuple(table["2"][name] for name in ("My notes", "Credits", "Status"))
    assert ("Confirmed", None) == (table["1"]["Status"], table["3"]["Status"])
    assert {"1": 45, "2": 46} == {account: pulled.site.balances[account] for account in ("1", "2")}


def test_sorting_some_columns_is_noticed(pulled: Office) -> None:
    """Identity sorted away from edits and keys: Invalid, shuffled, nothing sent; a stale plan at the push."""
    pulled.add({"1": 5, "2": 6})
    digest = pulled.run("preview", "shop").digest
    book, tab = pulled.open()
    reverse(tab, ("User ID", "Email", "Name", "Credits"))
    book.save(pulled.path)
    assert "stale_plan" == pulled.run("push", "shop", "--plan", digest, code=4).error["code"]
    preview = pulled.run("preview", "shop", code=1)
    assert {"11": "invalid", "12": "invalid"} == {each: preview.statuses[each] for each in ("11", "12")}
    assert "shuffled" in preview.rows["12"]["message"]
    assert {"invalid"} == set(preview.statuses.values())
    assert [] == pulled.run("push", "shop", "--yes", code=1).json["rows"]
    book, tab = pulled.open()
    reverse(tab, ("Action", "Amount", "Key"))  # the edits follow: only e-mail and name are where they were
    reverse(tab, ("Email", "Name"))
    book.save(pulled.path)
    assert "invalid" in pulled.run("preview", "shop", code=1).statuses.values()
    assert [] == pulled.site.arrived


def test_an_old_copy_put_back(pulled: Office) -> None:
    """The workbook of before the push: its edits are Already sent, another one is Invalid, nothing goes."""
    pulled.edit({"1": {"Action": "Add", "Amount": 5}, "2": {"Action": "Reset", "Amount": 9}})
    copy = pulled.folder / "copy.xlsx"
    shutil.copy(pulled.path, copy)
    pulled.run("push", "shop", "--yes")
    shutil.copy(copy, pulled.path)
    preview = pulled.run("preview", "shop")
    assert {"1": "already_sent", "2": "already_sent"} == preview.statuses
    assert 2 == preview.json["plan"]["counts"]["already_sent"]
    assert "cli:ana" in preview.rows["1"]["message"]
    assert [] == pulled.run("push", "shop", "--yes").json["rows"]
    pulled.edit({"1": {"Amount": 6}})
    assert "invalid" == pulled.run("preview", "shop", code=1).statuses["1"]
    assert {"1": "Invalid", "2": "Already sent"} == pulled.shown(["1", "2"])
    pulled.site.move("2", 5)
    merged = pulled.run("pull", "shop").json
    assert 1 == merged["kept_edits"]
    table = pulled.table()
    assert (None, 14, None) == (table["2"]["Action"], table["2"]["Credits"], table["2"]["Status"])
    assert ("Add", 6) == (table["1"]["Action"], table["1"]["Amount"])
    assert [] == pulled.run("push", "shop", "--yes", code=1).json["rows"]
    assert 2 == len(pulled.site.arrived)
    pulled.sound()


def test_the_same_edit_twice_on_purpose(pulled: Office) -> None:
    """After a confirmation the same edit typed again is a new one: it counts again, under another key."""
    for turn in (1, 2):
        pulled.add({"1": 5})
        assert {"1": "confirmed"} == pulled.run("push", "shop", "--yes").statuses
        assert 40 + 5 * turn == pulled.site.balances["1"]
    assert 2 == len({each["operation"] for each in pulled.history()})


def test_only_named_accounts_and_visible_rows(pulled: Office) -> None:
    """--account touches only its rows; hidden rows are left out and counted, unless asked for."""
    pulled.add({"1": 5, "2": 6, "3": 7})
    book, tab = pulled.open()
    tab.auto_filter.ref = tab.dimensions
    tab.auto_filter.add_filter_column(0, ["1", "2"])
    tab.row_dimensions[places(tab)["3"]].hidden = True
    book.save(pulled.path)
    preview = pulled.run("preview", "shop")
    assert {"1": "edited", "2": "edited"} == preview.statuses
    assert 1 == preview.json["plan"]["hidden"]
    assert {"2": "confirmed"} == pulled.run("push", "shop", "--yes", "--account", "2").statuses
    assert ("Add", "Edited") == (pulled.table()["1"]["Action"], pulled.table()["1"]["Status"])
    assert {"1": "confirmed"} == pulled.run("push", "shop", "--yes").statuses
    assert {"3": "confirmed"} == pulled.run("push", "shop", "--yes", "--include-hidden").statuses
    assert ["2", "1", "3"] == [write.user_id for write in pulled.site.applied]
    pulled.site.move("4", 1)
    pulled.site.move("5", 1)
    assert 1 == pulled.run("pull", "shop", "--account", "5").json["accounts"]
    table = pulled.table()
    assert (40, 41) == (table["4"]["Credits"], table["5"]["Credits"])


def test_a_pull_merges(pulled: Office) -> None:
    """Unsent edits stay, deleted rows come back, new users come, gone ones are counted, stale words go."""
    site = pulled.site
    pulled.edit({"1": {"Action": "Add", "Amount": 5, "Note": "wait"}, "2": {"Action": "Frob", "Amount": "x"}})
    pulled.run("preview", "shop", code=1)
    pulled.edit({"2": {"Action": None, "Amount": None}})
    book, tab = pulled.open()
    tab.delete_rows(places(tab)["3"])
    book.save(pulled.path)
    with site.lock:
        del site.balances["4"]
        site.balances["13"] = None
        site.balances["1"] = 50
        site.names["13"] = '=HYPERLINK("http://evil.example","x")'
    merged = pulled.run("pull", "shop").json
    assert (12, 1, 1) == tuple(merged[name] for name in ("accounts", "kept_edits", "missing"))
    table = pulled.table()
    assert (50, "Add", 5, "wait") == tuple(
        table["1"][each] for each in ("Credits", "Action", "Amount", "Note")
    )
    assert (None, None) == (table["2"]["Status"], table["2"]["Message"])
    assert 40 == table["3"]["Credits"]
    assert "no longer" in table["4"]["Message"]
    assert (None, '=HYPERLINK("http://evil.example","x")') == (table["13"]["Credits"], table["13"]["Name"])
    _, tab = pulled.open()
    assert "s" == tab.cell(places(tab)["13"], headers(tab)["Name"]).data_type
    assert "s" == tab.cell(places(tab)["13"], headers(tab)["User ID"]).data_type
    pulled.edit({"13": {"Action": "Add", "Amount": 3}, "4": {"Action": "Add", "Amount": 3}})
    pushed = pulled.run("push", "shop", "--yes", code=1)
    assert {"1": "confirmed", "13": "confirmed"} == pushed.statuses
    assert (55, 3) == (site.balances["1"], site.balances["13"])
    assert "Invalid" == pulled.shown()["4"]


def test_a_pull_settles_what_it_can_prove(pulled: Office) -> None:
    """Accepted and not verified: the pull's own reading proves it and clears the row."""
    pulled.add({"1": 5})
    pulled.run("push", "shop", "--yes", "--no-verify", code=1)
    assert 0 == pulled.run("pull", "shop").json["unsettled"]
    row = pulled.table()["1"]
    assert (45, None, "Confirmed") == (row["Credits"], row["Action"], row["Status"])
    assert ["confirmed"] == [each["status"] for each in pulled.history()]


def test_another_system_behind_the_same_tab(pulled: Office) -> None:
    """A base_url that now names another site: an edit typed for the old one is not sent there."""
    pulled.add({"1": 5})
    with Site.of(12) as other:
        pulled.configure(address=other.address)
        pulled.run("pull", "shop")
        assert [] == pulled.run("push", "shop", "--yes", code=1).json["rows"]
        assert [] == other.arrived
    assert ("Add", "Invalid") == (pulled.table()["1"]["Action"], pulled.table()["1"]["Status"])


@pytest.fixture
def shared(site: Site) -> Iterator[Office]:
    """Two connections to one site, each with a tab of its own."""
    office = Office.new(site)
    text = office.config.read_text(encoding="utf-8")
    part = text[text.index("[connections.shop]") :].replace("connections.shop", "connections.twin")
    office.config.write_text(text + part.replace('tab = "Credits"', 'tab = "Twin"'), encoding="utf-8")
    yield office
    office.close()


def test_two_connections_to_one_site(shared: Office) -> None:
    """The same edit in both tabs counts once; the other tab says Already sent."""
    shared.run("pull", "shop")
    shared.run("pull", "twin")
    shared.add({"1": 5})
    book, _ = shared.open()
    for row in book["Twin"].iter_rows(min_row=2):
        if row[0].value == "1":
            row[headers(book["Twin"])["Action"] - 1].value = "Add"
            row[headers(book["Twin"])["Amount"] - 1].value = 5
    book.save(shared.path)
    assert {"1": "confirmed"} == shared.run("push", "shop", "--yes").statuses
    assert {"1": "already_sent"} == shared.run("preview", "twin").statuses
    assert [] == shared.run("push", "twin", "--yes").json["rows"]
    assert 1 == len(shared.site.arrived)
