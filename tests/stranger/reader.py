"""Does what a page says: runs its blocks in order, types its tables, and copies what a person would copy."""

import os
import re
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import load_workbook

from tests.e2e.harness import headers
from tests.e2e.harness import places as rows_of

RUNNING = "# leave this running"
BLOCK_TIMEOUT_S = 150
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COPIED = {"sha256:…": DIGEST, "1AbC…": re.compile(r"^[\w-]{20,}$", re.MULTILINE)}
"""What stands on a page for something that a command printed before, and how a person recognises it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a page asks for: a block of commands, or a table of cells to type."""

    text: str
    is_table: bool = False


def steps(page: str) -> Iterator[Step]:
    """Yield what a page asks for, in order: blocks in ``sh``, and tables of rows with an Action."""
    pattern = r"^```sh\n(.*?)^```|^(\| User ID \|[^\n]*Action.*?)(?=^[^|]|\Z)"
    for found in re.finditer(pattern, page, re.MULTILINE | re.DOTALL):
        yield Step(found[1]) if found[1] else Step(found[2], is_table=True)


def cells(table: str) -> list[dict[str, str]]:
    """Return a Markdown table's rows by header."""
    lines = [[cell.strip(" *") for cell in line.strip("|\n ").split("|")] for line in table.splitlines()]
    header, _, *rows = lines
    return [dict(zip(header, row, strict=False)) for row in rows]


@dataclass
class Reader:
    """A person with one folder who follows a page to the letter.

    Attributes:
        folder: where the person is; ``cd`` in a block moves on.
        env: what ``export`` in a block adds to.
        ports: numbers on the page → free ones, for the page's may be taken on this machine.
        leaves_out: lines that begin with one of these are not run.
        printed: everything that commands printed, in order.
    """

    folder: Path
    env: dict[str, str]
    ports: dict[str, str]
    leaves_out: tuple[str, ...] = ()
    printed: list[str] = field(default_factory=list)
    _left_running: list["subprocess.Popen[str]"] = field(default_factory=list)

    def follow(self, page: str) -> None:
        """Do everything that a page asks for."""
        for step in steps(page):
            if step.is_table:
                self.type(cells(step.text))
            elif RUNNING in step.text:
                self.leave_running(self._as_copied(step.text))
            else:
                for part in _one_after_the_other(step.text):
                    self.run(self._as_copied(part))

    def run(self, block: str) -> None:
        """Run a block; it must not fail, and what it exports and where it goes to stays."""
        state = self.folder / ".state"
        script = f"{block}\nenv -0 > {shlex.quote(str(state))}\npwd >> {shlex.quote(str(state))}\n"
        done = self._start(script, merge=True)
        out, _ = done.communicate(timeout=BLOCK_TIMEOUT_S)
        self.printed.append(out)
        assert 0 == done.returncode, f"{block}\n{out}"
        assert "Traceback" not in out, out
        *pairs, where = state.read_text("utf-8").split("\0")
        state.unlink()
        self.env = dict(pair.split("=", 1) for pair in pairs)
        self.folder = Path(where.strip())

    def leave_running(self, block: str) -> None:
        """Start a block in a terminal of its own, and read what it prints first, if it prints anything."""
        process = self._start(block, merge=False)
        self._left_running.append(process)
        if "worker" in block:
            return
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        assert lines[0], block
        if "--key" in block:
            lines.append(process.stdout.readline())
        self.printed.append("".join(lines))

    def type(self, rows: list[dict[str, str]]) -> None:
        """Type cells into the workbook, after emptying what somebody else left unsent; then close it."""
        path = self.folder / "credits.xlsx"
        book = load_workbook(path)
        tab = book["Credits"]
        places, lines = headers(tab), rows_of(tab)
        typed = ("Action", "Amount", "Reason", "Note")
        for line in lines.values():
            for header in typed:
                tab.cell(line, places[header]).value = None
        for row in rows:
            for header in typed:
                text = row.get(header, "")
                value: object = int(text) if re.fullmatch(r"-?\d+", text) else text or None
                tab.cell(lines[row["User ID"]], places[header]).value = value  # type: ignore[assignment] # openpyxl takes it
        book.save(path)

    def close(self) -> None:
        """End what was left running."""
        for process in self._left_running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._left_running:
            process.communicate(timeout=BLOCK_TIMEOUT_S)

    def _as_copied(self, block: str) -> str:
        """Put in what a person would have copied from the commands before."""
        lines = [line for line in block.splitlines() if not line.startswith(self.leaves_out or ("\0",))]
        text = "\n".join(lines)
        for port, free in self.ports.items():
            text = text.replace(port, free)
        for mark, pattern in COPIED.items():
            if mark in text:
                found = [match[0] for out in self.printed for match in pattern.finditer(out)]
                assert found, f"nothing was printed that could stand for {mark} in: {text}"
                text = text.replace(mark, found[-1])
        return text

    def _start(self, script: str, *, merge: bool) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - as a person's terminal finds it
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


def _one_after_the_other(block: str) -> list[str]:
    """Part a block before each line that repeats what a line before it has printed."""
    marks = "|".join(map(re.escape, COPIED))
    return [part for part in re.split(rf"^(?=.*(?:{marks}))", block, flags=re.MULTILINE) if part]


def free_ports(*wanted: str) -> dict[str, str]:
    """Return a free port for each."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in wanted]
    found = {name: str(each.getsockname()[1]) for name, each in zip(wanted, sockets, strict=True)}
    for each in sockets:
        each.close()
    return found
