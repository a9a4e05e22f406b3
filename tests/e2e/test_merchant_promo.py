"""Apply promo from the command line: previewed, agreed to, submitted once, and proven or left open."""

import pytest

from tests.e2e.test_merchant import Desk, merchant, office, push_killed
from tests.merchant import Merchant, Weather

__all__ = ["merchant", "office"]

pytestmark = pytest.mark.parametrize("merchant", ["honours"], indirect=True)


def asks(office: Desk, merchant: Merchant, plan: str | None = None) -> str:
    """Pull, and type an Apply promo for user 101; return the subscription."""
    name = merchant.subscribe(101, quantity=2, addons=[{"addonPlanId": 7, "quantity": 1}]).name
    office.run("pull", "shop")
    office.edit({"101": {"Action": "Apply promo", "Amount": 20, "Subscription ID": name, "Plan ID": plan}})
    return name


def submits(merchant: Merchant) -> list[dict[str, object]]:
    """Return the bodies of all submits."""
    return [body for path, body in merchant.bodies if path.endswith("update_submit")]


def test_from_preview_to_proof(office: Desk, merchant: Merchant) -> None:
    """The invoice stands in the row, the total in the digest; nothing is charged before a person agrees."""
    name = asks(office, merchant)
    preview = office.run("preview", "shop")
    plan = preview.json["plan"]
    assert [("101", "47.98 EUR")] == [(each["account_id"], each["charge"]) for each in plan["charges"]]
    assert {"amount": "20", "before": "40", "after": "20"} == preview.rows["101"]["changes"]["promo_eur"]
    shown = office.table()["101"]
    for part in ("Total to charge 47.98 EUR", "Promo credit used: 20", "worth 2.00 EUR", "Discount 2.00 EUR"):
        assert part in str(shown["Invoice preview"])
    assert "deducted at once" in str(shown["Message"])
    assert preview.digest == office.run("preview", "shop").digest
    assert not merchant.bodies

    refused = office.run("push", "shop", "--plan", preview.digest, code=4)
    assert "charge_not_agreed" == refused.error["code"]
    assert "47.98 EUR" in refused.error["message"]
    assert "--yes" in refused.error["hint"]
    assert "charge_not_agreed" == office.run("push", "shop", "--yes", code=4).error["code"]
    assert not merchant.bodies

    pushed = office.run("push", "shop", "--plan", preview.digest, "--yes")
    row = pushed.rows["101"]
    paid = str(merchant.transactions[-1]["id"])
    assert ("confirmed", {"kind": "transaction", "id": paid}) == (row["status"], row["evidence"])
    assert "invoice total 47.98 EUR" in row["message"]
    assert [
        {
            "subscriptionId": name,
            "newPlanId": 10,
            "quantity": 2,
            "addonParams": [{"addonPlanId": 7, "quantity": 1}],
            "applyPromoCredit": True,
            "applyPromoCreditAmount": 20,
            "prorationDate": 1_790_000_000,
            "confirmTotalAmount": 4798,
            "confirmCurrency": "EUR",
        }
    ] == submits(merchant)
    shown = office.table()["101"]
    cells = ("Action", "Amount", "Subscription ID", "Invoice preview")
    assert [None] * 4 == [shown[each] for each in cells]
    assert 20 == merchant.held(101) == shown["Promo EUR"]
    run = pushed.json["run"]
    (skipped,) = office.run("undo", "shop", "--run", run, code=1).json["skipped"]
    assert "Apply promo cannot be taken back" in skipped["message"]
    office.sound()


def test_refused_here(office: Desk, merchant: Merchant) -> None:
    """What cannot be previewed is Invalid, and says why; another plan may be named."""
    asks(office, merchant, plan="30")
    merchant.subscribe(102)
    dollars = merchant.subscribe(103, currency="USD").name
    plain = {"Action": "Apply promo", "Amount": 5}
    office.edit(
        {
            "102": {**plain, "Subscription ID": "sub_99"},
            "103": {**plain, "Subscription ID": dollars},
            "104": plain,
            "105": {**plain, "Amount": 41, "Subscription ID": "sub_2"},
        }
    )
    preview = office.run("preview", "shop", code=1)
    assert {"101": "edited"} | dict.fromkeys(("102", "103", "104", "105"), "invalid") == preview.statuses
    messages = {account: row["message"] for account, row in preview.rows.items()}
    assert "does not list subscription “sub_99”" in messages["102"]
    assert "USD" in messages["103"]
    assert "needs a Subscription ID" in messages["104"]
    assert "below 0" in messages["105"]
    assert "Total to charge 8.00 EUR" in str(office.table()["101"]["Invoice preview"])
    assert not merchant.bodies


def test_a_price_that_moves(office: Desk, merchant: Merchant) -> None:
    """A preview that changed in between is a stale plan; another price is another plan."""
    asks(office, merchant)
    old = office.run("preview", "shop").digest
    merchant.prices[10] = 2999
    error = office.run("push", "shop", "--plan", old, "--yes", code=4).error
    assert "stale_plan" == error["code"]
    assert "47.98 EUR" in error["message"]
    assert not merchant.bodies
    new = office.run("preview", "shop").digest
    assert old != new
    office.run("push", "shop", "--plan", new, "--yes")
    assert 20 == merchant.held(101)


