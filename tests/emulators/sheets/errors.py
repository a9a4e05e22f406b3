"""The refusals of the Sheets API, word for word as far as they are known."""

from typing import Any

Json = dict[str, Any]

PROJECT = "123456789012"
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
PROTECTED = (
    "You are trying to edit a protected cell or object. "
    "Please contact the spreadsheet owner to remove protection if you need to edit."
)


class ApiError(Exception):
    """A request that is refused; nothing of it was carried out.

    Args:
        message: What Google says.
        code: HTTP status.
        details: Of the body's `details`, if Google sends any.
    """

    def __init__(self, message: str, code: int = 400, *, details: list[Json] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details or []

    def within(self, where: str) -> "ApiError":
        """The same refusal, saying which part of a batch it is about."""
        return ApiError(f"Invalid {where}: {self.message}", self.code, details=self.details)

    def body(self) -> Json:
        """The reply's JSON."""
        error: Json = {"code": self.code, "message": self.message, "status": _STATUS[self.code]}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def not_found() -> ApiError:
    """No spreadsheet has this id."""
    return ApiError("Requested entity was not found.", 404)


def forbidden() -> ApiError:
    """The caller may not open the spreadsheet."""
    return ApiError("The caller does not have permission", 403)


def no_grid(sheet_id: int) -> ApiError:
    """A range names a tab that does not exist."""
    return ApiError(f"No grid with id: {sheet_id}")


def unauthenticated() -> ApiError:
    """The access token is unknown, expired or missing."""
    return ApiError(
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
        401,
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_EXPIRED",
                "domain": "googleapis.com",
                "metadata": {"service": "sheets.googleapis.com"},
            }
        ],
    )


def disabled() -> ApiError:
    """The Cloud project has not switched the API on."""
    address = (
        f"https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project={PROJECT}"
    )
    return ApiError(
        f"Google Sheets API has not been used in project {PROJECT} before or it is disabled. Enable it by "
        f"visiting {address} then retry. If you enabled this API recently, wait a few minutes for the action "
        "to propagate to our systems and retry.",
        403,
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [{"description": "Google developers console API activation", "url": address}],
            },
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "SERVICE_DISABLED",
                "domain": "googleapis.com",
                "metadata": {"service": "sheets.googleapis.com", "consumer": f"projects/{PROJECT}"},
            },
        ],
    )


def quota(kind: str, limit: int) -> ApiError:
    """Too many requests in this minute.

    Args:
        kind: `Read` or `Write`.
        limit: Requests per minute per user.
    """
    return ApiError(
        f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute per user' "
        f"of service 'sheets.googleapis.com' for consumer 'project_number:{PROJECT}'.",
        429,
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "consumer": f"projects/{PROJECT}",
                    "quota_limit": f"{kind}RequestsPerMinutePerUser",
                    "quota_limit_value": str(limit),
                    "quota_location": "global",
                    "quota_metric": f"sheets.googleapis.com/{kind.lower()}_requests",
                    "service": "sheets.googleapis.com",
                },
            },
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [
                    {
                        "description": "Request a higher quota limit.",
                        "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
                    }
                ],
            },
        ],
    )


def unavailable() -> ApiError:
    """Google is busy; a write may or may not have been carried out."""
    return ApiError("The service is currently unavailable.", 503)
