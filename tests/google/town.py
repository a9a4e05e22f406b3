"""An office with a credit system and a Google spreadsheet, by commands or in this process."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sheetsync.bootstrap import Office as Wiring
from sheetsync.jobs.desk import Desk
from sheetsync.sheets.google import GoogleSheet
from tests.e2e.harness import Office
from tests.e2e.site import Site
from tests.google.office import GoogleOffice, Meddler, People

XLSX = 'kind = "xlsx"\npath = "credits.xlsx"\n'


@dataclass
class GoogleTown(Office):
    """As the office with a workbook, but the tab is in the emulator."""

    google: GoogleOffice | None = None

    @classmethod
    def of(cls, site: Site, google: GoogleOffice) -> "GoogleTown":
        """Open one in a folder of its own, with a spreadsheet of its own."""
        return cls(site, Path(tempfile.mkdtemp(prefix="sheetsync-google-")), google=google.new())

    def configure(self, **settings: Any) -> None:  # noqa: ANN401 - fields of the class
        """Write the configuration and the key file."""
        super().configure(**settings)
        assert self.google is not None
        sheet = f'kind = "google"\nspreadsheet_id = "{self.google.spreadsheet_id}"\n'
        google = (
            '[google]\nservice_account = { file = "key.json" }\n'
            f'api_base_url = "{self.google.address}"\nreads_per_minute = 10000\nwrites_per_minute = 10000\n'
        )
        text = self.config.read_text("utf-8").replace(XLSX, sheet)
        self.config.write_text(text + google, encoding="utf-8")
        (self.folder / "key.json").write_text(self.google.key, encoding="utf-8")

    @property
    def persons(self) -> People:
        """Whoever works in the tab."""
        assert self.google is not None
        return People(self.google)

    def edit(self, edits: Mapping[str, Mapping[str, object]]) -> None:
        """Type into rows: User ID → header → value."""
        for account, cells in edits.items():
            for header, value in cells.items():
                self.persons.type_in(account, header, value)  # type: ignore[arg-type] # as cells hold

    def table(self) -> dict[str, dict[str, Any]]:
        """Return the tab: User ID → header → value."""
        header, *rows = self.persons.raw_cells()
        named = [dict(zip(map(str, header), row, strict=True)) for row in rows]
        return {str(row["User ID"]): row for row in named if row["User ID"] is not None}

    @contextmanager
    def desk(self, meddler: Meddler | None = None) -> Iterator[Desk]:
        """Wire the connection in this process; the meddler acts before one of its requests to Google."""
        with Wiring.open(self.config, self.env) as wiring, wiring.desk("shop", actor="cli:ana") as desk:
            if meddler is not None:
                assert isinstance(desk.sheet, GoogleSheet)
                assert self.google is not None
                desk.sheet._book.http.session.mount(f"{self.google.address}/v4", meddler)
            yield desk
