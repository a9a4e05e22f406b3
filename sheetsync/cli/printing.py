"""Results for people: tables with words beside every colour."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

STYLES = {
    "edited": "cyan",
    "invalid": "red",
    "conflict": "magenta",
    "awaiting_approval": "yellow",
    "queued": "cyan",
    "confirmation_required": "yellow",
    "confirmed": "green",
    "rejected": "red",
    "not_applied": "yellow",
    "already_sent": "blue",
}

ROWS_SHOWN = 200
"""Rows of one table; more would push the totals off the screen. --json has all."""

WIDE = 120
"""Columns from which a table shows e-mail addresses, too."""

Show = Callable[[Console], None]


def word(status: str) -> str:
    """Return a status as a person reads it."""
    return (
        "Confirmation Required"
        if status == "confirmation_required"
        else status.replace("_", " ").capitalize()
    )


def change(changes: Mapping[str, Mapping[str, str | None]]) -> str:
    """Return ``40 → 65`` for every unit of a row."""
    several = len(changes) > 1
    parts = [
        f"{unit + ' ' if several else ''}{each.get('before') or '–'} → {each.get('after') or '–'}"
        for unit, each in changes.items()
    ]
    return ", ".join(parts)


def rows_table(rows: list[dict[str, Any]], *, title: str, width: int) -> Table:
    """Return rows of a plan or of a push; a narrow terminal goes without e-mails."""
    wide = width >= WIDE
    names = ("User", "Email", "Action", "Old → new", "Status", "Message")
    table = Table(title=title, title_justify="left", expand=False, show_lines=not wide)
    for name in names:
        if wide or name != "Email":
            whole = name in ("User", "Action", "Old → new")
            table.add_column(
                name, overflow="fold", no_wrap=whole, justify="right" if name == "User" else "left"
            )
    for row in rows[:ROWS_SHOWN]:
        style = STYLES.get(row["status"], "")
        cells = {
            "User": escape(row["account_id"]),
            "Email": escape(row.get("email") or ""),
            "Action": row.get("action") or "",
            "Old → new": change(row.get("changes") or {}),
            "Status": f"[{style}]{word(row['status'])}[/]" if style else word(row["status"]),
            "Message": escape(row.get("message") or ""),
        }
        table.add_row(*(cells[name] for name in names if wide or name != "Email"))
    return table


def place(result: Mapping[str, Any]) -> str:
    """Return where a result belongs, so that nobody takes the live account for the test one."""
    return f"{result['connection']} ({result['environment'].upper()})"


def pulled(result: Mapping[str, Any]) -> Show:
    """Return a printer for a pull."""

    def show(out: Console) -> None:
        totals = ", ".join(f"{amount} {unit}" for unit, amount in result["totals"].items())
        out.print(
            f"Pulled [bold]{result['accounts']}[/] users of {result['connection']} "
            f"({result['environment'].upper()}), {totals} in all."
        )
        if result["resumed"]:
            out.print(f"{result['resumed']} of them had just been read by a pull that was interrupted.")
        if result["kept_edits"]:
            out.print(f"{result['kept_edits']} unsent edits were kept.")
        if result["missing"]:
            out.print(f"{result['missing']} rows belong to users that the credit system no longer has.")
        if result["unsettled"]:
            out.print(
                f"[yellow]{result['unsettled']} changes still need confirmation:[/] "
                f"sheetsync verify {result['connection']}"
            )

    return show


def hidden(count: int) -> str:
    """Return how many rows a filter kept out of a plan."""
    rows, were = ("row is", "was") if count == 1 else ("rows are", "were")
    return f"{count} changed {rows} hidden by your filter and {were} left out."


def planned(plan: Mapping[str, Any]) -> Show:
    """Return a printer for a preview."""

    def show(out: Console) -> None:
        if plan["rows"]:
            out.print(rows_table(plan["rows"], title=f"Plan for {place(plan)}", width=out.width))
        else:
            out.print(f"Plan for {place(plan)}: no row asks for anything.")
        if len(plan["rows"]) > ROWS_SHOWN:
            out.print(f"… and {len(plan['rows']) - ROWS_SHOWN} more rows (--json lists all)")
        control_totals(out, plan)
        if plan["hidden"]:
            out.print(
                f"[yellow]{hidden(plan['hidden'])}[/] --include-hidden takes them in. "
                "Personal filter views cannot be seen."
            )
        if plan["ignored"]:
            out.print(f"{plan['ignored']} rows without a User ID were ignored.")
        for sentence in plan["over_limits"]:
            out.print(f"[red]Over a limit:[/] {escape(sentence)}")
        out.print(f"Plan [bold]{plan['digest']}[/], good until {plan['expires_at']}.")

    return show


def undone(result: Mapping[str, Any]) -> Show:
    """Return a printer for the plan of an undo."""
    plan = result["plan"]

    def show(out: Console) -> None:
        planned(plan)(out)
        for skipped in result["skipped"][:ROWS_SHOWN]:
            out.print(f"[yellow]Left out:[/] {skipped['operation']}: {escape(skipped['message'])}")
        if len(result["skipped"]) > ROWS_SHOWN:
            out.print(f"… and {len(result['skipped']) - ROWS_SHOWN} more left out (--json lists all)")
        if plan["totals"] and not plan["over_limits"]:
            out.print(f"Push it with: sheetsync push {plan['connection']} --plan {plan['digest']}")

    return show


def control_totals(out: Console, plan: Mapping[str, Any]) -> None:
    """Print what the plan adds and removes."""
    counted = ", ".join(f"{number} {word(name).lower()}" for name, number in plan["counts"].items() if number)
    out.print(f"Rows: {counted or 'nothing to do'}.")
    for unit, total in plan["totals"].items():
        out.print(
            f"{unit}: {total['rows']} changes, [green]+{total['added']}[/], [red]-{total['removed']}[/], "
            f"net [bold]{total['net']}[/], largest {total['largest']}."
        )


def pushed(result: Mapping[str, Any], *, title: str) -> Show:
    """Return a printer for a push or a verify."""

    def show(out: Console) -> None:
        heading = f"{title}, {place(result)}"
        if result["rows"]:
            out.print(rows_table(result["rows"], title=heading, width=out.width))
        else:
            out.print(f"{heading}:")
        counted = ", ".join(f"{number} {word(name)}" for name, number in result["counts"].items() if number)
        out.print(f"{counted or 'Nothing to do'}.")
        if result.get("hidden"):
            out.print(f"[yellow]{hidden(result['hidden'])}[/]")
        open_rows = result["counts"].get("confirmation_required")
        if open_rows:
            out.print(
                f"[yellow]Not proven yet: {open_rows}.[/] Go on with: sheetsync verify {result['connection']}"
            )

    return show


def checked(checks: list[dict[str, Any]]) -> Show:
    """Return a printer for ``check``."""

    def show(out: Console) -> None:
        for line in checks:
            mark = "[green]ok  [/]" if line["ok"] else "[red]FAIL[/]"
            out.print(f"{mark} {escape(line['name'])}: {escape(line['message'])}")
            for part in line["hint"].splitlines():
                out.print(f"     {escape(part)}")

    return show


def filling(found: Mapping[str, Any]) -> Show:
    """Return a printer for what a fill is about to do."""

    def show(out: Console) -> None:
        out.print(f"{place(found)}: {found['rows']} rows would get the action {word(found['action'])}.")
        for unit, total in found["totals"].items():
            moved = f"+{total['added']}, -{total['removed']}, net {total['net']}"
            out.print(f"{unit}: {moved}, largest {total['largest']}.")
        if found["hidden"]:
            out.print(f"[yellow]{hidden(found['hidden'])}[/] --include-hidden takes them in.")
        for row in found["left"]:
            out.print(
                f"Row {row['row']}, user {escape(row['account_id'])}, is left: {escape(row['message'])}"
            )

    return show


def filled(found: Mapping[str, Any]) -> Show:
    """Return a printer for what a fill did."""
    return lambda out: out.print(
        f"{place(found)}: {found['filled']} rows have the action {word(found['action'])} now."
    )
