"""FasCard from the command line, against a strict server of its own: spending customers, kills."""

import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e import harness
from tests.e2e.harness import Done, Office
from tests.laundry import ACCOUNT, PASSWORD, USERNAME, Laundry, Weather

CONFIG = """
[service]
database_url = "sqlite:///{folder}/ledger.db"
timezone = "Europe/Berlin"
lease_s = 1

[connections.shop]
provider = "fascard"
base_url = "{address}"
account_id = {account}
username = "{username}"
password = {{ env = "FASCARD_PASSWORD" }}
timeout_s = 1
settle_after_s = 2
[connections.shop.sheet]
kind = "xlsx"
path = "credits.xlsx"
tab = "Credits"
[connections.shop.limits]
requests_per_second = 1000
parallel_requests = 3
stop_after_unknown = 100
"""


@dataclass
class LaundryOffice(Office):
    """An office bound to a laundry; the connection is called shop, as everywhere."""

    site: Laundry  # type: ignore[assignment] # it has an address, and that is all an office needs of it

    def configure(self, **settings: object) -> None:
        """Write the configuration."""
        assert not settings
        self.env = {"FASCARD_PASSWORD": PASSWORD}
        text = CONFIG.format(
            folder=self.folder, address=self.site.address, account=ACCOUNT, username=USERNAME
        )
        self.config.write_text(text, encoding="utf-8")


@pytest.fixture
def laundry() -> Iterator[Laundry]:
    """Open a laundry of twelve customers, whose tokens expire all the time."""
    with Laundry.of(12, token_uses=7) as laundry:
        yield laundry


@pytest.fixture
def office(laundry: Laundry, monkeypatch: pytest.MonkeyPatch) -> Iterator[LaundryOffice]:
    """Open an office at it; no secret may show anywhere, no token either."""
    monkeypatch.setattr(harness, "SECRETS", (PASSWORD, "tok-"))
    office = LaundryOffice(laundry, Path(tempfile.mkdtemp(prefix="sheetsync-e2e-")))
    yield office
    office.close()


def test_from_check_to_history(office: LaundryOffice, laundry: Laundry) -> None:
    """Check, pull, all five actions in one push, proven by their transactions while customers spend."""
    checks = {each["name"]: each for each in office.run("check", "shop").json["checks"]}
    assert "Signed in as Olga Office" in checks["shop: user"]["message"]

    pulled = office.run("pull", "shop").json
    assert {"balance": "480.00", "bonus": "66.00", "loyalty_points": "1200", "free_starts": "24"} == (
        pulled["totals"]
    )
    head = list(office.table()["1001"])
    units = ["Balance", "Bonus", "Loyalty Points", "Free Starts"]
    assert ["User ID", "Email", "Name", *units, "Action"] == head[:8]
    assert [f"Change {unit}" for unit in units] == head[8:12]
    assert "Location ID" in head
    _, tab = office.open()
    lists = {str(each.formula1) for each in tab.data_validations.dataValidation}
    assert {'"2,10"', '"Add,Reset,Adjust,Refund,Cash"'} <= lists

    office.edit(
        {
            "1001": {
                "Action": "Add",
                "Change Balance": "12.50",
                "Change Loyalty Points": 100,
            },
            "1002": {"Action": "Reset", "Change Balance": 0, "Change Free Starts": 5},
            "1003": {"Action": "Adjust", "Change Bonus": -1.25, "Reason": "Correction"},
            "1004": {"Action": "Refund", "Change Balance": 20},
            "1005": {"Action": "Cash", "Change Balance": 100, "Location ID": "10"},
            "1006": {"Action": "Cash", "Change Balance": 10},
            "1007": {"Action": "Cash", "Change Bonus": 10, "Location ID": "2"},
        }
    )
    preview = office.run("preview", "shop", code=1)
    assert {"1006": "invalid", "1007": "invalid"} == {
        account: status for account, status in preview.statuses.items() if status != "edited"
    }
    for number in (1001, 1002, 1004):
        laundry.weather(number, Weather(before=-100, after=-30))
    pushed = office.run("push", "shop", "--plan", preview.digest)
    assert {"confirmed"} == set(pushed.statuses.values())
    ours = str(laundry.applied(1001)[0]["ID"])
    row = pushed.rows["1001"]
    assert {"kind": "transaction", "id": ours} == row["evidence"]
    assert (
        f"Added 12.50 Balance and 100 Loyalty Points: transaction {ours}, Balance 39.00 → 51.50, "
        "Loyalty Points 100 → 200"
    ) == row["message"]
    assert "it overwrote -1.00 Balance of the customer's" in pushed.rows["1002"]["message"]
    assert "+10.00 Bonus came with it" in pushed.rows["1005"]["message"]
    assert 1 == len([number for number, _ in laundry.bodies if number == 1001])
    held = {number: tuple(laundry.customers[number].held.values()) for number in range(1001, 1006)}
    assert {
        1001: (5120, 550, 200, 2),
        1002: (-30, 550, 100, 5),
        1003: (4000, 425, 100, 2),
        1004: (5870, 550, 100, 2),
        1005: (14000, 1550, 100, 2),
    } == held
    shown = office.table()["1001"]
    assert (51.2, 200, None, "Confirmed") == (
        shown["Balance"],
        shown["Loyalty Points"],
        shown["Action"],
        shown["Status"],
    )
    assert shown["Location ID"] is None
    history = office.history("--account", "1005")
    assert [("cash", "confirmed")] == [(each["action"], each["status"]) for each in history]
    office.sound()


