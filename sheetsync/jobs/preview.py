"""Preview: the plan, frozen, with control totals. Changes nothing in the credit system."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sheetsync.core import fields, words
from sheetsync.core.amounts import format_amount
from sheetsync.core.decide import RowResult
from sheetsync.core.plan import Plan, build, counts, freeze, totals_json
from sheetsync.core.states import NEEDS_ATTENTION, RowStatus
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.limits import needs_approval, over_limits
from sheetsync.jobs.outcome import finish_showing, sheet_requests
from sheetsync.jobs.quoting import charges, priced
from sheetsync.jobs.remarking import remark, warn
from sheetsync.jobs.showing import unspoken
from sheetsync.jobs.survey import Survey, read_live, survey
from sheetsync.long_json import Each
from sheetsync.ports import StoredPlan

PASSING = frozenset(status.label for status in RowStatus if status is not RowStatus.CONFIRMED) - {""}
"""Words that a preview takes back from a row they no longer hold for; Confirmed stays until the next pull."""


WAITING = frozenset({RowStatus.CONFIRMATION_REQUIRED.label, RowStatus.QUEUED.label})
"""Words of rows whose price was agreed to already; it stays until they are settled."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan and what a person has to know of it.

    Attributes:
        expires_at, pulled_at: ISO 8601, UTC.
        over: sentences about limits that the plan is over; it cannot be pushed.
    """

    plan: Plan
    expires_at: str
    pulled_at: str | None
    over: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def needs_attention(self) -> bool:
        """Whether the command ends with 1."""
        return any(row.status in NEEDS_ATTENTION for row in self.plan.rows)


def preview(
    desk: Desk,
    *,
    account_ids: Collection[str] | None = None,
    include_hidden: bool = False,
    write: bool = True,
) -> Preview:
    """Read tab and live balances, freeze the plan, and show its statuses in the tab.

    Args:
        desk: the connection.
        account_ids: only these rows, if given.
        include_hidden: also rows that the tab's filter hides.
        write: write statuses and messages to the tab.

    Raises:
        UsageError: never pulled, or the tab is not what a pull wrote.
        ProviderError: the credit system could not be reached.
        SheetError, SheetUnsafeError: the tab could not be read or written.
    """
    settle_dead_owner(desk)
    warnings = finish_showing(desk) if write else []
    tab = desk.sheet.read()
    if write:
        desk.sheet.ensure_writable()  # before live balances are asked for, which may take long
    found = survey(desk, tab, live=read_live(desk), account_ids=account_ids, include_hidden=include_hidden)
    results, aloud = remark(desk, priced(desk, found.results))
    found = replace(found, results=results)
    plan = plan_of(desk, found, whole=account_ids is None)
    warnings += [*warn(desk, plan), *aloud]
    frozen = freeze_plan(desk, plan, {"baselines": baselines_of(plan, found), **_whole(plan)})
    if write:
        desk.sheet.write(status_patches(tab, plan.rows, account_ids))
    return replace(frozen, warnings=tuple(warnings))


def freeze_plan(desk: Desk, plan: Plan, rests_on: Mapping[str, Any]) -> Preview:
    """Store a plan, so that exactly it can be pushed.

    Args:
        desk: the connection.
        plan: what is to be frozen.
        rests_on: what is stored beside the operations, to find out later whether the plan is stale.
    """
    created_at = desk.clock.now()
    expires_at = created_at + desk.plan_expires
    pulled = desk.ledger.accounts.last_pull(desk.name)
    found = Preview(
        plan=plan,
        expires_at=f"{expires_at:%Y-%m-%dT%H:%M:%SZ}",
        pulled_at=None if pulled is None else f"{pulled.at:%Y-%m-%dT%H:%M:%SZ}",
        over=tuple(over_limits(desk, plan)),
        warnings=(),
    )
    operations = Each(freeze, plan.operations)
    desk.ledger.plans.save(
        StoredPlan(
            connection=desk.name,
            digest=plan.digest,
            system=desk.system,
            actor=desk.actor,
            created_at=created_at,
            expires_at=expires_at,
            body={"operations": operations, "shown": _plan_json(desk, found), **rests_on},
        )
    )
    return found


def plan_of(desk: Desk, found: Survey, *, whole: bool) -> Plan:
    """Make a survey a plan; over the approval limit every row waits for a second person.

    Args:
        desk: the connection.
        found: what the tab means.
        whole: all rows are in scope, so that shares of the accounts say something.
    """
    plan = build(desk.name, found.results, desk.units, hidden=found.hidden, ignored=found.ignored)
    if whole:
        plan = replace(plan, accounts=found.book.present, present=found.rows)
    # a row that is out of scope counts as well
    return awaiting_approval(desk, replace(plan, ahead=found.ahead))


def awaiting_approval(desk: Desk, plan: Plan) -> Plan:
    """Return the plan as it is, or over the approval limit with rows that say so."""
    if not needs_approval(desk, plan):
        return plan
    rows = tuple(_awaiting(row) for row in plan.rows)
    return replace(plan, rows=rows)


def _awaiting(row: RowResult) -> RowResult:
    if row.status is not RowStatus.EDITED:
        return row
    message = f"Over the approval limit: a second person has to approve the plan. {row.message}".strip()
    return replace(row, status=RowStatus.AWAITING_APPROVAL, message=message)


def _whole(plan: Plan) -> dict[str, Any]:
    """Return what a push needs to know of the tab as a whole, beside the operations."""
    return {
        "ahead": plan.ahead,
        "accounts": plan.accounts,
        "present": plan.present,
        "hidden": plan.hidden,
    }


def baselines_of(plan: Plan, found: Survey) -> dict[str, dict[str, int | None]]:
    """Return account id → the baseline's balances that its operations rest on."""
    ids = {each.operation.account_id for each in plan.operations}
    return {each: dict(found.book.baselines[each].balances) for each in ids}


