"""A ledger with many operations and a plan of many rows, written straight into the tables."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from sheetsync.config import system_id
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.schema import operation_texts, operation_units, operations, runs
from sheetsync.ports import StoredPlan
from tests.web.kit import Town

RUN = "01CROWDCROWDCROWDCROWDCR00"
DIGEST = f"sha256:{'c0' * 32}"


def fill_ledger(town: Town, count: int, *, open_every: int = 100) -> None:
    """Add operations of one run; each ``open_every``-th is not proven."""
    system = system_id(town.service.office.settings.connections["shop"])
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def write(transaction: Transaction, part: list[int]) -> None:
        found = [_operation(number, system, start, open_=number % open_every == 0) for number in part]
        transaction.connection.execute(insert(operations), [each[0] for each in found])
        transaction.connection.execute(insert(operation_units), [each[1] for each in found])
        transaction.connection.execute(insert(operation_texts), [each[2] for each in found])

    for part in chunks(range(count), 5_000):
        town.service.store.database.write(lambda transaction, part=part: write(transaction, part))  # type: ignore[misc]
    values = {
        "run": RUN, "kind": "push", "connection": "shop", "system": system, "actor": "web:ed@example.org",
        "state": "done", "done": count, "total": count, "started_at": start, "ended_at": start,
        "result": {"rows": [{"account_id": str(number), "message": "x" * 80} for number in range(count)]},
        "params": {},
    }  # fmt: skip
    town.service.store.database.execute(insert(runs).values(**values))


def _operation(number: int, system: str, start: datetime, *, open_: bool) -> tuple[dict[str, object], ...]:
    key, at = f"K{number:023d}", start + timedelta(seconds=number)
    operation = {
        "key": key, "system": system, "connection": "shop", "account_id": str(1_000_000 + number),
        "action": "add", "reason": "Goodwill", "extras": {}, "basis": 1, "evidence_kind": "balance",
        "state": "accepted" if open_ else "confirmed", "attempts": 1, "actor": "web:ed@example.org",
        "run": RUN, "plan": DIGEST, "fence": 1, "created_at": at, "sent_at": at, "left_at": at,
        "settled_at": None if open_ else at, "message": f"Added {number}", "shown": True,
        "evidence": {
            "kind": "balance", "before": {"credits": 1}, "after": {"credits": 2}, "now": {"credits": 2},
        },
    }  # fmt: skip
    unit = {
        "operation": key, "unit": "credits", "position": 0, "system": system,
        "account_id": operation["account_id"], "epoch": 0, "scale": 0, "amount": 1, "at_pull": 1,
        "before": 1, "expected": 2,
    }  # fmt: skip
    return operation, unit, {"operation": key, "email": f"c{number}@customers.example", "note": ""}


def fill_units(town: Town) -> list[str]:
    """Add three operations of two units, each with another kind of evidence; return their keys."""
    system = system_id(town.service.office.settings.connections["shop"])
    money = {"promo_eur": 100, "bonus": 0}, {"promo_eur": 350, "bonus": 5}
    proofs: list[dict[str, object]] = [
        {"kind": "transaction", "id": "18231"},
        {"kind": "balance", "before": money[0], "after": money[1], "now": money[1]},
        {"kind": "person", "by": "web:ann@example.org", "reason": "I saw it"},
    ]
    keys = [f"TWOUNITS{number}" for number in range(len(proofs))]

    def write(transaction: Transaction) -> None:
        for key, proof in zip(keys, proofs, strict=True):
            made = _operation(1, system, datetime(2026, 1, 2, tzinfo=UTC), open_=False)
            operation, unit, texts = ({**each} for each in made)
            transaction.connection.execute(
                insert(operations).values({**operation, "key": key, "evidence": proof})
            )
            transaction.connection.execute(insert(operation_texts).values({**texts, "operation": key}))
            for place, (code, scale) in enumerate((("promo_eur", 2), ("bonus", 0))):
                own = {"operation": key, "unit": code, "position": place, "scale": scale, "amount": 5}
                change = {"before": money[0][code], "expected": money[1][code]}
                transaction.connection.execute(insert(operation_units).values({**unit, **own, **change}))

    town.service.store.database.write(write)
    return keys


def save_plan(
    town: Town,
    count: int,
    *,
    author: str = "web:ed@example.org",
    digest: str = DIGEST,
    charges: int = 0,
) -> str:
    """Freeze a plan of many rows; return its digest. It waits for a second person, or charges customers."""
    status = "edited" if charges else "awaiting_approval"
    now = datetime.now(UTC)
    rows = [
        {
            "row": number + 2, "account_id": str(number), "email": f"c{number}@customers.example",
            "action": "add",
            "status": status, "operation": f"P{number:023d}", "user_url": None,
            "message": "Over the approval limit: a second person has to approve the plan.",
            "changes": {"credits": {"amount": str(number), "before": "10", "after": str(10 + number)}},
        }
        for number in range(count)
    ]  # fmt: skip
    total = {"rows": count, "added": "1", "removed": "0", "net": "1", "largest": str(count - 1)}
    shown = {
        "digest": digest, "connection": "shop", "environment": "test",
        "counts": {"add" if charges else status: count},
        "totals": {"credits": total}, "rows": rows, "hidden": 0, "ignored": 0, "over_limits": [],
        "charges": [
            {"account_id": str(number), "operation": f"P{number:023d}", "charge": "19.99 EUR"}
            for number in range(charges)
        ],
    }  # fmt: skip
    system = system_id(town.service.office.settings.connections["shop"])
    plan = StoredPlan(
        connection="shop", digest=digest, system=system, actor=author, created_at=now,
        expires_at=now + timedelta(hours=1), body={"operations": [], "shown": shown, "baselines": {}},
    )  # fmt: skip
    town.service.store.plans.save(plan)
    return digest
