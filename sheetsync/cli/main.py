"""Every command, thin: options in, a use case, a printer, an exit code."""

import os
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from sheetsync import __version__
from sheetsync.bootstrap import Office
from sheetsync.cli import printing
from sheetsync.cli.addon import addon_command
from sheetsync.cli.charging import agree_to_charges
from sheetsync.cli.frame import AS, Commands, Frame, ask, command, local_moment
from sheetsync.cli.history import history_command, reconcile_command, statement_command
from sheetsync.cli.importing import import_command
from sheetsync.cli.report import report_command
from sheetsync.cli.runs import detach, run_command, runs_command, worker_command
from sheetsync.cli.serving import serve_command, token_group
from sheetsync.cli.signing import sign_in_command
from sheetsync.core.accounts import Action
from sheetsync.errors import ProviderError, UsageError
from sheetsync.jobs.approve import approve
from sheetsync.jobs.checking import check_connection, check_service, lines_of
from sheetsync.jobs.driving import refuse_if_busy
from sheetsync.jobs.fill import fill
from sheetsync.jobs.layout import repair_layout
from sheetsync.jobs.outcome import needs_attention
from sheetsync.jobs.preview import preview, preview_json
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.rebase import Keep, rebase
from sheetsync.jobs.settle import resolve
from sheetsync.jobs.undo import undo
from sheetsync.jobs.verify import verify
from sheetsync.jobs.write_test import Outcome, write_test
from sheetsync.ports import CheckResult

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
    since = local_moment(active_since, UTC)
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
    frame.emit(result, lambda out: out.print(f"{printing.place(result)}, {told}"))
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
    frame.emit(result, lambda out: out.print(f"Plan {digest} is {result['status']} by {result['by']}."))
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
            f"{printing.place(result)}, user {account_id}: {result['message']} Preview it next."
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


@main.command("check")
@click.argument("connection", required=False)
@click.option("--write-test", "writes", is_flag=True, help="Also change a test account, and set it back.")
@click.option("--account", "account_id", metavar="ID", help="The test account, for --write-test.")
@AS
@command
def check_command(frame: Frame, connection: str | None, *, writes: bool, account_id: str | None) -> int:
    """Try credentials, routes, spreadsheet and database; say what is wrong and what to do."""
    if writes != bool(account_id):
        raise UsageError(
            "--write-test and --account go together.",
            hint="Add both: --write-test --account ID of a test user.",
        )
    access: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    tested: Outcome | None = None
    with Office.open(frame.config, os.environ) as office:
        names = [connection] if connection else sorted(office.settings.connections)
        if writes and len(names) != 1:
            raise UsageError("Name the connection to test.", hint=f"One of: {', '.join(names)}.")
        access += check_service(lambda: office.ledger, office.clock)
        for name in names:
            office.connection(name)
            access += check_connection(name, office.provider, office.sheet)
            waiting += office.check_unsettled(name)
        if account_id:
            with office.desk(names[0], actor=frame.actor, pushes=True) as desk:
                try:
                    tested = write_test(desk, account_id)
                except ProviderError as error:  # the lines above may say why
                    line = CheckResult("write test", ok=False, message=error.message, hint=error.hint)
                    access += lines_of(names[0], [line])
            waiting += lines_of(names[0], [] if tested is None else tested.lines)
    checks = access + waiting
    more = {} if tested is None else {"write_test": tested.summary}
    frame.emit({"checks": checks, **more}, printing.checked(checks))
    if not all(line["ok"] for line in access) or (tested is not None and tested.unreachable):
        return 3
    return 0 if all(line["ok"] for line in waiting) else 1


