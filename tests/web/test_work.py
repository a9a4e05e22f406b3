"""The main job over HTTP: pull, preview, approve, push, verify; sent twice, done once."""

import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from sheetsync.ledger.schema import events
from tests.web.kit import Town, counts

SHOP = "/api/v1/connections/shop"


def _post(town: Town, path: str, body: Any, *, token: str = "", **headers: str) -> tuple[int, dict[str, Any]]:  # noqa: ANN401
    reply = town.ask("POST", path, token=token or town.token("editor"), body=body, **headers)
    assert reply.json is not None
    return reply.status_code, reply.json


def _events(town: Town, request: str) -> list[str]:
    """Return the kinds of the ledger's events that came from a request."""
    with town.service.store.database.read() as connection:
        found = connection.execute(select(events.c.kind, events.c.body)).all()
    return [kind for kind, body in found if body.get("request") == request]


def test_the_main_job(town: Town) -> None:
    """A preview answers at once; a push is a run; the row is confirmed by a re-read."""
    town.edit({2: 5})
    status, shown = _post(town, f"{SHOP}/plans", {"scope": "all"})
    assert (200, {"add": 1}) == (status, {k: v for k, v in shown["plan"]["counts"].items() if k == "add"})
    status, run = _post(
        town, f"{SHOP}/pushes", {"plan": shown["plan"]["digest"]}, X_Request_Id="req-12345678"
    )
    ended = town.end_of(run["run"])
    assert (202, "done", counts(confirmed=1)) == (status, ended["state"], ended["counts"])
    assert "token:editor@scripts.org" == ended["actor"]
    found = town.service.office.ledger.runs.get(run["run"])
    assert found is not None
    assert "req-12345678" == found.params["request_id"]
    assert {"run_queued", "run_claimed", "lease"} <= set(_events(town, "req-12345678"))
    stored = town.ask("GET", f"/api/v1/plans/{shown['plan']['digest']}", token=town.token("viewer")).json
    assert stored is not None
    assert shown["plan"]["rows"] == stored["plan"]["rows"]
    history = town.ask("GET", f"{SHOP}/history?limit=1", token=town.token("viewer")).json
    assert history is not None
    assert ["confirmed"] == [row["status"] for row in history["operations"]]


def test_approval(town: Town) -> None:
    """Over the limit a second person decides; a refusal's reason is shown; the author cannot approve."""
    town.edit({3: 500})
    mine = town.token("approver", email="ann@example.org")
    _, shown = _post(town, f"{SHOP}/plans", {"scope": "all"}, token=mine)
    digest = shown["plan"]["digest"]
    path = f"/api/v1/plans/{digest}/approval"
    status, told = _post(town, path, {"approve": True}, token=mine)
    assert (409, "approval_needed") == (status, told["error"]["code"])
    status, told = _post(town, path, {"approve": True}, token=town.token("approver", email="ANN@example.org"))
    assert (409, "approval_needed") == (status, told["error"]["code"])
    status, told = _post(town, path, {"approve": False}, token=town.token("approver"))
    assert (400, "usage") == (status, told["error"]["code"])
    status, told = _post(
        town,
        path,
        {"approve": False, "reason": "Too much"},
        token=town.token("approver"),
        X_Request_Id="req-refusal",
    )
    assert 1 == len(_events(town, "req-refusal"))
    assert (200, "refused") == (status, told["status"])
    status, told = _post(town, f"{SHOP}/pushes", {"plan": digest})
    assert (409, "approval_needed") == (status, told["error"]["code"])
    assert "Too much" in told["error"]["message"]
    status, _ = _post(town, path, {"approve": True}, token=town.token("approver"))
    _, run = _post(town, f"{SHOP}/pushes", {"plan": digest})
    assert counts(confirmed=1) == town.end_of(run["run"])["counts"]


