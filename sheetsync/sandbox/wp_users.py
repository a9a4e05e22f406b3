"""WordPress' own routes for users: the list, one user, and the signed-in user."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sheetsync.sandbox.book import Book, Person, UnknownAccountError
from sheetsync.sandbox.exact import to_number
from sheetsync.sandbox.wire import Request, Response, json_response
from sheetsync.sandbox.wordpress import (
    WordPressSite,
    forbidden_context,
    invalid_param,
    not_signed_in,
    unknown_user,
)

MAX_PER_PAGE = 100
_ORDERS = ("id", "include", "name", "registered_date", "slug", "include_slugs", "email", "url")
_REGISTERED = "2022-11-02T09:00:00+00:00"


@dataclass(slots=True)
class Users:
    """Answers `/wp/v2/users` from the book; the API user is its first account."""

    book: Book
    site: WordPressSite
    username: str
    _sorted: dict[tuple[str, str], tuple[int, list[Person]]] = field(default_factory=dict, repr=False)

    def page(self, request: Request, *, signed_in: bool) -> Response:
        """`GET /wp/v2/users`: without `context=edit` silently cut to published authors."""
        query = request.query
        is_full = self._is_full(query, signed_in=signed_in)
        number = _read_count(query, "page", 1, None)
        per_page = _read_count(query, "per_page", 10, MAX_PER_PAGE)
        people = _choose(self._sort(query), query, is_full=is_full)
        shown = people[(number - 1) * per_page : number * per_page]
        pages = math.ceil(len(people) / per_page)
        answer = json_response([self._show(person, request.base_url, is_full=is_full) for person in shown])
        answer = answer.with_headers(X_WP_Total=str(len(people)), X_WP_TotalPages=str(pages))
        return answer.with_headers(Link=_link_next(request, number)) if number < pages else answer

    def one(self, request: Request, user_id: str, *, signed_in: bool) -> Response:
        """`GET /wp/v2/users/<id>`."""
        is_full = self._is_full(request.query, signed_in=signed_in)
        try:
            person = self.book.person(str(int(user_id)))
        except UnknownAccountError:
            raise unknown_user() from None
        if not is_full and not person.author:
            raise forbidden_context() if signed_in else not_signed_in()
        return json_response(self._show(person, request.base_url, is_full=is_full))

    def me(self, request: Request, *, signed_in: bool) -> Response:
        """`GET /wp/v2/users/me`: with `context=edit` it lists roles and capabilities."""
        if not signed_in:
            raise not_signed_in()
        people = self.book.people()
        person = people[0] if people else Person("1", "office@sandbox.example", self.username)
        shown = self._show(person, request.base_url, is_full=_read_context(request.query) == "edit")
        return json_response(shown)

    def _is_full(self, query: Mapping[str, str], *, signed_in: bool) -> bool:
        if _read_context(query) != "edit":
            return False
        if not signed_in:
            raise not_signed_in()
        if not self.site.may_administer:
            raise forbidden_context()
        return True

    def _sort(self, query: Mapping[str, str]) -> list[Person]:
        orderby, order = query.get("orderby", "name"), query.get("order", "asc")
        if orderby not in _ORDERS:
            raise invalid_param(
                "orderby", f"orderby is not one of {', '.join(_ORDERS)}.", code="rest_not_in_enum"
            )
        if order not in ("asc", "desc"):
            raise invalid_param("order", "order is not one of asc and desc.", code="rest_not_in_enum")
        roll, people = self._sorted.get((orderby, order), (-1, []))
        # Sorting anew for every page of a large list would cost more than all the rest.
        if roll != self.book.roll:
            roll = self.book.roll
            people = sorted(
                self.book.people(), key=lambda who: _sort_key(who, orderby), reverse=order == "desc"
            )
            self._sorted[orderby, order] = roll, people
        return people

    def _show(self, person: Person, base_url: str, *, is_full: bool) -> dict[str, object]:
        slug = self._login(person)
        shown: dict[str, object] = {
            "id": int(person.id),
            "name": person.name,
            "url": "",
            "description": "",
            "link": f"{base_url}/author/{slug}/",
            "slug": slug,
            "meta": self._meta(person),
            "_links": {"self": [{"href": f"{base_url}/wp-json/wp/v2/users/{person.id}"}]},
        }
        if is_full:
            shown |= {"username": slug, "email": person.email, "nickname": slug, "locale": "en_US"}
            shown |= {"registered_date": _REGISTERED, "first_name": "", "last_name": ""}
            shown |= self._standing(person)
        return shown

    def _login(self, person: Person) -> str:
        return self.username if person.id == "1" else person.email.partition("@")[0].replace(".", "-")

    def _meta(self, person: Person) -> object:
        # PHP writes an empty map as a list.
        if not self.site.credits_in_list:
            return []
        scale = self.book.unit("credits").scale
        return {"credits": to_number(self.book.balance(person.id, "credits"), scale)}

    def _standing(self, person: Person) -> dict[str, object]:
        if person.id == "1":
            mine = self.site.capabilities
            return {
                "roles": [self.site.role],
                "capabilities": mine,
                "extra_capabilities": {self.site.role: True},
            }
        theirs = {"read": True, "customer": True}
        return {"roles": ["customer"], "capabilities": theirs, "extra_capabilities": {"customer": True}}


def _sort_key(person: Person, orderby: str) -> tuple[str, int]:
    """Sort as WordPress' database does: text without case, ties by id."""
    texts = {"name": person.name, "email": person.email, "slug": person.email}
    return texts.get(orderby, "").casefold(), int(person.id)


def _choose(people: list[Person], query: Mapping[str, str], *, is_full: bool) -> list[Person]:
    """Apply `include=3,7` and `search=anna`, and leave authors only unless the list is full."""
    if not is_full:
        people = [person for person in people if person.author]
    if include := query.get("include"):
        wanted = set(re.split(r"[\s,]+", include))
        people = [person for person in people if person.id in wanted]
    if search := query.get("search", "").strip("*").casefold():
        people = [who for who in people if search in who.name.casefold() or search in who.email.casefold()]
    return people


def _read_context(query: Mapping[str, str]) -> str:
    context = query.get("context", "view")
    if context not in ("view", "embed", "edit"):
        raise invalid_param(
            "context", "context is not one of view, embed, and edit.", code="rest_not_in_enum"
        )
    return context


def _read_count(query: Mapping[str, str], name: str, default: int, most: int | None) -> int:
    text = query.get(name, str(default))
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise invalid_param(name, f"{name} is not of type integer.")
    count = int(text)
    if most is not None and not 1 <= count <= most:
        why = f"{name} must be between 1 (inclusive) and {most} (inclusive)"
        raise invalid_param(name, why, code="rest_out_of_bounds")
    if count < 1:
        raise invalid_param(name, f"{name} must be greater than or equal to 1", code="rest_out_of_bounds")
    return count


def _link_next(request: Request, page: int) -> str:
    query = urlencode({**request.query, "page": str(page + 1)})
    return f'<{request.base_url}{request.path}?{query}>; rel="next"'
