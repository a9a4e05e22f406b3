"""Every command, thin: options in, a use case, a printer, an exit code."""

import os
from typing import Any

import click

from sheetsync import __version__
from sheetsync.bootstrap import Office
from sheetsync.cli import printing
from sheetsync.cli.addon import addon_command
from sheetsync.cli.charging import agree_to_charges
from sheetsync.cli.check import check_command
from sheetsync.cli.frame import AS, Commands, Frame, ask, command
from sheetsync.cli.history import history_command, reconcile_command, statement_command
from sheetsync.cli.importing import import_command
from sheetsync.cli.ledger import ledger_group
from sheetsync.cli.report import report_command
from sheetsync.cli.runs import detach, run_command, runs_command, worker_command
from sheetsync.cli.serving import serve_command, token_group
from sheetsync.cli.signing import sign_in_command
from sheetsync.cli.starting import demo_command, init_command, sandbox_command
from sheetsync.core.accounts import Action
from sheetsync.errors import UsageError
from sheetsync.jobs.approve import approve
from sheetsync.jobs.driving import refuse_if_busy
from sheetsync.jobs.fill import fill
from sheetsync.jobs.layout import repair_layout
from sheetsync.jobs.moments import read_moment
from sheetsync.jobs.outcome import needs_attention
from sheetsync.jobs.preview import preview, preview_json
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.rebase import Keep, rebase
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.undo import undo
from sheetsync.jobs.verify import verify

