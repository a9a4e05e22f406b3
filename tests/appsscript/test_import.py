"""A CSV through the add-on: as the sidebar sends it, and from a tab where no page can run."""

from typing import Any

import pytest

from tests.appsscript.office import Office

IMPORTS = "/api/v1/connections/shop/imports"
TEXT = 'Customer,Action,Betrag,Reason,Reference\r\n1,Add,12,Goodwill,r-1\r\n2,Add,"1,5",Goodwill,r-2\r\n'


@pytest.fixture
def desk(shop: Office) -> Office:
    """The office with no edit in the tab."""
    shop.clear_edits()
    return shop


def send(office: Office, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Send a file as the sidebar does; return the run's end."""
    file = {"name": "may – bonus.csv", "text": TEXT, "map": {"Customer": "user_id", "Betrag": "amount"}}
    started = office.addon.ask("POST", IMPORTS, file={**file, **fields})
    assert started["ok"], started
    return office.end_of(started["body"]["run"])


def test_a_file_becomes_edits(desk: Office) -> None:
    """Columns are mapped, what is right stands in the rows, what is not is named, and nothing is sent."""
    before = desk.balance("1")
    ended = send(desk, label="May bonus")
    assert {"edited": 1, "invalid": 1}.items() <= ended["result"]["counts"].items()
    assert ["Add", 12] == [desk.people.cell("1", header) for header in ("Action", "Amount")]
    assert before == desk.balance("1")


def test_the_results_are_a_file(desk: Office) -> None:
    """The results come as text with a name, for the page to save: the lines with what became of them."""
    ended = send(desk)
    found = desk.addon.ask("GET", f"/api/v1/runs/{ended['run']}/results")
    assert found["ok"], found
    assert "may – bonus" in found["body"]["name"]
    header, first, *_ = found["body"]["text"].splitlines()
    assert header.startswith("Customer,Action,Betrag,Reason,Reference,status,message")
    assert "edited" in first


def test_a_file_that_cannot_be_used(desk: Office) -> None:
    """A header that names nobody is refused at once, in words."""
    reply = desk.addon.ask("POST", IMPORTS, file={"name": "x.csv", "text": "a,b\r\n1,2\r\n"})
    assert ("refused", 400) == (reply["kind"], reply["status"])
    assert reply["error"]["hint"]


def test_lines_of_a_tab(desk: Office) -> None:
    """Where no page can run, the menu takes the lines from a tab; a name that is none is told."""
    header = ["user_id", "action", "amount", "reason", "note"]
    desk.people.add_tab("May", [header, ["3", "Add", "7", "Goodwill", 'a "b", c']])
    desk.plain()
    desk.addon.run("importCsv", answers=[{"button": "OK", "text": "Mai"}, "OK"])
    assert "There is no tab “Mai”" == desk.addon.state["asked"][-1]["title"]
    desk.addon.run("importCsv", answers=[{"button": "OK", "text": "May"}])
    assert "Imported: 1 edited." == desk.addon.state["toasts"][-1]["message"]
    assert ["Add", 7, 'a "b", c'] == [desk.people.cell("3", each) for each in ("Action", "Amount", "Note")]
