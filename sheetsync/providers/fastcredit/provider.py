"""FastCredit Pro on WordPress, behind the ``Provider`` port."""

import base64
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sheetsync.config import FastCreditConnection, Route
from sheetsync.config.redaction import remember
from sheetsync.core.accounts import (
    Account,
    Action,
    Balances,
    Capabilities,
    EvidenceKind,
    Operation,
    Transaction,
    Unit,
    resulting,
)
from sheetsync.core.amounts import AmountProblem, from_provider
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome
from sheetsync.ports import CheckResult, Progress, Receipt
from sheetsync.providers.fastcredit.access import Access
from sheetsync.providers.fastcredit.checks import Checks, Reads
from sheetsync.providers.fastcredit.routes import MissingResultError, Values, amount_text, dig, make_request
from sheetsync.providers.fastcredit.site import Site, user_path
from sheetsync.providers.fastcredit.users import QUERY, User, parse_user, read_pages
from sheetsync.providers.fastcredit.words import API_DETAILS, WordPressDialect
from sheetsync.providers.http import Session, Tuning
from sheetsync.providers.limiter import Limiter, Sleeper
from sheetsync.providers.messages import Reply, words
from sheetsync.providers.turns import Turns

UNIT_CODE = "credits"

ALL_GONE_LEAST = 5
"""Users. When all of so many on one page are "not found", the route is wrong and nobody was deleted."""


