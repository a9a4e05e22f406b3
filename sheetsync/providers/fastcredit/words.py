"""What WordPress says when it refuses, and what that means to an admin."""

from dataclasses import dataclass

from sheetsync.errors import RequestOutcome
from sheetsync.providers.messages import Reply, Request, code_of, plain, words
from sheetsync.providers.outcomes import rejected, say

PARAMS_SHOWN = 3
"""Parameters of a refusal that a message names."""

API_DETAILS = "FastCredit Pro → Integrations and API → API Details"

PASSWORD_PLACE = "WordPress → Users → Profile → Application Passwords"  # noqa: S105 - a menu

NOT_LOGGED_IN = "WordPress did not take the user name and application password"
NOT_LOGGED_IN_NEXT = (
    f"Check username and application_password (made under {PASSWORD_PLACE}, not the login password). If both"
    " are right, the web server removes the Authorization header: with Apache add"
    ' "SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1" to .htaccess, or ask the hosting company.'
)
SWITCHED_OFF = "Application passwords are switched off on this WordPress site"
SWITCHED_OFF_NEXT = (
    "Switch them on: in the security plug-in (Wordfence: Disable WordPress application passwords), and use"
    " https."
)
WRONG_PASSWORD = "WordPress says that the application password is wrong"  # noqa: S105 - a sentence
WRONG_PASSWORD_NEXT = (
    f"Make a new one under {PASSWORD_PLACE}, in the profile of the user that username names, and put it where"
    " the configuration reads application_password."
)
WRONG_USER = "WordPress does not know the user name"
WRONG_USER_NEXT = "Correct username: WordPress → Users shows it in the first column."
NOT_ADMIN = "The WordPress user may not do this: it is no administrator"
NOT_ADMIN_NEXT = (
    "Set its role under WordPress → Users → (the user) → Role → Administrator, or use an administrator's"
    " application password."
)

PERMALINK_NEXT = (
    "WordPress → Settings → Permalinks: choose anything but Plain. Or put /index.php?rest_route= in front of"
    " every route instead of /wp-json."
)

_BY_CODE = {
    "incorrect_password": (WRONG_PASSWORD, WRONG_PASSWORD_NEXT),
    "invalid_username": (WRONG_USER, WRONG_USER_NEXT),
    "invalid_email": (WRONG_USER, WRONG_USER_NEXT),
    "application_passwords_disabled": (SWITCHED_OFF, SWITCHED_OFF_NEXT),
    "application_passwords_disabled_for_user": (SWITCHED_OFF, SWITCHED_OFF_NEXT),
}
_NOT_LOGGED_IN_CODES = ("rest_not_logged_in", "rest_forbidden", "rest_forbidden_context", "rest_cannot_view")
_NOT_ADMIN_CODES = ("rest_forbidden", "rest_forbidden_context", "rest_cannot_edit", "rest_user_cannot_view")


def is_ambiguous(status: object, code: object) -> bool:
    """Whether a refusal leaves open why WordPress took us for a stranger."""
    return status == 401 and (not code or code in _NOT_LOGGED_IN_CODES)


def leaves_cause_open(status: object, code: object) -> bool:
    """Whether a refusal, in a plug-in's words too, does not say what is wrong with our sign-in."""
    return status == 401 and code not in _BY_CODE


@dataclass(frozen=True, slots=True)
class WordPressDialect:
    """The refusals of WordPress: ``{"code", "message", "data": {"status": …}}``."""

    def judge(self, request: Request, reply: Reply) -> RequestOutcome | None:
        """Turn a refusal of our access, or of a parameter, into a sentence; leave the rest to the status."""
        code = code_of(reply)
        if reply.status in (401, 403) and (known := _access(reply.status, code)) is not None:
            sentence, hint = known
            return rejected(say(request, f"{sentence}, {code}"), hint=hint, reply=reply, everything=True)
        if reply.status == 400 and code in ("rest_invalid_param", "rest_missing_callback_param"):
            return _refused_parameter(request, reply, code)
        return None


def _access(status: int, code: str) -> tuple[str, str] | None:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == 401 and code in _NOT_LOGGED_IN_CODES:
        return NOT_LOGGED_IN, NOT_LOGGED_IN_NEXT
    if status == 403 and code in _NOT_ADMIN_CODES:
        return NOT_ADMIN, NOT_ADMIN_NEXT
    return None


def _refused_parameter(request: Request, reply: Reply, code: str) -> RequestOutcome:
    """A parameter that is missing is missing in every request; a value that is wrong is wrong in this one."""
    missing = code == "rest_missing_callback_param"
    hint = f"Compare body and query of {request.setting} with what the site expects." if missing else ""
    what = f"the credit system refused: {words(reply)}{_reasons(reply)}"
    return rejected(say(request, what), hint=hint, reply=reply, everything=missing)


def _reasons(reply: Reply) -> str:
    data = reply.data.get("data") if isinstance(reply.data, dict) else None
    params = data.get("params") if isinstance(data, dict) else None
    if not isinstance(params, dict):
        return ""
    texts = [plain(text) for text in params.values() if isinstance(text, str)][:PARAMS_SHOWN]
    return f" ({'; '.join(texts)})" if texts else ""