@main.command("init")
@click.option("--provider", type=click.Choice(["fastcredit", "fascard", "unibee"]))
@click.option("--sheet", type=click.Choice(["xlsx", "google"]))
@click.option("--name", metavar="NAME", help="Of the connection.")
@click.option("--url", "base_url", metavar="ADDRESS", help="Of the credit system.")
@click.option("--user", "username", metavar="NAME", help="User name there.")
@click.option("--account", "account_id", metavar="ID", help="SysConfig id or store id (FasCard).")
@click.option("--currencies", metavar="LIST", help="Separated by commas (UniBee).")
@click.option("--get-credits", metavar="ENDPOINT", help="As shown under API Details (FastCredit Pro).")
@click.option("--add-credits", metavar="ENDPOINT", help="Update User Credits, as shown there.")
@click.option("--reset-credits", metavar="ENDPOINT", help="Update Total User Credits, as shown there.")
@click.option(
    "--secret-env",
    metavar="VARIABLE",
    help="Name of the environment variable that holds the password or key.",
)
@click.option("--workbook", "path", metavar="FILE", help="The workbook.")
@click.option("--spreadsheet", "spreadsheet_id", metavar="ID", help="The Google spreadsheet.")
@click.option("--tab", metavar="NAME", help="The tab.")
@click.option("--timezone", metavar="ZONE", help="Such as Europe/Berlin.")
@click.option("--yes", is_flag=True, help="Ask nothing; take every default.")
@AS
@command
def init_command(
    frame: Frame, *, provider: str | None, sheet: str | None, yes: bool, **given: str | None
) -> int:
    """Write a commented sheetsync.toml after a few questions."""
    from sheetsync.cli.init import write_config  # noqa: PLC0415 - most commands start faster without it

    answers = {name: text for name, text in given.items() if text}
    made = write_config(frame, provider=provider, sheet=sheet, yes=yes, given=answers)
    config = "" if made.path == Path("sheetsync.toml") else f" --config {made.path}"
    check = f"sheetsync check {made.name}{config}"
    told = f"Wrote {made.path}. Next: put the password or key into {made.secret_env}, then run: {check}"
    frame.emit({"path": str(made.path), "next": check}, lambda out: out.print(told))
    return 0


@main.command("demo")
@click.option("--once", is_flag=True, help="Run pull, edit, preview, push and verify once, and exit.")
@click.option(
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port of the page, 0 chooses one; with --once of the sandbox credit system.",
)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("sheetsync-demo"), show_default=True)
@AS
@command
def demo_command(frame: Frame, *, once: bool, port: int, folder: Path) -> int:
    """Try everything on a made-up credit system: no accounts, no keys."""
    from sheetsync.cli.demo import run_demo  # noqa: PLC0415 - most commands start faster without it

    return run_demo(frame, folder=folder, port=port, once=once)


@main.command("sandbox")
@click.option("--port", type=int, required=True, help="Port on this machine; 0 chooses one.")
@click.option(
    "--dialect",
    type=click.Choice(["fastcredit", "fascard", "unibee"]),
    default="fastcredit",
    show_default=True,
)
@click.option("--users", default=200, show_default=True)
@AS
@command
def sandbox_command(frame: Frame, *, port: int, dialect: str, users: int) -> int:
    """Serve the fake credit system, for training and tests; prints its address first."""
    from sheetsync.sandbox import serve  # noqa: PLC0415 - most commands start faster without it

    del frame
    try:
        serve(port, dialect=dialect, users=users)
    except OSError as error:
        raise UsageError(
            f"Port {port} cannot be used: {error.strerror}.", hint="Choose another --port."
        ) from error
    return 0


@main.group("ledger", cls=click.Group)
def ledger_group() -> None:
    """Look after the ledger."""


@ledger_group.command("check")
@AS
@command
def ledger_check_command(frame: Frame) -> int:
    """Recompute the hash chain and the sums."""
    with Office.open(frame.config, os.environ) as office:
        result = office.ledger.check()
    good = result["chain"] == "ok" and result["sums"] == "ok"
    frame.emit(
        result,
        lambda out: out.print(
            f"{result['events']} events, chain: {result['chain']}, sums: {result['sums']}."
        ),
    )
    return 0 if good else 1


@ledger_group.command("copy")
@click.option(
    "--to", "url", metavar="URL", required=True, help="An empty database, as in service.database_url."
)
@AS
@command
def ledger_copy_command(frame: Frame, *, url: str) -> int:
    """Move the ledger to another database, check the copy, and seal the old one."""
    with Office.open(frame.config, os.environ) as office:
        rows = office.copy_ledger(url)
    result = {"rows": rows, "sealed": True}
    total = sum(rows.values())
    frame.emit(
        result,
        lambda out: out.print(
            f"{total} rows copied and checked. Set service.database_url to the new address."
        ),
    )
    return 0


for each in (
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
