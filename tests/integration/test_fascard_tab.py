"""What a laundry's tab shows beside balances, and what a preview says of employees."""

from datetime import datetime

from sheetsync.core import fields
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.jobs.rebase import rebase
from tests.rules.laundromat import Counter


def test_details_are_only_shown() -> None:
    """Columns that a setting asks for: a time as a time, text as text; changed ones follow the next pull."""
    with Counter(details=fields.DETAILS) as counter:
        row = counter.row(1001)
        assert (datetime(2026, 3, 1), "+1 555 0100", None, None) == (  # noqa: DTZ001 - as cells hold it
            row["Last activity"],
            row["Mobile phone"],
            row["Discount"],
            row["Employee"],
        )
        counter.laundry.customers[1001].employee = True
        counter.laundry.spend(1001, 100)
        counter.edit(1002, "Add", Change_Balance=1)
        pull(counter.desk)
        row = counter.row(1001)
        assert ("yes", 39, 12) == (row["Employee"], row["Balance"], row["Last activity"].day)
        assert "+1 555 0100" == counter.row(1002)["Mobile phone"]
        assert "confirmed" == counter.ship()["1002"]["status"]


def test_an_employees_own_account_is_pointed_out() -> None:
    """Where it would get more, in the preview and in the tab; it is sent all the same."""
    with Counter() as counter:
        counter.laundry.customers[1001].employee = True
        pull(counter.desk)
        for number, action, amount in ((1001, "Add", 5), (1002, "Add", 5)):
            counter.edit(number, action, Change_Balance=amount)
        rows = {row.account_id: row.message for row in preview(counter.desk).plan.rows}
        assert "This is an employee's own account." in rows["1001"]
        assert "employee" not in rows["1002"]
        assert "This is an employee's own account." in counter.row(1001)["Message"]
        counter.edit(1001, "Adjust", Change_Balance=-5, Reason="Correction")
        rows = {row.account_id: row.message for row in preview(counter.desk).plan.rows}
        assert "employee" not in rows["1001"]


def test_details_outlive_other_reads() -> None:
    """A rebase reads one account, and forgets nothing of it."""
    with Counter() as counter:
        counter.laundry.customers[1001].employee = True
        pull(counter.desk)
        counter.edit(1001, "Reset", Change_Balance=100)
        counter.laundry.spend(1001, 100)
        assert "conflict" == preview(counter.desk).plan.rows[0].status.value
        rebase(counter.desk, "1001", keep="target")
        assert "employee's own" in preview(counter.desk).plan.rows[0].message
