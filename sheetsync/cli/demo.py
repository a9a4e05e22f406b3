"""``sheetsync demo``: the whole job on a made-up credit system over real HTTP, once or as a page to try."""

import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from openpyxl import load_workbook
from rich.console import Console

from sheetsync.cli import printing
from sheetsync.cli.frame import Frame
from sheetsync.config import load
from sheetsync.errors import UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.preview import preview, preview_json
from sheetsync.jobs.pull import pull
from sheetsync.jobs.push import push
from sheetsync.jobs.verify import verify
from sheetsync.sandbox import Sandbox

CONFIG = "sheetsync.toml"
CONNECTION = "shop"
WORKBOOK = "credits.xlsx"
LEDGER = "sheetsync.db"
PASSWORD_FILE = "sandbox-password.txt"  # noqa: S105 - a file's name
QUEUE = "sheetsync-queue.db"
OURS = (
    CONFIG,
    WORKBOOK,
    PASSWORD_FILE,
    f"{LEDGER}.lock",
    f"{LEDGER}.serve.lock",
    *(f"{database}{end}" for database in (LEDGER, QUEUE) for end in ("", "-wal", "-shm")),
)

HOST = "127.0.0.1"
"""The page signs in whoever opens it, so it is for this machine alone."""

RATE_PER_S = 200
"""The sandbox bears it, and nobody wants to wait for a demo."""

TEMPLATE = """\
# Made by: sheetsync demo. A made-up credit system; play with it as you like.
[service]
database_url = "sqlite:///{ledger}"
{lease}
[connections.shop]
provider = "fastcredit"
base_url = "{base_url}"
username = "{username}"
application_password = {{ file = "{password_file}" }}
environment = "test"
timeout_s = 5
{patience}{user_url}settle_after_s = {settle_after_s}

[connections.shop.sheet]
kind = "xlsx"
path = "{workbook}"
tab = "Credits"

[connections.shop.limits]
requests_per_second = {rate}
parallel_requests = {parallel}
{more}"""


TRY_IT = """\
[auth.roles]
"{you}" = "admin"
"""
"""What the page needs on top; whoever sits in front of it may do everything."""

LEASE_S = 5
"""Seconds; a demo's worker never sleeps, and nobody wants to wait for the proof of a lost answer."""

SETTLE_AFTER_S = 11
"""Seconds: the time-out and the lease, and a bit."""


def run_demo(frame: Frame, *, folder: Path, port: int, once: bool) -> int:
    """Prepare a folder and run the job once, or serve a page to try it on.

    Raises:
        UsageError: the port is taken, or the folder is not ours.
    """
    _prepare(folder)
    return _once(frame, folder, port) if once else _serve(frame, folder, port)


def _serve(frame: Frame, folder: Path, port: int) -> int:
    """Serve the page until Ctrl-C."""
    from sheetsync.web import tryit  # noqa: PLC0415 - a single run starts faster without it
    from sheetsync.web.server import serve  # noqa: PLC0415

    port = port or _free_port()
    with Sandbox(users=200) as sandbox:
        _write_config(folder, sandbox, page=f"http://{HOST}:{port}", you=tryit.YOU)

        def greet(app: Flask, address: str) -> None:
            tryit.add(app, sandbox, CONNECTION)
            logging.getLogger("sheetsync.web").setLevel(logging.WARNING)
            if frame.as_json:
                frame.emit({"address": address, "sandbox": sandbox.base_url}, lambda _out: None)
                return
            frame.out.print(f"[bold]Open {address} in your browser.[/] It stays until you press Ctrl-C.")
            if not frame.quiet:
                _beside(frame.out, folder, sandbox)

        settings = load(folder / CONFIG, os.environ)
        serve(settings, host=HOST, port=port, worker=True, say=frame.out.print, greet=greet)
    return 0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def _beside(out: Console, folder: Path, sandbox: Sandbox) -> None:
    program = _program()
    out.print(f"The sandbox credit system runs at {sandbox.base_url}; the workbook is {folder / WORKBOOK}.")
    out.print("Everything also works from a second terminal, for example:")
    out.print(f"  {program} history {CONNECTION} --config {folder / CONFIG}")


def _once(frame: Frame, folder: Path, port: int) -> int:
    with _start(port) as sandbox:
        _write_config(folder, sandbox)
        frame.config = folder / CONFIG
        with frame.desk(CONNECTION) as desk:
            results = _story(frame, desk, sandbox, folder)
        if frame.as_json:
            frame.emit(results, lambda _out: None)
        elif not frame.quiet:
            _how_to_go_on(frame.out, folder, port)
    return 0 if _as_promised(results) else 1


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    foreign = [path.name for path in folder.iterdir() if path.name not in OURS]
    if (folder / WORKBOOK).exists() and not (folder / PASSWORD_FILE).exists():
        foreign.append(WORKBOOK)
    if foreign:
        raise UsageError(
            f"The folder {folder} holds something that the demo did not make: {foreign[0]}.",
            hint="Choose another one with --folder.",
        )
    for name in OURS:
        (folder / name).unlink(missing_ok=True)


def _start(port: int) -> Sandbox:
    """Start on the given port, so that the commands at the end work; if it is taken, any will do."""
    sandbox = Sandbox(users=200, port=port)
    try:
        return sandbox.start()
    except OSError:
        return Sandbox(users=200).start()


