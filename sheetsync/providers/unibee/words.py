"""What UniBee's envelopes mean: success, its own refusal, too busy, or nobody knows.

Every answer is ``{"code", "message", "data", …}``; the code counts, whatever the HTTP status.
"""

import re
from dataclasses import dataclass

from sheetsync.errors import OutcomeUnknownError, RejectedError, RequestOutcome, RetryableError
from sheetsync.providers.messages import Reply, Request, plain
from sheetsync.providers.outcomes import UNKNOWN_NEXT, rejected, say

OK = 0
REFUSED = 51
"""A validation or business rejection in plain text; also the answer over quota."""

STRANGER = 61
"""The API key is missing or unknown."""

USER_GET = "/merchant/user/get"
WRITES = (
    "/merchant/credit/promo_credit_increment",
    "/merchant/credit/promo_credit_decrement",
    "/merchant/subscription/update_submit",
)
"""The only calls that change something."""

KEY_NEXT = (
    "Check api_key: it is made in UniBee's merchant portal, and base_url has to belong to the same "
    "environment (live or sandbox)."
)

_INTERNAL = re.compile(r"\s*server error", re.IGNORECASE)
_QUOTA = re.compile(r"max api qps", re.IGNORECASE)
_DUPLICATE = re.compile(
    r"duplicat|idempoten|already\s+(?:been\s+)?(?:processed|used|exist|submitted)", re.IGNORECASE
)
_NO_USER = re.compile(r"user\s*(?:is\s+)?not\s+(?:found|exist)|invalid\s+user", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UniBeeDialect:
    """Reads UniBee's envelopes. Only its own well-formed refusal says that nothing was applied."""

    def judge(self, request: Request, reply: Reply) -> RequestOutcome | None:
        """Return the outcome that an envelope stands for; None for a success, and for what is no envelope."""
        code = code_of(reply)
        if code is None:
            return _no_envelope(request, reply)
        if code == STRANGER and reply.status < 500:
            what = f"UniBee does not know this API key{_said(reply)}"
            return rejected(say(request, what), hint=KEY_NEXT, reply=reply, everything=True)
        if code == OK and 200 <= reply.status < 300:
            return None
        said = message_of(reply)
        if code == REFUSED and reply.status < 500 and said and not _INTERNAL.match(said):
            return _refusal(request, reply, said)
        # codes 50, 52 and 68, and any other: the change may have been committed before what failed
        return _doubt(request, f"UniBee failed inside{_said(reply)}")


def _no_envelope(request: Request, reply: Reply) -> RequestOutcome | None:
    if not is_write(request):
        return None
    # neither a proxy's page nor JSON of somebody else says what became of a change
    return _doubt(request, f"an answer that is not UniBee's, HTTP {reply.status}")


def _refusal(request: Request, reply: Reply, said: str) -> RequestOutcome:
    if _QUOTA.search(said):
        return RetryableError(say(request, f"UniBee is too busy: {said}"))
    if is_write(request) and _DUPLICATE.search(said):
        # an earlier attempt under the same key may be what it met: that is to be looked up, not refused
        return _doubt(request, f"UniBee calls it a repetition: {said}")
    gone = USER_GET in request.target and _NO_USER.search(said) is not None
    return rejected(say(request, f"UniBee refused: {said}"), reply=reply, account_gone=gone)


def _doubt(request: Request, what: str) -> RequestOutcome:
    if is_write(request):
        return OutcomeUnknownError(say(request, what), hint=UNKNOWN_NEXT)
    return RetryableError(say(request, what))


def is_write(request: Request) -> bool:
    """Whether a request may change something."""
    return request.target in WRITES


def code_of(reply: Reply) -> int | None:
    """Return the code of an envelope, or None if it is none."""
    code = reply.data.get("code") if isinstance(reply.data, dict) else None
    return None if isinstance(code, bool) or not isinstance(code, int) else code


def message_of(reply: Reply) -> str:
    """Return UniBee's own words, shortened."""
    said = reply.data.get("message") if isinstance(reply.data, dict) else None
    return plain(said) if isinstance(said, str) else ""


def _said(reply: Reply) -> str:
    said = message_of(reply)
    return f": {said}" if said else f", HTTP {reply.status}, code {code_of(reply)}"


def not_as_documented(request: Request, what: str) -> RejectedError:
    """Return the refusal of an answer that is not what the contract says."""
    return RejectedError(
        say(request, f"the answer is not as documented: {what}"),
        hint="Compare base_url with UniBee's merchant portal.",
        everything=True,
    )
