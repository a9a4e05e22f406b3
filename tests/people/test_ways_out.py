"""The ways out that a message offers: each is followed to its end, and works as it says."""

from datetime import timedelta

import pytest

from sheetsync.cli import history as looking_back
from sheetsync.cli import printing
from sheetsync.core.accounts import Action
from sheetsync.errors import UsageError
from sheetsync.jobs.fill import fill
from sheetsync.jobs.history import history
from sheetsync.jobs.push import push
from sheetsync.jobs.rebase import Keep, rebase
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.verify import verify
from tests.people.conftest import OPENING
from tests.people.desk import Ana, printed
from tests.stateful.kit import Town

# as quick as the vendor's tutorial

THIRTY = [str(number) for number in range(1, 31)]


@pytest.mark.parametrize(
    ("header", "action", "ends_at", "moved"),
    [("Credits", Action.RESET, 65, "25"), ("Amount", Action.ADD, 105, "65")],
)
def test_thirty_rows_in_one_step(header: str, action: Action, ends_at: int, moved: str) -> None:
    """Type thirty numbers, fill, preview, push: number, totals and hidden rows are shown before anything."""
    with Town(dict.fromkeys(THIRTY, 40)) as town:
        ana = Ana(town, "ana", "shop")
        ana.pull()
        ana.type({account: {header: 65} for account in THIRTY})
        ana.hide("30")
        shown: list[dict[str, object]] = []
        before = ana.row("1")
        filled = fill(ana.desk, action, reason="Goodwill", agree=lambda found: shown.append(dict(found)))
        assert (29, 0, 1) == (shown[0]["rows"], shown[0]["filled"], shown[0]["hidden"])
        assert None is before["Action"]
        total = str(29 * int(moved))
        assert {"added": total, "removed": "0", "net": total, "largest": moved} == filled["totals"]["credits"]
        said = printed(printing.filling(shown[0]))
        assert f"29 rows would get the action {action.label}." in said
        assert f"+{total}, -0, net {total}, largest {moved}" in said
        assert "1 changed row is hidden by your filter" in said
        seen = ana.sees()["plan"]
        assert (29, 1) == (seen["counts"][action.value], seen["hidden"])
        assert [] == town.witness.arrived
        assert {"confirmed"} == set(ana.push(seen["digest"]).values())
        assert {ends_at} == {town.balance(account) for account in THIRTY[:-1]}
        assert 40 == town.balance("30")
        assert {} == ana.verify()
        assert ("Confirmed", None, None, None) == tuple(
            ana.row("7")[name] for name in ("Status", "Action", "Amount", "Reason")
        )


def test_a_fill_that_nobody_agreed_to(ana: Ana) -> None:
    """Nothing is written before somebody agreed."""

    def refuse(_found: object) -> None:
        raise UsageError("Nothing was done.")

    ana.type({"1": {"Amount": 5}})
    with pytest.raises(UsageError):
        fill(ana.desk, Action.ADD, reason="Goodwill", agree=refuse)
    assert (None, None) == (ana.row("1")["Action"], ana.row("1")["Reason"])


# a Conflict


@pytest.mark.parametrize(
    ("cells", "spent", "numbers", "keep", "ends_at"),
    [
        ({"Action": "Reset", "Amount": 100}, 10, "at pull 40, now 30, yours 100", "change", 90),
        ({"Action": "Reset", "Amount": 100}, 10, "at pull 40, now 30, yours 100", "target", 100),
        ({"Action": "Reset", "Credits": 100}, 10, "at pull 40, now 30, yours 100", "change", 90),
        ({"Action": "Reset", "Credits": 100}, 10, "at pull 40, now 30, yours 100", "target", 100),
        ({"Action": "Reset", "Amount": 15}, 10, "at pull 40, now 30, yours 15", "change", 5),
        ({"Action": "Adjust", "Amount": -5, "Reason": "Correction"}, 10, "yours 35", "change", 25),
        ({"Action": "Adjust", "Amount": -15, "Reason": "Correction"}, 10, "yours 25", "target", 25),
    ],
)
def test_rebase_a_conflict(
    ana: Ana, town: Town, cells: dict[str, object], spent: int, numbers: str, keep: Keep, ends_at: int
) -> None:
    """Keep the change on the new balance, or go to the target; the message has all three numbers."""
    ana.type({"1": cells})
    town.book.spend("1", "credits", spent)
    ana.pull()
    assert ("Conflict", True) == (ana.row("1")["Status"], numbers in str(ana.row("1")["Message"]))
    said = rebase(ana.desk, "1", keep=keep)
    assert ("edited", "test", "shop") == (said["status"], said["environment"], said["connection"])
    assert "against the balance of now (30)" in said["message"]
    assert [] == town.witness.arrived
    assert {"1": "confirmed"} == ana.ship()
    assert ends_at == town.balance("1")


