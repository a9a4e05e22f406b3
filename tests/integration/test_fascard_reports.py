"""Reports from FasCard into a workbook: complete, narrowed, other accounts left out, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sheetsync.bootstrap import Office
from sheetsync.config import Settings, load
from sheetsync.errors import InterruptedRunError, ProviderError, SheetUnsafeError, UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.report import catalogue, report
from sheetsync.ports import Narrowed
from sheetsync.providers.fascard.reports import REPORTS
from sheetsync.sandbox import Sandbox
from sheetsync.sandbox.fc_site import FasCardSite

CONFIG = """
[service]
timezone = "Europe/Berlin"
[connections.laundry]
provider = "fascard"
base_url = "{address}"
account_id = "{account}"
username = "{username}"
password = {{ file = "password" }}
retries = 0
[connections.laundry.sheet]
kind = "xlsx"
path = "laundry.xlsx"
tab = "Accounts"
[connections.laundry.limits]
requests_per_second = 10000
[connections.shop]
provider = "fastcredit"
base_url = "{address}"
username = "office"
application_password = {{ file = "password" }}
[connections.shop.sheet]
kind = "xlsx"
path = "shop.xlsx"
tab = "Credits"
"""
Row = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A laundry with 2001 transactions of two customers."""
    with Sandbox(dialect="fascard", users=9) as sandbox:
        for number in range(2001):
            sandbox.book.top_up("7" if number % 2 else "8", "bonus", 1)
        yield sandbox


@pytest.fixture
def site(sandbox: Sandbox) -> Sandbox:
    """The same with every switch and script as it begins."""
    sandbox.turn(**FasCardSite().as_dict())
    sandbox.faults.clear()
    return sandbox


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(site: Sandbox, tmp_path: Path) -> Iterator[Open]:
    """Open a connection's desk in an office of its own."""
    (tmp_path / "password").write_text(site.password)
    with ExitStack() as opened:

        def open_one(name: str = "laundry", account: str = "12", **report_: Any) -> Desk:  # noqa: ANN401
            config = tmp_path / "sheetsync.toml"
            values = {"address": site.base_url, "username": site.username, "account": account}
            config.write_text(CONFIG.format(**values))
            settings: Settings = load(config, {})
            office = opened.enter_context(Office(settings))
            return opened.enter_context(office.desk(name, actor="cli:ana", **report_))

        yield open_one


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    """The laundry's desk."""
    return open_desk()


def rows(desk: Desk, name: str, tmp_path: Path, **narrowed: Any) -> list[Row]:  # noqa: ANN401 - options
    """Pull a report and return its tab's rows by header."""
    result = report(desk, name, Narrowed(**narrowed))
    assert [] == result["warnings"]
    found = tab_rows(tmp_path, result["tab"])
    assert result["rows"] == len(found)
    return found


def tab_rows(folder: Path, tab: str) -> list[Row]:
    """Return a tab's rows by header."""
    book = openpyxl.load_workbook(folder / "laundry.xlsx")
    head, *below = book[tab].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in below]


def test_all_transactions_come_once(desk: Desk, tmp_path: Path) -> None:
    """Three pages; newest first; amounts are numbers, ids are text, times are the service's."""
    found = rows(desk, "transactions", tmp_path)
    ids = [int(row["Transaction ID"]) for row in found]
    assert sorted(set(ids), reverse=True) == ids
    assert 2001 <= len(ids)
    newest = found[0]
    assert ("Add value", "1", "8", 0.01, "Main Street") == tuple(
        newest[name] for name in ("Type", "Sub-type", "User ID", "Change Bonus", "Location")
    )
    assert abs(newest["Time"] - (datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None)) < timedelta(
        hours=2
    )


def test_what_we_sent_is_named(desk: Desk, site: Sandbox, tmp_path: Path) -> None:
    """Types and sub-types of the overview by name; a purchase by number."""
    site.book.spend("7", "balance", 1)
    site.book.add("7", "balance", 5, cause="admin", note="=1+1")
    found = rows(desk, "transactions", tmp_path, limit=2)
    assert [("Adjust value", "Admin adjustment", 0.05, "=1+1"), ("100", "0", -0.01, None)] == [
        (row["Type"], row["Sub-type"], row["Change Balance"], row["Additional info"]) for row in found
    ]


