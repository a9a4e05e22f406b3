"""The dialect of UniBee's merchant API, with the calls and fields of its public client.

Two generations of servers are a switch apart: `honours_key` of `UniBeeSite`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sheetsync.sandbox.book import Book
from sheetsync.sandbox.ub_credit import CHANGE_FIELDS, CHANGE_NEEDS, TRANSACTION_FIELDS, Credit
from sheetsync.sandbox.ub_site import (
    QUOTA,
    Envelopes,
    Kinds,
    RefusedError,
    UniBeeSite,
    Values,
    holds_key,
    read_values,
)
from sheetsync.sandbox.ub_subscriptions import (
    LIST_FIELDS,
    PREVIEW_FIELDS,
    PREVIEW_NEEDS,
    SUBMIT_FIELDS,
    SUBMIT_NEEDS,
    Subscriptions,
)
from sheetsync.sandbox.ub_users import LIST_FIELDS as USER_FIELDS
from sheetsync.sandbox.ub_users import Users
from sheetsync.sandbox.wire import Request, Response, Target

UNIT = "promo_eur"
WRITES = frozenset(
    {
        "/merchant/credit/promo_credit_increment",
        "/merchant/credit/promo_credit_decrement",
        "/merchant/subscription/update_submit",
    }
)


@dataclass(frozen=True, slots=True)
class _Call:
    run: Callable[[Values], dict[str, object]]
    fields: Kinds
    needs: tuple[str, ...] = ()


@dataclass
class UniBee:
    """Answers as a UniBee server does to an API key, which is the sandbox's password."""

    book: Book
    username: str
    password: str
    site: UniBeeSite = field(default_factory=UniBeeSite)

    def __post_init__(self) -> None:
        """Put users, credit and subscriptions in front of the book."""
        self.users = Users(self.book, self.site)
        self.credit = Credit(self.book, self.site, self.users)
        self.subscriptions = Subscriptions(self.book, self.site, self.users, self.credit)
        self._envelopes = Envelopes()
        change = (CHANGE_FIELDS, CHANGE_NEEDS)
        self._calls = {
            ("GET", "/merchant/user/get"): _Call(self.users.one, {"userId": "int64"}, ("userId",)),
            ("POST", "/merchant/user/list"): _Call(self.users.page, USER_FIELDS),
            ("POST", "/merchant/credit/config_list"): _Call(
                self.users.configs, {"types": "list of int32", "currency": "text"}
            ),
            ("POST", "/merchant/credit/credit_transaction_list"): _Call(
                self.credit.page, TRANSACTION_FIELDS, ("accountType",)
            ),
            ("POST", "/merchant/credit/promo_credit_increment"): _Call(
                lambda values: self.credit.change(values, 1), *change
            ),
            ("POST", "/merchant/credit/promo_credit_decrement"): _Call(
                lambda values: self.credit.change(values, -1), *change
            ),
            ("POST", "/merchant/subscription/list"): _Call(self.subscriptions.page, LIST_FIELDS),
            ("POST", "/merchant/subscription/update_preview"): _Call(
                self.subscriptions.preview, PREVIEW_FIELDS, PREVIEW_NEEDS
            ),
            ("POST", "/merchant/subscription/update_submit"): _Call(
                self.subscriptions.submit, SUBMIT_FIELDS, SUBMIT_NEEDS
            ),
        }

    @property
    def unit(self) -> str:
        """The unit of a purchase that names none."""
        return UNIT

    def target(self, request: Request) -> Target:
        """Say which account a request names, and whether it would change a balance."""
        call = self._calls.get((request.method, request.path))
        try:
            values = read_values(request, call.fields) if call is not None else {}
        except RefusedError:
            values = {}
        account = str(values["userId"]) if "userId" in values else self.subscriptions.owner(values)
        return Target(account, write=request.path in WRITES)

    def handle(self, request: Request) -> Response:
        """Carry out a request."""
        self.credit.book_due()
        known = holds_key(request, self.password)
        if not known:
            return self._envelopes.stranger(has_key=known is not None)
        call = self._calls.get((request.method, request.path))
        if call is None:
            return self._envelopes.refuse(f"no call {request.method} {request.path}")
        try:
            return self._envelopes.ok(call.run(read_values(request, call.fields, call.needs)))
        except RefusedError as error:
            return self._envelopes.refuse(str(error))

    def too_many(self, retry_after_s: int | None) -> Response:
        """Refuse because of too many requests; UniBee never says for how long."""
        del retry_after_s
        return self._envelopes.refuse(QUOTA)

    def server_error(self) -> Response:
        """Answer as the server does when it broke down."""
        return self._envelopes.broken()

    def unauthorized(self) -> Response:
        """Answer as if the API key were unknown."""
        return self._envelopes.stranger(has_key=True)
