"""``sheetsync check`` for FasCard: one line per thing that can be wrong, in the order of mending."""

from collections.abc import Callable, Iterator

from sheetsync.errors import RequestOutcome
from sheetsync.ports import CheckResult
from sheetsync.providers.fascard.client import Client
from sheetsync.providers.fascard.records import MalformedError
from sheetsync.providers.messages import clean

REPORTS_NEXT = (
    "Give the person in username the privilege 'Reports', or Account Admin. Until then changes are proven by "
    "the balance alone, and every row says so."
)


class Checks:
    """Tries one account of FasCard, with reads only."""

    def __init__(self, client: Client, account_id: str) -> None:
        self._client = client
        self._account_id = account_id

    def run(self) -> Iterator[CheckResult]:
        """Yield the results; ends early where nothing further can work."""
        try:
            self._client.tokens.sign_in()
        except RequestOutcome as error:
            yield CheckResult("sign_in", ok=False, message=error.message, hint=error.hint)
            return
        yield CheckResult("sign_in", ok=True, message="FasCard takes user name and password.")
        yield self._try("user", self._who)
        yield self._try("account", self._whose)
        yield self._try("loyalty_accounts", self._accounts)
        reports = self._try("reports", self._reports)
        yield (
            reports
            if reports.ok
            else CheckResult("reports", ok=False, message=reports.message, hint=REPORTS_NEXT)
        )
        places = self._try("locations", self._locations)
        # without them everything works; who pays in cash then types the number of the location
        yield (
            places
            if places.ok
            else CheckResult("locations", ok=True, message=f"Not listed: {places.message}")
        )

    def _try(self, name: str, what: Callable[[], str]) -> CheckResult:
        try:
            return CheckResult(name, ok=True, message=what())
        except MalformedError as error:
            return CheckResult(name, ok=False, message=f"The answer is not as documented: {error}.")
        except RequestOutcome as error:
            return CheckResult(name, ok=False, message=error.message, hint=error.hint)

    def _who(self) -> str:
        user = self._client.user()
        name, email = (clean(str(user.get(key) or "")) for key in ("Name", "EmailAddress"))
        shown = f"{name} <{email}>" if name and email else name or email or "somebody without a name"
        return f"Signed in as {shown}."

    def _whose(self) -> str:
        found = [
            f"{clean(str(each.get('Name') or 'without a name'))} (ID {each.get('ID')})"
            for each in self._client.own_accounts()
        ]
        listed = ", ".join(found[:5]) or "none of its own"
        return f"Accounts of this person: {listed}. Working on {self._account_id}."

    def _accounts(self) -> str:
        seen = len(self._client.accounts(None, older=True))
        return f"User accounts may be read ('Loyalty Accounts'); the first page has {seen}."

    def _reports(self) -> str:
        self._client.transactions("0", None, older=True, limit=1)
        return "Transactions may be read ('Reports'): every change can be proven by its transaction."

    def _locations(self) -> str:
        return f"{len(self._client.locations())} locations are known, for Cash."