def test_since_reads_no_more_than_it_must(desk: Desk, site: Sandbox, tmp_path: Path) -> None:
    """A time in the future stops after the first page."""
    site.requests.clear()
    assert [] == rows(desk, "transactions", tmp_path, since=datetime.now(UTC) + timedelta(days=1))
    assert 1 == sum("Transact" in seen.path for seen in site.requests)


def test_a_server_that_begins_with_the_oldest(desk: Desk, site: Sandbox, tmp_path: Path) -> None:
    """The newest are the newest all the same."""
    expected = rows(desk, "transactions", tmp_path, limit=3)
    site.turn(blank_is_zero=True)
    assert expected == rows(desk, "transactions", tmp_path, limit=3)


def test_one_location(desk: Desk, tmp_path: Path) -> None:
    """By id or by name; elsewhere nothing happened, and a place that is not there is refused."""
    assert [] == rows(desk, "transactions", tmp_path, location="3")
    assert {"2"} == {row["Location ID"] for row in rows(desk, "machines", tmp_path, location="main STREET")}
    with pytest.raises(UsageError) as caught:
        report(desk, "machines", Narrowed(location="9"))
    assert "2 Main Street" in caught.value.hint


@pytest.mark.parametrize("account", ["12", "F0002"])
def test_records_of_others_are_left_out(open_desk: Open, site: Sandbox, tmp_path: Path, account: str) -> None:
    """Transactions, locations and machines of another account on the same server."""
    site.turn(foreign_records=True)
    desk = open_desk(account=account)
    assert ["2", "3"] == [row["Location ID"] for row in rows(desk, "locations", tmp_path)]
    assert {"2", "3"} == {row["Location ID"] for row in rows(desk, "machines", tmp_path)}
    found = rows(desk, "transactions", tmp_path)
    assert len(site.book.journal()) == len(found)


def test_histories(desk: Desk, tmp_path: Path) -> None:
    """Of every machine all changes that the server gives; a limit takes the newest of all."""
    found = rows(desk, "machine-history", tmp_path)
    assert 12 * 75 == len(found)
    assert ("0101", "Washer 1", "Online but idle", "v1.04.13") == tuple(
        found[0][name] for name in ("Machine number", "Label", "Status", "Firmware")
    )
    assert datetime(2026, 3, 2, 19, 30) == found[0]["Time"]  # noqa: DTZ001 - cells know no zones
    assert {"77", "Running", "Offline", "Error", "Online but idle"} == {row["Status"] for row in found}
    newest = rows(desk, "machine-history", tmp_path, limit=13)
    assert 12 == len({row["Machine ID"] for row in newest})
    since = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert 2 * 2 == len(rows(desk, "satellite_history", tmp_path, since=since))


def test_prices_and_schedules(desk: Desk, tmp_path: Path) -> None:
    """One row for each price or feature; cents of the schedule are currency."""
    found = rows(desk, "equipment pricing", tmp_path, location="2")
    assert 3 * 3 == len(found)
    assert [("Main Street", "Washer 20 lb", "Always", None, "Base price", 3.75)] == [
        tuple(row[name] for name in ("Location", "Equipment", "When", "From", "Option type", "Price"))
        for row in found[:1]
    ]
    scheduled = rows(desk, "equipment-schedule", tmp_path)[0]
    assert ("Washer 20 lb", "Tuesday 00:00", "Wednesday 00:00", "Price", 2.5) == tuple(
        scheduled[name] for name in ("Equipment", "From", "To", "What", "Price")
    )


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fills_its_tab(desk: Desk, site: Sandbox, tmp_path: Path, name: str) -> None:
    """Headers of the table, and rows; where the server answers with a bare record, too."""
    site.turn(support_admin=True, bare_record=True)
    found = rows(desk, name, tmp_path, limit=3)
    assert {each.header for each in REPORTS[name].fields} == set(found[0])
    assert 0 < len(found) <= 3


