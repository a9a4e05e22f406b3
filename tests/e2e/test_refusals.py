"""Every refusal: its exit code, one JSON object on stdout, a sentence on what to do, nothing sent."""

from collections.abc import Iterator

import pytest

from tests.e2e.harness import Office, headers


@pytest.fixture
def pulled(office: Office) -> Iterator[Office]:
    """An office that has pulled."""
    office.run("pull", "shop")
    yield office
    assert [] == office.site.arrived


def test_configuration_names_all_problems(office: Office) -> None:
    """Three mistakes: all three, each with its path; exit 2."""
    text = office.config.read_text(encoding="utf-8")
    office.config.write_text(
        text.replace("settle_after_s = 3", "settle_after_s = 1\ncolour = 3").replace("Europe/Berlin", "Mars"),
        encoding="utf-8",
    )
    error = office.run("pull", "shop", code=2).error
    paths = {problem["path"] for problem in error["details"]["problems"]}
    assert {"connections.shop.settle_after_s", "connections.shop.colour", "service.timezone"} == paths


def test_usage(office: Office) -> None:
    """What the command line itself refuses is one JSON object, too; exit 2."""
    error = office.run("pull", "shopp", code=2).error
    assert "shop" in error["message"] + error["hint"]
    for wrong in (
        ("push", "shop"),
        ("pull",),
        ("preview", "shop"),
        ("history", "shop", "--limit", "0"),
        ("resolve", "shop", "--operation", "NOSUCH", "--as", "applied", "--reason", "x"),
    ):
        assert office.run(*wrong, code=2).error["message"], wrong


def test_missing_secret(office: Office) -> None:
    """An unset variable is a configuration problem that names it."""
    office.env = {}
    error = office.run("pull", "shop", code=2).error
    assert "ACME_PASSWORD" in error["message"]


def test_workbook_tab_and_headers(pulled: Office) -> None:
    """A missing workbook, tab or header is named; exit 2 for everything but a pull, which makes them."""
    book, tab = pulled.open()
    tab.cell(1, headers(tab)["Amount"]).value = "Sum"
    book.save(pulled.path)
    assert "Amount" in pulled.run("preview", "shop", code=2).error["message"]

    book, tab = pulled.open()
    tab.title = "Old"
    book.save(pulled.path)
    assert "Credits" in pulled.run("preview", "shop", code=2).error["message"]

    pulled.path.unlink()
    assert "credits.xlsx" in pulled.run("preview", "shop", code=2).error["message"]
    pulled.run("pull", "shop")
    pulled.run("preview", "shop")


def test_no_workbook(pulled: Office) -> None:
    """A file that is no workbook, and one that cannot be written, are exit 3 with its name."""
    pulled.path.write_text("I am a text", encoding="utf-8")
    assert "credits.xlsx" in pulled.run("preview", "shop", code=3).error["message"]
    assert "credits.xlsx" in pulled.run("pull", "shop", code=3).error["message"]
    assert "I am a text" == pulled.path.read_text(encoding="utf-8")


def test_unreachable(pulled: Office) -> None:
    """Nothing listens: exit 3 for pull, preview, push and check, and edits stay."""
    pulled.add({"1": 5})
    digest = pulled.run("preview", "shop").digest
    text = pulled.config.read_text(encoding="utf-8")
    pulled.configure(extra="retries = 0")
    there = pulled.config.read_text(encoding="utf-8")
    pulled.config.write_text(there.replace(pulled.site.address, "http://127.0.0.1:9"), encoding="utf-8")
    assert "provider" == pulled.run("pull", "shop", code=3).error["code"]
    other = pulled.run("preview", "shop", code=2)  # another base_url is another system
    assert "another credit system" in other.error["message"]
    assert not all(each["ok"] for each in pulled.run("check", "shop", code=3).json["checks"])
    pulled.config.write_text(text, encoding="utf-8")
    assert "Add" == pulled.table()["1"]["Action"]
    assert digest == pulled.run("preview", "shop").digest


def test_wrong_password(office: Office) -> None:
    """A refused sign-in is exit 3; neither the right nor the wrong password is shown."""
    office.env = {"ACME_PASSWORD": "not right at all"}
    done = office.run("pull", "shop", code=3)
    assert "password" in done.error["message"].lower()
    assert "not right at all" not in done.stdout + done.stderr
    assert not office.path.exists()
    failed = [each for each in office.run("check", "shop", code=3).json["checks"] if not each["ok"]]
    assert ["shop: credentials"] == [each["name"] for each in failed]


def test_missing_route(pulled: Office) -> None:
    """A route that is not there is exit 3, and the message names its setting; nothing counts."""
    pulled.add({"1": 5, "2": 6})
    pulled.configure(routes=pulled.routes.replace("/acme/v2/grant", "/acme/v9/grant"))
    error = pulled.run("push", "shop", "--yes", code=3).error
    assert "connections.shop.routes.add_credits" in error["message"]
    failed = [each for each in pulled.run("check", "shop", code=3).json["checks"] if not each["ok"]]
    assert ["shop: add_credits"] == [each["name"] for each in failed]
    pulled.configure(routes=pulled.routes.replace("/acme/v2/balance", "/acme/v9/balance"))
    error = pulled.run("preview", "shop", code=3).error
    assert "connections.shop.routes.get_credits" in error["message"]
    error = pulled.run("pull", "shop", code=3).error
    assert "connections.shop.routes.get_credits" in error["message"] + error["hint"]
    assert "Confirmation Required" not in pulled.shown().values()