def test_idempotency_key(town: Town) -> None:
    """The same key is one run, also at the same moment; with other content it is refused."""
    found: list[str] = []

    def ask() -> None:
        found.append(_post(town, f"{SHOP}/verifications", {}, Idempotency_Key="v-1")[1]["run"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (4, 1) == (len(found), len(set(found)))
    status, told = _post(town, f"{SHOP}/verifications", {"account_ids": ["1"]}, Idempotency_Key="v-1")
    assert (422, "idempotency_key") == (status, told["error"]["code"])
    other = _post(town, f"{SHOP}/verifications", {}, token=town.token("admin"), Idempotency_Key="v-1")[1]
    assert other["run"] not in found


def test_choices_and_checks(town: Town) -> None:
    """Fills, rebases, checks and cancelling answer as the commands do."""
    status, told = _post(town, f"{SHOP}/fills", {"action": "add", "dry_run": True})
    assert (200, 0) == (status, told["filled"])
    status, told = _post(town, f"{SHOP}/rebases", {"account_id": "1", "keep": "change"})
    assert (400, "usage") == (status, told["error"]["code"])
    status, told = _post(town, f"{SHOP}/checks", {})
    assert 200 == status
    assert all(line["ok"] for line in told["checks"]), told


def test_the_request_is_wrong(town: Town) -> None:
    """One error shape, a proper status, and the request's id in it."""
    for body in ({"scope": "some"}, {"wrong": 1}, [1], {"scope": "selected"}):
        status, told = _post(town, f"{SHOP}/plans", body, X_Request_Id="abcdefgh")
        assert (400, "usage", "abcdefgh") == (
            status, told["error"]["code"], told["error"]["details"]["request_id"],
        )  # fmt: skip
    status, told = _post(town, f"{SHOP}/pulls", {"account_ids": ["x" * 200] * 11_000})
    assert (413, "too_large") == (status, told["error"]["code"])


def test_documented_metrics(town: Town) -> None:
    """The page names every metric with its labels, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8").split("## Metrics")[1]
    documented = {
        name: frozenset(filter(None, labels.split(",")))
        for name, labels in re.findall(r"`(sheetsync_\w+)(?:\{([\w,]*)\})?`", page)
    }
    text = town.ask("GET", "/metrics", token=town.token("viewer")).text
    families = [each for each in text_string_to_metric_families(text) if not each.name.endswith("_created")]
    assert set(documented) == {family.name for family in families}
    for family in families:
        for sample in family.samples:
            assert documented[family.name] == frozenset(sample.labels) - {"le"}


def test_health_metrics_headers(town: Town) -> None:
    """Health needs no caller, metrics do; every reply is hardened."""
    assert 200 == town.ask("GET", "/healthz", token=None).status_code
    assert 200 == town.ask("GET", "/readyz", token=None).status_code
    assert 401 == town.ask("GET", "/metrics", token=None).status_code
    reply = town.ask("GET", "/metrics", token=town.token("viewer"))
    assert 'sheetsync_runs{kind="pull",state="done"}' in reply.text
    assert 'sheetsync_provider_request_seconds_count{host="127.0.0.1",outcome="2xx"}' in reply.text
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Request-Id"]


def test_what_a_sidebar_asks(town: Town) -> None:
    """Who you are, where it goes, what waits in the tab; and a run without its rows."""
    state = town.ask("GET", SHOP, token=town.token("editor")).json
    assert state is not None
    assert {"email": "editor@scripts.org", "actor": "token:editor@scripts.org", "role": "editor"} == state[
        "you"
    ]
    assert town.sandbox.base_url.removeprefix("http://") == state["system"]
    assert {"kind": "xlsx", "name": "credits.xlsx", "tab": "Credits"} == state["sheet"]
    before = town.ask("GET", f"{SHOP}/edits", token=town.token("viewer")).json
    town.edit({6: 7})
    after = town.ask("GET", f"{SHOP}/edits", token=town.token("viewer")).json
    assert before is not None
    assert after is not None
    assert (before["unsent"] + 1, 0) == (after["unsent"], after["hidden"])
    _, shown = _post(town, f"{SHOP}/plans", {"scope": "all"})
    _, run = _post(town, f"{SHOP}/pushes", {"plan": shown["plan"]["digest"]})
    town.end_of(run["run"])
    path = f"/api/v1/runs/{run['run']}"
    whole = town.ask("GET", path, token=town.token("viewer")).json
    bare = town.ask("GET", f"{path}?rows=none", token=town.token("viewer")).json
    attention = town.ask("GET", f"{path}?rows=attention", token=town.token("viewer")).json
    assert whole is not None
    assert bare is not None
    assert attention is not None
    assert whole["rows"]
    assert [] == bare["rows"] == attention["rows"]
    assert whole["counts"] == bare["counts"] == attention["counts"]


@pytest.mark.parametrize("path", ["/api/v1/connections", f"{SHOP}/runs", f"{SHOP}/history"])
def test_pages(town: Town, path: str) -> None:
    """Every list comes in pages; one after the other they are the whole, and the last one says so."""
    for amount in (1, 2):
        town.edit({7: amount})
        _, shown = _post(town, f"{SHOP}/plans", {"scope": "selected", "account_ids": ["6"]})
        _, run = _post(town, f"{SHOP}/pushes", {"plan": shown["plan"]["digest"]})
        town.end_of(run["run"])
    token, name = town.token("admin"), path.rpartition("/")[2].replace("history", "operations")
    whole = town.ask("GET", f"{path}?limit=500", token=token).json
    assert whole is not None
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = town.ask("GET", f"{path}?{urlencode(query)}", token=token)
        assert page.json is not None
        assert 1 >= len(page.json[name])
        found += page.json[name]
        cursor = page.json["next"]
    ids = ("connection", "run", "operation")
    keys = [[each.get(key) for key in ids] for each in found]
    assert [[each.get(key) for key in ids] for each in whole[name]] == keys
    assert len(keys) >= 2