def _write_config(folder: Path, sandbox: Sandbox, *, page: str = "", you: str = "") -> None:
    """Write the configuration.

    Args:
        folder: where.
        sandbox: the credit system.
        page: address of the try-it page; empty where there is none.
        you: who sits in front of it.
    """
    (folder / PASSWORD_FILE).write_text(sandbox.password, encoding="utf-8")
    text = TEMPLATE.format(
        ledger=LEDGER,
        base_url=sandbox.base_url,
        username=sandbox.username,
        password_file=PASSWORD_FILE,
        workbook=WORKBOOK,
        rate=RATE_PER_S,
        parallel=4 if page else 8,  # on the page one wants to watch
        patience="retries = 1\n" if page else "",
        lease=f"lease_s = {LEASE_S}\n" if page else "",
        settle_after_s=SETTLE_AFTER_S if page else 36,
        more=f"\n{TRY_IT.format(you=you)}" if page else "",
        user_url=f'user_url = "{page}/try-it/customers/{{user_id}}"\n' if page else "",
    )
    (folder / CONFIG).write_text(text, encoding="utf-8")


def _story(frame: Frame, desk: Desk, sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    say = _teller(frame)
    say("1 · Pull", f"The sandbox credit system runs at {sandbox.base_url} and has 200 users.")
    pulled = pull(desk)
    _show(frame, printing.pulled(pulled))
    say("2 · Edit", f"A clerk opens {folder / WORKBOOK} and types:")
    _type_edits(frame, folder / WORKBOOK, sandbox)
    say("3 · Preview", "What would a push do? Nothing is sent yet.")
    found = preview(desk)
    plan = preview_json(desk, found)
    _show(frame, printing.planned(plan["plan"]))
    say("4 · Push", "Exactly this plan is sent, each operation at most once. Accepted is not proven yet:")
    pushed = push(desk, found.plan.digest, check=False)
    _show(frame, printing.pushed(pushed, title="After the push"))
    say("5 · Verify", "Every balance is read again; only that proves a change:")
    verified = verify(desk)
    _show(frame, printing.pushed(verified, title="After the re-read"))
    say(
        "6 · In the workbook",
        "What the clerk sees now (confirmed edits are cleared, the others wait for them):",
    )
    left = preview(desk)
    _show(frame, printing.planned(preview_json(desk, left)["plan"]))
    say("7 · Push again", "The same plan once more sends nothing:")
    again = push(desk, found.plan.digest)
    writes = len(sandbox.requests.writes())
    _say_writes(frame, writes)
    return {
        "pull": pulled,
        "preview": plan,
        "push": pushed,
        "verify": verified,
        "left": preview_json(desk, left),
        "again": again,
        "writes": writes,
    }


def _teller(frame: Frame) -> Any:  # noqa: ANN401 - a function
    def say(title: str, text: str) -> None:
        if not frame.as_json and not frame.quiet:
            frame.out.print()
            frame.out.rule(f"[bold]{title}[/]", align="left")
            frame.out.print(text)

    return say


def _show(frame: Frame, show: printing.Show) -> None:
    if not frame.as_json and not frame.quiet:
        show(frame.out)


def _say_writes(frame: Frame, writes: int) -> None:
    if not frame.as_json and not frame.quiet:
        frame.out.print(f"The sandbox counted [bold]{writes}[/] writes in all, one for each confirmed row.")


EDITS: tuple[tuple[str, dict[str, str | int], str], ...] = (
    ("10", {"Action": "Add", "Amount": 25, "Reason": "Goodwill"}, "adds 25 to user 10, Goodwill"),
    ("11", {"Action": "Reset", "Amount": 100}, "resets user 11 to 100"),
    ("12", {"Action": "Adjust", "Amount": -5, "Reason": "Correction"}, "adjusts user 12 by -5, Correction"),
    ("13", {"Action": "Add", "Amount": "1,500"}, "types 1,500 for user 13, which can be read two ways"),
    ("14", {"Action": "Reset", "Amount": 80}, "resets user 14 to 80, while that customer spends 3"),
)


def _type_edits(frame: Frame, path: Path, sandbox: Sandbox) -> None:
    """Edit the workbook with another program than ours, as a clerk would."""
    book = load_workbook(path)
    tab = book["Credits"]
    columns = {cell.value: place for place, cell in enumerate(tab[1], start=1)}
    rows = {str(tab.cell(row, columns["User ID"]).value): row for row in range(2, tab.max_row + 1)}
    for account_id, cells, words in EDITS:
        for header, value in cells.items():
            tab.cell(rows[account_id], columns[header]).value = value
        if not frame.as_json and not frame.quiet:
            frame.out.print(f"  · {words}")
    book.save(path)
    sandbox.book.spend("14", "credits", 3)


def _as_promised(results: dict[str, Any]) -> bool:
    """Whether the demo showed what it says; an exit code that can fail."""
    counts = results["verify"]["counts"]
    left = results["left"]["plan"]["counts"]
    shown = (counts["confirmed"], left["invalid"], left["conflict"], results["writes"])
    return bool(shown == (3, 1, 1, 3))


def _how_to_go_on(out: Console, folder: Path, port: int) -> None:
    out.print()
    out.rule("[bold]Go on by hand[/]", align="left")
    program = _program()
    out.print("In one terminal, start the sandbox credit system again (it begins afresh):")
    out.print(f"  {program} sandbox --port {port}")
    out.print(f"In another one, edit {folder / WORKBOOK} with any spreadsheet program, and:")
    for step in ("pull shop", "preview shop", "push shop --yes", "history shop"):
        out.print(f"  {program} {step} --config {folder / CONFIG}")


def _program() -> str:
    """Return what to type for this program: its path where it was called by one."""
    called = Path(sys.argv[0])
    if called.name == "sheetsync" and called.is_relative_to(Path.cwd()):
        return str(called.relative_to(Path.cwd()))
    return "sheetsync"
