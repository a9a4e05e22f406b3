"""``sheetsync check`` for FastCredit Pro: one line per thing that can be wrong, in the order of mending."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sheetsync.config import Route, Routes
from sheetsync.errors import ProviderError, RejectedError, RequestOutcome
from sheetsync.ports import CheckResult
from sheetsync.providers.fastcredit import access as why
from sheetsync.providers.fastcredit.access import (
    XMLRPC,
    Access,
    address_problem,
    has_xmlrpc,
    is_hidden,
    is_taken,
)
from sheetsync.providers.fastcredit.index import Index, parse_index, rest_route
from sheetsync.providers.fastcredit.proposals import likely_results, propose, snippet
from sheetsync.providers.fastcredit.routes import Values, make_request
from sheetsync.providers.fastcredit.site import PLAIN_ROOT, Site, user_path
from sheetsync.providers.fastcredit.users import QUERY, User, parse_users
from sheetsync.providers.fastcredit.words import (
    API_DETAILS,
    NOT_ADMIN_NEXT,
    NOT_LOGGED_IN_NEXT,
    SWITCHED_OFF,
    SWITCHED_OFF_NEXT,
    leaves_cause_open,
)
from sheetsync.providers.http import Session
from sheetsync.providers.messages import Request, clean

ADVISORY_NEXT = f"Compare the routes with {API_DETAILS}."

SHOWN_MOST = 8
"""Routes that a message names."""

NAMES = ("get_credits", "add_credits", "reset_credits")


@dataclass(frozen=True, slots=True)
class Reads:
    """How the provider reads one user's credits, by (user id, e-mail): the balance, or the whole reply."""

    credits: Callable[[str, str], int | None]
    reply: Callable[[str, str], object]


