"""What FasCard says when it refuses, and what that means to an admin."""

from dataclasses import dataclass

from sheetsync.errors import RejectedError, RequestOutcome
from sheetsync.providers.messages import Reply, Request, plain
from sheetsync.providers.outcomes import rejected, say

SIGN_IN = "/api/AuthToken"

NOT_SIGNED_IN = "FasCard did not take the user name and password"
NOT_SIGNED_IN_NEXT = (
    "Check username and password by signing in to the FasCard site with them, and put them where the "
    "configuration reads them."
)
NOT_FASCARD = "There is no FasCard at this address"
NOT_FASCARD_NEXT = "Correct base_url: https://m.fascard.com unless you know better."
EXPIRED = "FasCard took us for a stranger, also right after signing in again"
EXPIRED_NEXT = "Check that the person in username may use the API; sheetsync check says what is missing."
NO_PRIVILEGE = "the person in username may not do this"

PRIVILEGES = {
    "UserAccount": "Loyalty Accounts",
    "Transact": "Reports",
    "User": "User Manager",
    "Equip": "Equipment Setup",
}
"""Part of the address → the privilege that the document asks for."""

_TEXTS = (
    "Message",
    "ErrorMessage",
    "ErrorDescription",
    "Description",
    "Error",
    "ErrorText",
    "message",
    "error",
)


@dataclass(frozen=True, slots=True)
class FasCardDialect:
    """The refusals of FasCard: ``{"ErrorCode": …}``; 401 means that the token has expired."""

    def judge(self, request: Request, reply: Reply) -> RequestOutcome | None:
        """Tell refusals of our access and of one account apart; leave the rest to the status."""
        if reply.status == 401:
            # documented: unauthenticated, nothing was applied, whatever the body holds
            return rejected(say(request, EXPIRED), hint=EXPIRED_NEXT, reply=reply, everything=True)
        changes = request.method == "POST" and not request.target.endswith(SIGN_IN)
        not_there = reply.status == 404 and not changes  # also as a page: the address is not there
        page = reply.is_html and not not_there
        if page or not 400 <= reply.status < 500 or reply.status in (405, 408, 429):
            return None
        if changes and not error_words(reply.data):
            return None  # not in FasCard's own words: nobody knows who said it
        if reply.status == 403:
            return rejected(
                say(request, f"{NO_PRIVILEGE}{_said(reply)}"),
                hint=_privilege_hint(request),
                reply=reply,
                everything=True,
            )
        return rejected(
            say(request, f"FasCard refused{_said(reply)}"),
            reply=reply,
            account_gone=reply.status in (404, 410) and not reply.is_html,
        )


def has_error_code(data: object) -> bool:
    """Whether a reply is one of FasCard's own refusals."""
    return isinstance(data, dict) and data.get("ErrorCode") not in (None, 0, "0", "", False)


def error_words(data: object) -> str:
    """Return FasCard's own words of a refusal: ``ErrorCode 12, Not enough``."""
    if not isinstance(data, dict):
        return ""
    code = data.get("ErrorCode")
    texts = (data.get(name) for name in _TEXTS)
    said = next((plain(text) for text in texts if isinstance(text, str) and text.strip()), "")
    numbered = f"ErrorCode {plain(str(code), 40)}" if has_error_code(data) else ""
    return ", ".join(part for part in (numbered, said) if part)


def refused_inside(request: Request, reply: Reply) -> RejectedError:
    """Return the refusal that came with a success."""
    return rejected(say(request, f"FasCard refused: {error_words(reply.data)}"), reply=reply)


def _said(reply: Reply) -> str:
    said = error_words(reply.data)
    return f": {said}" if said else f", HTTP {reply.status}"


def _privilege_hint(request: Request) -> str:
    if "/SysStats" in request.label:
        return "FasCard shows them to support administrators only."
    needed = next((name for part, name in PRIVILEGES.items() if f"/{part}" in request.label), "")
    whose = f"the privilege '{needed}', or Account Admin" if needed else "the privilege that this needs"
    return f"Give the person in username {whose}, for the account in account_id."
