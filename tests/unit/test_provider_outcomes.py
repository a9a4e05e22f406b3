"""Every exception and every kind of reply falls into exactly one outcome class; unknown is the default."""

import inspect
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.client import BadStatusLine, RemoteDisconnected

import pytest
import urllib3.exceptions

from sheetsync.config.redaction import remember
from sheetsync.errors import OutcomeUnknownError, RejectedError, RetryableError
from sheetsync.providers.messages import NOT_JSON, Reply, Request, make_headers, parse_json, plain, words
from sheetsync.providers.outcomes import (
    NEVER_SENT,
    PlainDialect,
    failed_read,
    failed_write,
    judge_read,
    judge_write,
    retry_after,
)
from sheetsync.providers.transport import TRANSPORT_ERRORS

ASKED = Request("POST", "/add?email=a%40b.c", label="/add", setting="connections.shop.routes.add_credits")
PLAIN = PlainDialect()


def exceptions() -> Iterator[type[Exception]]:
    """Yield every exception class of urllib3 that is no warning."""
    for found in vars(urllib3.exceptions).values():
        if inspect.isclass(found) and issubclass(found, Exception) and not issubclass(found, Warning):
            yield found


def make(kind: type[Exception]) -> Exception:
    """Make an exception without its constructor: only its class is looked at."""
    return kind.__new__(kind)