def test_site_that_turns_us_away_while_pushing(pulled: Office) -> None:
    """Access lost between preview and push: exit 3, nothing sent, edits kept."""
    pulled.add({"1": 5, "2": 6})
    digest = pulled.run("preview", "shop").digest
    pulled.site.closed = (401, "rest_not_logged_in")
    assert "provider" == pulled.run("push", "shop", "--plan", digest, code=3).error["code"]
    pulled.site.closed = None
    assert {"1": "Edited", "2": "Edited"} == pulled.shown(["1", "2"])


def test_stale_plan_names_the_rows(pulled: Office) -> None:
    """An edit, a Key or a row that changed since the preview: exit 4 with the rows, nothing sent."""
    pulled.add({"1": 5, "2": 6, "3": 7})
    digest = pulled.run("preview", "shop").digest
    pulled.add({"2": 60})
    pulled.edit({"3": {"Action": None, "Amount": None}})
    error = pulled.run("push", "shop", "--plan", digest, code=4).error
    assert "stale_plan" == error["code"]
    assert ["2", "3"] == error["details"]["rows"]
    assert "2, 3" in error["message"]
    digest = pulled.run("preview", "shop").digest
    book, tab = pulled.open()
    tab.delete_rows(2)
    book.save(pulled.path)
    assert ["1"] == pulled.run("push", "shop", "--plan", digest, code=4).error["details"]["rows"]
    assert "stale_plan" == pulled.run("push", "shop", "--plan", "sha256:0", code=4).error["code"]


def test_expired_plan(pulled: Office) -> None:
    """A plan past its time is exit 4."""
    pulled.configure(extra="plan_expires_min = 0.001")
    pulled.add({"1": 5})
    digest = pulled.run("preview", "shop").digest
    assert "stale_plan" == pulled.run("push", "shop", "--plan", digest, code=4).error["code"]


def test_limits_and_approval(pulled: Office) -> None:
    """Each limit stops the whole push before anything is sent; exit 4 with the limit's name."""
    pulled.add({"1": 50, "2": 60})
    for limit in (
        "max_rows_per_push = 1",
        'max_amount_per_row = { credits = "55" }',
        'max_total_per_push = { credits = "109" }',
    ):
        pulled.configure(limits=limit)
        error = pulled.run("push", "shop", "--yes", code=4).error
        assert "limit" == error["code"]
        assert limit.partition(" ")[0] in error["message"]
    pulled.configure(limits='approval_over = { credits = "59" }')
    preview = pulled.run("preview", "shop", code=1)
    assert {"awaiting_approval"} == set(preview.statuses.values())
    error = pulled.run("push", "shop", "--plan", preview.digest, code=4).error
    assert "approve shop --plan" in error["hint"]


def test_rows_that_need_attention(pulled: Office) -> None:
    """Invalid rows are exit 1, say why, and keep what was typed."""
    typed: dict[str, dict[str, object]] = {
        "1": {"Action": "Add"},
        "2": {"Amount": 5},
        "3": {"Action": "Add", "Amount": -5},
        "4": {"Action": "Add", "Amount": "1,500"},
        "5": {"Credits": 50},
        "6": {"Action": "Add", "Amount": 5, "Credits": 50},
        "7": {"Action": "Adjust", "Amount": -5},
        "8": {"Action": "Refund", "Amount": 5},
        "9": {"Action": "Adjust", "Amount": -41, "Reason": "Correction"},
        "10": {"Action": "Add", "Amount": "=2+3"},
        "11": {"Action": "Add", "Amount": 2.5},
        "12": {"Action": "Reset", "Amount": -1},
    }
    pulled.edit(typed)
    preview = pulled.run("preview", "shop", code=1)
    assert dict.fromkeys(typed, "invalid") == preview.statuses
    assert all(row["message"] for row in preview.rows.values())
    assert 12 == preview.json["plan"]["counts"]["invalid"]
    assert {"Invalid"} == set(pulled.shown().values())
    pushed = pulled.run("push", "shop", "--yes", code=1)
    assert [] == pushed.json["rows"]
    table = pulled.table()
    for account, cells in typed.items():
        assert cells == {header: table[account][header] for header in cells}


def test_copies_of_rows_are_invalid(pulled: Office) -> None:
    """Two rows of one user: both invalid, and they name each other; a row of nobody is never created."""
    pulled.add({"1": 5, "2": 6})
    book, tab = pulled.open()
    tab.append([cell.value for cell in tab[2]])
    tab.append(["4711", "x@example.com", "X", 3, "Add", 5])
    tab.append([None, None, "Total", "=SUM(D2:D13)"])
    book.save(pulled.path)
    preview = pulled.run("preview", "shop", code=1).json["plan"]
    assert ["1", "1", "2", "4711"] == sorted(row["account_id"] for row in preview["rows"])
    status = {row["account_id"]: row["status"] for row in preview["rows"]}
    assert {"1": "invalid", "2": "edited", "4711": "invalid"} == status
    assert 1 == preview["ignored"]


def test_empty_plan(pulled: Office) -> None:
    """Nothing to do is done: exit 0."""
    assert [] == pulled.run("push", "shop", "--yes").json["rows"]


def test_unwritable_places(pulled: Office) -> None:
    """A results file in a folder that is not there is a sentence, no traceback."""
    done = pulled.run("history", "shop", "--csv", str(pulled.folder / "no" / "out.csv"), code=None)
    assert done.code in (2, 3)
    assert done.error["message"]
    text = pulled.config.read_text(encoding="utf-8")
    pulled.config.write_text(text.replace("/ledger.db", "/no/where/ledger.db"), encoding="utf-8")
    assert "ledger" == pulled.run("history", "shop", code=3).error["code"]