class FastCredit:
    """One WordPress site with FastCredit Pro. Thread-safe.

    Its vendor documents three operations and no addresses, so the routes are configuration. A change can be
    proven by the balance alone.
    """

    filtered = False

    def __init__(
        self, connection: FastCreditConnection, *, name: str, clock: Sleeper, limiter: Limiter
    ) -> None:
        """Make a provider; nothing is sent.

        Args:
            connection: its settings.
            name: of the connection, for messages that name a setting.
            clock: waits between tries of a read.
            limiter: paces every request.

        Raises:
            ConfigError: the application password is not where the configuration says.
        """
        self._routes = connection.routes
        self._prefix = f"connections.{name}.routes"
        self._negative_add = connection.negative_add
        self._parallel = connection.limits.parallel_requests
        self._unit = Unit(UNIT_CODE, "Credits", connection.decimals)
        self._session = Session(
            connection.base_url,
            limiter=limiter,
            clock=clock,
            tuning=Tuning(connection.timeout_s, connection.retries, self._parallel),
            dialect=WordPressDialect(),
        )
        self._credentials = {"Authorization": _basic(connection)}
        password = connection.application_password.reveal()
        self._access = Access(connection.base_url, connection.username, password)
        self._site = Site(self._session, self._routes.list_users.path)
        self._turns = Turns()
        self.capabilities = Capabilities(
            units=(self._unit,),
            actions=(Action.ADD, Action.RESET, Action.ADJUST),
            evidence=EvidenceKind.BALANCE,
            subtracts=connection.negative_add,
            lists_balances=bool(connection.routes.list_users.result),
        )

    def accounts(self, progress: Progress, known: Mapping[str, Balances] | None = None) -> Iterator[Account]:
        """Stream every user with their credits, each id once, one page of users in memory.

        Pages of ``routes.list_users`` (WordPress, documented), then ``routes.get_credits`` once per user (by
        configuration), unless ``routes.list_users.result`` says where the list itself holds the balance.
        Moves no credits.

        Raises:
            ProviderError: the list could not be read to its end, or the credits of one user not at all.
        """
        done = listed = 0
        with ThreadPoolExecutor(self._parallel, thread_name_prefix="fastcredit") as pool:
            for page in read_pages(self._read_page):
                for account in self._with_credits(pool, page.users, known or {}):
                    done += 1
                    yield account
                listed += len(page.users)
                progress(listed, page.total)
        if listed and not done:
            raise self._all_gone(listed)

    def account(self, account_id: str) -> Account:
        """Read one user's credits now, by one request to ``routes.get_credits``. Moves no credits.

        E-mail and name are empty unless the route needs the e-mail: reading them would take another request.

        Raises:
            RejectedError: refused; ``account_gone`` if there is no such user.
            RetryableError: it could not be read now.
        """
        try:
            email = self._email_for(self._routes.get_credits, account_id)
            return Account(account_id, email, "", {UNIT_CODE: self._credits(account_id, email)})
        except RequestOutcome as error:
            raise self._site.explain(error) from None

    def apply(self, operation: Operation, before: Balances, go: Callable[[], None]) -> Receipt:
        """Send one change, by one request. Moves credits.

        To ``routes.add_credits`` or ``routes.reset_credits``: addresses by configuration, none are
        documented. A negative Adjust goes to the reset route, computed from ``before``, unless the
        connection says ``negative_add``. One request at a time per user: WordPress loses parallel ones.

        Raises:
            RetryableError: certainly nothing happened.
            RejectedError: refused for good.
            OutcomeUnknownError: anything else.
        """
        route, setting, minor = self._plan(operation, before)
        email = operation.email or self._email_for(route, operation.account_id)
        values = Values(operation.account_id, email, amount_text(minor, self._unit))
        request = make_request(route, values, setting=f"{self._prefix}.{setting}", headers=self._credentials)
        with self._turns.turn(operation.account_id):
            reply = self._session.write(request, go)
        return Receipt(words=words(reply))

    def evidence(self) -> EvidenceKind:
        """Return that only the balance can prove a change."""
        return EvidenceKind.BALANCE

    def transactions(self, account_ids: Collection[str] | None, since: datetime) -> Iterator[Transaction]:
        """Refuse: FastCredit Pro has no list of transactions.

        Raises:
            RejectedError: always.
        """
        del account_ids, since
        raise RejectedError("FastCredit Pro has no list of transactions.")

    def reports(self) -> None:
        """FastCredit Pro has no collections beside its users."""

    def check(self) -> Iterator[CheckResult]:
        """Try address, credentials and routes, with reads only; writing routes are looked up, not tried."""
        return Checks(
            self._session,
            self._site,
            self._routes,
            prefix=self._prefix,
            access=self._access,
            credentials=self._credentials,
        ).run(Reads(self._credits, self._credits_reply))

    @property
    def documented_at(self) -> str:
        """Where the plug-in shows its addresses."""
        return API_DETAILS

    def setting_of(self, action: Action) -> str:
        """Return the setting of the route that an action travels by."""
        resets = action is Action.RESET or (action is Action.ADJUST and not self._negative_add)
        return f"{self._prefix}.{'reset_credits' if resets else 'add_credits'}"

    @property
    def balance_setting(self) -> str:
        """The setting that says where a reply holds the balance."""
        return f"{self._prefix}.get_credits.result"

    @property
    def balance_path(self) -> str:
        """What that setting says now."""
        return self._routes.get_credits.result or ""

    def reply(self, account_id: str) -> object:
        """Read one user's credits now; the whole reply of ``routes.get_credits``. Moves no credits.

        Raises:
            RejectedError: refused.
            RetryableError: it could not be read now.
        """
        try:
            return self._credits_reply(account_id, self._email_for(self._routes.get_credits, account_id))
        except RequestOutcome as error:
            raise self._site.explain(error) from None

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def _plan(self, operation: Operation, before: Balances) -> tuple[Route, str, int]:
        """Choose the route for an operation, and the amount that it is sent with."""
        units = [change.unit for change in operation.changes]
        if operation.action not in self.capabilities.actions or units != [UNIT_CODE]:
            raise RejectedError(
                "FastCredit Pro can only add, reset and adjust credits.", hint="Nothing was sent."
            )
        amount = operation.changes[0].amount
        adds = operation.action is not Action.RESET and (amount >= 0 or self._negative_add)
        if adds:
            return self._routes.add_credits, "add_credits", amount
        target = resulting(operation, before)[UNIT_CODE]
        if target < 0:
            raise RejectedError(
                f"The balance would fall below zero, to {amount_text(target, self._unit)}; nothing was sent.",
                hint="Take off less.",
            )
        return self._routes.reset_credits, "reset_credits", target

    def _email_for(self, route: Route, account_id: str) -> str:
        if "email" not in route.placeholders():
            return ""
        return self._user(account_id).email

    def _user(self, account_id: str) -> User:
        """Read one user: ``GET /wp-json/wp/v2/users/ID``, documented by WordPress; moves no credits."""
        listed = self._routes.list_users
        route = Route(path=user_path(listed.path, "{user_id}"), query=listed.query)
        request = make_request(
            route,
            Values(account_id),
            setting=f"{self._prefix}.list_users",
            query={"context": "edit"},
            headers=self._credentials,
        )
        try:
            return parse_user(self._session.read(request).data)
        except ProviderError as error:
            raise RejectedError(error.message, hint=error.hint, everything=True) from None

    def _read_page(self, number: int) -> Reply:
        query = {**QUERY, "page": str(number)}
        setting = f"{self._prefix}.list_users"
        request = make_request(
            self._routes.list_users, Values(), setting=setting, query=query, headers=self._credentials
        )
        try:
            return self._session.read(request)
        except RequestOutcome as error:
            raise _as_provider_error(self._site.explain(error)) from None

    def _with_credits(
        self, pool: ThreadPoolExecutor, users: list[User], known: Mapping[str, Balances]
    ) -> Iterator[Account]:
        """Yield the users of one page with their credits, in order; those deleted meanwhile are left out."""
        futures = [pool.submit(self._balance_of, user, known.get(user.user_id)) for user in users]
        found = 0
        try:
            for user, future in zip(users, futures, strict=True):
                balance = future.result()
                if balance is not None:
                    found += 1
                    yield Account(user.user_id, user.email, user.name, balance)
        finally:
            for future in futures:
                future.cancel()
        if len(users) >= ALL_GONE_LEAST and not found:
            raise self._all_gone(len(users))

    def _balance_of(self, user: User, known: Balances | None) -> Balances | None:
        """Return a listed user's balances, or None if the user is gone by now."""
        try:
            if self._routes.list_users.result is not None:
                return {UNIT_CODE: self._amount(user.raw, self._routes.list_users.result, "list_users")}
            if known is not None:
                return known
            return {UNIT_CODE: self._credits(user.user_id, user.email)}
        except RejectedError as error:
            if error.account_gone:
                return None
            raise self._of_user(user, error) from None
        except RequestOutcome as error:
            raise self._of_user(user, error) from None

    def _of_user(self, user: User, error: RequestOutcome) -> ProviderError:
        cause = self._site.explain(error)
        return ProviderError(
            f"The credits of user {user.user_id} could not be read. {cause.message}", hint=cause.hint
        )

    def _credits(self, account_id: str, email: str) -> int | None:
        """Read one user's credits: ``routes.get_credits``, by configuration; moves no credits."""
        reply = self._credits_reply(account_id, email)
        return self._amount(reply, self._routes.get_credits.result, "get_credits")

    def _credits_reply(self, account_id: str, email: str) -> object:
        setting = f"{self._prefix}.get_credits"
        values = Values(account_id, email)
        request = make_request(self._routes.get_credits, values, setting=setting, headers=self._credentials)
        return self._session.read(request).data

    def _amount(self, data: object, path: str | None, route: str) -> int | None:
        """Return the balance in a reply; an empty text is WordPress's "never set"."""
        setting = f"{self._prefix}.{route}.result"
        try:
            value = dig(data, path)
            return from_provider(None if value == "" else value, self._unit)
        except MissingResultError as error:
            raise RejectedError(
                f"The balance is not where {setting} says: {error}.",
                hint=f"Set {setting} to the name under which the balance stands.",
                everything=True,
            ) from None
        except AmountProblem as error:
            raise RejectedError(
                f"The balance that the site gives is no amount: {error}.",
                hint=f"Compare decimals and {setting} with what the site shows.",
            ) from None

    def _all_gone(self, count: int) -> ProviderError:
        return ProviderError(
            f"The site lists {count} users, and says of each one that its credits do not exist.",
            hint=f"Correct {self._prefix}.get_credits; sheetsync check lists the routes that the site has.",
        )


def _basic(connection: FastCreditConnection) -> str:
    """Return the Authorization header; WordPress drops the spaces of an application password by itself."""
    pair = f"{connection.username}:{connection.application_password.reveal()}"
    token = base64.b64encode(pair.encode()).decode()
    remember(token)
    return f"Basic {token}"


def _as_provider_error(error: RequestOutcome) -> ProviderError:
    return ProviderError(error.message, hint=error.hint)