class Checks:
    """Tries one site, with reads only."""

    def __init__(
        self,
        session: Session,
        site: Site,
        routes: Routes,
        *,
        prefix: str,
        access: Access,
        credentials: Mapping[str, str],
    ) -> None:
        self._session = session
        self._site = site
        self._routes = routes
        self._prefix = prefix
        self._access = access
        self._credentials = credentials
        self._users: list[User] = []
        self._result = routes.get_credits.result or ""

    def run(self, reads: Reads) -> Iterator[CheckResult]:
        """Yield the results; ends early where nothing further can work."""
        index, problem = self._read_index()
        if problem is not None and not is_hidden(problem):
            yield CheckResult("address", False, *self._about_address(problem))
            return
        yield CheckResult("address", ok=True, message="The site answers.")
        index = index or self._read_namespace()
        yield from self._about_index(index, problem)
        refused = self._credentials_refused()
        yield refused or CheckResult(
            "credentials", ok=True, message="WordPress takes user name and password."
        )
        if refused is None:
            yield from self._about_users(reads)
        for name in ("add_credits", "reset_credits"):
            yield self._about_route(name, getattr(self._routes, name), index)
        if index is not None:
            yield from self._about_offers(index, signed_in=refused is None)

    def _read_index(self) -> tuple[Index | None, RequestOutcome | None]:
        try:
            return self._site.index(), None
        except RequestOutcome as error:
            return None, error

    def _read_namespace(self) -> Index | None:
        """Read what the routes' own namespace lists, with credentials, where the whole index is hidden.

        ``GET /wp-json/NAMESPACE``, documented by WordPress; moves no credits.
        """
        parts = rest_route(self._routes.get_credits.path, self._site.root).strip("/").split("/")
        route = Route(path=f"{self._site.root}/{'/'.join(parts[:2])}")
        if "{" in route.path:
            return None
        try:
            return parse_index(self._session.read(self._request(route, "get_credits")).data)
        except RequestOutcome:
            return None  # hidden as well: said in the line about the index

    def _about_address(self, problem: RequestOutcome) -> tuple[str, str]:
        """Look whether only the pretty address is missing: ``GET /index.php?rest_route=/``."""
        plain_works = False
        if self._site.root != PLAIN_ROOT and problem.details.get("status") is not None:
            request = Request("GET", f"{PLAIN_ROOT}/", label=PLAIN_ROOT, setting="base_url")
            try:
                plain_works = parse_index(self._session.page(request).data) is not None
            except RequestOutcome:
                plain_works = False
        return address_problem(problem, self._access, plain_works=plain_works)

    def _about_index(self, index: Index | None, problem: RequestOutcome | None) -> Iterator[CheckResult]:
        if problem is not None or index is None:
            said = problem.message if problem is not None else "The answer is no index."
            hint = f"{why.HIDDEN_NEXT} {ADVISORY_NEXT}"
            yield CheckResult("rest_api", ok=True, message=f"The REST index is hidden. {said}", hint=hint)
        if index is None:
            return
        if problem is None:
            spaces = ", ".join(index.namespaces[:SHOWN_MOST]) or "unnamed"
            message = f"The REST API lists {len(index.routes)} routes; namespaces: {spaces}."
            yield CheckResult("rest_api", ok=True, message=message)
        if index.has_app_passwords is False:
            hint = why.HTTP_NEXT if self._access.is_http else SWITCHED_OFF_NEXT
            yield CheckResult("application_passwords", ok=False, message=f"{SWITCHED_OFF}.", hint=hint)
        elif index.has_app_passwords:
            yield CheckResult(
                "application_passwords", ok=True, message="Application passwords are switched on."
            )

    def _credentials_refused(self) -> CheckResult | None:
        """Ask WordPress who we are: ``GET /wp-json/wp/v2/users/me?context=edit``; moves no credits."""
        route = Route(path=user_path(self._routes.list_users.path, "me"))
        try:
            me = self._session.read(self._request(route, "list_users", query={"context": "edit"})).data
        except RequestOutcome as error:
            return self._about_refusal(error)
        roles = me.get("roles") if isinstance(me, dict) else None
        able = me.get("capabilities") if isinstance(me, dict) else None
        if isinstance(roles, list) and isinstance(able, dict) and not able.get("list_users"):
            named = ", ".join(clean(str(role)) for role in roles)[:60] or "none"
            message = (
                f"WordPress takes user name and password, but the user is no administrator (role: {named})."
            )
            return CheckResult("credentials", ok=False, message=message, hint=NOT_ADMIN_NEXT)
        return None

    def _about_refusal(self, error: RequestOutcome) -> CheckResult:
        explained = self._site.explain(error)
        details = error.details
        if explained is not error or not leaves_cause_open(details.get("status"), details.get("code")):
            advice = self._access.advice() if details.get("status") == 401 else []
            hint = why.HTTP_NEXT if explained is not error and self._access.is_http else explained.hint
            return CheckResult("credentials", False, explained.message, " ".join([hint, *advice]))
        taken = self._is_taken_elsewhere()
        if taken:
            return CheckResult("credentials", False, f"{why.STRIPPED}. {error.message}", why.STRIPPED_NEXT)
        message, hint = (
            (error.message, error.hint or NOT_LOGGED_IN_NEXT)
            if taken is None
            else (f"{why.WRONG}. {error.message}", why.WRONG_NEXT)
        )
        return CheckResult("credentials", False, message, " ".join([*self._access.advice(), hint]))

    def _is_taken_elsewhere(self) -> bool | None:
        """Ask whether WordPress takes user name and password in a body, where no web server removes them."""
        try:
            if not has_xmlrpc(self._session.page(XMLRPC)):
                return None
            return is_taken(self._session.page(self._access.xmlrpc()))
        except RequestOutcome:
            return None

    def _about_users(self, reads: Reads) -> Iterator[CheckResult]:
        try:
            request = self._request(self._routes.list_users, "list_users", query={**QUERY, "per_page": "1"})
            self._users = parse_users(self._session.read(request).data)
        except (RequestOutcome, ProviderError) as error:
            yield _wrong("list_users", error)
            return
        yield CheckResult("list_users", ok=True, message="All users are listed, with e-mail addresses.")
        if not self._users:
            yield CheckResult("get_credits", ok=True, message="There are no users yet, so it was not tried.")
            return
        yield self._about_credits(self._users[0], reads)

    def _about_credits(self, user: User, reads: Reads) -> CheckResult:
        try:
            reads.credits(user.user_id, user.email)
        except RequestOutcome as error:
            return CheckResult("get_credits", False, error.message, self._where_it_may_be(user, reads, error))
        return CheckResult("get_credits", ok=True, message=f"The credits of user {user.user_id} were read.")

    def _where_it_may_be(self, user: User, reads: Reads, error: RequestOutcome) -> str:
        """Return a hint that names the values of the reply, if there was one."""
        if not isinstance(error, RejectedError) or error.details.get("status") is not None:
            return error.hint
        try:
            found = likely_results(reads.reply(user.user_id, user.email))
        except RequestOutcome:
            return error.hint
        if not found:
            return error.hint
        self._result = found[0]
        setting = f"{self._prefix}.get_credits.result"
        return f'{error.hint} It may be: {setting} = "{found[0]}". Values there: {", ".join(found)}.'

    def _about_route(self, name: str, route: Route, index: Index | None) -> CheckResult:
        """Look a writing route up in the index: trying it would move credits."""
        setting = f"{self._prefix}.{name}"
        if index is None:
            return CheckResult(
                name, ok=True, message=f"{setting} could not be looked up.", hint=ADVISORY_NEXT
            )
        if index.finds(route, self._site.root):
            return CheckResult(name, ok=True, message=f"The site lists {route.method} {route.path}.")
        return CheckResult(
            name,
            ok=False,
            message=f"The site lists no {route.method} {route.path}.",
            hint=f"Correct {setting}; {API_DETAILS} shows it. See credit_routes below.",
        )

    def _about_offers(self, index: Index, *, signed_in: bool) -> Iterator[CheckResult]:
        """Say what of the site's offers is not used; propose a configuration where routes are missing."""
        used: dict[str, Route] = {name: getattr(self._routes, name) for name in NAMES}
        known = {name: route for name, route in used.items() if index.finds(route, self._site.root)}
        told = "; ".join(str(each) for each in index.endpoints[:SHOWN_MOST])
        message = f"The site lists for credits: {told}." if told else "The site lists no routes with credits."
        yield CheckResult("credit_routes", ok=True, message=message)
        if len(known) < len(used) and index.endpoints:
            yield self._proposal(index, signed_in=signed_in)
        spare = index.unused(known, self._site.root)
        if spare and known:
            told = "; ".join(str(each) for each in spare[:SHOWN_MOST])
            message = f"The site also offers, and nothing here uses: {told}."
            yield CheckResult("other_routes", ok=True, message=message)

    def _proposal(self, index: Index, *, signed_in: bool) -> CheckResult:
        proposed = propose(index.endpoints, self._site.root)
        if not proposed:
            message = (
                f"The site lists routes with credits, but none that looks like ours: {index.endpoints[0]}."
            )
            return CheckResult("proposal", ok=True, message=message, hint=ADVISORY_NEXT)
        get = proposed.get("get_credits")
        if get is not None and signed_in and self._users:
            route = Route(path=get.path, query=dict(get.params))
            self._result = self._read_result(route) or self._result
        message = (
            "A guess from the site's own list, not a proof. Put it in place of the routes in "
            "sheetsync.toml, compare "
            f"it with {API_DETAILS}, then prove it: sheetsync check --write-test --account ID"
        )
        return CheckResult("proposal", True, message, snippet(self._prefix, proposed, result=self._result))

    def _read_result(self, route: Route) -> str:
        """Look where a route that reads credits has the balance: one GET, for the first user."""
        user = self._users[0]
        values = Values(user.user_id, user.email)
        try:
            request = make_request(
                route, values, setting=f"{self._prefix}.get_credits", headers=self._credentials
            )
            found = likely_results(self._session.read(request).data)
        except RequestOutcome:
            return ""
        return found[0] if found else ""

    def _request(self, route: Route, name: str, *, query: Mapping[str, str] | None = None) -> Request:
        return make_request(
            route, Values(), setting=f"{self._prefix}.{name}", query=query, headers=self._credentials
        )


def _wrong(name: str, error: RequestOutcome | ProviderError) -> CheckResult:
    return CheckResult(name, ok=False, message=error.message, hint=error.hint)
