"""WordPress's list of users, page by page, complete although users come and go meanwhile."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sheetsync.errors import ProviderError
from sheetsync.providers.fastcredit.words import NOT_ADMIN_NEXT
from sheetsync.providers.messages import Reply, clean, entities

PER_PAGE = 100
"""Users per request; WordPress refuses more."""

PASSES_MOST = 5
"""How often the list is read again because users were deleted while it was read."""

PAGES_MOST = 100_000
"""Pages; ten million users, more than WordPress lists in a day."""

QUERY = {"context": "edit", "per_page": str(PER_PAGE), "orderby": "id", "order": "asc"}
"""Without ``context=edit`` WordPress leaves out the e-mails and, silently, all who never published
anything; the default order is by name, which anybody may change at any moment."""


@dataclass(frozen=True, slots=True)
class User:
    """One WordPress user; ``raw`` is the object as it came."""

    user_id: str
    email: str
    name: str
    raw: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Users that were not on an earlier page, and how many there are in all, if the site says so."""

    users: list[User]
    total: int | None


@dataclass(slots=True)
class _Pass:
    """What one reading of the whole list looked like."""

    total: int | None = None
    grew: bool = False
    shrank: bool = False
    repeated: bool = False
    ids: set[str] = field(default_factory=set)

    def note(self, users: list[User], total: int | None) -> None:
        if self.total is not None and total is not None:
            self.grew |= total > self.total
            self.shrank |= total < self.total
        self.total = total if total is not None else self.total
        here = {user.user_id for user in users}
        self.repeated |= not here.isdisjoint(self.ids) or len(here) < len(users)
        self.ids |= here

    @property
    def is_steady(self) -> bool:
        return not (self.grew or self.shrank or self.repeated)


def read_pages(read_page: Callable[[int], Reply]) -> Iterator[Page]:
    """Yield all users, each id once.

    A user deleted between two pages moves all later ones up, and one slips through; so the list is read again
    until nothing moved. Only users that were not seen yet are yielded again.

    Args:
        read_page: reads the page of this number, from 1.

    Raises:
        ProviderError: the list does not stand still, or is none.
    """
    seen: set[str] = set()
    tally = _Pass()
    for _ in range(PASSES_MOST):
        tally = _Pass()
        for users in _read_once(read_page, tally):
            fresh = {user.user_id: user for user in users if user.user_id not in seen}
            seen.update(fresh)
            yield Page(list(fresh.values()), tally.total)
        if tally.is_steady:
            return
    # Ordered by id, who registers meanwhile comes last and moves nobody.
    if tally.shrank or tally.repeated:
        raise ProviderError(
            f"The list of users changed during {PASSES_MOST} readings, or the site repeats its pages.",
            hint="Try again when no users are being deleted; or switch off caching of the REST API.",
        )


def _read_once(read_page: Callable[[int], Reply], tally: _Pass) -> Iterator[list[User]]:
    for number in range(1, PAGES_MOST + 1):
        reply = read_page(number)
        users = parse_users(reply.data)
        total, pages = _count(reply, "X-WP-Total"), _count(reply, "X-WP-TotalPages")
        # A site that says nothing about pages and gives the same one again has no others.
        if not users or (pages is None and tally.ids.issuperset(user.user_id for user in users)):
            return
        tally.note(users, total)
        yield users
        if number >= pages if pages is not None else len(users) < PER_PAGE:
            return


def parse_users(data: object) -> list[User]:
    """Return the users of one reply.

    Raises:
        ProviderError: it is no list of users, or ``context=edit`` was not honoured: there are no e-mails.
    """
    if not isinstance(data, list):
        raise ProviderError(
            "The list of users is no list.",
            hint="Correct routes.list_users; WordPress has /wp-json/wp/v2/users.",
        )
    return [parse_user(item) for item in data]


def parse_user(item: object) -> User:
    """Return one user of the list, or of a request for one."""
    user_id = item.get("id") if isinstance(item, dict) else None
    if (
        not isinstance(item, dict)
        or isinstance(user_id, bool)
        or not isinstance(user_id, int | str)
        or user_id == ""
    ):
        raise ProviderError(
            "The list of users holds something without an id.",
            hint="Correct routes.list_users; WordPress has /wp-json/wp/v2/users.",
        )
    email, name = item.get("email"), item.get("name")
    if not isinstance(email, str):
        raise ProviderError(
            "The list of users has no e-mail addresses: WordPress shows them, and all customers, only to"
            " administrators.",
            hint=NOT_ADMIN_NEXT,
        )
    return User(str(user_id), clean(email), entities(name) if isinstance(name, str) else "", item)


def _count(reply: Reply, header: str) -> int | None:
    text = reply.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None
