"""Answers that get lost, refusals, a quota used up: nothing is written twice, and everybody is told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import PreparedRequest, Response

from sheetsync.core.tab import Patch
from sheetsync.errors import ConfigError, LayoutError, SheetError
from sheetsync.metering import REQUESTS
from sheetsync.sheets.google import Access, GoogleSheet, Waiting
from sheetsync.sheets.google.patience import TRIES
from tests.contract.sheet_suite import COLUMNS, account
from tests.emulators.sheets.keyfile import ROBOT
from tests.google.office import GoogleOffice, Meddler, People, adapter, serving

WRITE = "POST values:batchUpdate"
STRUCTURE = ":batchUpdate"


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleOffice]:
    """Start the emulator once."""
    with serving() as google:
        yield google


@pytest.fixture
def office(google: GoogleOffice) -> GoogleOffice:
    """Return a spreadsheet of its own."""
    return google.new()


@dataclass
class Watch:
    """Time that passes only while somebody sleeps, and what was said meanwhile."""

    now_s: float = 1000.0
    said: list[str] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds

    def waiting(self) -> Waiting:
        """Return how to wait by this watch."""
        return Waiting(lambda: self.now_s, self.sleep, self.said.append)


@dataclass
class Trouble(Meddler):
    """Real requests, of which some get lost on the way there or back, or meet a refusal.

    Attributes:
        what: what happens to requests whose name ends like this, as often as there are entries.
    """

    ends: str = WRITE
    what: list[Callable[[Callable[[], Response]], Response]] = field(default_factory=list)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as there
        """Send a request, or not."""
        name = f"{request.method} {(request.url or '').partition('?')[0].rpartition('/')[2]}"
        if self.what and name.endswith(self.ends):
            self.seen.append(name)
            return self.what.pop(0)(lambda: super(Meddler, self).send(request, *args, **kwargs))
        return super().send(request, *args, **kwargs)


def lost_there(_send: Callable[[], Response]) -> Response:
    """Lose the request."""
    raise requests.exceptions.ConnectionError("reset")


def lost_back(send: Callable[[], Response]) -> Response:
    """Lose the answer."""
    send()
    raise requests.exceptions.ReadTimeout("silence")


def refusal(
    status: int, message: str = "", *, reason: str = "", applied: bool = False
) -> Callable[[Callable[[], Response]], Response]:
    """Return what refuses a request, or says so although it was carried out."""

    def refuse(send: Callable[[], Response]) -> Response:
        if applied:
            send()
        response = Response()
        response.status_code = status
        details = [{"reason": reason}] if reason else []
        error = {"code": status, "message": message, "details": details}
        response._content = json.dumps({"error": error}).encode()
        return response

    return refuse


TROUBLES = {
    "the request is lost": lost_there,
    "the answer is lost": lost_back,
    "503 before": refusal(503, "The service is currently unavailable."),
    "503 after": refusal(503, "The service is currently unavailable.", applied=True),
    "500 after": refusal(500, "Internal error encountered.", applied=True),
    "429": refusal(429, "Quota exceeded for quota metric 'Write requests'"),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_a_write_is_looked_up_before_it_is_repeated(office: GoogleOffice, what: str) -> None:
    """Between two writes the tab is read; a row that was written is not written again."""
    trouble, watch = Trouble(), Watch()
    sheet = adapter(office, COLUMNS, meddler=trouble, waiting=watch.waiting())
    sheet.create()
    trouble.what = [TROUBLES[what]]
    sheet.write([], append=[account("1"), account("2")])
    written = [number for number, name in enumerate(trouble.seen) if name == WRITE]
    between = [trouble.seen[first + 1 : second] for first, second in pairwise(written)]
    assert ["1", "2"] == [row[0] for row in People(office).raw_cells()[1:]]
    assert (1 if "after" in what or "answer" in what else 2) == len(written)
    assert all("GET values:batchGet" in each for each in between)
    assert all("Waiting for Google" in each for each in watch.said)
    assert watch.said


def test_a_row_that_moved_while_google_was_away_is_found_again(office: GoogleOffice) -> None:
    """The repeated write goes to where the row is by then."""
    trouble = Trouble()
    sheet = adapter(office, COLUMNS, meddler=trouble, waiting=Watch().waiting())
    sheet.create()
    sheet.write([], append=[account(each) for each in ("3", "1", "2")])
    people = People(office)

    def away(_send: Callable[[], Response]) -> Response:
        people.sort_rows("User ID")
        raise requests.exceptions.ConnectionError("reset")

    trouble.what = [away]
    sheet.write([Patch("3", {"status": "Confirmed"})])
    assert [None, None, "Confirmed"] == [people.cell(each, "Status") for each in ("1", "2", "3")]


@pytest.mark.parametrize("what", ["the answer is lost", "503 after", "503 before"])
def test_the_tab_is_made_once(office: GoogleOffice, what: str) -> None:
    """Making a tab is looked up, too, before it is tried again."""
    trouble = Trouble(ends=STRUCTURE, what=[TROUBLES[what]])
    sheet = adapter(office, COLUMNS, meddler=trouble, waiting=Watch().waiting())
    sheet.create()
    assert 1 == [each["properties"]["title"] for each in office.sheets()].count("Credits")
    assert () == sheet.create()


def test_a_used_up_quota_is_waited_for(office: GoogleOffice) -> None:
    """Reading goes on after more than a minute of refusals, and says what it waits for."""
    watch = Watch()
    trouble = Trouble(ends="GET values:batchGet")
    sheet = adapter(office, COLUMNS, meddler=trouble, waiting=watch.waiting())
    sheet.create()
    trouble.what = [TROUBLES["429"]] * 7
    assert [] == list(sheet.read().values)
    assert watch.now_s > 1060
    assert any("quota" in each for each in watch.said)


def test_our_own_requests_keep_to_the_quota(office: GoogleOffice) -> None:
    """The third read of a minute waits for the next one, and it is said why."""
    watch = Watch()
    sheet = adapter(office, COLUMNS, waiting=watch.waiting(), quota=4)
    sheet.create()
    for _ in range(4):
        sheet.read()
    assert 1060 < watch.now_s < 1130
    assert "Waiting for Google: the quota" in watch.said[0]


def test_silence_is_bounded(office: GoogleOffice) -> None:
    """A few tries, then a sentence."""
    trouble = Trouble(ends="GET values:batchGet")
    sheet = adapter(office, COLUMNS, meddler=trouble, waiting=Watch().waiting())
    sheet.create()
    trouble.seen.clear()
    trouble.what = [lost_there] * 100
    with pytest.raises(SheetError, match="could not be reached"):
        sheet.read()
    assert TRIES == len(trouble.seen)


def test_writes_are_bounded_too(office: GoogleOffice) -> None:
    """Nobody tries for ever, and nothing was written."""
    trouble = Trouble()
    sheet = adapter(office, COLUMNS, meddler=trouble, waiting=Watch().waiting())
    sheet.create()
    trouble.what = [lost_there] * 100
    with pytest.raises(SheetError):
        sheet.write([], append=[account("1")])
    assert 1 == len(People(office).raw_cells())


def test_a_title_that_only_making_it_finds_taken_is_named(office: GoogleOffice) -> None:
    """Where reading tells cases apart and making a tab does not: no endless tries."""
    office.change({"addSheet": {"properties": {"title": "CREDITS"}}})
    unknown = refusal(400, "Unable to parse range: 'Credits'!1:2")
    trouble = Trouble(ends=f"GET {office.spreadsheet_id}", what=[unknown])
    sheet = adapter(office, COLUMNS, meddler=trouble)
    with pytest.raises(LayoutError, match="'CREDITS' only in upper and lower case"):
        sheet.create()


def test_who_may_not_open_it_is_told_whom_to_share_it_with(office: GoogleOffice) -> None:
    """Before anything else is done."""
    trouble = Trouble(ends="", what=[refusal(403, "The caller does not have permission")])
    sheet = adapter(office, COLUMNS, meddler=trouble)
    with pytest.raises(SheetError, match=ROBOT):
        sheet.ensure_writable()


def test_who_may_only_look_is_told(office: GoogleOffice) -> None:
    """Proven by a write that changes nothing."""
    trouble = Trouble(ends=STRUCTURE, what=[refusal(403, "The caller does not have permission")])
    sheet = adapter(office, COLUMNS, meddler=trouble)
    with pytest.raises(SheetError, match="may not change it"):
        sheet.prove_writable()


def test_proving_it_changes_nothing(office: GoogleOffice) -> None:
    """The tabs are as they were."""
    before = office.sheets()
    adapter(office, COLUMNS).prove_writable()
    assert before == office.sheets()


@pytest.mark.parametrize(
    "key", ["", "{}", "[]", '{"client_email": "a", "private_key": "b", "token_uri": "c"}']
)
def test_a_key_that_is_none_is_a_matter_of_configuration(office: GoogleOffice, key: str) -> None:
    """Nothing of the file is repeated."""
    sheet = adapter(GoogleOffice(office.address, key, office.spreadsheet_id), COLUMNS)
    with pytest.raises(ConfigError, match=r"google\.service_account"):
        sheet.ensure_writable()


def test_without_a_key_the_machine_s_own_credentials_serve(
    office: GoogleOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Application Default Credentials, here those that a variable names."""
    path = tmp_path / "adc.json"
    path.write_text(office.key, encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    access = Access(key=lambda: None, base_url=office.address, waiting=Watch().waiting())
    sheet = GoogleSheet(office.spreadsheet_id, tab="Credits", columns=COLUMNS, access=access)
    sheet.create()
    assert [] == list(sheet.read().values)


def test_no_credentials_at_all_say_what_to_do(
    office: GoogleOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A matter of configuration."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    access = Access(key=lambda: None, base_url=office.address, waiting=Watch().waiting())
    sheet = GoogleSheet(office.spreadsheet_id, tab="Credits", columns=COLUMNS, access=access)
    with pytest.raises(ConfigError, match="no Google credentials"):
        sheet.ensure_writable()


def test_traffic_is_counted(office: GoogleOffice) -> None:
    """Every attempt, and the bytes of bodies both ways."""
    meddler = Meddler()
    sheet = adapter(office, COLUMNS, meddler=meddler)
    before = sheet.traffic()
    sheet.create()
    sheet.read()
    reads = sum(1 for each in meddler.seen if each.startswith("GET"))
    assert {"reads": 0, "writes": 0, "bytes": 0} == before
    assert [reads, len(meddler.seen) - reads] == [sheet.traffic()["reads"], sheet.traffic()["writes"]]
    assert sheet.traffic()["bytes"] > 1000
    assert REQUESTS.read()["127.0.0.1", "2xx"][0] >= 2
