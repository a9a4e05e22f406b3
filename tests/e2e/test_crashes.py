"""Processes that die, stop, collide and are interrupted, at the worst moments: never twice, never lost."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.harness import Done, Office
from tests.e2e.site import Site, Weather, Write

KILLS = 10
ROWS = 20


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(seed: int) -> None:
    """Ten kills at random writes, pushed on each time: 0 doubled, 0 lost, 0 reported wrong."""
    draw = random.Random(seed)
    with Site.of(ROWS) as site:
        office = Office.new(site, lease_s=1, settle_after_s=2, parallel=2)
        office.run("pull", "shop")
        typed = {str(number): number for number in range(1, ROWS + 1)}
        office.add(typed)
        plan, deaths = office.run("preview", "shop").digest, 0
        for _ in range(2 * KILLS):
            if deaths == KILLS:
                break
            kind = draw.choice(
                [
                    Weather(kill="before", applied=False),
                    Weather(kill="after"),
                    Weather(kill="before", delay_s=0.3),
                ]
            )
            site.at_write(draw.randint(1, 3), kind)
            done = push_killed(office, "--plan", plan)
            deaths += done is None
            if done is None and deaths % 3:
                continue
            # nothing left of this plan, or another way on
            site.calm()
            if not draw.randint(0, 1):
                office.run("verify", "shop", "--wait", code=None)
            plan = office.run("preview", "shop", code=None).digest
            if all(status == "already_sent" for status in pending(office).values()):
                break
        site.calm()
        assert deaths >= KILLS // 2
        settle(office)
        assert {account: 40 + amount for account, amount in typed.items()} == site.balances
        assert Counter(Write(account, "add", amount) for account, amount in typed.items()) == Counter(
            site.applied
        )
        operations = office.history()
        assert dict.fromkeys(typed, "confirmed") == {
            each["account_id"]: each["status"] for each in operations
        }
        assert len(typed) == len(operations)
        assert {"Confirmed"} == set(office.shown().values())
        assert {None} == {row["Action"] for row in office.table().values()}
        office.sound()
        office.close()


def push_killed(office: Office, *args: str) -> Done | None:
    """Push; None if the site killed it on the way."""
    process = office.start("push", "shop", *args, "--json")
    office.site.victim = process.pid
    done = office.finish(process)
    office.site.victim = None
    if done.code == -signal.SIGKILL:
        return None
    assert done.code in (0, 1, 4), done
    return done


def pending(office: Office) -> dict[str, str | None]:
    """Rows that still hold an edit: User ID → Status cell."""
    return {account: row["Status"] for account, row in office.table().items() if row["Action"]}


def settle(office: Office) -> None:
    """Verify and push until nothing is left to do."""
    for _ in range(4):
        office.run("verify", "shop", "--wait", code=None)
        if office.run("push", "shop", "--yes", code=None).code == 0:
            return
    raise AssertionError(office.shown())


def test_two_pushes_at_once(office: Office, site: Site) -> None:
    """The second push is refused and told who holds the system; the first ends as if alone."""
    office.configure(settle_after_s=60, lease_s=30)
    office.run("pull", "shop")
    gate = threading.Event()
    site.weather("1", Weather(gate=gate))
    text = office.config.read_text(encoding="utf-8")
    office.config.write_text(text.replace("timeout_s = 1", "timeout_s = 25"), encoding="utf-8")
    office.add({"1": 5, "2": 6})
    plan = office.run("preview", "shop").digest
    first = office.start("push", "shop", "--plan", plan, "--json", actor="ana")
    site.wait_for_writes(1)
    again = office.start("push", "shop", "--plan", plan, "--json", actor="bea")
    other = office.start("push", "shop", "--yes", "--json", actor="cleo")
    refused = [office.finish(again), office.finish(other)]
    gate.set()
    for done in refused[:1]:
        assert (4, "busy") == (done.code, done.error["code"])
        assert "cli:ana" in done.error["message"]
    assert refused[1].code in (1, 4)
    assert {"1": "confirmed", "2": "confirmed"} == office.finish(first).statuses
    assert 2 == len(site.arrived)
    assert [] == office.run("push", "shop", "--yes").json["rows"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_stopped_push_is_taken_over(site: Site) -> None:
    """Stopped past its lease, taken over by another process, then continued: nothing counts twice."""
    office = Office.new(site, lease_s=1, settle_after_s=2, parallel=1)
    office.run("pull", "shop")
    office.add({str(number): number for number in range(1, 7)})
    plan = office.run("preview", "shop").digest
    gate = threading.Event()
    site.at_write(3, Weather(gate=gate))
    stopped = office.start("push", "shop", "--plan", plan, "--json", actor="ana")
    site.wait_for_writes(3)
    os.killpg(stopped.pid, signal.SIGSTOP)
    gate.set()
    done = until_free(office, plan)
    assert done.code in (0, 1)
    with suppress(ProcessLookupError):
        os.killpg(stopped.pid, signal.SIGCONT)
    assert office.finish(stopped).code != 0
    settle(office)
    assert {str(number): 40 + number for number in range(1, 7)} == {
        str(number): site.balances[str(number)] for number in range(1, 7)
    }
    assert 6 == len(site.applied)
    office.sound()
    office.close()


def until_free(office: Office, plan: str) -> Done:
    """Push a plan on as somebody else, until the silent owner's lease is over."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        done = office.run("push", "shop", "--plan", plan, code=None, actor="bea")
        if done.code != 4:
            return done
        assert "busy" == done.error["code"]
    raise AssertionError(done)


