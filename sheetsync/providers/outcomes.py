"""What became of a request: pure functions from an exception or a reply to one of the outcome classes.

A write ends as accepted, ``RetryableError`` (certainly nothing happened), ``RejectedError`` (refused for
good) or ``OutcomeUnknownError`` (everything else: unknown is the default). A read ends with data,
``RetryableError`` or ``RejectedError``.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.exceptions import SSLError as TLSError
from urllib3.exceptions import TimeoutError as PhaseTimeoutError

from sheetsync.config.redaction import redact
from sheetsync.errors import OutcomeUnknownError, RejectedError, RequestOutcome, RetryableError
from sheetsync.providers.messages import Reply, Request, code_of, words

NEVER_SENT = (NewConnectionError, NameResolutionError, ConnectTimeoutError)
"""urllib3 raises these only while there is no connection yet."""

ACCESS_WORDS = (
    "forbidden",
    "unauthorized",
    "cannot",
    "not_logged_in",
    "not_allowed",
    "permission",
    "password",
    "invalid_username",
    "invalid_email",
    "token",
    "credential",
)
"""Parts of the error codes of a 403 that would meet every other operation, too."""

_CAUSES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((NameResolutionError,), "the host's name is not known"),
    ((ssl.SSLError, TLSError), "the encrypted connection (TLS) failed"),
    ((ConnectionRefusedError, NewConnectionError), "refused or not reachable"),
    ((TimeoutError, PhaseTimeoutError), "no answer in time"),
    ((ConnectionResetError, BrokenPipeError), "the other side closed it"),
)

UNKNOWN_NEXT = "It may have been carried out: verify before anything else."
CHALLENGE_NEXT = (
    "Let the site's firewall (Cloudflare: WAF, custom rule, Skip) pass this server's address to the REST API."
)
REDIRECT_NEXT = "Put the address that it points to into base_url; redirects are never followed."


class Dialect(Protocol):
    """What one credit system says in its own way."""

    def judge(self, request: Request, reply: Reply) -> RequestOutcome | None:
        """Return the outcome of a reply where the system's own codes decide it, else None.

        The status tells reads from writes nothing: what it returns holds for both.
        """
        ...


@dataclass(frozen=True, slots=True)
class PlainDialect:
    """A system without ways of its own."""

    def judge(self, request: Request, reply: Reply) -> RequestOutcome | None:
        """Leave it to the status."""
        del request, reply
        return None


def failed_write(error: Exception, request: Request, *, sent: bool) -> RetryableError | OutcomeUnknownError:
    """Return the outcome of a write that ended without a complete reply.

    Args:
        error: what urllib3, http.client, ssl or a socket raised.
        request: the attempt.
        sent: whether a byte may have left before.
    """
    if not sent or isinstance(error, NEVER_SENT):
        what = f"no connection, nothing was sent: {_cause(error)}"
        return RetryableError(say(request, what), hint=_connect_hint(error), reached=False)
    return OutcomeUnknownError(_broken(error, request), hint=UNKNOWN_NEXT)


def failed_read(error: Exception, request: Request, *, sent: bool) -> RetryableError:
    """Return the outcome of a read that ended without a complete reply."""
    hint = _connect_hint(error)
    if not sent or isinstance(error, NEVER_SENT):
        return RetryableError(say(request, f"no connection: {_cause(error)}"), hint=hint, reached=False)
    return RetryableError(_broken(error, request), hint=hint)


def _broken(error: Exception, request: Request) -> str:
    return say(request, f"the connection ended without a complete answer: {_cause(error)}")


def say(request: Request, what: str) -> str:
    """Return a sentence about a request: first what matters to everybody, then what an admin looks for."""
    return f"{what[:1].upper()}{what[1:].rstrip('.')} ({request.method} {request.label})."


def judge_write(request: Request, reply: Reply, dialect: Dialect) -> RequestOutcome | None:
    """Return what stands against a write having been accepted, or None."""
    if (early := _intercepted(request, reply)) is not None:
        return early
    if (own := dialect.judge(request, reply)) is not None:
        return own
    if 200 <= reply.status < 300:
        return _doubtful_success(request, reply)
    if is_refusal(reply):
        return refused(request, reply)
    return OutcomeUnknownError(say(request, describe(reply)), hint=UNKNOWN_NEXT)


def judge_read(request: Request, reply: Reply, dialect: Dialect) -> RequestOutcome | None:
    """Return what stands against a read having given data, or None."""
    if (early := _intercepted(request, reply)) is not None:
        return refused_redirect(request, reply) if isinstance(early, OutcomeUnknownError) else early
    if (own := dialect.judge(request, reply)) is not None:
        return own
    if 200 <= reply.status < 300 and reply.is_json:
        return refused(request, reply) if is_error_shape(reply.data) else None
    if is_refusal(reply):
        return refused(request, reply)
    error = RetryableError(
        say(request, describe(reply)),
        hint=_read_hint(reply),
        retry_after_s=retry_after(reply.headers),
    )
    error.details.update(status=reply.status, html=reply.is_html)
    return error


def _intercepted(request: Request, reply: Reply) -> RequestOutcome | None:
    """Return the outcome of what is decided before a system's own words: block, busy, redirect."""
    if is_challenge(reply):
        return rejected(
            say(request, f"a challenge page of Cloudflare stands before the site, HTTP {reply.status}"),
            hint=CHALLENGE_NEXT,
            reply=reply,
            everything=True,
        )
    if reply.status == 429:
        return RetryableError(
            say(request, "the credit system is too busy, HTTP 429"),
            retry_after_s=retry_after(reply.headers),
        )
    if 300 <= reply.status < 400:
        return OutcomeUnknownError(say(request, _redirect(reply)), hint=f"{REDIRECT_NEXT} {UNKNOWN_NEXT}")
    return None


