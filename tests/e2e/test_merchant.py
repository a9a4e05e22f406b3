"""UniBee from the command line, against a strict server of its own: both generations, faults, kills."""

import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import harness
from tests.e2e.harness import Done, Office
from tests.merchant import KEY, Merchant, Weather

CONFIG = """
[service]
database_url = "sqlite:///{folder}/ledger.db"
timezone = "Europe/Berlin"
lease_s = 1

[connections.shop]
provider = "unibee"
base_url = "{address}"
api_key = {{ env = "UNIBEE_KEY" }}
currencies = {currencies}
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
class Desk(Office):
    """An office bound to a merchant; the connection is called shop, as everywhere."""

    site: Merchant  # type: ignore[assignment] # it has an address, and that is all an office needs of it

    def configure(self, **settings: object) -> None:
        """Write the configuration."""
        self.env = {"UNIBEE_KEY": KEY}
        currencies = settings.get("currencies", ["EUR"])
        text = CONFIG.format(folder=self.folder, address=self.site.address, currencies=currencies)
        self.config.write_text(text.replace("'", '"'), encoding="utf-8")


@pytest.fixture(params=["honours", "ignores"])
def merchant(request: pytest.FixtureRequest) -> Iterator[Merchant]:
    """Open a merchant with twelve users, of each generation."""
    with Merchant.of(12, generation=request.param) as merchant:
        yield merchant


@pytest.fixture
def office(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Open an office at it; no secret may show anywhere."""
    monkeypatch.setattr(harness, "SECRETS", (KEY,))
    office = Desk(merchant, Path(tempfile.mkdtemp(prefix="sheetsync-e2e-")))
    yield office
    office.close()


def test_from_check_to_history(office: Desk, merchant: Merchant) -> None:
    """Check, pull, three actions in one push, proven by their transactions while customers spend."""
    merchant.people[104].status = 2
    checks = office.run("check", "shop").json["checks"]
    assert {"shop: api_key", "shop: currency_eur", "shop: users", "shop: transactions"} <= {
        each["name"] for each in checks
    }
    assert {"promo_eur": "480"} == office.run("pull", "shop").json["totals"]
    table = office.table()
    assert ("active", "suspended") == tuple(table[each]["Account status"] for each in ("101", "104"))
    assert ("Customer =101", 40) == (table["101"]["Name"], table["101"]["Promo EUR"])
    assert {"Subscription ID", "Plan ID", "Invoice preview", "Amount"} <= set(table["101"])
    _, tab = office.open()
    lists = {str(each.formula1) for each in tab.data_validations.dataValidation}
    assert '"Add,Reset,Adjust,Apply promo"' in lists
    office.edit(
        {
            "101": {"Action": "Add", "Amount": 25, "Reason": "Goodwill"},
            "102": {"Action": "Reset", "Amount": 10},
            "103": {"Action": "Adjust", "Amount": -5, "Reason": "Correction"},
            "104": {"Action": "Add", "Amount": 5},
            "105": {"Action": "Add", "Amount": 1.5},
            "106": {"Action": "Adjust", "Amount": -41, "Reason": "Correction"},
            "107": {"Action": "Reset", "Amount": 40},
            "108": {"Action": "Adjust", "Amount": -50, "Reason": "Correction"},
        }
    )
    merchant.people[108].credits["EUR"] = 60  # topped up since the pull
    preview = office.run("preview", "shop", code=1)
    assert {"105": "invalid", "106": "invalid"} == {
        account: status for account, status in preview.statuses.items() if status != "edited"
    }
    assert "suspended" in preview.rows["104"]["message"]
    merchant.weather(101, Weather(before=10, after=3))
    pushed = office.run("push", "shop", "--plan", preview.digest)
    assert {"confirmed"} == set(pushed.statuses.values())
    ours = str(merchant.applied(101)[0]["id"])
    assert {"kind": "transaction", "id": ours} == pushed.rows["101"]["evidence"]
    assert f"Added 25, Goodwill: transaction {ours}, Promo EUR +25" == pushed.rows["101"]["message"]
    message = pushed.rows["102"]["message"]
    assert "Reset to 10" in message
    assert "Promo EUR -30" in message
    assert "balance now 10" in message
    assert [52, 10, 35, 45, 40, 40, 40, 10] == [merchant.held(number) for number in range(101, 109)]
    assert 5 == len(merchant.bodies)
    body = merchant.bodies[0][1]
    assert pushed.rows["101"]["operation"] == body["idempotencyKey"]
    assert "cli:" in body["description"]
    shown = office.table()["101"]
    assert (52, None, "Confirmed") == (shown["Promo EUR"], shown["Action"], shown["Status"])
    office.sound()