ACCOUNTS = click.option(
    "--account", "accounts", metavar="ID", multiple=True, help="Only this user; may be repeated."
)
HIDDEN = click.option("--include-hidden", is_flag=True, help="Also rows that the tab's filter hides.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="sheetsync-service", prog_name="sheetsync")
def main() -> None:
    """Change customers' credit balances from a spreadsheet: exactly once, and proven by a re-read."""


def _scope(accounts: tuple[str, ...]) -> set[str] | None:
    return set(accounts) or None


@main.command("pull")
@click.argument("connection")
@ACCOUNTS
@click.option(
    "--has-email/--no-email", default=None, help="FasCard: only users with, or without, an e-mail address."
)
@click.option("--active-since", metavar="TIME", help="FasCard: only users who were active since then; UTC.")
@AS
@command
def pull_command(
    frame: Frame,
    connection: str,
    *,
    accounts: tuple[str, ...],
    has_email: bool | None,
    active_since: str | None,
) -> int:
    """Read users and credits into the tab; edits that were not sent are kept."""
    since = read_moment(active_since, "--active-since")
    filters = {"has_email": has_email, "active_since": since.isoformat() if since else None}
    with frame.desk(connection, pulls=filters) as desk:
        result = pull(desk, account_ids=_scope(accounts), filters=filters)
    frame.emit(result, printing.pulled(result))
    return 1 if result["unsettled"] else 0


@main.command("preview")
@click.argument("connection")
@ACCOUNTS
@HIDDEN
@click.option("--no-write", is_flag=True, help="Leave the tab as it is.")
@AS
@command
def preview_command(
    frame: Frame, connection: str, *, accounts: tuple[str, ...], include_hidden: bool, no_write: bool
) -> int:
    """Show what a push would do: old → new and control totals. Changes nothing in the credit system."""
    with frame.desk(connection) as desk:
        found = preview(desk, account_ids=_scope(accounts), include_hidden=include_hidden, write=not no_write)
        result = preview_json(desk, found)
    frame.emit(result, printing.planned(result["plan"]))
    if not (frame.as_json or frame.quiet) and found.plan.operations and not found.over:
        frame.out.print(f"Push it with: sheetsync push {connection} --plan {found.plan.digest}")
    return 1 if found.needs_attention else 0


@main.command("push")
@click.argument("connection")
@click.option("--plan", "digest", metavar="DIGEST", help="The plan that a preview showed.")
@click.option(
    "--yes", is_flag=True, help="Preview and push in one go; with --plan: agree to what it charges customers."
)
@click.option("--no-verify", is_flag=True, help="Leave rows at Confirmation Required.")
@click.option("--detach", "detached", is_flag=True, help="Return at once; a worker carries it out.")
@click.option(
    "--canary", "canaries", type=click.IntRange(min=0), metavar="N", help="Prove N of each action first."
)
@ACCOUNTS
@HIDDEN
@AS
@command
def push_command(
    frame: Frame,
    connection: str,
    *,
    digest: str | None,
    yes: bool,
    no_verify: bool,
    detached: bool,
    canaries: int | None,
    accounts: tuple[str, ...],
    include_hidden: bool,
) -> int:
    """Carry out exactly the plan that a preview showed; an interrupted one goes on where it was."""
    if digest is None and not yes:
        raise UsageError(
            "Say what to push: --plan DIGEST of a preview, or --yes to preview and push in one go."
        )
    if digest is not None and (accounts or include_hidden):
        raise UsageError("--account and --include-hidden choose rows of a preview: use them with --yes.")
    attention, said, is_agreed = False, [], digest is not None and yes
    with frame.desk(connection, pushes=True) as desk:
        if digest is None:
            refuse_if_busy(desk)
            found = preview(desk, account_ids=_scope(accounts), include_hidden=include_hidden)
            said = [*found.warnings] if frame.as_json else []  # a person reads them before the push
            if not frame.as_json and not frame.quiet:
                shown = preview_json(desk, found)
                frame.warn(shown)
                printing.planned(shown["plan"])(frame.out)
            digest, attention = found.plan.digest, found.needs_attention
        is_agreed = is_agreed or agree_to_charges(frame, desk, digest)
        if detached:
            params = {"check": not no_verify, "canaries": canaries, "agreed": is_agreed}
            result = detach(frame, desk, digest, params=params) | ({"warnings": said} if said else {})
            follow = f"sheetsync run {result['run']} --watch"
            frame.emit(result, lambda out: out.print(f"Run {result['run']} waits. Follow it with: {follow}"))
            return 0
        result = push(desk, digest, check=not no_verify, canaries=canaries, agreed=is_agreed)
    attention = attention or needs_attention(result["rows"]) or bool(result["warnings"])
    result["warnings"] = [*result["warnings"], *said]  # what stopped it comes first
    frame.emit(result, printing.pushed(result, title=f"Push {result['run']}"))
    return 1 if attention else 0


@main.command("verify")
@click.argument("connection")
@ACCOUNTS
@click.option("--wait", is_flag=True, help="Wait until lost requests can be judged.")
@AS
@command
def verify_command(frame: Frame, connection: str, *, accounts: tuple[str, ...], wait: bool) -> int:
    """Read again what is not settled, and say what really happened. Sends nothing."""
    with frame.desk(connection) as desk:
        result = verify(desk, account_ids=_scope(accounts), wait=wait)
    frame.emit(result, printing.pushed(result, title=f"Verify {result['run']}"))
    return 1 if needs_attention(result["rows"]) or result["warnings"] else 0


@main.command("resolve")
@click.argument("connection")
@click.option("--operation", "key", required=True, metavar="KEY", help="The operation to settle.")
@click.option("--as", "outcome", type=click.Choice(["applied", "not-applied"]), required=True)
@click.option("--reason", required=True, help="What you saw.")
@command
def resolve_command(frame: Frame, connection: str, *, key: str, outcome: str, reason: str) -> int:
    """Settle an operation that cannot be proven, by your own verdict; the ledger keeps your name.

    Your name is SHEETSYNC_ACTOR, else the operating system's user: --as is the verdict here.
    """
    with frame.desk(connection) as desk:
        result = resolve(desk, key, applied=outcome == "applied", reason=reason)
    told = f"operation {key} is {printing.word(result['status'])}: {result['message']}"
    frame.emit(result, lambda out: out.print(f"{printing.place(result)}, {told}", markup=False))
    return 0


@main.command("approve")
@click.argument("connection")
@click.option("--plan", "digest", metavar="DIGEST", required=True, help="The plan that a preview showed.")
@click.option("--refuse", is_flag=True, help="Refuse it instead.")
@click.option("--reason", default="", metavar="TEXT", help="Why; needed to refuse.")
@AS
@command
def approve_command(frame: Frame, connection: str, *, digest: str, refuse: bool, reason: str) -> int:
    """Consent, as a second person, to exactly that plan."""
    with Office.open(frame.config, os.environ) as office:
        office.connection(connection)
        result = approve(
            office.ledger, connection, digest, actor=frame.actor, approved=not refuse, reason=reason
        )
    told = f"Plan {digest} is {result['status']} by {result['by']}."
    frame.emit(result, lambda out: out.print(told, markup=False))
    return 0


@main.command("rebase")
@click.argument("connection")
@click.option(
    "--account", "account_id", metavar="ID", required=True, help="The user whose row is a Conflict."
)
@click.option("--keep", type=click.Choice(["change", "target"]), required=True)
@AS
@command
def rebase_command(frame: Frame, connection: str, *, account_id: str, keep: Keep) -> int:
    """Decide a Conflict: keep the change on the new balance, or still go to the target. Sends nothing."""
    with frame.desk(connection) as desk:
        result = rebase(desk, account_id, keep=keep)
    frame.emit(
        result,
        lambda out: out.print(
            f"{printing.place(result)}, user {account_id}: {result['message']} Preview it next.", markup=False
        ),
    )
    return 0


@main.command("undo")
@click.argument("connection")
@click.option("--run", metavar="ID", help="The push whose operations are to be undone.")
@click.option(
    "--operation", "keys", metavar="KEY", multiple=True, help="Only this operation; may be repeated."
)
@AS
@command
def undo_command(frame: Frame, connection: str, *, run: str | None, keys: tuple[str, ...]) -> int:
    """Plan what takes back a push, or single operations of it. Sends nothing: push --plan does."""
    with frame.desk(connection) as desk:
        result = undo(desk, run=run, keys=keys)
    plan = result["plan"]
    frame.emit(result, printing.undone(result))
    return 1 if needs_attention(plan["rows"]) or result["skipped"] or plan["over_limits"] else 0


@main.command("fill")
@click.argument("connection")
@click.option("--action", type=click.Choice(["reset", "add", "adjust"]), required=True)
@click.option("--reason", default="", metavar="TEXT", help="For rows that have none yet.")
@HIDDEN
@click.option("--yes", is_flag=True, help="Do not ask.")
@AS
@command
def fill_command(
    frame: Frame, connection: str, *, action: str, reason: str, include_hidden: bool, yes: bool
) -> int:
    """Set the action of every row that holds an amount, or an overtyped balance, and no action."""

    def agree(found: dict[str, Any]) -> None:
        if not frame.as_json and not frame.quiet:
            printing.filling(found)(frame.err)
        ask(frame, f"Set {action} in {found['rows']} rows?", yes=yes)

    with frame.desk(connection) as desk:
        result = fill(desk, Action(action), reason=reason, agree=agree, include_hidden=include_hidden)
    frame.emit(result, printing.filled(result))
    return 1 if result["left"] else 0


@main.command("layout")
@click.argument("connection")
@click.option("--repair", is_flag=True, help="Put right what is missing or damaged.")
@AS
@command
def layout_command(frame: Frame, connection: str, *, repair: bool) -> int:
    """Put headers, dropdowns, formats, protection and the hidden Key column right again."""
    if not repair:
        raise UsageError("Say --repair: it puts right what is missing or damaged, and nothing else.")
    with frame.desk(connection) as desk:
        result = repair_layout(desk)
    repaired = ", ".join(result["repaired"]) or "nothing, all was well"
    frame.emit(result, lambda out: out.print(f"Repaired: {repaired}.", markup=False))
    return 0


for each in (
    check_command,
    init_command,
    demo_command,
    sandbox_command,
    ledger_group,
    history_command,
    statement_command,
    reconcile_command,
    addon_command,
    report_command,
    runs_command,
    run_command,
    worker_command,
    import_command,
    serve_command,
    sign_in_command,
    token_group,
):
    main.add_command(each)
