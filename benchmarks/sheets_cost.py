"""What Google Sheets is asked for: requests and bytes of a pull, a preview and scattered statuses.

Run: ``python -m benchmarks.sheets_cost``. Both servers are imitations in processes of their own; the use
cases are the real ones.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.push_rate import server
from sheetsync.bootstrap import Office
from sheetsync.core.tab import Patch
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.preview import preview
from sheetsync.jobs.pull import pull
from sheetsync.sheets.google import GoogleSheet
from sheetsync.sheets.google.http import Traffic
from tests.google.office import GoogleOffice, serving

CONFIG = """
[connections.shop]
provider = "fastcredit"
base_url = "{address}"
username = "kassa"
application_password = {{ env = "PASSWORD" }}
[connections.shop.routes.list_users]
path = "/users"
result = "credits"
[connections.shop.routes.get_credits]
path = "/balance"
query = {{ uid = "{{user_id}}" }}
result = "credits"
[connections.shop.limits]
requests_per_second = 10000
parallel_requests = 16
[connections.shop.sheet]
kind = "google"
spreadsheet_id = "{spreadsheet_id}"
tab = "Credits"
[google]
service_account = {{ file = "key.json" }}
api_base_url = "{google}"
reads_per_minute = 100000
writes_per_minute = 100000
"""


@dataclass(slots=True)
class Row:
    """One line of the table."""

    what: str
    reads: int = 0
    writes: int = 0
    bytes: int = 0
    sent: int = 0
    largest: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"| {self.what} | {self.reads} | {self.writes} | {self.bytes / 1e6:.2f} | "
            f"{self.sent / 1e6:.2f} | {self.largest / 1e6:.2f} | {self.seconds:.1f} |"
        )


@contextmanager
def measured(office: Office, what: str, rows: list[Row]) -> Iterator[Desk]:
    """Yield a desk; what its sheet asked for becomes a line."""
    with office.desk("shop", actor="cli:ana") as desk:
        row, began_s = Row(what), time.monotonic()
        yield desk
        assert isinstance(desk.sheet, GoogleSheet)
        found = desk.sheet.traffic()
        row.reads, row.writes, row.bytes = found["reads"], found["writes"], found["bytes"]
        row.sent = desk.sheet._book.http.traffic.sent  # noqa: SLF001 - looks behind the port
        row.largest, row.seconds = desk.sheet.largest(), time.monotonic() - began_s
        rows.append(row)


def measure(google: GoogleOffice, address: str, *, users: int, scattered: int) -> list[Row]:
    """Pull twice, preview, and write statuses all over the tab."""
    rows: list[Row] = []
    with TemporaryDirectory(prefix="sheetsync-cost-") as folder:
        config = Path(folder) / "sheetsync.toml"
        text = CONFIG.format(address=address, spreadsheet_id=google.spreadsheet_id, google=google.address)
        config.write_text(text, encoding="utf-8")
        (Path(folder) / "key.json").write_text(google.key, encoding="utf-8")
        with Office.open(config, {"PASSWORD": "abcd efgh ijkl mnop qrst uvwx"}) as office:
            for what in (f"pull of {users:,} users into a new tab", "the same pull again"):
                with measured(office, what, rows) as desk:
                    pull(desk)
            edits(google, range(2, 2 + 50))
            with measured(office, "preview of 50 edits", rows) as desk:
                preview(desk)
            with measured(office, "the same without writing", rows) as desk:
                preview(desk, write=False)
            with measured(office, f"statuses of {scattered:,} scattered rows", rows) as desk:
                desk.sheet.read()
                forget(desk)
                step = users // scattered
                desk.sheet.write([status(str(number * step + 1)) for number in range(scattered)])
    return rows


def forget(desk: Desk) -> None:
    """Count anew: what was asked for before is no part of the line."""
    assert isinstance(desk.sheet, GoogleSheet)
    desk.sheet._book.http.traffic = Traffic()  # noqa: SLF001 - looks behind the port


def status(account_id: str) -> Patch:
    """Return what a push shows while it runs."""
    cells = {"status": "Queued", "message": None, "checked_at": datetime(2026, 3, 12, 9, 30, tzinfo=UTC)}
    return Patch(account_id, cells)


def edits(google: GoogleOffice, rows: range) -> None:
    """Type an edit into these rows."""
    google.put(f"Credits!E{rows.start}:F{rows.stop - 1}", [["Add", 5] for _ in rows])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--scattered", type=int, default=5000)
    asked = parser.parse_args()
    with server(asked.users) as address, serving() as google:
        rows = measure(google, address, users=asked.users, scattered=asked.scattered)
    print("| what | reads | writes | MB both ways | MB sent | largest body, MB | seconds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