def test_currencies_are_units(office: Desk, merchant: Merchant) -> None:
    """One operation for each currency; the row shows the least settled; a lost one alone goes again."""
    office.configure(currencies=["EUR", "USD"])
    office.run("pull", "shop")
    office.edit({"101": {"Action": "Add", "Change Promo EUR": 5, "Change Promo USD": 6}})
    merchant.weather(101, Weather(), Weather("drop", applied=False))
    plan = office.run("preview", "shop").digest
    pushed = office.run("push", "shop", "--plan", plan, code=1)
    assert ["confirmation_required", "confirmed"] == sorted(each["status"] for each in pushed.json["rows"])
    assert "Confirmation Required" == office.table()["101"]["Status"]
    verified = office.run("verify", "shop", "--wait", code=1)
    assert ["not_applied"] == [each["status"] for each in verified.json["rows"]]
    office.run("push", "shop", "--yes")
    assert (45, 13) == (merchant.held(101), merchant.held(101, "USD"))
    assert "Confirmed" == office.table()["101"]["Status"]
    office.sound()


@pytest.mark.parametrize(
    ("weather", "status", "sent"),
    [
        (Weather("drop"), "confirmed", 1),
        (Weather("html"), "confirmed", 1),
        (Weather("cut"), "confirmed", 1),
        (Weather("junk"), "confirmed", 1),
        (Weather("empty"), "confirmed", 1),
        (Weather("internal"), "confirmed", 1),
        (Weather("database"), "confirmed", 1),
        (Weather("panic"), "confirmed", 1),
        (Weather("redirect", applied=False), "confirmation_required", 1),
        (Weather("drop", applied=False), "confirmation_required", 1),
        (Weather("internal", applied=False), "confirmation_required", 1),
        (Weather("refuse"), "rejected", 1),
        (Weather("busy"), "confirmed", 2),
        (Weather(applied=False), "confirmation_required", 1),
    ],
)
def test_outcomes(office: Desk, merchant: Merchant, weather: Weather, status: str, sent: int) -> None:
    """What UniBee's answers mean; only what certainly did nothing leaves twice."""
    office.run("pull", "shop")
    office.edit({"101": {"Action": "Add", "Amount": 25}})
    merchant.weather(101, weather)
    row = office.run("push", "shop", "--yes", code=None).rows["101"]
    assert status == row["status"]
    assert sent == len(merchant.bodies)
    assert (65 if status == "confirmed" else 40) == merchant.held(101)
    if status == "rejected":
        assert "Invalid Credit Config EUR" in row["message"]
    office.sound()


def test_late_and_again(office: Desk, merchant: Merchant) -> None:
    """A lost change that turns up after it was called lost is found, and stops what would double it."""
    office.run("pull", "shop")
    office.edit({"101": {"Action": "Add", "Amount": 25}})
    merchant.weather(101, Weather("drop", late=True))
    office.run("push", "shop", "--yes", code=1)
    assert "not_applied" == office.run("verify", "shop", "--wait", code=1).rows["101"]["status"]
    merchant.deliver()
    office.run("push", "shop", "--yes", code=None)
    assert 65 == merchant.held(101)
    assert 1 == len(merchant.bodies)
    assert ["confirmed"] == [each["status"] for each in office.history()]
    office.sound()


def test_killed_in_the_middle(office: Desk, merchant: Merchant) -> None:
    """Killed at some request: nothing twice, nothing lost, all proven."""
    office.run("pull", "shop")
    numbers = range(101, 113)
    office.edit({str(n): {"Action": "Add", "Amount": n} for n in numbers})
    plan = office.run("preview", "shop").digest
    for nth, kind in ((3, Weather(kill="before", applied=False)), (2, Weather(kill="after"))):
        merchant.at_write(nth, kind)
        assert push_killed(office, plan) is None
        merchant.spend(101, 1)
        office.run("verify", "shop", "--wait", code=None)
        plan = office.run("preview", "shop", code=None).digest
    for _ in range(3):
        if office.run("push", "shop", "--yes", code=None).code == 0:
            break
        office.run("verify", "shop", "--wait", code=None)
    assert {n: 40 + n - 2 * (n == 101) for n in numbers} == {n: merchant.held(n) for n in numbers}
    assert {"confirmed"} == {each["status"] for each in office.history()}
    office.sound()