@pytest.mark.parametrize("answer", ["drop", "internal", "html"])
@pytest.mark.parametrize("applied", [True, False])
def test_lost_answers(office: Desk, merchant: Merchant, answer: str, applied: bool) -> None:  # noqa: FBT001
    """Proven from the payment, or shown to have left nothing; then it may go once more."""
    asks(office, merchant)
    merchant.weather(101, Weather(answer, applied=applied))  # type: ignore[arg-type] # one of its answers
    plan = office.run("preview", "shop").digest
    row = office.run("push", "shop", "--plan", plan, "--yes", code=None).rows["101"]
    assert ("confirmed" if applied else "confirmation_required") == row["status"]
    assert 1 == len(submits(merchant))
    if applied:
        return
    assert "not_applied" == office.run("verify", "shop", "--wait", code=1).rows["101"]["status"]
    plan = office.run("preview", "shop").digest
    office.run("push", "shop", "--plan", plan, "--yes")
    assert (20, 2) == (merchant.held(101), len(submits(merchant)))
    office.sound()


def test_zero_invoice_and_pending_updates(office: Desk, merchant: Merchant) -> None:
    """A zero invoice stays open and says so; a pending update proves what it names, and only that."""
    free = merchant.subscribe(102, plan=30).name
    later = merchant.subscribe(103).name
    office.run("pull", "shop")
    merchant.people[102].credits["EUR"] = 60
    office.edit({"102": {"Action": "Apply promo", "Amount": 60, "Subscription ID": free}})
    preview = office.run("preview", "shop")
    assert "Promo credit used: 50 of 60 asked" in str(office.table()["102"]["Invoice preview"])
    assert [] == preview.json["plan"]["charges"]
    office.run("push", "shop", "--plan", preview.digest, code=1)  # nobody is charged, so nobody is asked
    assert 1 == len(submits(merchant))
    row = office.run("verify", "shop", "--wait", code=1).rows["102"]
    assert "confirmation_required" == row["status"]
    assert "the invoice is zero" in row["message"]
    merchant.pends = True
    office.edit({"103": {"Action": "Apply promo", "Amount": 5, "Subscription ID": later}})
    plan = office.run("preview", "shop", code=1).digest
    row = office.run("push", "shop", "--plan", plan, "--yes").rows["103"]
    assert "confirmed" == row["status"]
    assert "pending update pu_2 carries it" in row["message"]
    merchant.vague = True
    vague = merchant.subscribe(104).name
    office.edit({"104": {"Action": "Apply promo", "Amount": 5, "Subscription ID": vague}})
    plan = office.run("preview", "shop", code=1).digest
    office.run("push", "shop", "--plan", plan, "--yes", code=1)
    row = office.run("verify", "shop", "--wait", code=1).rows["104"]
    assert ("confirmation_required", True) == (row["status"], "pu_3" in row["message"])
    assert 3 == len(submits(merchant))
    resolve = ("resolve", "shop", "--operation", row["operation"], "--as", "applied", "--reason", "seen")
    assert "confirmed" == office.run(*resolve).json["status"]


def test_lines_of_a_file(office: Desk, merchant: Merchant) -> None:
    """A file's Apply promo is priced, agreed to and submitted once, beside a line that charges nobody."""
    name = merchant.subscribe(101).name
    office.run("pull", "shop")
    file = office.folder / "promo.csv"
    file.write_text(
        f"user_id,action,amount,subscription_id,reference\n101,apply promo,20,{name},a\n102,add,5,,b\n",
        encoding="utf-8",
    )
    plan = office.run("import", "shop", str(file), "--plan")
    assert ["22.99 EUR"] == [each["charge"] for each in plan.json["plan"]["charges"]]
    assert "charge_not_agreed" == office.run("push", "shop", "--plan", plan.digest, code=4).error["code"]
    assert not merchant.bodies
    pushed = office.run("push", "shop", "--plan", plan.digest, "--yes")
    assert {"101": "confirmed", "102": "confirmed"} == pushed.statuses
    assert (20, 45, 1) == (merchant.held(101), merchant.held(102), len(submits(merchant)))
    again = office.run("import", "shop", str(file), "--plan", code=None)
    assert 2 == again.json["counts"]["already_sent"]
    office.sound()


def test_one_odd_preview(office: Desk, merchant: Merchant) -> None:
    """A preview that is not as documented makes its own row Invalid, and holds up no other."""
    odd = merchant.subscribe(102, plan=40).name
    merchant.prices[40] = -500
    name = asks(office, merchant)
    assert odd != name
    office.edit({"102": {"Action": "Apply promo", "Amount": 5, "Subscription ID": odd}})
    preview = office.run("preview", "shop", code=1)
    assert {"101": "edited", "102": "invalid"} == preview.statuses


def test_killed(office: Desk, merchant: Merchant) -> None:
    """Killed around the submit: never submitted twice on a guess."""
    asks(office, merchant)
    plan = office.run("preview", "shop").digest
    merchant.at_write(1, Weather(kill="after"))
    assert push_killed(office, plan, "--yes") is None
    office.run("verify", "shop", "--wait", code=None)
    assert ["confirmed"] == [each["status"] for each in office.history()]
    office.run("push", "shop", "--plan", plan, "--yes", code=None)
    assert (20, 1) == (merchant.held(101), len(submits(merchant)))
    office.sound()