def status_patches(tab: Tab, rows: Collection[RowResult], account_ids: Collection[str] | None) -> list[Patch]:
    """Return patches that show each row's status, and blank what no longer holds."""
    place = {name: index for index, name in enumerate(tab.fields)}
    wanted = {row.number: (row.status.label or None, row.message or None) for row in rows}
    prices = {row.number: row.price for row in rows if row.price}
    patches = []
    for number, values in zip(tab.numbers, tab.values, strict=True):
        account_id = str(values[place[fields.ACCOUNT_ID]] or "")
        shown = (values[place[fields.STATUS]] or None, values[place[fields.MESSAGE]] or None)
        in_scope = account_id and (account_ids is None or account_id in account_ids)
        fits = wanted.get(number)
        if fits is None and in_scope and shown[0] in PASSING:
            fits = (None, None)
        keeps = not in_scope or (fits is not None and fits[0] in WAITING)
        price = {} if keeps else _price_cell(place, values, prices.get(number))
        if price or (fits is not None and fits != shown):
            said = shown if fits is None else fits
            cells = {fields.STATUS: said[0], fields.MESSAGE: said[1], **price}
            held = unspoken(dict(zip(tab.fields, values, strict=True)), tab.formulas.get(number, frozenset()))
            patches.append(Patch(account_id=account_id, row=number, cells=cells, only_if=held))
    return patches


def _price_cell(
    place: Mapping[str, int], values: Sequence[CellValue], price: str | None
) -> Mapping[str, str | None]:
    """Return the cell with the price where it says something else; one that no longer holds is taken back."""
    at = place.get(fields.INVOICE_PREVIEW)
    if at is None or (values[at] or None) == price:
        return {}
    return {fields.INVOICE_PREVIEW: price}


def preview_json(desk: Desk, found: Preview) -> dict[str, Any]:
    """Return the JSON of ``preview``; the rows of a long plan are not held as JSON as well."""
    return {
        "plan": _plan_json(desk, found),
        "warnings": list(found.warnings),
        **sheet_requests(desk),
    }


def _plan_json(desk: Desk, found: Preview) -> dict[str, Any]:
    plan = found.plan
    return {
        "digest": plan.digest,
        "connection": plan.connection,
        "environment": desk.environment,
        "expires_at": found.expires_at,
        "pulled_at": found.pulled_at,
        "counts": counts(plan.rows),
        "totals": totals_json(plan.totals, desk.units),
        "rows": Each(partial(row_json, desk), plan.rows),
        "hidden": plan.hidden,
        "ignored": plan.ignored,
        "over_limits": list(found.over),
        "charges": charges(plan.operations),
    }


def row_json(desk: Desk, row: RowResult) -> dict[str, Any]:
    """Return one row of a plan."""

    def text(minor: int | None, code: str) -> str | None:
        return None if minor is None else format_amount(minor, words.unit_of(code, desk.units))

    return {
        "row": row.number or None,
        "account_id": row.account_id,
        "email": row.email,
        "action": row.action.value if row.action else None,
        "status": row.status.value,
        "changes": {
            code: {"amount": text(amount, code), "before": text(before, code), "after": text(after, code)}
            for code, (amount, before, after) in row.shown.items()
        },
        "operation": row.keys[0] if row.keys else None,
        "message": row.message,
        **({"invoice_preview": row.price} if row.price else {}),
        "user_url": desk.page(row.account_id),
    }