def refused_redirect(request: Request, reply: Reply) -> RejectedError:
    """Return the outcome of a read that was sent elsewhere."""
    error = rejected(say(request, _redirect(reply)), hint=REDIRECT_NEXT, reply=reply, everything=True)
    error.details["location"] = _location(reply)
    return error


def _doubtful_success(request: Request, reply: Reply) -> RequestOutcome | None:
    if reply.is_json and not is_error_shape(reply.data):
        return None
    if reply.status == 204 and not reply.body:
        return None
    what = (
        f"a success with an error inside, {words(reply) or 'without words'}"
        if reply.is_json
        else describe(reply)
    )
    return OutcomeUnknownError(say(request, what), hint=UNKNOWN_NEXT)


def is_refusal(reply: Reply) -> bool:
    """Whether it is the system's own, well-formed refusal."""
    if not 400 <= reply.status < 500 or reply.status in (408, 429):
        return False
    return isinstance(reply.data, dict) and bool(words(reply))


def refused(request: Request, reply: Reply) -> RejectedError:
    """Return the refusal of a reply in the system's own words."""
    said = words(reply) or "no words"
    code = code_of(reply)
    if reply.status == 405 or (reply.status == 404 and code == "rest_no_route"):
        return rejected(
            say(request, f"the address of {request.setting or 'this request'} is not there: {said}"),
            hint=f"Correct {request.setting or 'it'}; sheetsync check lists what the site has.",
            reply=reply,
            everything=True,
        )
    return rejected(
        say(request, f"the credit system refused: {said}"),
        reply=reply,
        everything=reply.status == 401 or (reply.status == 403 and is_access(code)),
        account_gone=reply.status in (404, 410),
    )


def rejected(
    message: str, *, reply: Reply, hint: str = "", everything: bool = False, account_gone: bool = False
) -> RejectedError:
    """Return a refusal that remembers status and code for those who explain it."""
    error = RejectedError(message, hint=hint, everything=everything, account_gone=account_gone)
    error.details.update(status=reply.status, code=code_of(reply))
    return error


def rejected_like(error: RejectedError, message: str, hint: str) -> RejectedError:
    """Return the same refusal in other words."""
    made = RejectedError(message, hint=hint, everything=error.everything, account_gone=error.account_gone)
    made.details.update(error.details)
    return made


def is_access(code: str) -> bool:
    """Whether the code of a 403 speaks of our access, and not of one account."""
    return not code or any(part in code.lower() for part in ACCESS_WORDS)


def is_challenge(reply: Reply) -> bool:
    """Whether Cloudflare stopped the request before it reached the site."""
    return "challenge" in reply.headers.get("cf-mitigated", "").lower()


def is_error_shape(data: object) -> bool:
    """Whether JSON that came with a success says that something failed."""
    if data is False:
        return True
    if not isinstance(data, Mapping):
        return False
    status = data.get("data", {}).get("status") if isinstance(data.get("data"), Mapping) else None
    return (
        data.get("success") in (False, "false")
        or data.get("ok") is False
        or bool(data.get("error") or data.get("errors"))
        or str(data.get("status", "")).lower() in ("error", "fail", "failed", "failure")
        or (isinstance(status, int) and status >= 400)
    )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds of a Retry-After header, given as a number or as a date, or None."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def describe(reply: Reply) -> str:
    """Say what kind of reply it is, for one sentence."""
    said = words(reply)
    tail = f': "{said}"' if said else ""
    if reply.is_html:
        return f"an HTML page instead of data, HTTP {reply.status}{tail}"
    if reply.is_json:
        return f"an error, HTTP {reply.status}{tail}"
    if not reply.body:
        return f"an empty answer, HTTP {reply.status}"
    return f"an answer that is not JSON, HTTP {reply.status}; {_junk(reply.body)}"


def _junk(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        return "it starts with a byte-order mark"
    start = body.lstrip()[:1]
    brace = min((at for at in (body.find(b"{"), body.find(b"[")) if at > 0), default=-1)
    if start not in (b"{", b"[") and brace > 0:
        return "something stands before the JSON, such as a PHP notice"
    return "it is cut off or damaged"


def _read_hint(reply: Reply) -> str:
    if reply.status == 503:
        return "The site may be in maintenance; try again later."
    if 200 <= reply.status < 300 and not reply.is_html:
        return "Switch off WP_DEBUG_DISPLAY in wp-config.php, or the plug-in that prints before the answer."
    return "Look at the site itself; if it works there, compare base_url and the routes with it."


def _redirect(reply: Reply) -> str:
    return f"the site redirects to {_location(reply) or 'another address'}, HTTP {reply.status}"


def _location(reply: Reply) -> str:
    # Of the target only what an admin needs: its query may hold what we sent.
    return redact(reply.headers.get("Location", "").partition("?")[0])[:100]


def _cause(error: Exception) -> str:
    """Name a failure in plain words, never by its text: that holds addresses and object names."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the site's certificate is not valid ({error.verify_message})"
    for kinds, sentence in _CAUSES:
        if isinstance(error, kinds):
            return sentence
    return f"cut off or damaged, {type(error).__name__}"


def _connect_hint(error: Exception) -> str:
    if isinstance(error, ssl.SSLError | TLSError):
        return "Renew the site's certificate, or correct base_url."
    return "Check base_url, and that the site is up and reachable from this machine."
