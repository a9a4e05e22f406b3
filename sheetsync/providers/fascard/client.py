"""The documented calls of FasCard that Sheetsync uses, one method each."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sheetsync.config import FasCardConnection
from sheetsync.errors import OutcomeUnknownError, RejectedError
from sheetsync.providers.fascard.paging import PAGE, Records
from sheetsync.providers.fascard.records import MalformedError, id_of, records_in
from sheetsync.providers.fascard.tokens import Tokens
from sheetsync.providers.fascard.words import has_error_code, refused_inside
from sheetsync.providers.http import Session
from sheetsync.providers.messages import Reply, Request
from sheetsync.providers.outcomes import UNKNOWN_NEXT, say

Query = Mapping[str, str]


class Client:
    """Calls one FasCard server for one account. Thread-safe."""

    def __init__(self, session: Session, connection: FasCardConnection) -> None:
        self._account_id = connection.account_id
        self._connection = connection
        self.tokens = Tokens(session, connection)

    def accounts(self, last_id: int | None, *, older: bool) -> Records:
        """``GET /api/UserAccount/{accountID}``, documented; moves no credits."""
        query = {"limit": str(PAGE), "prev": _flag(on=older)} | _from(last_id) | self._filter()
        return self._list(f"/api/UserAccount/{self._place}", query)

    def account(self, user_account_id: str) -> Mapping[str, Any]:
        """``GET /api/UserAccount/{accountID}/{userAccountID}``; its address is from a public client.

        Moves no credits.

        Raises:
            RejectedError: refused; ``account_gone`` if there is no such account.
            RetryableError: it could not be read now.
        """
        path, label = self._user_account(user_account_id)
        request = self._get(path, {}, label)
        found = self._only(self._read(request), user_account_id)
        if found is None:
            gone = "there is no such user account"
            raise RejectedError(say(request(""), gone), account_gone=True)
        return found

    def by_card(self, card_number: str) -> Records:
        """``GET /api/UserAccount/{accountID}?cardNo=``, documented; moves no credits."""
        return self._list(f"/api/UserAccount/{self._place}", {"cardNo": card_number})

    def change(self, user_account_id: str, body: bytes, go: Callable[[], None]) -> Mapping[str, Any]:
        """``POST /api/UserAccount/{accountID}/{userAccountID}``, the value request. Moves credits.

        Documented; its address is from a public client. The answer is the account, as in the GET.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else, a success without the account included.
        """
        path, label = self._user_account(user_account_id)

        def request(bearer: str) -> Request:
            return Request("POST", path, label=label, body=body, headers={"Authorization": bearer})

        reply = self.tokens.write(request, go)
        found = self._only(reply, user_account_id)
        if found is None:
            what = "a success that is not the account"
            raise OutcomeUnknownError(say(request(""), what), hint=UNKNOWN_NEXT)
        return found

    def transactions(
        self, user_account_id: str, last_id: int | None, *, older: bool, limit: int = PAGE
    ) -> Records:
        """``GET /api/Transact``, documented; of one user account, or of all for ``0``. Moves no credits.

        Raises:
            RejectedError: refused: the privilege 'Reports' is missing.
            RetryableError: they could not be read now.
        """
        whose = {"AccountID": self._account_id, "UserAccountID": user_account_id}
        page = {"Limit": str(limit), "Older": _flag(on=older)} | _from(last_id)
        return self._list("/api/Transact", whose | page)

    def locations(self) -> Records:
        """``GET /api/Location``, documented; moves no credits."""
        return self._list("/api/Location", {})

    def collection(self, path: str, query: Query, *, label: str) -> Records:
        """``GET`` of a documented read-only collection; moves no credits.

        Args:
            path: its address, encoded.
            query: its parameters.
            label: how logs and sentences name it.

        Raises:
            RejectedError: refused, or not what is documented.
            RetryableError: it could not be read now.
        """
        request = self._get(path, query, label)
        data = self._read(request).data
        try:
            return [data] if isinstance(data, dict) else records_in(_flat(data))
        except MalformedError as error:
            raise malformed(request(""), error) from None

    def user(self) -> Mapping[str, Any]:
        """``GET /api/User``, documented: who is signed in, with a password; moves no credits."""
        data = self._read(self._get("/api/User", {})).data
        return data if isinstance(data, dict) else {}

    def own_accounts(self) -> Records:
        """``GET /api/Account``, documented; without ``MobileApp``, which would create records."""
        data = self._read(self._get("/api/Account", {})).data
        return [data] if isinstance(data, dict) else records_in(data)

    @property
    def _place(self) -> str:
        return quote(self._account_id, safe="")

    def _user_account(self, user_account_id: str) -> tuple[str, str]:
        """Return the address of one user account, and how logs name it.

        Raises:
            RejectedError: the id would make it another address; nothing was sent.
        """
        if not user_account_id.isascii() or not user_account_id.isdecimal():
            raise RejectedError(
                f"“{user_account_id[:40]}” is no user account ID of FasCard: it takes digits.",
                account_gone=True,
            )
        return (
            f"/api/UserAccount/{self._place}/{user_account_id}",
            "/api/UserAccount/{accountID}/{userAccountID}",
        )

    def _filter(self) -> dict[str, str]:
        found = {}
        if self._connection.has_email is not None:
            found["hasEmail"] = _flag(on=self._connection.has_email)
        if self._connection.active_since is not None:
            found["lastActivity"] = _moment(self._connection.active_since)
        return found

    def _get(self, path: str, query: Query, label: str = "") -> Callable[[str], Request]:
        text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
        target = f"{path}?{text}" if text else path
        named = label or path.replace(self._place, "{accountID}")

        def request(bearer: str) -> Request:
            return Request(
                "GET", target, label=named, setting="account_id", headers={"Authorization": bearer}
            )

        return request

    def _read(self, request: Callable[[str], Request]) -> Reply:
        reply = self.tokens.read(request)
        if has_error_code(reply.data) and isinstance(reply.data, dict) and "ID" not in reply.data:
            raise refused_inside(request(""), reply)
        return reply

    def _list(self, path: str, query: Query) -> Records:
        """Read a list.

        Raises:
            RejectedError: refused, or not what is documented.
            RetryableError: it could not be read now.
        """
        request = self._get(path, query)
        try:
            return records_in(self._read(request).data)
        except MalformedError as error:
            raise malformed(request(""), error) from None

    def _only(self, reply: Reply, user_account_id: str) -> Mapping[str, Any] | None:
        """Return the account that a reply holds, also as the only one of a list; None if it holds another."""
        data = reply.data
        if isinstance(data, list) and len(data) == 1:
            data = data[0]
        try:
            return data if isinstance(data, dict) and str(id_of(data)) == str(int(user_account_id)) else None
        except MalformedError:
            return None


def malformed(request: Request, error: MalformedError) -> RejectedError:
    """Return the refusal of an answer that is not as documented."""
    return RejectedError(
        say(request, f"the answer is not as documented: {error}"),
        hint="Compare base_url and account_id with the FasCard site.",
        everything=True,
    )


def _flat(data: object) -> object:
    """Return groups of records as one list of records."""
    if isinstance(data, list) and data and all(isinstance(group, list) for group in data):
        return [record for group in data for record in group]
    return data


def _from(last_id: int | None) -> dict[str, str]:
    return {} if last_id is None else {"lastID": str(last_id)}


def _flag(*, on: bool) -> str:
    return "true" if on else "false"


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
