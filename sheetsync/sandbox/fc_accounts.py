"""FasCard's user accounts: the list in both directions, one account, and the account of a card."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sheetsync.sandbox.book import Account, Book, UnknownAccountError
from sheetsync.sandbox.fc_site import (
    ACCOUNT_ID,
    FOREIGN_ID,
    ApiError,
    FasCardSite,
    Query,
    choose_page,
    not_found,
    to_time,
)
from sheetsync.sandbox.fc_transactions import UNITS, Transactions, card_number, show_amount
from sheetsync.sandbox.wire import Response, json_response

USER_ID_OFFSET = 500_000
_FOREIGN_IDS = range(90_000_001, 90_000_008)
_LONG_AGO_S = 1_704_103_200.0
_CITIES = (("Springfield", "IL", "62701"), ("Dover", "DE", "19901"), ("Salem", "OR", "97301"))


@dataclass
class UserAccounts:
    """Answers `/api/UserAccount` from the book."""

    book: Book
    site: FasCardSite
    transactions: Transactions
    _ids: tuple[int, Sequence[int]] = field(default=(-1, ()), repr=False)

    def page(self, query: Query) -> Response:
        """`GET /api/UserAccount/{accountID}`: a page, or with `cardNo` the account of that card."""
        if "cardno" in query:
            return json_response(self._of_card(query["cardno"]))
        has_email, since = query.flag("hasEmail"), query.moment("lastActivity")

        def keeps(account_id: int) -> bool:
            if account_id in _FOREIGN_IDS:
                return True
            person = self.book.person(str(account_id))
            fits = has_email is None or has_email == bool(person.email)
            return fits and (since is None or self._active_s(person.id) >= since.timestamp())

        with self.book.lock:
            chosen = choose_page(
                self._sorted_ids(), query, older=query.flag("prev"), site=self.site, keeps=keeps
            )
            return json_response([self.show(account_id) for account_id in chosen])

    def one(self, account_id: int) -> Response:
        """`GET /api/UserAccount/{accountID}/{userAccountID}`."""
        try:
            shown = self.show(account_id)
        except UnknownAccountError:
            raise not_found("UserAccount") from None
        return json_response(shown if self.site.bare_record else [shown])

    def show(self, account_id: int) -> dict[str, object]:
        """Show an account with every field of the document."""
        if account_id in _FOREIGN_IDS:
            return self._show_foreign(account_id)
        account = self.book.account(str(account_id))
        is_employee = self.book.person(account.id).author
        city, state, code = _CITIES[account_id % len(_CITIES)]
        shown: dict[str, object] = {
            "ID": account_id,
            "UserID": USER_ID_OFFSET + account_id,
            "EmailAddress": account.email or None,
            "Name": account.name,
            "Addr1": f"{account_id} Main Street",
            "Addr2": None,
            "City": city,
            "State": state,
            "ZipCode": code,
            "MobilePhone": f"+1 555 01{account_id % 100:02}",
            "Birthday": None,
            "Language": "es" if account_id % 4 == 0 else "en",
            "Employee": is_employee,
            "Scheduled": False,
            "Discount": None,
            "DiscountSource": None,
            "LastActivityDate": to_time(self._active_s(account.id)),
            "LastLocationID": 2 + account_id % 2,
        }
        for unit, (name, _, _) in UNITS.items():
            shown[name] = show_amount(self.book, unit, account.balances[unit])
        # The document lists no such field here; where lists are mixed there must be something to tell by.
        return {"AccountID": ACCOUNT_ID, **shown} if self.site.foreign_records else shown

    def _show_foreign(self, account_id: int) -> dict[str, object]:
        if not self.site.foreign_records:
            raise UnknownAccountError(str(account_id))
        name = f"Somebody Else {account_id % 100}"
        nobody = Account(str(account_id), f"{account_id}@elsewhere.example", name, {})
        amounts = {title: show_amount(self.book, unit, 700) for unit, (title, _, _) in UNITS.items()}
        return {
            "AccountID": FOREIGN_ID,
            "ID": account_id,
            "UserID": USER_ID_OFFSET + account_id,
            "EmailAddress": nobody.email,
            "Name": nobody.name,
            "Employee": False,
            "LastActivityDate": to_time(_LONG_AGO_S),
            "LastLocationID": 9,
            **amounts,
        }

    def _of_card(self, number: str) -> list[dict[str, object]]:
        if not number.isdecimal():
            raise ApiError(400, "cardNo is not a valid card number")
        people = [person for person in self.book.people() if card_number(person.id) == number]
        return [self.show(int(person.id)) for person in people]

    def _sorted_ids(self) -> Sequence[int]:
        roll, ids = self._ids
        # Sorting anew for every page of a large list would cost more than all the rest.
        if roll != self.book.roll:
            ids = sorted(int(person.id) for person in self.book.people())
            self._ids = self.book.roll, ids
        return [*ids, *_FOREIGN_IDS] if self.site.foreign_records else ids

    def _active_s(self, account_id: str) -> float:
        line = self.transactions.last_of(account_id)
        return _LONG_AGO_S + 3600 * int(account_id) if line is None else line.at_s
