"""What the HTTP API tells of a run is what the command tells: its rows, its counts, its pages."""

from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from sheetsync.config import Role
from sheetsync.sandbox.faults import Fault
from tests.web.kit import Town, counts, open_town

SHOP = "/api/v1/connections/shop"


def _post(town: Town, path: str, body: Any, status: int, *, role: Role = "editor") -> dict[str, Any]:  # noqa: ANN401
    reply = town.ask("POST", path, token=town.token(role), body=body)
    assert status == reply.status_code, reply.text
    assert reply.json is not None
    return dict(reply.json)


def _run(town: Town, what: str, body: Any) -> dict[str, Any]:  # noqa: ANN401
    return town.end_of(_post(town, f"{SHOP}/{what}", body, 202)["run"])


def _plan(town: Town) -> dict[str, str]:
    return {"plan": _post(town, f"{SHOP}/plans", {"scope": "all"}, 200)["plan"]["digest"]}


def test_a_plan_that_is_pushed_again_lists_its_rows(town: Town) -> None:
    """The second run sends nothing and says how every operation of the plan stands, as the command does."""
    town.edit({2: 5, 3: 6})
    plan = _plan(town)
    first, second = (_run(town, "pushes", plan) for _ in range(2))
    assert first["run"] != second["run"]
    assert counts(confirmed=2) == first["counts"] == second["counts"] == second["result"]["counts"]
    assert ["1", "2"] == [row["account_id"] for row in first["rows"]]
    assert first["rows"] == second["rows"]
    assert {"counts", "warnings"} == set(second["result"])


def test_a_verify_lists_what_it_looked_at(tmp_path: Path) -> None:
    """A lost answer leaves an operation open; the verify's own rows say that it was looked at."""
    with open_town(tmp_path) as town:
        _run(town, "pulls", {})
        town.edit({2: 5})
        plan = _plan(town)
        town.sandbox.faults.add(Fault(kind="drop_before", on="write"))
        pushed = _run(town, "pushes", plan)
        verified = _run(town, "verifications", {})
        assert 1 == pushed["counts"]["confirmation_required"], pushed
        assert [row["operation"] for row in pushed["rows"]] == [row["operation"] for row in verified["rows"]]
        assert counts(confirmation_required=1) == verified["counts"]


def test_a_conflict_that_a_push_met_is_in_its_rows(town: Town) -> None:
    """A balance that moved after the preview: the row says so, in words, and counts as one."""
    book = load_workbook(town.folder / "credits.xlsx")
    sheet = book["Credits"]
    place = {cell.value: cell.column or 0 for cell in sheet[1]}
    for name, value in (("Action", "Reset"), ("Amount", 3), ("Reason", "Goodwill")):
        sheet.cell(6, place[name], value)
    book.save(town.folder / "credits.xlsx")
    plan = _plan(town)
    town.sandbox.book.top_up("5", "credits", 4)
    ended = _run(town, "pushes", plan)
    assert counts(conflict=1) == ended["counts"] == ended["result"]["counts"]
    assert [("5", "conflict")] == [(row["account_id"], row["status"]) for row in ended["rows"]]
    assert ended["rows"][0]["message"]


def test_cursors_need_no_escaping(town: Town) -> None:
    """A cursor that is pasted into an address as it is leads on."""
    town.edit({7: 1, 8: 1})
    _run(town, "pushes", _plan(town))
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = town.ask("GET", f"{SHOP}/history?limit=1{after}", token=town.token("viewer")).json
        assert page is not None
        assert "operations" in page, page
        found += [row["operation"] for row in page["operations"]]
        after = page["next"] and f"&cursor={page['next']}"
    assert len(found) == len(set(found)) >= 2


def test_a_preview_that_takes_long_is_a_run(tmp_path: Path) -> None:
    """After answer_within_s the answer is 202 with the run; the run's result is the plan."""
    with open_town(tmp_path) as town:
        _run(town, "pulls", {})
        town.edit({2: 5})
        town.service.answer_within_s = 0
        ended = town.end_of(_post(town, f"{SHOP}/plans", {"scope": "all"}, 202)["run"])
        assert ("preview", "done") == (ended["kind"], ended["state"])
        assert {"add": 1, "invalid": 0}.items() <= ended["result"]["plan"]["counts"].items()


def test_a_verdict_in_both_spellings(town: Town) -> None:
    """The command's word and the status's code are one verdict; what is confirmed takes neither."""
    town.edit({9: 1})
    operation = _run(town, "pushes", _plan(town))["rows"][0]["operation"]
    for word in ("not-applied", "not_applied"):
        body = {"as": word, "reason": "seen"}
        told = _post(town, f"/api/v1/operations/{operation}/resolution", body, 400, role="approver")
        assert "nothing to resolve" in told["error"]["message"]