def test_killed_in_the_middle(office: LaundryOffice, laundry: Laundry) -> None:
    """Killed at some request, while customers spend: nothing twice, nothing lost, all proven."""
    office.run("pull", "shop")
    numbers = range(1001, 1013)
    office.edit({str(n): {"Action": "Add", "Change Balance": n - 1000, "Change Bonus": 1} for n in numbers})
    spent: dict[int, int] = dict.fromkeys(numbers, 0)
    stop = threading.Event()

    def customers() -> None:
        turn = 0
        while not stop.wait(0.02):
            number = numbers[turn % 12]
            laundry.spend(number, 7)
            spent[number] += 7
            turn += 1

    spending = threading.Thread(target=customers)
    spending.start()
    plan = office.run("preview", "shop").digest
    for nth, kind in ((3, Weather(kill="before", applied=False)), (2, Weather(kill="after"))):
        laundry.at_write(nth, kind)
        assert push_killed(office, plan) is None
        office.run("verify", "shop", "--wait", code=None)
        plan = office.run("preview", "shop", code=None).digest
    laundry.weather(1012, Weather("drop", applied=False))
    for _ in range(3):
        if office.run("push", "shop", "--yes", code=None).code == 0:
            break
        office.run("verify", "shop", "--wait", code=None)
    stop.set()
    spending.join()
    assert {str(n): "confirmed" for n in numbers} == {
        each["account_id"]: each["status"] for each in office.history()
    }
    assert {n: 4000 + 100 * (n - 1000) - spent[n] for n in numbers} == {
        n: laundry.balance(n) for n in numbers
    }
    assert dict.fromkeys(numbers, 650) == {n: laundry.balance(n, "Bonus") for n in numbers}
    assert {"transaction"} == {each["evidence"]["kind"] for each in office.history()}
    office.sound()


def push_killed(office: LaundryOffice, plan: str) -> Done | None:
    """Push; None if the laundry killed it on the way."""
    process = office.start("push", "shop", "--plan", plan, "--json")
    office.site.victim = process.pid
    done = office.finish(process)
    office.site.victim = None
    return None if done.code == -signal.SIGKILL else done


def test_pulls_of_some(office: LaundryOffice, laundry: Laundry) -> None:
    """With and without e-mail, active since; who is left out is not called missing."""
    laundry.customers[1002].email = ""
    laundry.customers[1003].last_activity = datetime(2026, 3, 9, tzinfo=UTC)
    assert 1 == office.run("pull", "shop", "--no-email").json["accounts"]
    assert ["1002"] == list(office.table())
    some = office.run("pull", "shop", "--has-email", "--active-since", "2026-03-08").json
    assert (1, 0) == (some["accounts"], some["missing"])
    assert ["1002", "1003"] == sorted(office.table())
    everybody = office.run("pull", "shop").json
    assert (12, 0) == (everybody["accounts"], everybody["missing"])
    del laundry.customers[1004]
    assert 1 == office.run("pull", "shop").json["missing"]
    office.run("pull", "shop", "--active-since", "soon", code=2)


def test_without_reports(office: LaundryOffice, laundry: Laundry) -> None:
    """Check names the privilege; rows are proven by balance and say so."""
    laundry.reports = False
    failed = [each for each in office.run("check", "shop", code=3).json["checks"] if not each["ok"]]
    assert ["shop: reports"] == [each["name"] for each in failed]
    assert "'Reports'" in failed[0]["hint"]
    office.run("pull", "shop")
    office.edit({"1001": {"Action": "Add", "Change Balance": 5}})
    row = office.run("push", "shop", "--yes").rows["1001"]
    assert {"kind": "balance", "before": "40.00", "after": "45.00", "now": "45.00"} == row["evidence"]
    assert "Transactions may not be read here" in row["message"]