def answer(status: int, body: object, *, framed: bool = True, **headers: str) -> Reply:
    """Return a reply; a body that is no bytes is sent as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, make_headers(named), raw, framed)


@pytest.mark.parametrize("kind", list(exceptions()), ids=lambda kind: str(kind.__name__))
def test_every_exception_of_urllib3_is_mapped(kind: type[Exception]) -> None:
    """After sending everything is unknown, but for what is only raised while there is no connection yet."""
    error = make(kind)
    assert isinstance(failed_write(error, ASKED, sent=False), RetryableError)
    expected = RetryableError if issubclass(kind, NEVER_SENT) else OutcomeUnknownError
    assert expected is type(failed_write(error, ASKED, sent=True))
    assert RetryableError is type(failed_read(error, ASKED, sent=True))


@pytest.mark.parametrize("kind", list(exceptions()), ids=lambda kind: str(kind.__name__))
def test_every_exception_of_urllib3_is_caught(kind: type[Exception]) -> None:
    """The transport lets none of them through."""
    assert issubclass(kind, TRANSPORT_ERRORS)


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        BrokenPipeError(),
        ssl.SSLError(),
        ssl.SSLEOFError(),
        RemoteDisconnected("x"),
        BadStatusLine("x"),
        socket.gaierror(),
        ValueError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_exceptions(error: Exception) -> None:
    """Sockets, TLS and http.client: certain only if nothing was sent."""
    before, after = failed_write(error, ASKED, sent=False), failed_write(error, ASKED, sent=True)
    assert isinstance(before, RetryableError)
    assert not before.reached
    assert isinstance(after, OutcomeUnknownError)
    assert isinstance(error, TRANSPORT_ERRORS)


ERROR = {"code": "rest_x", "message": "No.", "data": {"status": 400}}
HTML = b"<!DOCTYPE html><title>Oops</title>"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(200, {"credits": 5}), None),
        (answer(201, 5), None),
        (answer(200, "5"), None),
        (answer(200, True), None),
        (answer(200, None), None),
        (answer(204, b""), None),
        (answer(200, {"success": True, "error": None, "errors": []}), None),
        (answer(200, b""), OutcomeUnknownError),
        (answer(202, b""), OutcomeUnknownError),
        (answer(200, False), OutcomeUnknownError),
        (answer(200, {"success": False}), OutcomeUnknownError),
        (answer(200, {"error": "no"}), OutcomeUnknownError),
        (answer(200, {"status": "error"}), OutcomeUnknownError),
        (answer(200, ERROR), OutcomeUnknownError),
        (answer(200, b"\xef\xbb\xbf{}"), OutcomeUnknownError),
        (answer(200, b"Notice: x {}"), OutcomeUnknownError),
        (answer(200, b'{"a": NaN}'), OutcomeUnknownError),
        (answer(200, b"[" * 100_000), OutcomeUnknownError),
        (answer(200, 12, framed=False), OutcomeUnknownError),
        (answer(200, HTML), OutcomeUnknownError),
        (answer(301, b"", Location="https://x.example/a?email=b"), OutcomeUnknownError),
        (answer(307, ERROR), OutcomeUnknownError),
        (answer(400, ERROR), RejectedError),
        (answer(400, {"error": "no"}), RejectedError),
        (answer(400, {"error": {"message": "no"}}), RejectedError),
        (answer(400, {"other": "no"}), OutcomeUnknownError),
        (answer(400, {"message": ""}), OutcomeUnknownError),
        (answer(400, ["no"]), OutcomeUnknownError),
        (answer(400, HTML), OutcomeUnknownError),
        (answer(403, HTML), OutcomeUnknownError),
        (answer(408, ERROR), OutcomeUnknownError),
        (answer(429, HTML), RetryableError),
        (answer(429, ERROR), RetryableError),
        (answer(429, HTML, cf_mitigated="challenge"), RejectedError),
        (answer(403, HTML, cf_mitigated="challenge"), RejectedError),
        (answer(503, HTML, cf_mitigated="challenge"), RejectedError),
        (answer(500, ERROR), OutcomeUnknownError),
        (answer(502, HTML), OutcomeUnknownError),
        (answer(503, ERROR, Retry_After="600"), OutcomeUnknownError),
    ],
    ids=lambda value: f"{value.status}-{value.body[:14]!r}" if isinstance(value, Reply) else None,
)
def test_replies_to_writes(reply: Reply, expected: type[Exception] | None) -> None:
    """Accepted, retryable, rejected or unknown, exactly one."""
    outcome = judge_write(ASKED, reply, PLAIN)
    assert expected is (None if outcome is None else type(outcome))
    assert "email" not in str(outcome)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(200, {"credits": 5}), None),
        (answer(200, 12, framed=False), RetryableError),
        (answer(200, b""), RetryableError),
        (answer(204, b""), RetryableError),
        (answer(200, b"\xef\xbb\xbf{}"), RetryableError),
        (answer(200, {"success": False, "message": "no"}), RejectedError),
        (answer(301, b""), RejectedError),
        (answer(404, ERROR), RejectedError),
        (answer(404, HTML), RetryableError),
        (answer(429, ERROR), RetryableError),
        (answer(500, ERROR), RetryableError),
        (answer(503, HTML), RetryableError),
        (answer(503, HTML, cf_mitigated="challenge"), RejectedError),
    ],
    ids=lambda value: f"{value.status}-{value.body[:14]!r}" if isinstance(value, Reply) else None,
)
def test_replies_to_reads(reply: Reply, expected: type[Exception] | None) -> None:
    """Data, retryable or rejected, exactly one."""
    outcome = judge_read(ASKED, reply, PLAIN)
    assert expected is (None if outcome is None else type(outcome))


@pytest.mark.parametrize(
    ("status", "code", "everything", "gone"),
    [
        (401, "anything", True, False),
        (403, "rest_forbidden", True, False),
        (403, "", True, False),
        (403, "customer_blocked", False, False),
        (404, "rest_no_route", True, False),
        (404, "rest_user_invalid_id", False, True),
        (405, "x", True, False),
        (400, "rest_invalid_param", False, False),
    ],
)
def test_reach_of_refusals(status: int, code: str, *, everything: bool, gone: bool) -> None:
    """Credentials and missing routes stop everything; what is wrong with one account does not."""
    outcome = judge_write(ASKED, answer(status, {"code": code, "message": "No."}), PLAIN)
    assert isinstance(outcome, RejectedError)
    assert (everything, gone) == (outcome.everything, outcome.account_gone)
    if everything and status in (404, 405):
        assert "connections.shop.routes.add_credits" in outcome.message


def test_retry_after_forms() -> None:
    """Seconds or a date; anything else is nothing."""
    now = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)
    for text, seconds in (
        ("120", 120.0),
        ("Fri, 01 Mar 2024 12:01:00 GMT", 60.0),
        ("Fri, 01 Mar 2024 11:00:00 GMT", 0.0),
        ("Fri, 01 Mar 2024 12:01:00", 60.0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ):
        assert seconds == retry_after(make_headers({"Retry-After": text}), now), text
    busy = judge_write(ASKED, answer(429, ERROR, Retry_After="7"), PLAIN)
    assert isinstance(busy, RetryableError)
    assert busy.reached
    assert 7.0 == busy.retry_after_s


def test_json_is_exact_and_whole() -> None:
    """Fractions are decimals; junk around, broken text and absurd numbers are no JSON."""
    assert {"a": Decimal("9007199254740993.01")} == parse_json(b'{"a": 9007199254740993.01}')
    for body in (b"", b"{} x", b"x {}", b'"\xff"', b"Infinity", b"1" * 5000, "\ufeff1".encode()):
        assert NOT_JSON is parse_json(body), body[:20]


def test_words_are_short_plain_and_without_secrets() -> None:
    """Tags go, entities are read, control characters and secrets vanish, and the end is marked."""
    remember("hunter2hunter2")
    said = words(
        answer(400, {"message": "<b>Error:</b> O&#8217;Brien\r\n\x1b[31m hunter2hunter2 <script>x</script>"})
    )
    assert "Error: O’Brien [31m •••" == said
    assert 200 == len(plain("a" * 999))
    assert plain("a" * 999).endswith("…")
    assert "5 < 6 & so" == plain("5 < 6 & so")
    assert "?" in plain("\ud800")


def test_unknown_says_to_verify() -> None:
    """A person must never think that an unknown outcome can simply be sent again."""
    outcome = judge_write(ASKED, answer(500, ERROR), PLAIN)
    assert outcome is not None
    assert "verify" in outcome.hint
