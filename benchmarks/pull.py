"""What a pull costs: from each credit system, into a workbook and into a Google spreadsheet.

Run: ``python -m benchmarks.pull [--accounts 100000] [--tutorial 300]``. Credit systems and spreadsheet are
imitations in processes of their own; every pull is a process as a person starts it. The way of tutorials (two
cells written for each user), and pages appended one by one, are done for fewer accounts in the same
spreadsheet, because nobody waits for the whole. ``benchmarks.sheets_cost`` counts what a pull asks of Google.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import Cost, run
from benchmarks.push_rate import server
from tests.google.office import GoogleOffice, serving

PAGE = 100

SHARED = """
[connections.{name}.limits]
requests_per_second = 10000
parallel_requests = 16
[connections.{name}.sheet]
{sheet}
"""
CONNECTIONS = {
    "fastcredit": """
[connections.fastcredit]
provider = "fastcredit"
base_url = "{address}"
username = "{user}"
application_password = {{ env = "SECRET" }}
[connections.fastcredit.routes.list_users]
path = "/users"
result = "credits"
[connections.fastcredit.routes.get_credits]
path = "/balance"
query = {{ uid = "{{user_id}}" }}
result = "credits"
""",
    "fascard": """
[connections.fascard]
provider = "fascard"
base_url = "{address}"
account_id = "F0002"
username = "{user}"
password = {{ env = "SECRET" }}
""",
    "unibee": """
[connections.unibee]
provider = "unibee"
base_url = "{address}"
api_key = {{ env = "SECRET" }}
currencies = ["EUR"]
""",
}
GOOGLE = """
[google]
service_account = {{ file = "key.json" }}
api_base_url = "{address}"
reads_per_minute = 100000
writes_per_minute = 100000
"""


@dataclass(frozen=True, slots=True)
class System:
    """A credit system that listens."""

    address: str
    user: str
    secret: str


@contextmanager
def sandbox(dialect: str, accounts: int) -> Iterator[System]:
    """Start a credit system with so many accounts."""
    if dialect == "fastcredit":  # a site whose list of users carries the credits
        with server(accounts) as address:
            yield System(address, "office", "abcd efgh ijkl mnop qrst uvwx")
        return
    keyed = dialect == "unibee"  # it has no user name
    command = [
        *(sys.executable, "-m", "sheetsync", "sandbox", "--port", "0", "--dialect", dialect),
        *("--users", str(accounts)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            told = [process.stdout.readline().partition(": ")[2].strip() for _ in range(1 if keyed else 2)]
            yield System(address, "" if keyed else told[0], told[-1])
        finally:
            process.terminate()


def pull(folder: Path, name: str, system: System) -> Cost:
    """Run the command and return what it cost."""
    return run(folder, "pull", name, "--quiet", env={"SECRET": system.secret})


def into_workbook(name: str, system: System) -> Cost:
    """Pull into a workbook that is not there yet."""
    sheet = 'kind = "xlsx"\npath = "credits.xlsx"\ntab = "Credits"'
    with tempfile.TemporaryDirectory(prefix="sheetsync-pull-") as place:
        _configure(Path(place), name, system, sheet)
        return pull(Path(place), name, system)


def into_google(name: str, system: System, google: GoogleOffice) -> Cost:
    """Pull into a new tab of a spreadsheet."""
    sheet = f'kind = "google"\nspreadsheet_id = "{google.spreadsheet_id}"\ntab = "{name}"'
    with tempfile.TemporaryDirectory(prefix="sheetsync-pull-") as place:
        folder = Path(place)
        _configure(folder, name, system, sheet, GOOGLE.format(address=google.address))
        (folder / "key.json").write_text(google.key)
        return pull(folder, name, system)


def _configure(folder: Path, name: str, system: System, sheet: str, more: str = "") -> None:
    text = CONNECTIONS[name].format(address=system.address, user=system.user)
    (folder / "sheetsync.toml").write_text(
        text + SHARED.format(name=name, sheet=sheet) + more, encoding="utf-8"
    )


def tutorial(google: GoogleOffice, accounts: int) -> Cost:
    """A row at a time: the balance in one cell, the time in another, each by a request of its own."""
    began_s, worked_s = time.monotonic(), time.process_time()
    for row in range(2, accounts + 2):
        google.put(f"Tutorial!B{row}", [[40]])
        google.put(f"Tutorial!C{row}", [["2026-03-12 09:14"]])
    return Cost(time.monotonic() - began_s, time.process_time() - worked_s, 0)


def pages(google: GoogleOffice, accounts: int) -> Cost:
    """A page of users at a time, appended."""
    began_s, worked_s = time.monotonic(), time.process_time()
    for first in range(0, accounts, PAGE):
        rows = [[str(first + each), f"user{first + each}@example.org", "Name", 40] for each in range(PAGE)]
        google.call("POST", "/values/Pages!A1:append", {"values": rows}, valueInputOption="RAW")
    return Cost(time.monotonic() - began_s, time.process_time() - worked_s, 0)


def line(system: str, where: str, accounts: int, cost: Cost, requests: int = 0) -> None:
    """Print a line of the table."""
    print(
        f"| {system} | {where} | {accounts:,} | {cost.seconds:.1f} | {cost.cpu_s:.1f} | "
        f"{f'{cost.peak_mb:.0f}' if cost.peak_mb else ''} | {f'{requests:,}' if requests else ''} |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--tutorial", type=int, default=300, help="accounts of the ways that ask for each")
    asked = parser.parse_args()
    print("| credit system | into | accounts | seconds | CPU s | peak MB | requests to Sheets |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    with serving() as google:
        for name in CONNECTIONS:
            with sandbox(name, asked.accounts) as system:
                line(name, "workbook", asked.accounts, into_workbook(name, system))
                line(name, "Google spreadsheet", asked.accounts, into_google(name, system, google))
        for title in ("Tutorial", "Pages"):
            google.change({"addSheet": {"properties": {"title": title}}})
        few, more = asked.tutorial, 10 * asked.tutorial
        line("none", "cell by cell, as tutorials do", few, tutorial(google, few), 2 * few)
        line("none", "pages appended", more, pages(google, more), -(-more // PAGE))


if __name__ == "__main__":
    main()
