"""Files over HTTP: a form with a CSV file becomes edits or a plan, and says what came of every line."""

import csv
import io
from typing import Any

from werkzeug.test import TestResponse

from sheetsync.web import wire
from tests.web.kit import Town, counts

SHOP = "/api/v1/connections/shop"
LINES = "user_id,action,amount,reason,reference\n"


def _send(town: Town, text: str, *, key: str = "", **fields: Any) -> TestResponse:  # noqa: ANN401
    headers = {"Authorization": f"Bearer {town.token('editor')}"}
    if key:
        headers["Idempotency-Key"] = key
    form = {**fields, "file": (io.BytesIO(text.encode()), "may.csv")}
    return town.client.post(f"{SHOP}/imports", data=form, headers=headers)


def _import(town: Town, text: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    reply = _send(town, text, **fields)
    assert 202 == reply.status_code, reply.text
    assert reply.json is not None
    return town.end_of(reply.json["run"])


def _results(town: Town, run: str) -> list[dict[str, str]]:
    reply = town.ask("GET", f"/api/v1/runs/{run}/results", token=town.token("viewer"))
    assert (200, "text/csv") == (reply.status_code, reply.mimetype), reply.text
    return list(csv.DictReader(io.StringIO(reply.text)))


def _imports(town: Town) -> list[str]:
    found = town.ask("GET", f"{SHOP}/runs?limit=500", token=town.token("viewer")).json
    assert found is not None
    return [run["run"] for run in found["runs"] if run["kind"] == "import"]


def _push(town: Town, digest: str) -> dict[str, Any]:
    body = {"plan": digest}
    run = town.ask("POST", f"{SHOP}/pushes", token=town.token("editor"), body=body).json
    assert run is not None
    return town.end_of(run["run"])


def test_lines_become_edits_and_are_confirmed(town: Town) -> None:
    """Lines stand in their rows; after the push the results say what proved each; again changes nothing."""
    text = LINES + "1,add,5,Goodwill,a1\n2,give,5,,a2\nnobody,add,5,,a3\n"
    ended = _import(town, text)
    assert "done" == ended["state"]
    result = ended["result"]
    assert ({"edited": 1, "already_sent": 0, "invalid": 2}, 3) == (result["counts"], result["rows"])
    assert f"/api/v1/runs/{ended['run']}/results" == result["results"]
    assert ["edited", "invalid", "invalid"] == [row["status"] for row in _results(town, ended["run"])]
    shown = town.ask("POST", f"{SHOP}/plans", token=town.token("editor"), body={"scope": "all"}).json
    assert shown is not None
    assert counts(confirmed=1) == _push(town, shown["plan"]["digest"])["counts"]
    first = _results(town, ended["run"])[0]
    assert ("confirmed", "a1") == (first["status"], first["reference"])
    assert first["evidence"].startswith("balance ")
    again = _import(town, text)
    assert {"edited": 0, "already_sent": 1, "invalid": 2} == again["result"]["counts"]


def test_a_plan_of_lines(town: Town) -> None:
    """With plan the tab stays as it is; the run's result is the plan; its push is an ordinary one."""
    ended = _import(town, LINES + "3,add,5,Goodwill,b1\n3,add,6,Goodwill,b2\n", plan="true")
    assert {"edited": 2, "already_sent": 0, "invalid": 0} == ended["result"]["counts"]
    assert counts(confirmed=2) == _push(town, ended["result"]["plan"]["digest"])["counts"]
    assert ["confirmed", "confirmed"] == [row["status"] for row in _results(town, ended["run"])]


def test_options(town: Town) -> None:
    """Headers are mapped, a label is the reference, a dry run writes nothing, twice the key is one run."""
    text = "Customer,Action,Points\n4,add,1.5\n"
    fields = {"map": ["Customer=user_id", "Points=credits"], "label": "June", "dry_run": "true"}
    ended = _import(town, text, **fields)
    assert {"edited": 0, "already_sent": 0, "invalid": 1} == ended["result"]["counts"]  # no half credits
    ended = _import(town, text.replace("1.5", "15"), decimal="point", **fields)
    assert {"edited": 1, "already_sent": 0, "invalid": 0} == ended["result"]["counts"]
    shown = town.ask("POST", f"{SHOP}/plans", token=town.token("editor"), body={"scope": "all"}).json
    assert shown is not None
    assert "4" not in {row["account_id"] for row in shown["plan"]["rows"]}
    runs = [_send(town, text, key="import-1", **fields).json for _ in range(2)]
    assert runs[0] == runs[1]
    other = _send(town, text + "\n", key="import-1", **fields)
    assert (422, "idempotency_key") == (other.status_code, (other.json or {})["error"]["code"])


def test_a_mapping_as_one_object(town: Town) -> None:
    """Who cannot repeat a field of a form, as the add-on, sends all columns in one."""
    columns = '{"Client": "user_id", "Sum": "amount"}'
    ended = _import(town, "Client,Action,Sum,Reason\n1,add,5,Goodwill\n", map=columns, dry_run="true")
    assert {"edited": 1, "already_sent": 0, "invalid": 0} == ended["result"]["counts"]
    assert 400 == _send(town, LINES, map="{Client").status_code


def test_what_cannot_be_imported(town: Town) -> None:
    """No file, no form, no header, an unknown field, too large: each is told, and no run is started."""
    token = town.token("editor")
    before = _imports(town)
    wrong = [
        _send(town, ""),
        _send(town, "a,b\n1,2\n"),
        _send(town, LINES, map="x"),
        _send(town, LINES, map="Nothing=user_id"),
        _send(town, LINES, decimal="semicolon"),
        _send(town, LINES, unknown="1"),
        _send(town, LINES, plan="true", dry_run="true"),
        town.client.post(f"{SHOP}/imports", data={}, headers={"Authorization": f"Bearer {token}"}),
        town.ask("POST", f"{SHOP}/imports", token=token, body={"file": LINES}),
    ]
    for reply in wrong:
        assert reply.json is not None
        assert (400, "usage") == (reply.status_code, reply.json["error"]["code"]), reply.text
        assert "/tmp" not in reply.text  # noqa: S108 - no place of this machine in a sentence
    large = town.client.post(
        f"{SHOP}/imports",
        content_type="multipart/form-data; boundary=x",
        headers={"Authorization": f"Bearer {token}"},
        environ_overrides={"CONTENT_LENGTH": str(wire.UPLOAD_MAX_BYTES + 1)},
    )
    assert 413 == large.status_code, large.text
    assert before == _imports(town)


def test_history_as_a_file(town: Town) -> None:
    """The history comes as CSV to whoever asks for it, with the same filters, and no cell is a formula."""
    town.edit({6: 2}, note="=1+1")
    shown = town.ask("POST", f"{SHOP}/plans", token=town.token("editor"), body={"scope": "all"}).json
    assert shown is not None
    run = _push(town, shown["plan"]["digest"])["run"]
    token = town.token("viewer")
    files = [
        town.ask("GET", f"{SHOP}/history.csv?run={run}", token=token),
        town.ask("GET", f"{SHOP}/history?run={run}", token=token, Accept="text/csv"),
        town.ask("GET", f"/api/v1/runs/{run}/results", token=token),
    ]
    for reply in files:
        assert "text/csv" == reply.mimetype
        rows = list(csv.DictReader(io.StringIO(reply.text)))
        assert [("confirmed", "'=1+1", "2")] == [
            (each["status"], each["note"], each["amount"]) for each in rows
        ]
    wrong = town.ask("GET", f"{SHOP}/history.csv?since=yesterday", token=token)
    assert (400, "application/json") == (wrong.status_code, wrong.mimetype)


def test_totals_and_statements(town: Town) -> None:
    """What was added by whom, and a day's opening and closing, as JSON and as CSV; odd days are refused."""
    token = town.token("viewer")
    _push_of_one(town)
    for path, column in (("totals?by=person", "name"), ("statement", "day")):
        told = town.ask("GET", f"{SHOP}/{path}", token=token)
        assert 200 == told.status_code, told.text
        table = town.ask("GET", f"{SHOP}/{path}", token=token, Accept="text/csv")
        assert "text/csv" == table.mimetype
        assert column in next(csv.reader(io.StringIO(table.text)))
    found = town.ask("GET", f"{SHOP}/totals?by=person", token=token).json
    assert found is not None
    assert ["token:editor@scripts.org"] == [each["name"] for each in found["totals"]]
    assert int(found["totals"][0]["units"]["credits"]["added"]) >= 1
    for query in ("since=tomorrow", "since=2031-01-01", "by=week"):
        wrong = town.ask("GET", f"{SHOP}/statement?{query}", token=token)
        assert 400 == wrong.status_code, wrong.text


def test_reconciliation(town: Town) -> None:
    """What somebody else changed is a difference with its cause; nothing is written."""
    town.sandbox.book.top_up("8", "credits", 1)
    told = town.ask("POST", f"{SHOP}/reconciliations", token=town.token("editor"), body={}).json
    assert told is not None
    assert "8" in {each["account_id"] for each in told["differences"]}
    assert told["run"]


def _push_of_one(town: Town) -> None:
    town.edit({9: 1})
    body = {"scope": "selected", "account_ids": ["8"]}
    shown = town.ask("POST", f"{SHOP}/plans", token=town.token("editor"), body=body).json
    assert shown is not None
    assert counts(confirmed=1) == _push(town, shown["plan"]["digest"])["counts"]