def test_a_missing_privilege_is_named(desk: Desk, site: Sandbox, tmp_path: Path) -> None:
    """The report before stays."""
    before = rows(desk, "transactions", tmp_path, limit=5)
    site.turn(reports=False, equipment_setup=False)
    with pytest.raises(ProviderError) as caught:
        report(desk, "transactions", Narrowed())
    assert "Reports" in caught.value.hint
    with pytest.raises(ProviderError) as caught:
        report(desk, "equipment-pricing", Narrowed())
    assert "Equipment Setup" in caught.value.hint
    with pytest.raises(ProviderError) as caught:
        report(desk, "statistics", Narrowed())
    assert "administrators" in caught.value.hint
    assert before == tab_rows(tmp_path, "laundry transactions")


def test_a_list_that_breaks_off_leaves_the_tab(desk: Desk, site: Sandbox, tmp_path: Path) -> None:
    """The second page is lost: nothing is written."""
    before = rows(desk, "transactions", tmp_path, limit=5)
    site.faults.script("html_500", path="lastID", times=None)
    with pytest.raises(ProviderError):
        report(desk, "transactions", Narrowed())
    assert before == tab_rows(tmp_path, "laundry transactions")


def test_an_expired_token_is_renewed(desk: Desk, site: Sandbox, tmp_path: Path) -> None:
    """In the middle of the pages."""
    site.faults.script("unauthorized_401", path="lastID")
    assert 2001 <= len(rows(desk, "transactions", tmp_path))


def test_machines_without_a_history(desk: Desk, site: Sandbox) -> None:
    """One that was never connected is counted and left out."""
    machines = site._speaker._reads.plant.machines  # type: ignore[attr-defined]
    machines.append({**machines[0], "ID": 2099, "EquipID": None})
    try:
        result = report(desk, "machine-history", Narrowed())
    finally:
        machines.pop()
    assert 12 * 75 == result["rows"]
    assert ["FasCard has no history of 1 of 13 machines that it lists."] == result["warnings"]


def test_the_catalogue(desk: Desk) -> None:
    """Every report with its tab and options; nothing is asked of the server."""
    found = catalogue(desk)
    assert list(REPORTS) == [each["report"] for each in found["reports"]]
    assert {
        "report": "machine-history",
        "shows": "changes of the machines' status, newest first for each",
        "tab": "laundry machine history",
        "options": ["--since", "--location", "--limit"],
    } in found["reports"]


def test_wrong_questions(open_desk: Open, desk: Desk, site: Sandbox) -> None:
    """An unknown report, an option that it does not know, and a system that has none."""
    site.requests.clear()
    with pytest.raises(UsageError) as caught:
        report(desk, "washers", Narrowed())
    assert "machine-history" in caught.value.hint
    with pytest.raises(UsageError, match="--since"):
        report(desk, "cards", Narrowed(since=datetime.now(UTC)))
    for ask in (catalogue, lambda shop: report(shop, "users", Narrowed())):
        with pytest.raises(UsageError, match="no reports"):
            ask(open_desk("shop"))
    assert 0 == len(site.requests)


def test_a_persons_tab_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    """Its name is taken: the sentence says what to do, and the run has failed."""
    book = openpyxl.Workbook()
    book.create_sheet("laundry cards").append(["mine"])
    book.save(tmp_path / "laundry.xlsx")
    with pytest.raises(SheetUnsafeError, match="laundry cards"):
        report(desk, "cards", Narrowed())
    assert ["mine"] == [
        cell.value for cell in openpyxl.load_workbook(tmp_path / "laundry.xlsx")["laundry cards"][1]
    ]
    assert "failed" == desk.ledger.runs.newest("laundry", limit=1)[0].state


def test_it_is_a_run(desk: Desk) -> None:
    """With progress and a result that stay."""
    result = report(desk, "transactions", Narrowed())
    run = desk.ledger.runs.get(result["run"])
    assert run is not None
    assert ("report", "done", result) == (run.kind, run.state, run.result)
    assert run.done >= 2001


def test_it_can_be_cancelled(open_desk: Open, tmp_path: Path) -> None:
    """Between two pages; the tab stays as it was."""
    desks: list[Desk] = []

    def cancel(what: str, done: int, _total: int | None) -> None:
        if what == "Reading the report" and done:
            desks[0].ledger.runs.cancel(desks[0].ledger.runs.newest("laundry", limit=1)[0].run)

    desks.append(open_desk(report=cancel))
    with pytest.raises(InterruptedRunError):
        report(desks[0], "transactions", Narrowed())
    assert not (tmp_path / "laundry.xlsx").exists()
