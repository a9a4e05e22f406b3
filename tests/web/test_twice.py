"""The same request again, after a crash or a lost answer: the same run, never a second action."""

import json
from pathlib import Path
from typing import Any

import pytest

from sheetsync.errors import BusyError
from sheetsync.ports.claims import Claim
from tests.web.kit import Town, counts, open_town

SHOP = "/api/v1/connections/shop"
DEAD = ["", 2**22, "0"]
"""A process that never was: no pid is that large."""


def _post(town: Town, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any], str | None]:  # noqa: ANN401
    reply = town.ask("POST", path, token=town.token("editor"), body=body, **headers)
    assert reply.json is not None
    return reply.status_code, reply.json, reply.headers.get("Idempotency-Replayed")


def _crash(town: Town, key: str) -> None:
    """Leave a request as a process leaves it that dies before it has kept its reply."""
    machine = town.service.office.processes.me().machine
    claimed_by = json.dumps([machine, *DEAD[1:], "attempt"])
    database = town.service.store.database

    def work(transaction: Any) -> int:  # noqa: ANN401 - of the ledger
        from sqlalchemy import update  # noqa: PLC0415

        from sheetsync.ledger.schema import replies  # noqa: PLC0415

        values = {"status": None, "body": None, "claimed_by": claimed_by}
        return int(
            transaction.connection.execute(
                update(replies).where(replies.c.key == key).values(**values)
            ).rowcount
        )

    assert 1 == database.write(work)


def _plan(town: Town) -> str:
    digest: str = _post(town, f"{SHOP}/plans", {"scope": "all"})[1]["plan"]["digest"]
    return digest


def test_a_push_whose_answer_was_lost(town: Town) -> None:
    """The process died between the run and its reply: the same request finds the run, at once."""
    town.edit({2: 3})
    body = {"plan": _plan(town)}
    _, run, _ = _post(town, f"{SHOP}/pushes", body, Idempotency_Key="push-1")
    assert counts(confirmed=1) == town.end_of(run["run"])["counts"]
    _crash(town, "push-1")
    status, again, replayed = _post(town, f"{SHOP}/pushes", body, Idempotency_Key="push-1")
    assert (202, run["run"], "true") == (status, again["run"], replayed)
    _, kept, _ = _post(town, f"{SHOP}/pushes", body, Idempotency_Key="push-1")
    assert again == kept


def test_a_preview_whose_answer_was_lost(town: Town) -> None:
    """The same preview comes back with its plan, not with another run."""
    status, shown, _ = _post(town, f"{SHOP}/plans", {"scope": "all"}, Idempotency_Key="plan-1")
    _crash(town, "plan-1")
    assert (status, shown, "true") == _post(town, f"{SHOP}/plans", {"scope": "all"}, Idempotency_Key="plan-1")


def test_a_plan_that_failed_may_be_asked_again(town: Town) -> None:
    """What only read and failed is no answer to keep: the same key asks anew."""
    first = _post(town, f"{SHOP}/undos", {"run": "none"}, Idempotency_Key="undo-1")
    second = _post(town, f"{SHOP}/undos", {"run": "none"}, Idempotency_Key="undo-1")
    assert (400, 400) == (first[0], second[0])
    runs = [told["error"]["details"]["run"] for _, told, _ in (first, second)]
    assert runs[0] != runs[1]


def test_a_claim_that_was_lost_starts_nothing(tmp_path: Path) -> None:
    """Whoever was taken for dead and comes back starts no second run."""
    with open_town(tmp_path) as town:
        runs, replies = town.service.office.ledger.runs, town.service.store.replies
        late, heir = Claim("me", "k", "late"), Claim("me", "k", "heir")
        assert replies.claim(late, "same") is None
        replies.release(late)
        assert replies.claim(heir, "same") is None
        run = runs.start("verify", "shop", "s", actor="web:me", claim=heir)
        for lost in (late, heir):
            with pytest.raises(BusyError):
                runs.start("verify", "shop", "s", actor="web:me", claim=lost)
        assert [run] == [each.run for each in runs.newest("shop")]


def test_a_choice_whose_process_died(town: Town) -> None:
    """What starts no run is carried out by the next one who asks, without a wait."""
    _post(town, f"{SHOP}/fills", {"action": "add", "dry_run": True}, Idempotency_Key="fill-1")
    _crash(town, "fill-1")
    status, _, replayed = _post(
        town, f"{SHOP}/fills", {"action": "add", "dry_run": True}, Idempotency_Key="fill-1"
    )
    assert (200, None) == (status, replayed)


@pytest.mark.parametrize(
    ("plan", "code"), [("sha256:none", "stale_plan"), ("moved", "stale_plan"), ("over", "limit")]
)
def test_a_push_that_would_be_refused_starts_no_run(tmp_path: Path, plan: str, code: str) -> None:
    """A plan that is unknown, stale or over a limit is refused with 409 at once."""
    with open_town(tmp_path) as town:
        run = _post(town, f"{SHOP}/pulls", {})[1]
        town.end_of(run["run"])
        if plan == "moved":
            town.edit({2: 5})
            plan = _plan(town)
            town.edit({2: 6})
            run = _post(town, f"{SHOP}/pushes", {"plan": _plan(town)})[1]
            town.end_of(run["run"])
        elif plan == "over":
            town.edit({2: 5000})
            plan = _plan(town)
        before = len(town.service.office.ledger.runs.newest("shop", limit=500))
        status, told, _ = _post(town, f"{SHOP}/pushes", {"plan": plan})
        assert (409, code) == (status, told["error"]["code"]), told
        found = town.service.office.ledger.runs.newest("shop", limit=500)
        assert before == len(found)
