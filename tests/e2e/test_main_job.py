"""The main job from the first check to the last history line, with exactly the contract's JSON."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.harness import Office
from tests.e2e.site import Site, Write

COUNTS = {"confirmed", "confirmation_required", "rejected", "not_applied", "conflict"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_from_check_to_history(  # noqa: PLR0915 - one job from beginning to end
    office: Office, site: Site
) -> None:
    """Check, pull, preview, push, verify, history and ledger check say what the contract says."""
    checks = office.run("check", "shop").json["checks"]
    assert [True] * len(checks) == [each["ok"] for each in checks]
    assert [{"name", "ok", "message", "hint"}] * len(checks) == [set(each) for each in checks]
    assert not office.path.exists()

    pulled = office.run("pull", "shop").json
    assert {"connection": "shop", "accounts": 12, "written": 12, "kept_edits": 0, "missing": 0} == {
        name: pulled[name] for name in ("connection", "accounts", "written", "kept_edits", "missing")
    }
    assert {"credits": "480"} == pulled["totals"]
    assert pulled["run"]

    office.edit(
        {
            "1": {"Action": "Add", "Amount": 25, "Reason": "Goodwill", "Note": "was kind"},
            "2": {"Action": "reset", "Amount": "30"},
            "3": {"Action": "Adjust", "Amount": -5, "Reason": "Correction"},
            "4": {"Action": "Adjust", "Amount": 5, "Reason": "A reason of my own"},
            "5": {"Action": "Reset", "Credits": 100},
            "6": {"Action": "Reset", "Amount": 0},
            "10": {"Action": "Reset", "Amount": 40},
            "11": {"Note": "call back"},
        }
    )
    preview = office.run("preview", "shop")
    plan = preview.json["plan"]
    assert plan["digest"].startswith("sha256:")
    assert MOMENT.fullmatch(plan["expires_at"])
    assert {"add": 1, "reset": 4, "adjust": 2, "invalid": 0, "conflict": 0, "already_sent": 0} == plan[
        "counts"
    ]
    total = plan["totals"]["credits"]
    assert ("90", "55", "35") == (total["added"], total["removed"], total["net"])
    assert ["1", "10", "2", "3", "4", "5", "6"] == sorted(preview.rows)
    row = preview.rows["1"]
    assert ("c1@example.com", "add", "edited") == (row["email"], row["action"], row["status"])
    assert {"credits": {"amount": "25", "before": "40", "after": "65"}} == row["changes"]
    assert re.fullmatch(r"[0-9A-Z]{1,24}", row["operation"])
    assert "Edited" == office.shown()["1"]
    assert office.run("preview", "shop", "--no-write").digest == preview.digest
    assert [] == site.arrived

    pushed = office.run("push", "shop", "--plan", preview.digest)
    assert plan["digest"] == pushed.json["plan"]
    assert COUNTS <= set(pushed.json["counts"])
    assert 7 == pushed.json["counts"]["confirmed"]
    assert {"kind": "balance", "before": "40", "after": "65", "now": "65"} == pushed.rows["1"]["evidence"]
    assert "Added 25, Goodwill: balance 40 → 65" == pushed.rows["1"]["message"]
    assert preview.rows["1"]["operation"] == pushed.rows["1"]["operation"]
    wanted = {"1": 65, "2": 30, "3": 35, "4": 45, "5": 100, "6": 0, "10": 40, "11": 40}
    assert wanted == {account: site.balances[account] for account in wanted}
    assert {
        Write("1", "add", 25),
        Write("2", "set", 30),
        Write("3", "set", 35),
        Write("4", "add", 5),
        Write("5", "set", 100),
        Write("6", "set", 0),
    } == set(site.applied)
    assert 6 == len(site.arrived)
    table = office.table()
    empty = ("Action", "Amount", "Reason", "Note")
    assert [None] * 4 == [table["1"][header] for header in empty]
    assert (65, "Confirmed") == (table["1"]["Credits"], table["1"]["Status"])
    assert "Confirmed" == table["10"]["Status"]
    assert "call back" == table["11"]["Note"]

    again = office.run("push", "shop", "--plan", preview.digest)
    assert pushed.statuses == again.statuses
    assert 6 == len(site.arrived)
    verified = office.run("verify", "shop").json
    assert [] == verified["rows"]
    assert dict.fromkeys(COUNTS, 0) == verified["counts"]

    found = office.run("history", "shop", "--csv", "out.csv").json
    assert 7 == len(found["operations"])
    assert found["next"] is None
    first = next(each for each in found["operations"] if each["account_id"] == "1")
    assert ("cli:ana", "Goodwill", "was kind", 1) == tuple(
        first[name] for name in ("actor", "reason", "note", "attempts")
    )
    assert pushed.json["run"] == first["run"]
    assert MOMENT.fullmatch(first["sent_at"])
    assert MOMENT.fullmatch(first["settled_at"])
    with (office.folder / "out.csv").open(encoding="utf-8", newline="") as stream:
        assert 7 == len(list(csv.DictReader(stream)))
    checked = office.run("ledger", "check").json
    assert ("ok", "ok") == (checked["chain"], checked["sums"])
    assert isinstance(checked["events"], int)


def test_history_pages_and_filters(office: Office) -> None:
    """Pages follow one another without gaps or repeats; filters choose."""
    office.run("pull", "shop")
    office.add({str(number): number for number in range(1, 8)})
    run = office.run("push", "shop", "--yes", actor="bea").json["run"]
    seen: list[str] = []
    cursor: tuple[str, ...] = ()
    while True:
        page = office.run("history", "--limit", "5", *cursor).json
        seen += [each["operation"] for each in page["operations"]]
        if page["next"] is None:
            break
        cursor = ("--cursor", page["next"])
    assert 7 == len(seen) == len(set(seen))
    assert ["4"] == [each["account_id"] for each in office.history("--account", "4")]
    assert 7 == len(office.history("--run", run, "--actor", "cli:bea", "--since", "2020-01-01"))
    office.run("history", "shop", "--since", "yesterday", code=2)


def test_init_writes_what_loads(tmp_path: Path) -> None:
    """Every provider and sheet: the file is written once, and loads."""
    for provider, sheet in (("fastcredit", "xlsx"), ("fascard", "google"), ("unibee", "xlsx")):
        config = tmp_path / f"{provider}.toml"
        assert 0 == sheetsync("init", "--provider", provider, "--sheet", sheet, config=config)
        assert config.read_text(encoding="utf-8").count("#") > 5
    assert 0 == sheetsync("history", config=config)
    assert 2 == sheetsync("init", config=config)


def sheetsync(*args: str, config: Path) -> int:
    """Run a command beside its configuration; return its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "sheetsync", *args, "--config", str(config), "--json"],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=config.parent,
    )
    assert "" == done.stderr
    assert isinstance(json.loads(done.stdout), dict)
    return done.returncode


def test_people_see_words(office: Office) -> None:
    """Without --json: words for people, and nothing on stderr that is not meant for them."""
    office.run("pull", "shop")
    office.add({"1": 5})
    shown = office.people("preview", "shop")
    assert "40 → 45" in shown.stdout
    assert "sheetsync push shop --plan sha256:" in shown.stdout
    pushed = office.people("push", "shop", "--yes")
    assert "Confirmed" in pushed.stdout
    assert "" == office.people("verify", "shop", "--quiet").stdout
    assert "Added 5" in office.people("history", "shop").stdout
