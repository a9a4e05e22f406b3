"""What all commands share: options, errors, exit codes, progress."""

import functools
import getpass
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sheetsync.bootstrap import Office
from sheetsync.config import RedactingFilter, redact
from sheetsync.errors import SheetsyncError, UsageError
from sheetsync.jobs.desk import Desk

P = ParamSpec("P")

ACTOR_LENGTH = 200
"""Characters of a caller's name: what the ledger's column takes, with its prefix."""


@dataclass(slots=True)
class Frame:
    """One invocation.

    Attributes:
        out: for results; err: for progress and logs.
    """

    config: Path | None = None
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    actor_name: str | None = None
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))

    @property
    def actor(self) -> str:
        """Who acts: ``--as``, else ``SHEETSYNC_ACTOR``, else the operating system's user."""
        name = self.actor_name or os.environ.get("SHEETSYNC_ACTOR") or getpass.getuser()
        return f"cli:{' '.join(name.split())[:ACTOR_LENGTH]}"

    @contextmanager
    def desk(self, connection: str) -> Iterator[Desk]:
        """Open one connection with a progress bar on stderr."""
        with Office.open(self.config, os.environ) as office, self.progress() as report:
            yield office.desk(connection, actor=self.actor, report=report)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int | None], None]]:
        """Show long work on stderr where a person looks at it."""
        if self.quiet or not self.err.is_terminal:
            yield lambda _what, _done, _total: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.err, transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def report(what: str, done: int, total: int | None) -> None:
                if what not in tasks:
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done, total=total)

            yield report

    def emit(self, data: dict[str, Any], show: Callable[[Console], None]) -> None:
        """Print a result: as the one JSON object on stdout, or for people."""
        if self.as_json:
            print(redact(json.dumps(data, ensure_ascii=False)))  # noqa: T201 - the result
            return
        for warning in data.get("warnings") or ():
            self.err.print(f"[yellow]{_escaped(warning)}[/]")
        if not self.quiet:
            show(self.out)

    def fail(self, error: SheetsyncError) -> int:
        """Print an error and return its exit code."""
        if self.as_json:
            print(redact(json.dumps(error.as_dict(), ensure_ascii=False)))  # noqa: T201 - the result
        else:
            self.err.print(f"[bold red]{_escaped(redact(error.message))}[/]")
            if error.hint:
                self.err.print(_escaped(redact(error.hint)))
        return error.exit_code


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


COMMON = (
    click.option("--config", type=click.Path(path_type=Path), help="The sheetsync.toml to use."),
    click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object on stdout."),
    click.option("--quiet", is_flag=True, help="Print nothing but errors."),
    click.option("--verbose", is_flag=True, help="Log every request on stderr."),
)
AS = click.option("--as", "actor_name", metavar="NAME", help="Who you are, for the ledger.")


def command(run: Callable[..., int]) -> Callable[..., None]:
    """Turn ``run(frame, …) → exit code`` into a click callback with the common options and error handling."""

    @functools.wraps(run)
    def callback(
        *,
        config: Path | None,
        as_json: bool,
        quiet: bool,
        verbose: bool,
        actor_name: str | None = None,
        **options: Any,  # noqa: ANN401 - the command's own options
    ) -> None:
        frame = Frame(config, as_json, quiet, verbose, actor_name)
        _log(verbose=verbose)
        try:
            code = run(frame, **options)
        except SheetsyncError as error:
            code = frame.fail(error)
        except KeyboardInterrupt:
            frame.err.print("Stopped.")
            code = 130
        sys.exit(code)

    for option in reversed(COMMON):
        callback = option(callback)
    return callback


def _log(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, handlers=[handler], force=True)
    for noisy in ("urllib3", "alembic"):
        logging.getLogger(noisy).setLevel(logging.INFO if verbose else logging.WARNING)


def ask(frame: Frame, question: str, *, yes: bool) -> None:
    """Ask a person to go on; refuse where nobody can answer.

    Raises:
        UsageError: no answer is possible, or it was no.
    """
    if yes:
        return
    if frame.as_json or not sys.stdin.isatty():
        raise UsageError("This asks before it goes on, and nobody can answer here.", hint="Add --yes.")
    if not click.confirm(question, err=True):
        raise UsageError("Nothing was done.")
