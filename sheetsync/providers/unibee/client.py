"""The calls of UniBee's merchant API that Sheetsync uses, one method each."""

from collections.abc import Callable, Mapping
from typing import Any

from sheetsync.providers.http import Session
from sheetsync.providers.messages import Request
from sheetsync.providers.unibee.records import (
    PROMO,
    MalformedError,
    Record,
    body,
    records_in,
    user_number,
    whole,
)
from sheetsync.providers.unibee.words import USER_GET, code_of, not_as_documented

PAGE = 100
"""Records on a page: the server has no limit of its own, and gets slow."""

INCREMENT = "/merchant/credit/promo_credit_increment"
DECREMENT = "/merchant/credit/promo_credit_decrement"
SUBMIT = "/merchant/subscription/update_submit"
PREVIEW = "/merchant/subscription/update_preview"

Page = tuple[list[Record], int | None]
"""Records, and how many there are in all, if UniBee says so."""


class Client:
    """Calls one UniBee server as one merchant. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def users(self, page: int, count: int = PAGE) -> Page:
        """``POST /merchant/user/list``, ascending by creation, each user with promo accounts.

        Moves no credits.
        """
        wanted = {"page": page, "count": count, "sortField": "gmt_create", "sortType": "asc"}
        return self._page("/merchant/user/list", wanted, "userAccounts")

    def user(self, account_id: str) -> Record | None:
        """``GET /merchant/user/get``: one user, None if UniBee has none of this id. Moves no credits.

        Where a user lacks a promo account, UniBee opens an empty one when it is asked.
        """
        request = Request("GET", f"{USER_GET}?userId={user_number(account_id)}", label=USER_GET)
        user = self._data(request).get("user")
        return user if isinstance(user, Mapping) and user.get("id") else None

    def configs(self) -> list[Record]:
        """``POST /merchant/credit/config_list``: promo credit's currencies. Moves no credits."""
        request = _post("/merchant/credit/config_list", {"types": [PROMO]})
        return self._records(request, "creditConfigs")

    def transactions(self, account_id: str | None, since_s: int, page: int, count: int = PAGE) -> Page:
        """``POST /merchant/credit/credit_transaction_list``: of one user or all, oldest first.

        Moves no credits. Payments of customers are among them: only all together explain a balance.
        """
        wanted = {
            "accountType": PROMO,
            "userId": None if account_id is None else user_number(account_id),
            "createTimeStart": since_s,
            "sortField": "gmt_create",
            "sortType": "asc",
            "page": page,
            "count": count,
        }
        return self._page("/merchant/credit/credit_transaction_list", wanted, "creditTransactions")

    def subscriptions(self, account_id: str, page: int, count: int = PAGE) -> Page:
        """``POST /merchant/subscription/list`` of one user. Moves no credits."""
        wanted = {"userId": user_number(account_id), "page": page, "count": count}
        return self._page("/merchant/subscription/list", wanted, "subscriptions")

    def preview(self, values: Mapping[str, object]) -> Record:
        """``POST /merchant/subscription/update_preview``: what an update would cost. Moves no credits."""
        return self._data(_post(PREVIEW, values))

    def change(self, path: str, content: bytes, go: Callable[[], None]) -> Record:
        """Send one change; moves credits, and ``update_submit`` may charge the customer.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else.
        """
        reply = self._session.write(Request("POST", path, label=path, body=content), go)
        data = reply.data.get("data") if isinstance(reply.data, dict) else None
        return data if isinstance(data, dict) else {}

    def _page(self, path: str, wanted: Mapping[str, object], name: str) -> Page:
        request = _post(path, wanted)
        data = self._data(request)
        try:
            total = None if data.get("total") is None else whole(data, "total")
            return list(records_in(data, name)), total
        except MalformedError as error:
            raise not_as_documented(request, str(error)) from None

    def _records(self, request: Request, name: str) -> list[Record]:
        try:
            return list(records_in(self._data(request), name))
        except MalformedError as error:
            raise not_as_documented(request, str(error)) from None

    def _data(self, request: Request) -> dict[str, Any]:
        """Read; return what the envelope holds.

        Raises:
            RejectedError: refused, or not what is documented.
            RetryableError: it could not be read now.
        """
        reply = self._session.read(request)
        if code_of(reply) is None or not isinstance(reply.data, dict):
            raise not_as_documented(request, "it is not UniBee's")
        data = reply.data.get("data")
        return data if isinstance(data, dict) else {}


def _post(path: str, values: Mapping[str, object]) -> Request:
    return Request("POST", path, label=path, body=body(values))
