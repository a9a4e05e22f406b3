"""One write and every way in which it can go wrong: the right status and balance, never twice."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Office
from tests.e2e.site import Site, Weather, Write

REQUIRED, CONFIRMED, NOT_APPLIED, REJECTED = "confirmation_required", "confirmed", "not_applied", "rejected"

# weather, status right after the push, status once lost requests can be judged, balance then
CASES: dict[str, tuple[Weather, str, str, int]] = {
    "1": (Weather(), CONFIRMED, CONFIRMED, 50),
    "2": (Weather("drop", applied=False), REQUIRED, NOT_APPLIED, 40),
    "3": (Weather("drop"), REQUIRED, CONFIRMED, 50),
    "4": (Weather("500", applied=False), REQUIRED, NOT_APPLIED, 40),
    "5": (Weather("500"), REQUIRED, CONFIRMED, 50),
    "6": (Weather("502", applied=False), REQUIRED, NOT_APPLIED, 40),
    "7": (Weather("502"), REQUIRED, CONFIRMED, 50),
    "8": (Weather("503", applied=False), REQUIRED, NOT_APPLIED, 40),
    "9": (Weather("busy", applied=False), CONFIRMED, CONFIRMED, 50),
    "10": (Weather(delay_s=1.6), REQUIRED, CONFIRMED, 50),
    "11": (Weather(applied=False, delay_s=1.6), REQUIRED, NOT_APPLIED, 40),
    "12": (Weather("redirect", applied=False), REQUIRED, NOT_APPLIED, 40),
    "13": (Weather("junk"), REQUIRED, CONFIRMED, 50),
    "14": (Weather("cut"), REQUIRED, CONFIRMED, 50),
    "15": (Weather("refuse", applied=False), REJECTED, REJECTED, 40),
    "16": (Weather("gone", applied=False), REJECTED, REJECTED, 40),
    "17": (Weather("no", applied=False), REQUIRED, NOT_APPLIED, 40),
    "18": (Weather("no"), REQUIRED, CONFIRMED, 50),
    # accepted, and the customer spent exactly as much: nothing proves it
    "19": (Weather(after=-10), REQUIRED, REQUIRED, 40),
    "20": (Weather(before=7), REQUIRED, REQUIRED, 57),
    # lost, and the customer moved the balance: nothing proves it either
    "21": (Weather("drop", after=-3), REQUIRED, REQUIRED, 47),
    "22": (Weather("drop", applied=False, after=4), REQUIRED, REQUIRED, 44),
}


@pytest.fixture
def office() -> Iterator[Office]:
    """An office with a user for each kind of weather, that has pulled."""
    with Site.of(len(CASES)) as site:
        office = Office.new(site, parallel=8)
        office.run("pull", "shop")
        yield office
        office.close()


def test_every_kind_of_weather(office: Office) -> None:
    """Push in all weathers, verify too early and in time, push the rest again, resolve what is left."""
    site = office.site
    for account, (weather, *_) in CASES.items():
        site.weather(account, weather)
    office.add(dict.fromkeys(CASES, 10))
    preview = office.run("preview", "shop")
    pushed = office.run("push", "shop", "--plan", preview.digest, code=1)
    assert {account: case[1] for account, case in CASES.items()} == pushed.statuses
    assert dict(Counter(case[1] for case in CASES.values())) == {
        status: number for status, number in pushed.json["counts"].items() if number
    }
    words = office.shown()
    assert ("Confirmed", "Confirmation Required", "Rejected") == (words["1"], words["2"], words["15"])
    assert "locked" in pushed.rows["15"]["message"]
    assert "<b>" not in pushed.rows["15"]["message"]
    # all unsettled rows are refused as long as they are open, whatever is typed
    again = office.run("push", "shop", "--yes", code=1)
    assert not {account for account, case in CASES.items() if case[1] == REQUIRED} & set(again.statuses)

    verified = office.run("verify", "shop", "--wait", code=1)
    expected = {account: case[2] for account, case in CASES.items() if case[1] == REQUIRED}
    assert expected == verified.statuses
    assert {account: case[3] for account, case in CASES.items() if account not in ("15", "16")} == {
        account: balance for account, balance in site.balances.items() if account not in ("15", "16")
    }
    assert max(Counter(write.user_id for write in site.applied).values()) == 1
    for account in ("19", "20", "21", "22"):
        row = verified.rows[account]
        evidence = row["evidence"]
        numbers = {"19": "40 50 40", "20": "40 50 57", "21": "40 50 47", "22": "40 50 44"}[account].split()
        assert ["balance", *numbers] == [evidence[name] for name in ("kind", "before", "after", "now")]
        assert all(number in row["message"] for number in numbers)
        assert f"sheetsync resolve shop --operation {row['operation']}" in row["message"]
    shown = office.table()
    assert "only proof" in shown["2"]["Message"]
    assert (10, "Add") == (shown["2"]["Amount"], shown["2"]["Action"])
    assert (None, None) == (shown["3"]["Amount"], shown["3"]["Action"])

    # what did not arrive is pushed again under its own key; what is open stays open
    second = office.run("push", "shop", "--yes", code=1)
    assert {account for account, case in CASES.items() if case[2] == NOT_APPLIED} <= set(second.statuses)
    assert {CONFIRMED} == set(second.statuses.values())
    for account, row in second.rows.items():
        assert preview.rows[account]["operation"] == row["operation"]
        assert 50 == site.balances[account]
    assert 2 == next(each["attempts"] for each in office.history("--account", "2"))

    for account, verdict in (("19", "applied"), ("21", "not-applied")):
        key = verified.rows[account]["operation"]
        resolved = office.run(
            "resolve", "shop", "--operation", key, "--as", verdict, "--reason", "saw it", actor="bea"
        ).json
        status = CONFIRMED if verdict == "applied" else NOT_APPLIED
        assert (key, status) == (resolved["operation"], resolved["status"])
        assert {"kind": "person", "by": "cli:bea", "reason": "saw it"} == resolved["evidence"]
    office.run("resolve", "shop", "--operation", key, "--as", "applied", "--reason", "again", code=2)
    table = office.table()
    assert (None, "Confirmed") == (table["19"]["Action"], table["19"]["Status"])
    assert ("Add", "Not applied") == (table["21"]["Action"], table["21"]["Status"])
    assert max(Counter(write.user_id for write in site.applied).values()) == 1
    office.sound()


def test_the_system_is_too_busy_for_good(office: Office) -> None:
    """429 to every try: Not applied, nothing counted, and it may go again."""
    office.configure(extra="retries = 1")
    office.site.weather("1", *[Weather("busy", applied=False)] * 2)
    office.add({"1": 10})
    assert {"1": NOT_APPLIED} == office.run("push", "shop", "--yes", code=1).statuses
    assert {"1": CONFIRMED} == office.run("push", "shop", "--yes").statuses
    assert [Write("1", "add", 10)] == office.site.applied


def test_a_person_decides_what_is_lost(office: Office) -> None:
    """With balance_evidence = "person" an unchanged balance proves nothing."""
    office.configure(extra='balance_evidence = "person"')
    office.site.weather("1", Weather("drop", applied=False))
    office.add({"1": 10})
    office.run("push", "shop", "--yes", code=1)
    assert {"1": REQUIRED} == office.run("verify", "shop", "--wait", code=1).statuses


def test_the_fuse(office: Office) -> None:
    """Lost answers in a row stop a push; what was not sent is withdrawn and may go later."""
    text = office.config.read_text(encoding="utf-8")
    text = text.replace("stop_after_unknown = 100", "stop_after_unknown = 2")
    office.config.write_text(text.replace("parallel_requests = 8", "parallel_requests = 1"), encoding="utf-8")
    for account in CASES:
        office.site.weather(account, Weather("drop", applied=False))
    office.add(dict.fromkeys(CASES, 10))
    pushed = office.run("push", "shop", "--yes", code=1)
    assert 2 == len(office.site.arrived)
    assert 2 == pushed.json["counts"][REQUIRED]
    assert 20 == pushed.json["counts"]["edited"]
    assert "stop_after_unknown" in pushed.json["warnings"][0]
    assert 20 == list(office.shown().values()).count("Edited")


def test_no_verify_and_then_verify(office: Office) -> None:
    """--no-verify leaves rows at Confirmation Required; verify proves them without sending."""
    office.add({"1": 10, "2": 20})
    pushed = office.run("push", "shop", "--yes", "--no-verify", code=1)
    assert {"1": REQUIRED, "2": REQUIRED} == pushed.statuses
    assert {"1": "Confirmation Required", "2": "Confirmation Required"} == office.shown(["1", "2"])
    office.edit({"1": {"Amount": 11}})
    assert {"1": REQUIRED, "2": REQUIRED} == office.run("preview", "shop", code=1).statuses
    assert {"2": CONFIRMED} == office.run("verify", "shop", "--account", "2").statuses
    assert {"1": CONFIRMED} == office.run("verify", "shop").statuses
    # what was typed meanwhile is a new edit on top of what was sent: it stays, and says so
    row = office.table()["1"]
    assert 11 == row["Amount"]
    assert "on top" in row["Message"]
    assert 2 == len(office.site.arrived)
    assert "invalid" == office.run("preview", "shop", code=1).statuses["1"]


def test_a_balance_that_moves_between_preview_and_push(office: Office) -> None:
    """A reset on a moved balance is a conflict, at preview and at push; an add goes on and says so."""
    site = office.site
    office.edit(
        {
            "1": {"Action": "Reset", "Amount": 100},
            "2": {"Action": "Reset", "Amount": 100},
            "3": {"Action": "Adjust", "Amount": -5, "Reason": "Correction"},
            "4": {"Action": "Add", "Amount": 5},
            "5": {"Action": "Add", "Amount": 5},
            "6": {"Action": "Adjust", "Amount": -30, "Reason": "Correction"},
        }
    )
    site.move("1", -3)
    site.move("4", -3)
    preview = office.run("preview", "shop", code=1)
    assert "conflict" == preview.statuses["1"]
    assert all(number in preview.rows["1"]["message"] for number in ("40", "37", "100"))
    assert "edited" == preview.statuses["4"]
    assert "37" in preview.rows["4"]["message"]
    for account in ("2", "3", "5", "6"):
        site.move(account, -20)
    pushed = office.run("push", "shop", "--plan", preview.digest, code=1)
    assert {"2": "conflict", "3": "conflict", "4": "confirmed", "5": "confirmed", "6": "conflict"} == (
        pushed.statuses
    )
    assert 3 == pushed.json["counts"]["conflict"]
    assert {Write("4", "add", 5), Write("5", "add", 5)} == set(site.applied)
    assert ["Conflict"] * 3 == [office.shown()[account] for account in ("2", "3", "6")]
    assert ("Reset", 100) == tuple(office.table()["2"][header] for header in ("Action", "Amount"))
    again = office.run("preview", "shop", code=1)
    assert {"1": "conflict", "2": "conflict", "3": "conflict", "6": "conflict"} == again.statuses
    assert ["20", "100"] == [again.rows["2"]["changes"]["credits"][name] for name in ("before", "after")]
    office.edit(
        {account: {"Action": None, "Amount": None, "Reason": None} for account in ("1", "2", "3", "6")}
    )
    office.run("pull", "shop")
    office.edit({"2": {"Action": "Reset", "Amount": 100}})
    assert {"2": "confirmed"} == office.run("push", "shop", "--yes").statuses
