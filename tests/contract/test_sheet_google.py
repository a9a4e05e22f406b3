"""Google Sheets keeps the promises of ``ports.Sheet``."""

from collections.abc import Iterator

import pytest

from sheetsync.ports import Sheet
from tests.contract.report_suite import ReportContract, ReportHands
from tests.contract.sheet_suite import COLUMNS, Hands, SheetContract
from tests.google.office import GoogleOffice, People, adapter, serving


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleOffice]:
    """Start the emulator once."""
    with serving() as google:
        yield google


class TestGoogle(SheetContract, ReportContract):
    @pytest.fixture
    def office(self, google: GoogleOffice) -> GoogleOffice:
        """Return a spreadsheet of its own."""
        return google.new()

    @pytest.fixture
    def sheet(self, office: GoogleOffice) -> Sheet:
        """Return the adapter."""
        return adapter(office, COLUMNS)

    @pytest.fixture
    def hands(self, office: GoogleOffice) -> Hands:
        """Return the person."""
        return People(office)

    @pytest.fixture
    def report_hands(self, office: GoogleOffice) -> ReportHands:
        """Return the person."""
        return People(office)