def test_ctrl_c(office: Office, site: Site) -> None:
    """Interrupted in the middle: what is under way ends, the rest is withdrawn, the way on is said."""
    office.run("pull", "shop")
    accounts = [str(number) for number in range(1, 13)]
    for account in accounts:
        site.weather(account, Weather(delay_s=0.15))
    office.add(dict.fromkeys(accounts, 5))
    process = office.start("push", "shop", "--yes", "--json")
    site.wait_for_writes(2)
    process.send_signal(signal.SIGINT)
    done = office.finish(process)
    assert 1 == done.code, done
    assert "interrupted" == done.error["code"]
    assert "sheetsync verify shop" in done.error["hint"]
    assert len(site.arrived) < 12
    settle(office)
    assert dict.fromkeys(accounts, 45) == site.balances
    assert 12 == len(site.applied)
    assert 12 == len(office.history())
    office.sound()


def test_ctrl_c_again_and_again(office: Office, site: Site) -> None:
    """An impatient person: no traceback, and what was under way can be verified without another push."""
    office.run("pull", "shop")
    for account in ("1", "2"):
        site.weather(account, Weather(delay_s=0.8))
    office.add({"1": 5, "2": 5})
    process = office.start("push", "shop", "--yes", "--canary", "0", "--json")
    site.wait_for_writes(2)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.15)
    assert "interrupted" == office.finish(process).error["code"]
    assert {"1": "confirmed", "2": "confirmed"} == office.run("verify", "shop", "--wait").statuses
    assert 2 == len(site.arrived)


def test_ctrl_c_in_a_pull(office: Office, site: Site) -> None:
    """Interrupted while reading: one JSON object, no traceback, the tab as it was."""
    text = office.config.read_text(encoding="utf-8")
    office.config.write_text(
        text.replace("requests_per_second = 1000", "requests_per_second = 2"), encoding="utf-8"
    )
    process = office.start("pull", "shop", "--json")
    wait_until_read(site, process)
    process.send_signal(signal.SIGINT)
    done = office.finish(process)
    assert done.code not in (0, 1), done
    assert "interrupted" == done.error["code"]
    assert not office.path.exists()


def wait_until_read(site: Site, process: "subprocess.Popen[str]") -> None:
    """Wait until a command has read a balance."""
    end = time.monotonic() + 20
    while not site.reads and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    assert site.reads
