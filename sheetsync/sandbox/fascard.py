"""The dialect of CCI FasCard, at the addresses and with the fields of the vendor's API overview.

The overview leaves the address of one user account and of the value request blank; they are where its
clients send them. What it leaves open is a switch of `FasCardSite`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sheetsync.sandbox.book import Book
from sheetsync.sandbox.fc_accounts import UserAccounts
from sheetsync.sandbox.fc_reads import Reads
from sheetsync.sandbox.fc_requests import ValueRequests
from sheetsync.sandbox.fc_site import (
    ACCOUNT_ID,
    STORE_ID,
    ApiError,
    Door,
    FasCardSite,
    Query,
    not_found,
    read_object,
    require,
)
from sheetsync.sandbox.fc_transactions import Transactions
from sheetsync.sandbox.wire import Request, Response, Target

UNIT = "balance"
_ONE_ACCOUNT = re.compile(r"/api/useraccount/([^/]+)/([0-9]{1,18})")
_ACCOUNTS = re.compile(r"/api/useraccount/([^/]+)")


@dataclass
class FasCard:
    """Answers as the server at m.fascard.com does."""

    book: Book
    username: str
    password: str
    site: FasCardSite = field(default_factory=FasCardSite)

    def __post_init__(self) -> None:
        """Put the door and the lists in front of the book."""
        self.door = Door(self.username, self.password)
        self.transactions = Transactions(self.book, self.site)
        self._accounts = UserAccounts(self.book, self.site, self.transactions)
        self._reads = Reads(self.book, self.site, self.username)
        self.requests = ValueRequests(self.book, self.site, self.transactions, self._reads.plant.location_ids)

    @property
    def unit(self) -> str:
        """The unit of a purchase that names none."""
        return UNIT

    def target(self, request: Request) -> Target:
        """Say which account a request names, and whether it would change a balance."""
        path = _tidy(request.path)
        if match := _ONE_ACCOUNT.fullmatch(path):
            return Target(str(int(match[2])), write=request.method == "POST")
        account = Query(request).get("useraccountid", "0") if path == "/api/transact" else "0"
        return Target(None if account == "0" else account)

    def handle(self, request: Request) -> Response:
        """Carry out a request."""
        self.requests.book_due()
        try:
            return self._dispatch(request, _tidy(request.path))
        except ApiError as error:
            return error.response

    def too_many(self, retry_after_s: int | None) -> Response:
        """Refuse because of too many requests; nothing was carried out."""
        answer = ApiError(429, "Too many requests").response
        return answer if retry_after_s is None else answer.with_headers(Retry_After=str(retry_after_s))

    def server_error(self) -> Response:
        """Answer as the server does when it broke down."""
        return ApiError(500, "An error has occurred.").response

    def unauthorized(self) -> Response:
        """Let every token expire; the request was not carried out."""
        self.door.forget()
        return ApiError(401, "Authorization token is missing or has expired").response

    def _dispatch(self, request: Request, path: str) -> Response:
        if path == "/api/authtoken" and request.method == "POST":
            return self.door.give_token(request)
        self.door.check(request, self.site)
        if match := _ONE_ACCOUNT.fullmatch(path):
            return self._serve_account(request, match[1], int(match[2]))
        if request.method != "GET":
            raise ApiError(405, f"The requested resource does not support http method '{request.method}'.")
        query = Query(request)
        if match := _ACCOUNTS.fullmatch(path):
            self._enter_account(match[1])
            return self._accounts.page(query)
        if path == "/api/transact":
            check_account(query.get("accountid", ""))
            return self.transactions.page(query)
        return self._reads.serve(path, query)

    def _serve_account(self, request: Request, account: str, user_account: int) -> Response:
        calls: dict[str, Callable[[], Response]] = {
            "GET": lambda: self._accounts.one(user_account),
            "POST": lambda: self._change(request, user_account),
        }
        if request.method not in calls:
            raise ApiError(405, f"The requested resource does not support http method '{request.method}'.")
        self._enter_account(account)
        return calls[request.method]()

    def _change(self, request: Request, user_account: int) -> Response:
        self.requests.accept(str(user_account), read_object(request))
        return self._accounts.one(user_account)

    def _enter_account(self, account: str) -> None:
        require("Loyalty Accounts", held=self.site.loyalty_accounts)
        check_account(account)


def check_account(account: str) -> None:
    """Refuse an account id that is neither ours nor our store's."""
    if account.upper() not in (str(ACCOUNT_ID), STORE_ID):
        raise not_found("Account")


def _tidy(path: str) -> str:
    """Addresses of the server ignore case and a slash at the end."""
    return path.rstrip("/").lower()