def test_an_add_never_conflicts(ana: Ana, town: Town) -> None:
    """It goes on top of whatever is there, and says that the balance moved; there is nothing to rebase."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    town.book.spend("1", "credits", 10)
    assert ("Edited", True) == (ana.told("1")[0], "moved from 40 to 30" in ana.told("1")[1])
    with pytest.raises(UsageError, match=r"not a Conflict \(Edited: Credits moved from 40 to 30"):
        rebase(ana.desk, "1", keep="change")
    assert {"1": "confirmed"} == ana.ship()
    assert 35 == town.balance("1")


@pytest.mark.parametrize(
    ("spent", "keep", "why"), [(38, "change", "below 0, to -3"), (5, "target", "already is what you wanted")]
)
def test_a_rebase_that_makes_no_sense(ana: Ana, town: Town, spent: int, keep: Keep, why: str) -> None:
    """A change that would end below zero, or nothing left to change, is said, and the row is left alone."""
    ana.type({"1": {"Action": "Adjust", "Amount": -5, "Reason": "Correction"}})
    town.book.spend("1", "credits", spent)
    message = ana.told("1")[1]
    assert ("yours 35" in message, "end below 0" in message) == (True, spent > OPENING["1"] - 5)
    with pytest.raises(UsageError, match=why):
        rebase(ana.desk, "1", keep=keep)
    assert ("Adjust", -5) == (ana.row("1")["Action"], ana.row("1")["Amount"])


@pytest.mark.parametrize(("account", "hint"), [("999", "pull"), ("01", "“1”")])
def test_rebase_somebody_unknown(ana: Ana, account: str, hint: str) -> None:
    """A slip in the id is a question of usage: it says so, and asks nobody."""
    with pytest.raises(UsageError, match=f"has no user “{account}”") as refused:
        rebase(ana.desk, account, keep="change")
    assert (2, True) == (refused.value.exit_code, hint in refused.value.hint)


def test_a_pull_re_keys_only_empty_rows(ana: Ana, town: Town) -> None:
    """A row with an edit, or with half of one, keeps the Key it was typed against."""
    ana.type({"1": {"Action": "Reset", "Amount": 100}, "2": {"Action": "Add"}})
    keys = {account: ana.row(account)["Key"] for account in ("1", "2", "3")}
    for account in keys:
        town.book.spend(account, "credits", 10)
    ana.pull()
    assert {"1": True, "2": True, "3": False} == {
        account: ana.row(account)["Key"] == key for account, key in keys.items()
    }


def test_a_confirmation_clears_only_what_was_sent(ana: Ana) -> None:
    """What was typed meanwhile stays, and the message says that it comes on top."""
    ana.type({"1": {"Action": "Add", "Amount": 5}})
    plan = ana.plan()
    ana.process.visits["answered"] = lambda: ana.type({"1": {"Amount": 7}})
    assert {"1": "confirmed"} == ana.push(plan)
    assert ("Add", 7) == (ana.row("1")["Action"], ana.row("1")["Amount"])
    assert "comes on top" in str(ana.row("1")["Message"])


# what a balance cannot prove

PAGE = "https://shop.example/wp-admin/user-edit.php?user_id={user_id}"


def lost(ana: Ana, town: Town, account: str, spent: int = 3) -> None:
    """Lose an answer while the customer buys something: no balance can prove what happened."""
    ana.type({account: {"Action": "Add", "Amount": 25}})
    town.fault("drop_after", account)
    push(ana.desk, ana.plan())
    town.book.spend(account, "credits", spent)
    ana.wait(100)


@pytest.mark.parametrize(("page", "where"), [(PAGE, "user_id=1)"), (None, "(in the credit system)")])
def test_an_undecidable_row_is_no_dead_end(ana: Ana, town: Town, page: str | None, where: str) -> None:
    """Three numbers, what to look at with a link, and the whole command; following it settles the row."""
    ana.desk = ana.process.with_desk(user_url=page)
    lost(ana, town, "1")
    (row,) = verify(ana.desk)["rows"]
    assert "confirmation_required" == row["status"]
    key, message = row["operation"], str(ana.row("1")["Message"])
    assert "Balance before 40, expected 65, now 62" in message
    assert f"Look at the user's page ({'' if page is None else PAGE[:-9]}"[:40] in message
    assert where in message
    assert f"sheetsync resolve shop --operation {key} --as applied --reason" in message
    assert "--as not-applied" in message
    assert row["message"] == message
    assert ("Confirmation Required", message) == ana.told("1")
    assert (None if page is None else PAGE.format(user_id="1")) == row["user_url"]
    settled = resolve(ana.desk, key, applied=True, reason="25 and a purchase of 3 on her page")
    assert ("confirmed", 62, None) == (settled["status"], ana.row("1")["Credits"], ana.row("1")["Action"])


def test_a_page_takes_any_id(ana: Ana) -> None:
    """An id is text from another system: it goes into an address encoded."""
    desk = ana.process.with_desk(user_url=PAGE)
    assert "https://shop.example/wp-admin/user-edit.php?user_id=a%2Fb%26c%20%23" == desk.page("a/b&c #")


def test_unsettled_operations_by_age(ana: Ana, town: Town) -> None:
    """What waits longest comes first, with its age and its message, in pages and in the table, too."""
    for account in ("3", "1", "2"):
        lost(ana, town, account)
    ana.verify()
    ana.wait(7200)
    ledger = ana.process.ledger
    found = history(ledger, "shop", unsettled=True, page=lambda _name, account: f"https://x/{account}")
    assert ["3", "1", "2"] == [each["account_id"] for each in found["operations"]]
    ages = [each["age_s"] for each in found["operations"]]
    assert ages == sorted(ages, reverse=True)
    assert timedelta(hours=2) <= timedelta(seconds=ages[-1]) < timedelta(hours=3)
    assert "https://x/3" == found["operations"][0]["user_url"]
    shown = printed(looking_back.history_table(found["operations"], unsettled=True))
    assert "oldest first" in shown
    assert "2 h" in shown
    first = history(ledger, "shop", unsettled=True, limit=2)
    rest = history(ledger, "shop", unsettled=True, limit=2, cursor=first["next"])
    assert (["3", "1"], ["2"], None) == (
        [each["account_id"] for each in first["operations"]],
        [each["account_id"] for each in rest["operations"]],
        rest["next"],
    )
    assert ["2", "1", "3"] == [each["account_id"] for each in history(ledger, "shop")["operations"]]


@pytest.mark.parametrize(
    ("seconds", "age"), [(59, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d"), (-1, "0 s")]
)
def test_ages_in_words(seconds: int, age: str) -> None:
    """In the largest unit that fits."""
    assert age == looking_back.age(seconds)


# an edit that goes no more

LOST = {"Action": "Add", "Amount": 30, "Reason": "Goodwill"}


@pytest.mark.parametrize(
    ("first", "advice", "followed", "ends_at"),
    [
        (
            {"Action": "Add", "Amount": 25},
            "Adjust +25 with a reason or Reset to 65",
            {"Action": "Adjust", "Amount": 25, "Reason": "Goodwill"},
            65,
        ),
        ({"Action": "Add", "Amount": 25}, "or Reset to 65", {"Action": "Reset", "Amount": 65}, 65),
        (
            {"Action": "Reset", "Amount": 90},
            "Adjust +50 with a reason or Add 50",
            {"Action": "Adjust", "Amount": 50, "Reason": "Goodwill"},
            90,
        ),
        (
            {"Action": "Reset", "Amount": 15},
            "Adjust -25 with a reason",
            {"Action": "Adjust", "Amount": -25, "Reason": "Goodwill"},
            15,
        ),
        (
            {"Action": "Adjust", "Amount": -5, "Reason": "Goodwill"},
            "Reset to 35",
            {"Action": "Reset", "Amount": 35},
            35,
        ),
        (
            {"Action": "Adjust", "Amount": 5, "Reason": "Goodwill"},
            "Add 5 or Reset to 45",
            {"Action": "Add", "Amount": 5},
            45,
        ),
    ],
)
def test_an_edit_that_goes_no_more(
    ana: Ana, town: Town, first: dict[str, object], advice: str, followed: dict[str, object], ends_at: int
) -> None:
    """Neither it nor the edit after it counted, so typing it again is no way: another form is, and works."""
    for edit in (first, LOST):
        ana.type({"1": {"Action": None, "Amount": None, "Reason": None, **edit}})
        town.fault("drop_before", "1")
        assert {"1": "confirmation_required"} == ana.ship()
        ana.wait(100)
        assert {"1": "not_applied"} == ana.verify()
    ana.type({"1": {"Action": None, "Amount": None, "Reason": None}})
    ana.pull()
    ana.type({"1": first})
    status, message = ana.told("1")
    assert ("Already sent", True) == (status, "goes no more" in message), message
    assert advice in message
    assert "type it again" not in message
    assert {} == ana.ship()
    ana.type({"1": {"Reason": None, **followed}})
    assert {"1": "confirmed"} == ana.ship()
    assert ends_at == town.balance("1")


def test_the_same_once_more_after_it_counted(ana: Ana, town: Town) -> None:
    """Where it counted, the usual advice works: clear, pull, type it again."""
    ana.type({"1": {"Action": "Add", "Amount": 25}})
    key = ana.row("1")["Key"]
    assert {"1": "confirmed"} == ana.ship()
    ana.type({"1": {"Action": "Add", "Amount": 25, "Key": key}})
    assert "clear the edit, pull, and type it again" in ana.told("1")[1]
    ana.type({"1": {"Action": None, "Amount": None}})
    ana.pull()
    ana.type({"1": {"Action": "Add", "Amount": 25}})
    assert {"1": "confirmed"} == ana.ship()
    assert 90 == town.balance("1")


def test_opening_is_what_the_tests_say() -> None:
    """The numbers above rest on it."""
    assert (40, 14) == (OPENING["1"], len(OPENING))