def push_killed(office: Desk, plan: str, *options: str) -> Done | None:
    """Push; None if the merchant killed it on the way."""
    process = office.start("push", "shop", "--plan", plan, "--json", *options)
    office.site.victim = process.pid
    done = office.finish(process)
    office.site.victim = None
    return None if done.code == -signal.SIGKILL else done


@pytest.mark.parametrize("merchant", ["honours", "ignores", "calls duplicate"], indirect=True)
def test_an_earlier_attempt_arrives_first(office: Desk, merchant: Merchant) -> None:
    """Attempt 1 turns up between look-up and attempt 2: never a false Rejected, and a double is an alert."""
    office.run("pull", "shop")
    office.edit({"101": {"Action": "Add", "Amount": 25}})
    merchant.weather(101, Weather("drop", late=True), Weather(delivers=True))
    office.run("push", "shop", "--yes", code=1)
    assert "not_applied" == office.run("verify", "shop", "--wait", code=1).rows["101"]["status"]
    row = office.run("push", "shop", "--yes", code=None).rows["101"]
    if merchant.generation == "ignores":  # the only server that doubles, and only outside of the promise
        assert (90, "confirmation_required") == (merchant.held(101), row["status"])
        assert "ALERT" in row["message"]
    else:
        assert (65, "confirmed") == (merchant.held(101), row["status"])
    office.sound()


def test_files_and_a_write_test(office: Desk, merchant: Merchant) -> None:
    """A file's lines by unit; the same file again changes nothing; a write test sets back what it changes."""
    office.configure(currencies=["EUR", "USD"])
    office.run("pull", "shop")
    lines = office.folder / "bonus.csv"
    lines.write_text("user_id,action,promo_eur,promo_usd,reason\n101,add,5,6,Goodwill\n102,add,7,,Goodwill\n")
    assert 2 == office.run("import", "shop", str(lines)).json["counts"]["edited"]
    office.run("push", "shop", "--yes")
    assert (45, 13, 47) == (merchant.held(101), merchant.held(101, "USD"), merchant.held(102))
    assert 2 == office.run("import", "shop", str(lines)).json["counts"]["already_sent"]
    done = office.run("check", "shop", "--write-test", "--account", "103")
    assert all(each["ok"] for each in done.json["checks"])
    assert 40 == merchant.held(103)
    run = office.run("runs", "shop").json["runs"]
    pushed = next(each["run"] for each in run if each["kind"] == "push")
    undo = office.run("undo", "shop", "--run", pushed, code=None).json["plan"]["digest"]
    office.run("push", "shop", "--plan", undo)
    assert (40, 7, 40) == (merchant.held(101), merchant.held(101, "USD"), merchant.held(102))
    office.sound()


def test_the_rest_of_a_line_goes_with_the_same_file(office: Desk, merchant: Merchant) -> None:
    """One currency counted, the other was refused: the file again brings only that one."""
    office.configure(currencies=["EUR", "USD"])
    office.run("pull", "shop")
    lines = office.folder / "lines.csv"
    lines.write_text("user_id,action,promo_eur,promo_usd\n101,add,5,6\n")
    merchant.weather(101, Weather(), Weather("refuse"))
    plan = office.run("import", "shop", str(lines), "--plan")
    office.run("push", "shop", "--plan", plan.digest, code=1)
    assert (45, 7) == (merchant.held(101), merchant.held(101, "USD"))
    again = office.run("import", "shop", str(lines), "--plan")
    assert {"edited": 1, "already_sent": 0, "invalid": 0} == again.json["counts"]
    assert [{"promo_usd"}] == [set(row["changes"]) for row in again.json["plan"]["rows"]]
    office.run("push", "shop", "--plan", again.digest)
    assert (45, 13) == (merchant.held(101), merchant.held(101, "USD"))
    assert {"already_sent": 1} == {
        name: number
        for name, number in office.run("import", "shop", str(lines), "--plan").json["counts"].items()
        if number
    }
    office.sound()
