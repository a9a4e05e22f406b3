"""``sheetsync check`` for FastCredit Pro: one line per thing that can be wrong, in the order of mending."""

from collections.abc import Callable, Iterator, Mapping

from sheetsync.config import Route, Routes
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome
from sheetsync.ports import CheckResult
from sheetsync.providers.fastcredit.routes import Values, make_request
from sheetsync.providers.fastcredit.site import Index, Site, user_path
from sheetsync.providers.fastcredit.users import QUERY, User, parse_users
from sheetsync.providers.fastcredit.words import API_DETAILS, SWITCHED_OFF, SWITCHED_OFF_NEXT
from sheetsync.providers.http import Session
from sheetsync.providers.messages import Request

ADVISORY_NEXT = f"Compare the routes with {API_DETAILS}."

Credits = Callable[[str, str], int | None]


class Checks:
    """Tries one site, with reads only."""

    def __init__(
        self, session: Session, site: Site, routes: Routes, *, prefix: str, credentials: Mapping[str, str]
    ) -> None:
        self._session = session
        self._site = site
        self._routes = routes
        self._prefix = prefix
        self._credentials = credentials

    def run(self, read_credits: Credits) -> Iterator[CheckResult]:
        """Yield the results; ends early where nothing further can work.

        Args:
            read_credits: reads the balance of (user id, e-mail), as a pull does.
        """
        index, problem = self._read_index()
        if problem is not None and not _is_hidden(problem):
            yield _wrong("address", self._site.explain(problem))
            return
        yield CheckResult("address", ok=True, message="The site answers.")
        yield from _about_index(index, problem)
        refused = self._credentials_refused()
        yield refused or CheckResult(
            "credentials", ok=True, message="WordPress takes user name and password."
        )
        if refused is None:
            yield from self._about_users(read_credits)
        for name in ("add_credits", "reset_credits"):
            yield self._about_route(name, getattr(self._routes, name), index)

    def _read_index(self) -> tuple[Index | None, RequestOutcome | None]:
        try:
            return self._site.index(), None
        except RequestOutcome as error:
            return None, error

    def _credentials_refused(self) -> CheckResult | None:
        """Ask WordPress who we are: ``GET /wp-json/wp/v2/users/me?context=edit``; moves no credits."""
        route = Route(path=user_path(self._routes.list_users.path, "me"))
        try:
            self._session.read(self._request(route, "list_users", query={"context": "edit"}))
        except RequestOutcome as error:
            return _wrong("credentials", self._site.explain(error))
        return None

    def _about_users(self, read_credits: Credits) -> Iterator[CheckResult]:
        users: list[User] = []
        try:
            request = self._request(self._routes.list_users, "list_users", query={**QUERY, "per_page": "1"})
            users = parse_users(self._session.read(request).data)
        except (RequestOutcome, ProviderError) as error:
            yield _wrong("list_users", error)
            return
        yield CheckResult("list_users", ok=True, message="All users are listed, with e-mail addresses.")
        if not users:
            yield CheckResult("get_credits", ok=True, message="There are no users yet, so it was not tried.")
            return
        yield self._about_credits(users[0], read_credits)

    def _about_credits(self, user: User, read_credits: Credits) -> CheckResult:
        try:
            read_credits(user.user_id, user.email)
        except RequestOutcome as error:
            return _wrong("get_credits", error)
        return CheckResult("get_credits", ok=True, message=f"The credits of user {user.user_id} were read.")

    def _about_route(self, name: str, route: Route, index: Index | None) -> CheckResult:
        """Look a writing route up in the index: trying it would move credits."""
        setting = f"{self._prefix}.{name}"
        if index is None:
            return CheckResult(
                name, ok=True, message=f"{setting} could not be looked up.", hint=ADVISORY_NEXT
            )
        if index.finds(route, self._site.root):
            return CheckResult(name, ok=True, message=f"The site lists {route.method} {route.path}.")
        proposals = index.proposals()
        listed = f"The site has: {'; '.join(proposals)}." if proposals else "The site lists none for credits."
        return CheckResult(
            name,
            ok=False,
            message=f"The site lists no {route.method} {route.path}.",
            hint=f"Correct {setting}; FastCredit Pro → Integrations and API → API Details shows it. {listed}",
        )

    def _request(self, route: Route, name: str, *, query: Mapping[str, str]) -> Request:
        return make_request(
            route, Values(), setting=f"{self._prefix}.{name}", query=query, headers=self._credentials
        )


def _about_index(index: Index | None, problem: RequestOutcome | None) -> Iterator[CheckResult]:
    if index is None:
        said = problem.message if problem is not None else "The answer is no index."
        yield CheckResult(
            "rest_api", ok=True, message=f"The REST index is hidden. {said}", hint=ADVISORY_NEXT
        )
        return
    yield CheckResult("rest_api", ok=True, message=f"The REST API lists {len(index.routes)} routes.")
    if index.has_app_passwords is False:
        yield CheckResult(
            "application_passwords", ok=False, message=f"{SWITCHED_OFF}.", hint=SWITCHED_OFF_NEXT
        )
    elif index.has_app_passwords:
        yield CheckResult("application_passwords", ok=True, message="Application passwords are switched on.")


def _is_hidden(error: RequestOutcome) -> bool:
    """Whether the site keeps its index to itself, as security plug-ins do; anything else stops everything."""
    refused = isinstance(error, RejectedError) and error.details.get("status") in (401, 403, 404)
    return refused and bool(error.details.get("code"))


def _wrong(name: str, error: RequestOutcome | ProviderError) -> CheckResult:
    return CheckResult(name, ok=False, message=error.message, hint=error.hint)
