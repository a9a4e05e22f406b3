"""What all commands share: options, errors, exit codes, progress."""

import functools
import getpass
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sheetsync.bootstrap import Office
from sheetsync.config import RedactingFilter, redact, redact_json
from sheetsync.errors import InterruptedRunError, SheetsyncError, UnreachableError, UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.long_json import pieces

P = ParamSpec("P")
_log_crash = logging.getLogger("sheetsync.crash")

ACTOR_LENGTH = 200
"""Characters of a caller's name: what the ledger's column takes, with its prefix."""

GO_ON = "What was done so far is in the ledger. Run the same command again to go on; see: sheetsync runs"


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
    def desk(
        self, connection: str, *, pushes: bool = False, pulls: Mapping[str, object] | None = None
    ) -> Iterator[Desk]:
        """Open one connection with a progress bar on stderr."""
        with (
            Office.open(self.config, os.environ) as office,
            self.progress() as report,
            office.desk(connection, actor=self.actor, report=report, pushes=pushes, pulls=pulls) as desk,
        ):
            yield desk

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
            for piece in pieces(data, _text_of, comma=", ", colon=": "):
                sys.stdout.write(piece)
            sys.stdout.write("\n")
            return
        self.warn(data)
        if not self.quiet:
            show(self.out)

    def warn(self, data: Mapping[str, Any]) -> None:
        """Print a result's warnings for people."""
        for warning in data.get("warnings") or ():
            self.err.print(f"[yellow]{escape(warning)}[/]")

    def fail(self, error: SheetsyncError) -> int:
        """Print an error and return its exit code."""
        if self.as_json:
            print(_text_of(error.as_dict()))  # noqa: T201 - the result
        else:
            self.err.print(f"[bold red]{escape(redact(error.message))}[/]")
            if error.hint:
                self.err.print(escape(redact(error.hint)))
        return error.exit_code


def _text_of(value: object) -> str:
    return json.dumps(redact_json(value), ensure_ascii=False)


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
        _log(verbose=verbose, quiet=quiet)
        try:
            code = run(frame, **options)
        except InterruptedRunError as error:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left to be stopped
            code = frame.fail(error)
        except SheetsyncError as error:
            code = frame.fail(error)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # requests under way end by themselves
            frame.fail(InterruptedRunError("Stopped.", hint=GO_ON))
            code = 130
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: JSON for a script, a sentence for a person
            _log_crash.debug("It crashed", exc_info=error)
            code = frame.fail(_crash(error))
        sys.exit(code)

    for option in reversed(COMMON):
        callback = option(callback)
    return callback


def _crash(error: Exception) -> SheetsyncError:
    """Name a failure that nobody foresaw, without its text: that may hold personal data."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}, line {where.lineno}"
    return UnreachableError(
        f"Something failed that should not: {type(error).__name__} ({place}).",
        hint="What was done so far is in the ledger. Report this with what --verbose prints.",
    )


class Commands(click.Group):
    """Says what the command line itself refuses as the one JSON object, too, where that is asked for."""

    def main(  # type: ignore[override] # always standalone: nothing of ours calls it otherwise
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,  # noqa: ANN401 - click's own
    ) -> NoReturn:
        """Run a command and exit."""
        args = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        try:
            code = super().main(args, prog_name, **extra)
        except click.ClickException as error:
            code = error.exit_code
            if "--json" in args:
                Frame(as_json=True).fail(UsageError(error.format_message(), hint="See --help."))
            else:
                error.show()
        except (click.Abort, KeyboardInterrupt):
            code = Frame(as_json="--json" in args).fail(UsageError("Nothing was done."))
        sys.exit(code if isinstance(code, int) else 0)


def _log(*, verbose: bool, quiet: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("urllib3", "alembic", "google", "requests_oauthlib"):
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
