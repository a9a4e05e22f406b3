"""The menu pushes what charges customers only after a question of its own, which names the amounts."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.appsscript.office import CLERK, Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Open an office with UniBee, of a person who gets plain questions, and pull."""
    with open_office(tmp_path_factory.mktemp("promo"), dialect="unibee") as office:
        office.pull()
        yield office


@pytest.fixture
def edited(office: Office) -> Office:
    """The office with an Apply promo in one row, and a plain Add in another."""
    office.fresh()
    office.edit("1", **{"Action": "Apply promo", "Amount": 1, "Subscription ID": "sub000001"})
    office.edit("2", Action="Add", Amount=5)
    return office


def submits(office: Office) -> int:
    """Return how many updates of subscriptions reached UniBee."""
    return sum(each.path.endswith("update_submit") for each in office.sandbox.requests)


def titles(office: Office) -> list[str]:
    """Return the titles of all questions so far."""
    asked: list[dict[str, Any]] = office.addon.state["asked"]
    return [each["title"] for each in asked]


def test_amounts_are_agreed_to_apart(edited: Office) -> None:
    """No to the amounts or to the push sends nothing; twice yes charges exactly them."""
    edited.plain()
    edited.addon.run("previewChanges", answers=["OK"])
    assert "Charges user 1: " in edited.addon.state["asked"][-1]["text"]
    edited.addon.run("pushChanges", answers=["NO"])
    question = edited.addon.state["asked"][-1]
    assert "Charge 1 customer?" == question["title"]
    assert "The credit is deducted at once" in question["text"]
    edited.addon.run("pushChanges", answers=["YES", "NO"])
    assert ["Charge 1 customer?", "Push 2 changes?"] == titles(edited)[-2:]
    assert 0 == submits(edited)
    edited.addon.run("pushChanges", answers=["YES", "YES"])
    assert ["Confirmed", "Confirmed"] == [edited.people.cell(row, "Status") for row in ("1", "2")]
    assert 1 == submits(edited)


def test_a_push_without_charges_asks_once(edited: Office) -> None:
    """Rows that charge nobody are pushed after the one question, as everywhere."""
    edited.plain()
    edited.addon.control(select={"tab": "Credits", "ranges": ["A3"]})
    before = len(titles(edited))
    edited.addon.run("pushSelectedRows", answers=["YES"])
    assert ["Push 1 change?"] == titles(edited)[before:]
    assert "Confirmed" == edited.people.cell("2", "Status")


def test_the_window_carries_the_agreement(edited: Office) -> None:
    """Where pages work, the button carries the answer; without it nothing is sent."""
    before = submits(edited)
    reply = edited.addon.ask("POST", "/api/v1/connections/shop/plans", body={"scope": "visible"})
    answer = {"act": "push", "key": "k-0001", "email": CLERK}
    given = {"digest": reply["body"]["plan"]["digest"]}
    refused = edited.addon.call("dialogConfirmed", answer | {"given": given})
    assert "charge_not_agreed" == refused["error"]["code"]
    assert before == submits(edited)
    agreed = answer | {"given": given | {"charges": 1}, "key": "k-0002"}
    assert edited.addon.call("dialogConfirmed", agreed)["ok"]
    edited.wait_for("1", "Confirmed")
    assert before + 1 == submits(edited)
