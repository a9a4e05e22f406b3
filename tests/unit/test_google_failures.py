"""Whatever goes wrong with Google becomes a sentence that says what to do."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gspread.exceptions
import pytest
import requests
from google.auth import exceptions as auth

import sheetsync
from sheetsync.errors import ConfigError, SheetError, SheetsyncError
from sheetsync.sheets.google.failures import Interpreter
from sheetsync.sheets.google.http import LIBRARY_ERRORS
from sheetsync.sheets.google.refusals import ChangedError, NoSuchTabError, PassingError, Refusal

ROBOT = "robot@office.iam.gserviceaccount.com"
INTERPRETER = Interpreter("1AbC", account=ROBOT, host="sheets.googleapis.com")


def _classes(module: ModuleType) -> Iterator[type[Exception]]:
    for _, kind in inspect.getmembers(module, inspect.isclass):
        of_module = kind.__module__ == module.__name__
        if of_module and issubclass(kind, Exception) and not issubclass(kind, Warning):
            yield kind


CLASSES = [*_classes(requests.exceptions), *_classes(auth), *_classes(gspread.exceptions)]


def _made(kind: type[Exception], said: str = "something") -> Exception:
    response = requests.Response()
    response.status_code = 418
    if kind is gspread.exceptions.APIError:
        return gspread.exceptions.APIError(response)
    if kind is requests.exceptions.JSONDecodeError:
        return requests.exceptions.JSONDecodeError("no", "", 0)
    return kind(said)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_libraries_is_explained(kind: type[Exception]) -> None:
    """None gets through; each is caught where requests are made, and becomes a sentence with a way out."""
    error = _made(kind)
    found = INTERPRETER.raised(error)
    assert isinstance(error, LIBRARY_ERRORS)
    assert isinstance(found, SheetError | ConfigError)
    assert found.message.endswith(".")
    assert found.hint.endswith(".")


FULL = "This would increase the number of cells in the workbook above the limit of 10000000 cells."


def _refused(status: int, message: str = "", *, reason: str = "", write: bool = False) -> SheetsyncError:
    details = [{"reason": reason, "metadata": {"consumer": "projects/7421"}}] if reason else []
    body = {"error": {"code": status, "message": message, "details": details}}
    return INTERPRETER.refusal(Refusal.read(status, body, {}), write=write)


@pytest.mark.parametrize("write", [False, True])
def test_not_shared_names_the_account_to_share_it_with(write: bool) -> None:  # noqa: FBT001 - a case
    """The clerk can copy the address out of the sentence."""
    found = _refused(403, "The caller does not have permission", write=write)
    assert ROBOT in found.message
    assert ROBOT in found.hint
    assert write == ("change" in found.message)


@pytest.mark.parametrize(
    ("status", "message", "reason", "words"),
    [
        (403, "The API has not been used in project 7421 before", "", "project 7421 is not enabled"),
        (403, "disabled", "SERVICE_DISABLED", "project 7421 is not enabled"),
        (403, "Insufficient", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "may not use Google Sheets"),
        (400, "You are trying to edit a protected cell or object.", "", "protected cells"),
        (400, FULL, "", "10 million"),
        (400, "This operation is not supported for this document", "", "Office file"),
        (401, "Request had invalid authentication credentials.", "", "sign-in"),
        (404, "Requested entity was not found.", "", "is not there"),
        (302, "", "", "status 302"),
        (400, "Invalid value at 'data'", "", "Invalid value at 'data'"),
    ],
)  # fmt: skip
def test_refusals_say_what_is_wrong(status: int, message: str, reason: str, words: str) -> None:
    """Each kind in its own words."""
    found = _refused(status, message, reason=reason)
    assert isinstance(found, SheetError)
    assert words in found.message
    assert found.hint


def test_a_used_up_quota_passes_and_certainly_did_nothing() -> None:
    """It is waited for; a write need not be looked up, only planned anew."""
    body = {"error": {"message": "Quota exceeded for quota metric 'Write requests'"}}
    found = INTERPRETER.refusal(Refusal.read(429, body, {"Retry-After": "7"}), write=True)
    assert isinstance(found, PassingError)
    assert (True, False, 7.0) == (found.quota, found.lost, found.pause_s)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_error_may_have_happened(status: int) -> None:
    """So whoever wrote has to look before writing again."""
    found = _refused(status)
    assert isinstance(found, PassingError)
    assert found.lost


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Unable to parse range: 'Credits'", NoSuchTabError),
        ("Range (Credits!A1001) exceeds grid limits. Max rows: 1000, max columns: 26", ChangedError),
        ('A sheet with the name "Credits" already exists.', ChangedError),
    ],
)
def test_what_somebody_changed_is_looked_at_again(message: str, kind: type[Exception]) -> None:
    """These are no errors of the set-up."""
    assert type(_refused(400, f"Invalid requests[0]: {message}")) is kind


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("invalid_grant: Invalid JWT: Token must be in a reasonable timeframe. Check your iat", "clock"),
        ("invalid_grant: Invalid JWT Signature.", "revoked"),
        ("invalid_grant: account not found", "deleted"),
        ("unauthorized_client: Client is unauthorized", "does not let"),
    ],
)  # fmt: skip
def test_a_refused_sign_in_says_why(said: str, words: str) -> None:
    """A wrong clock, a revoked key and a forbidden scope need different people."""
    assert words in INTERPRETER.raised(_made(auth.RefreshError, said)).message


def test_gspread_is_used_in_one_place() -> None:
    """Whoever asks Google goes through the client that has bounds."""
    package = Path(sheetsync.__file__).parent
    users = [path.name for path in package.rglob("*.py") if "gspread." in path.read_text("utf-8")]
    assert ["http.py"] == users


def test_no_body_and_no_json_is_a_sentence_too() -> None:
    """Something else answers at the address."""
    found = INTERPRETER.refusal(Refusal.read(418, None, {}), write=False)
    assert "sheets.googleapis.com answered with status 418" in found.message
