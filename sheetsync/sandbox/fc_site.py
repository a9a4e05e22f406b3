"""What a FasCard server does before a call is reached: switches, tokens, privileges, errors, paging."""

import hmac
import re
import secrets
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from sheetsync.sandbox.exact import decode
from sheetsync.sandbox.wire import Request, Response, Switches, json_response

ACCOUNT_ID = 12
STORE_ID = "F0002"
# A second account on the same server: its records must never be taken for ours.
FOREIGN_ID = 86
OFFICE_USER_ID = 900_001
MAX_LIMIT = 1000
_WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass
class FasCardSite(Switches):
    """Switches of a FasCard server.

    Attributes:
        token_life_s: Age at which a token is refused with 401.
        loyalty_accounts: The API user has the privilege 'Loyalty Accounts'.
        reports: The API user has the privilege 'Reports'.
        user_manager: The API user has the privilege 'User Manager'.
        equipment_setup: The API user has the privilege 'Equipment Setup'.
        support_admin: The API user may read the system's statistics.
        foreign_records: Lists hold records of another account, too.
        guest_purchases: The list of transactions also holds purchases of guests, who have no user account.
        ascending_upwards: A list that is paged towards newer ids comes in ascending order.
        blank_is_zero: A list without a last id starts at id 0, instead of at the newest record.
        bare_record: A call for one record answers with that record instead of a list of one.
        below_zero: A change may take a balance below zero; otherwise it is refused.
        note_limit: How many characters of `AdditionalInfo` are kept; `None` for all, 0 loses it.
        package_bonus: Cash that fits an add-value package gives its bonus as well.
        booked_late_s: A change is accepted at once, but booked only when this time has passed.
        listed_late_s: A transaction stands in the list only when this time has passed.
    """

    token_life_s: float | int = 1600
    loyalty_accounts: bool = True
    reports: bool = True
    user_manager: bool = True
    equipment_setup: bool = True
    support_admin: bool = False
    foreign_records: bool = False
    guest_purchases: bool = False
    ascending_upwards: bool = False
    blank_is_zero: bool = False
    bare_record: bool = False
    below_zero: bool = False
    note_limit: int | None = None
    package_bonus: bool = False
    booked_late_s: float | int = 0
    listed_late_s: float | int = 0


class ApiError(Exception):
    """A refusal in FasCard's form; nothing was carried out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = json_response({"ErrorCode": status, "Message": message}, status)


def not_found(what: str) -> ApiError:
    """No such record, or no such address."""
    return ApiError(404, f"{what} not found")


def require(privilege: str, *, held: bool) -> None:
    """Refuse a call whose privilege the API user lacks."""
    if not held:
        raise ApiError(403, f"User does not have '{privilege}' privilege")


@dataclass
class Door:
    """Signs the one API user in and knows the tokens that were given out."""

    username: str
    password: str
    clock_s: Callable[[], float] = time.monotonic
    _given_s: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def give_token(self, request: Request) -> Response:
        """`POST /api/AuthToken`."""
        values = read_object(request)
        name, password = values.get("UserName"), values.get("Password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise ApiError(400, "UserName and Password are required")
        fits = hmac.compare_digest(password.encode(), self.password.encode())
        if name.casefold() != self.username.casefold() or not fits:
            raise ApiError(401, "Invalid user name or password")
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._given_s[token] = self.clock_s()
        return json_response({"Token": token})

    def check(self, request: Request, site: FasCardSite) -> None:
        """Refuse a request without a token that is still good."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            given_s = self._given_s.get(token.strip()) if scheme.lower() == "bearer" else None
        if given_s is None or self.clock_s() - given_s >= site.token_life_s:
            raise ApiError(401, "Authorization token is missing or has expired")

    def forget(self) -> None:
        """Let every token expire at once."""
        with self._lock:
            self._given_s.clear()


def read_object(request: Request) -> Mapping[str, object]:
    """Read a JSON body, whatever content type it claims, as the server does."""
    try:
        values = decode(request.body)
    except (ValueError, RecursionError):
        raise ApiError(400, "Request body is not valid JSON") from None
    if not isinstance(values, dict):
        raise ApiError(400, "Request body must be a JSON object")
    return values


class Query(dict[str, str]):
    """Parameters by lower-case name: the document itself writes both `lastID` and `LastID`."""

    def __init__(self, request: Request) -> None:
        super().__init__({name.lower(): value for name, value in request.query.items()})

    def whole(self, name: str) -> int | None:
        """Return a whole number, `None` where it is not given."""
        text = self.get(name.lower())
        if text is None or text == "":
            return None
        if not _WHOLE.fullmatch(text):
            raise ApiError(400, f"{name} is not a valid number")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """Return true or false in any case, `None` where it is not given."""
        text = self.get(name.lower(), "").lower()
        if text not in ("", "true", "false"):
            raise ApiError(400, f"{name} must be true or false")
        return None if text == "" else text == "true"

    def moment(self, name: str) -> datetime | None:
        """Return an ISO 8601 time, UTC unless it names an offset; `None` where it is not given."""
        text = self.get(name.lower())
        if not text:
            return None
        try:
            # A plus sign in an address that was not escaped arrives as a blank.
            moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        except ValueError:
            raise ApiError(400, f"{name} is not a valid date") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def limit(self, default: int) -> int:
        """Return how many records are asked for, at most what the server gives."""
        return max(0, min(MAX_LIMIT, default if (limit := self.whole("limit")) is None else limit))


def choose_page(
    ids: Sequence[int],
    query: Query,
    *,
    older: bool | None,
    site: FasCardSite,
    keeps: Callable[[int], bool] = lambda _: True,
) -> list[int]:
    """Choose the ids of one page.

    Args:
        ids: All of them, ascending.
        query: With `lastID` the page stands right before or after that id; without it are the newest.
        older: Towards older ids; the other way unless said.
        site: Says in which order a page towards newer ids comes; every other page is descending.
        keeps: Whether a record passes the filters.
    """
    last = query.whole("lastID")
    if last is None and site.blank_is_zero:
        last = 0
    upwards = last is not None and not older
    if last is None:
        walk: Sequence[int] = range(len(ids) - 1, -1, -1)
    elif older:
        walk = range(bisect_left(ids, last) - 1, -1, -1)
    else:
        walk = range(bisect_right(ids, last), len(ids))
    chosen = list(islice((ids[at] for at in walk if keeps(ids[at])), query.limit(MAX_LIMIT)))
    return sorted(chosen, reverse=not (upwards and site.ascending_upwards))


def to_time(moment_s: float) -> str:
    """Print seconds since 1970 as the server does: UTC, to the millisecond, without saying so."""
    # Not fromtimestamp: a float of a large number has no exact milliseconds.
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=round(moment_s * 1000))
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
