"""Files in, and whole pushes back: import and undo from the command line."""

import csv

import pytest

from tests.e2e.harness import Office


@pytest.fixture
def pulled(office: Office) -> Office:
    """An office that has pulled."""
    office.run("pull", "shop")
    return office


def test_a_file_is_imported_pushed_and_taken_back(pulled: Office) -> None:
    """Its results file follows; the file again changes nothing; the undo restores every balance."""
    file, results = pulled.folder / "may.csv", pulled.folder / "out.csv"
    file.write_text("Kunde,What,How much\n5,add,25\n6,reset,7\n99,add,1\n", encoding="utf-8")
    maps = ("--map", "Kunde=user_id", "--map", "What=action", "--map", "How much=amount")
    pulled.run("import", "shop", str(file), *maps, "--dry-run", code=1)
    assert "whose line it is" in pulled.run("import", "shop", str(file), code=2).error["message"]
    imported = pulled.run("import", "shop", str(file), *maps, "--results", str(results), code=1).json
    assert {"edited": 2, "already_sent": 0, "invalid": 1} == imported["counts"]
    assert [4] == [each["line"] for each in imported["problems"]]
    pushed = pulled.run("push", "shop", "--yes")
    assert {"5": "confirmed", "6": "confirmed"} == pushed.statuses
    assert (65, 7) == (pulled.site.balances["5"], pulled.site.balances["6"])
    with results.open(encoding="utf-8") as stream:
        assert ["confirmed", "confirmed", "invalid"] == [row["status"] for row in csv.DictReader(stream)]
    again = pulled.run("import", "shop", str(file), "--results", str(results), code=1).json
    assert {"edited": 0, "already_sent": 2, "invalid": 1} == again["counts"]
    undone = pulled.run("undo", "shop", "--run", pushed.json["run"])
    assert ([], "edited") == (undone.json["skipped"], undone.statuses["5"])
    assert {"5": "confirmed", "6": "confirmed"} == pulled.run(
        "push", "shop", "--plan", undone.digest
    ).statuses
    assert (40, 40) == (pulled.site.balances["5"], pulled.site.balances["6"])
    twice = pulled.run("undo", "shop", "--run", pushed.json["run"])
    assert {"5": "already_sent", "6": "already_sent"} == twice.statuses
    assert 4 == len(pulled.site.applied)
    pulled.sound()


def test_files_that_cannot_be_imported(pulled: Office) -> None:
    """Each is refused in a sentence, and nothing is written."""
    file = pulled.folder / "wrong.csv"
    for text, words in (
        ("", "is empty"),
        ("user_id,amount\n5,1\n", "no column action"),
        ("name,action,amount\nAna,add,1\n", "whose line it is"),
        ("user_id,userid,action,amount\n5,5,add,1\n", "mean the same"),
    ):
        file.write_text(text, encoding="utf-8")
        assert words in pulled.run("import", "shop", str(file), code=2).error["message"]
    missing = pulled.run("import", "shop", str(pulled.folder / "none.csv"), code=2)
    assert "cannot be read" in missing.error["message"]
    assert "HEADER=FIELD" in pulled.run("import", "shop", str(file), "--map", "x", code=2).error["message"]
    assert None is pulled.table()["5"]["Action"]


def test_a_file_becomes_a_plan(pulled: Office) -> None:
    """Two lines of one user go one after the other; people see what would happen."""
    file = pulled.folder / "may.csv"
    file.write_text("user_id;action;amount;reference\n5;add;1;a\n5;add;2;b\n", encoding="utf-8")
    said = pulled.people("import", "shop", str(file), "--dry-run", code=1).stdout
    assert "Nothing was written" in said
    assert "preview" not in said
    plan = pulled.run("import", "shop", str(file), "--plan")
    assert {"edited": 2, "already_sent": 0, "invalid": 0} == plan.json["counts"]
    pushed = pulled.run("push", "shop", "--plan", plan.digest)
    assert ["confirmed", "confirmed"] == [row["status"] for row in pushed.json["rows"]]
    assert 43 == pulled.site.balances["5"]
    assert "2 sent before" in pulled.people("import", "shop", str(file)).stdout


def test_a_push_in_one_go_says_what_its_preview_said(pulled: Office) -> None:
    """A script that previews and pushes in one go gets the remarks, too; they are no reason to end with 1."""
    pulled.add({"5": 25, "6": 26, "7": 27})
    (said,) = pulled.run("push", "shop", "--yes").json["warnings"]
    assert "form a series" in said


def test_looking_back(pulled: Office) -> None:
    """History by reason and day, totals, a statement that adds up, and whether all sides say the same."""
    pulled.edit({"5": {"Action": "Add", "Amount": 25, "Reason": "Goodwill"}})
    pulled.run("push", "shop", "--yes")
    day = pulled.history("--reason", "Goodwill", "--since", "2020-01-01")[0]["created_at"][:10]
    assert [] == pulled.history("--reason", "Other")
    assert [] == pulled.history("--until", "2020-01-01")
    (total,) = pulled.run("history", "shop", "--totals", "reason").json["totals"]
    assert ("Goodwill", "25") == (total["name"], total["units"]["credits"]["net"])
    told = pulled.run("statement", "shop", "--since", day).json["days"]
    us = sum(int(each["units"]["credits"]["us"]) for each in told)
    held = [balance or 0 for balance in pulled.site.balances.values()]
    assert (25, sum(held)) == (us, int(told[-1]["units"]["credits"]["closing"]))
    assert [] == pulled.run("reconcile", "shop").json["differences"]
    pulled.site.balances["6"] = 37
    assert {"spent": 1} == pulled.run("reconcile", "shop", code=1).json["counts"]
    assert "Spent" in pulled.people("reconcile", "shop", code=1).stdout
    for command in (
        ("history", "--totals", "day"),
        ("history",),
        ("statement", "shop"),
        ("reconcile", "shop"),
    ):
        code = 1 if command[0] == "reconcile" else 0
        path = pulled.folder / f"{'-'.join(command)}.csv"
        told = pulled.run(*command, "--csv", str(path), code=code).json
        with path.open(encoding="utf-8", newline="") as stream:
            assert told["lines"] == len(list(csv.DictReader(stream))) > 0
    assert "2026-13-01" in pulled.run("statement", "shop", "--day", "2026-13-01", code=2).error["message"]
    assert "no connection" in pulled.run("history", "nope", code=2).error["message"]
    assert "--unsettled" in pulled.run("history", "--totals", "day", "--unsettled", code=2).error["message"]
    assert "By us" in pulled.people("statement", "shop").stdout
    assert "Goodwill" in pulled.people("history", "shop", "--totals", "reason").stdout
