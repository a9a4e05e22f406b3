"""A new version comes while a push runs: the commands of compose.yaml, on PostgreSQL, stopped and started."""

import subprocess
import threading
from functools import partial
from pathlib import Path

import pytest
import requests

from sheetsync.ledger.store import SqlLedger
from tests.deploy.kit import COMPOSE, be_patient, end, health_command, running, use_database
from tests.e2e.harness import Office
from tests.e2e.site import PASSWORD, Site, Weather

SERVE, WORKER = (COMPOSE["services"][name]["command"] for name in ("serve", "worker"))
USERS = [str(number) for number in range(1, 13)]
REPLY_TIMEOUT_S = 30


def address_of(process: "subprocess.Popen[str]") -> str:
    """Return the service's address, its first line."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def wait_for(url: str, run: str) -> str:
    """Return the state in which a run ends."""
    ledger = SqlLedger(url)
    try:
        for _ in range(1200):
            found = ledger.runs.get(run)
            assert found is not None
            if found.ended_at is not None:
                return str(found.state)
            threading.Event().wait(0.05)
        return "still running"
    finally:
        ledger.close()


@pytest.mark.timeout(600)  # a dozen processes, one after the other
def test_a_rollout_loses_no_run(office: Office, site: Site, empty_postgresql_url: str) -> None:
    """SIGTERM for the old worker with requests in flight, and for the old service; the new ones go on."""
    be_patient(office)
    use_database(office, empty_postgresql_url)
    env = {"SHEETSYNC_CONFIG": str(office.config), "ACME_PASSWORD": PASSWORD}
    started = partial(running, folder=office.folder, env=env)
    made = office.run("token", "create", "--email", "ci@example.org", "--role", "viewer")
    office.run("pull", "shop")
    office.add(dict.fromkeys(USERS, 5))
    plan = office.run("preview", "shop").digest
    gate = threading.Event()
    for user in USERS:
        site.weather(user, Weather(gate=gate))
    with started(SERVE) as service:
        address = address_of(service)
        port = int(address.rpartition(":")[2])
        assert 0 == subprocess.run(health_command(port), check=False).returncode
        with started(WORKER) as old:
            run = office.run("push", "shop", "--plan", plan, "--canary", "0", "--detach").json["run"]
            site.wait_for_writes(2)
            threading.Timer(0.3, gate.set).start()
            assert 0 == end(old)
        in_flight = len(site.arrived)
        assert in_flight < len(USERS), "the old worker sent everything; nothing was left for the new one"
        assert 0 == end(service)
    with started(SERVE) as service, started(WORKER):
        assert "done" == wait_for(empty_postgresql_url, run)
        told = requests.get(
            f"{address_of(service)}/api/v1/runs/{run}",
            headers={"Authorization": f"Bearer {made.json['token']}"},
            timeout=REPLY_TIMEOUT_S,
        ).json()
        assert "done" == told["state"]
        assert 0 == end(service)
    assert sorted(USERS) == sorted(write.user_id for write in site.applied)
    assert len(USERS) == len(site.arrived)
    assert dict.fromkeys(USERS, 45) == site.balances
    assert dict.fromkeys(USERS, "Confirmed") == office.shown()
    office.sound()


def test_a_check_of_health_fails_where_nobody_listens(tmp_path: Path) -> None:
    """Otherwise an engine would call a dead service healthy."""
    done = subprocess.run(health_command(9), check=False, capture_output=True, cwd=tmp_path)
    assert 0 != done.returncode
