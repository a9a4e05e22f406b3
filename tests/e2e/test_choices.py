"""What a person decides: a Conflict's two ways out, thirty rows in one step, a second person's consent."""

import pytest

from tests.e2e.harness import Office


@pytest.fixture
def pulled(office: Office) -> Office:
    """An office that has pulled."""
    office.run("pull", "shop")
    return office


@pytest.mark.parametrize(
    ("cells", "keep", "typed", "ends_at"),
    [
        ({"Action": "Reset", "Amount": 100}, "change", 110, 110),
        ({"Action": "Reset", "Amount": 100}, "target", 100, 100),
        ({"Action": "Reset", "Credits": 100}, "change", 110, 110),
        ({"Action": "Adjust", "Amount": -5, "Reason": "Correction"}, "change", -5, 45),
        ({"Action": "Adjust", "Amount": -5, "Reason": "Correction"}, "target", -15, 35),
    ],
)
def test_a_conflict_has_two_ways_out(
    pulled: Office, cells: dict[str, object], keep: str, typed: int, ends_at: int
) -> None:
    """The balance went from 40 to 50 under the edit: keep the change on it, or still go to the target."""
    pulled.edit({"7": cells})
    pulled.site.move("7", 10)
    preview = pulled.run("preview", "shop", code=1)
    assert "conflict" == preview.statuses["7"]
    assert all(number in preview.rows["7"]["message"] for number in ("40", "50"))
    pulled.run("push", "shop", "--plan", preview.digest)
    assert 50 == pulled.site.balances["7"]
    rebased = pulled.run("rebase", "shop", "--account", "7", "--keep", keep).json
    assert ("7", "edited") == (rebased["account_id"], rebased["status"])
    assert (typed, 50) == tuple(pulled.table()["7"][name] for name in ("Amount", "Credits"))
    pushed = pulled.run("push", "shop", "--yes")
    assert {"7": "confirmed"} == pushed.statuses
    assert ends_at == pulled.site.balances["7"]
    pulled.sound()


def test_only_a_conflict_is_rebased(pulled: Office) -> None:
    """A row that is no Conflict, and a change that would end below zero, are refused in words."""
    pulled.add({"7": 5})
    assert (
        "not a Conflict" in pulled.run("rebase", "shop", "--account", "7", "--keep", "change", code=2).stdout
    )
    pulled.edit({"8": {"Action": "Reset", "Amount": 0}})
    pulled.site.move("8", -10)
    refused = pulled.run("rebase", "shop", "--account", "8", "--keep", "change", code=2)
    assert "below 0" in refused.error["message"]
    assert ("Reset", 0) == tuple(pulled.table()["8"][name] for name in ("Action", "Amount"))


def test_many_rows_in_one_step(pulled: Office) -> None:
    """Typed amounts, or overtyped balances, get their action at once, after number and totals were shown."""
    pulled.edit({str(number): {"Amount": number} for number in range(2, 7)})
    pulled.edit({"9": {"Credits": 55}, "10": {"Action": "Reset", "Amount": 1}})
    assert "--yes" in pulled.run("fill", "shop", "--action", "add", code=2).error["hint"]
    filled = pulled.run("fill", "shop", "--action", "add", "--reason", "Goodwill", "--yes", code=1).json
    assert (5, 5, "20") == (filled["rows"], filled["filled"], filled["totals"]["credits"]["added"])
    assert ["9"] == [row["account_id"] for row in filled["left"]]
    table = pulled.table()
    assert ("Add", "Goodwill") == (table["2"]["Action"], table["2"]["Reason"])
    assert (None, "Reset") == (table["9"]["Action"], table["10"]["Action"])
    resets = pulled.run("fill", "shop", "--action", "reset", "--yes").json
    assert (1, "15") == (resets["filled"], resets["totals"]["credits"]["net"])
    pushed = pulled.run("push", "shop", "--yes")
    assert {"confirmed"} == set(pushed.statuses.values())
    assert (42, 55, 1) == tuple(pulled.site.balances[user] for user in ("2", "9", "10"))


def test_a_second_person_approves(pulled: Office) -> None:
    """Over the limit a plan waits; its author cannot approve it, an edit voids it, one push uses it up."""
    pulled.configure(limits="approval_over = { credits = 20 }")
    pulled.add({"3": 25})
    preview = pulled.run("preview", "shop", code=1)
    assert {"3": "awaiting_approval"} == preview.statuses
    push = ("push", "shop", "--plan", preview.digest)
    assert "approval_needed" == pulled.run(*push, code=4).error["code"]
    approve = ("approve", "shop", "--plan", preview.digest)
    assert "approval_needed" == pulled.run(*approve, code=4).error["code"]
    assert "reason" in pulled.run(*approve, "--refuse", actor="bob", code=2).error["message"]
    approved = pulled.run(*approve, actor="bob").json
    assert {"plan": preview.digest, "status": "approved", "by": "cli:bob"} == approved
    assert "approval_needed" == pulled.run(*push, actor="bob", code=4).error["code"]
    assert {"3": "confirmed"} == pulled.run(*push).statuses
    pulled.add({"3": 26})
    other = pulled.run("preview", "shop", code=1)
    assert "approval_needed" == pulled.run("push", "shop", "--plan", other.digest, code=4).error["code"]
    assert 65 == pulled.site.balances["3"]


def test_a_refused_plan_stays_refused(pulled: Office) -> None:
    """A refusal names who refused; nothing is sent."""
    pulled.configure(limits="approval_over = { credits = 20 }")
    pulled.add({"3": 25})
    digest = pulled.run("preview", "shop", code=1).digest
    pulled.run("approve", "shop", "--plan", digest, "--refuse", "--reason", "too much", actor="bob")
    assert "cli:bob" in pulled.run("push", "shop", "--plan", digest, code=4).error["message"]
    assert 40 == pulled.site.balances["3"]


def test_a_person_has_a_day(pulled: Office) -> None:
    """What one person moved today counts; another person has an own day."""
    pulled.configure(limits="max_total_per_person_day = { credits = 30 }")
    pulled.add({"3": 20})
    pulled.run("push", "shop", "--yes")
    pulled.add({"4": 11})
    digest = pulled.run("preview", "shop").digest
    assert "limit" == pulled.run("push", "shop", "--plan", digest, code=4).error["code"]
    assert {"4": "confirmed"} == pulled.run("push", "shop", "--plan", digest, actor="bob").statuses
    assert (60, 51) == (pulled.site.balances["3"], pulled.site.balances["4"])


def test_a_verdict_shows_the_balance_it_leaves(pulled: Office) -> None:
    """After a person settled what the balance could not prove, the row shows the balance of now."""
    pulled.add({"5": 7})
    pulled.run("push", "shop", "--yes", "--no-verify", code=1)
    pulled.site.move("5", -1)
    (operation,) = [row["operation"] for row in pulled.run("verify", "shop", code=1).json["rows"]]
    settle = ("resolve", "shop", "--operation", operation, "--as", "applied", "--reason", "seen on the page")
    assert "confirmed" == pulled.run(*settle).json["status"]
    row = pulled.table()["5"]
    assert (46, None, "Confirmed") == (row["Credits"], row["Action"], row["Status"])
    assert 2 == len({operation, *(each["operation"] for each in pulled.history())}) + 1
