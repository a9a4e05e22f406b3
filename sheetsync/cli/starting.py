"""What a newcomer runs first: ``init``, ``demo`` and ``sandbox``."""

from pathlib import Path

import click

from sheetsync.cli.frame import AS, Frame, command
from sheetsync.errors import UsageError


@click.command("init")
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


@click.command("demo")
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


@click.command("sandbox")
@click.option(
    "--port", type=click.IntRange(0, 65_535), required=True, help="Port on this machine; 0 chooses one."
)
@click.option(
    "--dialect",
    type=click.Choice(["fastcredit", "fascard", "unibee"]),
    default="fastcredit",
    show_default=True,
)
@click.option("--users", type=click.IntRange(min=0), default=200, show_default=True)
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
