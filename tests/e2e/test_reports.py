"""Reports from the command line: a list, a tab beside the accounts, refusals, nothing of anybody's lost."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import harness
from tests.e2e.test_laundry import LaundryOffice
from tests.laundry import PASSWORD, Laundry


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[LaundryOffice]:
    """An office at a laundry of twelve customers; no secret may show anywhere, no token either."""
    monkeypatch.setattr(harness, "SECRETS", (PASSWORD, "tok-"))
    with Laundry.of(12, token_uses=7) as laundry:
        office = LaundryOffice(laundry, Path(tempfile.mkdtemp(prefix="sheetsync-e2e-")))
        yield office
        office.close()


def test_a_report_beside_unsent_edits(office: LaundryOffice) -> None:
    """What was pushed is named; an edit that waits in the accounts' tab stays as it is."""
    office.run("pull", "shop")
    office.edit({"1004": {"Action": "Refund", "Change Balance": 20}})
    office.run("push", "shop", "--yes")
    office.edit({"1005": {"Action": "Add", "Change Bonus": 3}})
    done = office.run("report", "shop", "transactions", "--since", "2026-01-01")
    assert {"run", "report", "connection", "environment", "tab", "rows", "warnings"} == set(done.json)
    book, _ = office.open()
    head, *rows = book[done.json["tab"]].iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert done.json["rows"] == len(found)
    ours = [row for row in found if str(row["Additional info"]).startswith("ss:")]
    assert [("Adjust value", "Refund", "1004", 20)] == [
        (row["Type"], row["Sub-type"], row["User ID"], row["Change Balance"]) for row in ours
    ]
    assert "Add" == office.table()["1005"]["Action"]
    assert {"1005": "edited"} == office.run("preview", "shop").statuses


def test_what_there_is_and_what_not(office: LaundryOffice) -> None:
    """The list is for people, too; a wrong name ends with 2 and names the right ones."""
    shown = office.people("report", "shop").stdout
    assert "machine-history" in shown
    error = office.run("report", "shop", "washers", code=2).error
    assert "usage" == error["code"]
    assert "machine-history" in error["hint"]
