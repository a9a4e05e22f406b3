"""The list of users: complete, each id once, or an error; never silently cut."""

import json
from collections.abc import Callable

import pytest

from sheetsync.errors import ProviderError
from sheetsync.providers.fastcredit.users import PASSES_MOST, parse_users, read_pages
from sheetsync.providers.messages import Reply, make_headers


def user(number: int) -> dict[str, object]:
    """Return a user as WordPress shows it with ``context=edit``."""
    return {"id": number, "email": f"u{number}@x.example", "name": f"User {number}"}


def reply(ids: list[int], total: int | None = None) -> Reply:
    """Return one page."""
    pages = {} if total is None else {"X-WP-Total": str(total), "X-WP-TotalPages": str(-(-total // 100))}
    return Reply(200, make_headers(pages), json.dumps([user(number) for number in ids]).encode())


def read(read_page: Callable[[int], Reply]) -> list[str]:
    """Return the ids in the order in which they come."""
    return [found.user_id for page in read_pages(read_page) for found in page.users]


def test_pages_without_totals() -> None:
    """A site that hides its totals is read up to a page that is not full."""
    everyone = list(range(1, 251))
    assert [str(number) for number in everyone] == read(
        lambda page: reply(everyone[(page - 1) * 100 : page * 100])
    )


def test_site_without_pages() -> None:
    """The same list on every page, and no totals: that is all there is."""
    everyone = list(range(1, 151))
    assert 150 == len(read(lambda _page: reply(everyone)))


def test_shrinking_list_is_read_again() -> None:
    """Who slipped through comes with the second reading; nobody comes twice."""
    everyone = list(range(1, 251))

    def read_page(page: int) -> Reply:
        shown = reply(everyone[(page - 1) * 100 : page * 100], len(everyone))
        if 250 == len(everyone):
            everyone.remove(5)
        return shown

    ids = read(read_page)
    assert len(ids) == len(set(ids))
    assert {str(number) for number in range(1, 251)} == set(ids)


def test_growing_list_ends() -> None:
    """Somebody registers at every request: the list is read a bounded number of times, and counts."""
    everyone = list(range(1, 251))
    calls: list[int] = []

    def read_page(page: int) -> Reply:
        calls.append(page)
        everyone.append(len(everyone) + 1)
        return reply(everyone[(page - 1) * 100 : page * 100], len(everyone))

    assert len(read(read_page)) >= 250
    assert PASSES_MOST == calls.count(1)


def test_list_that_never_stands_still_is_an_error() -> None:
    """Users vanish at every request: nothing of it counts."""
    everyone = list(range(1, 1001))

    def read_page(page: int) -> Reply:
        del everyone[0]
        return reply(everyone[(page - 1) * 100 : page * 100], len(everyone))

    with pytest.raises(ProviderError, match="changed"):
        read(read_page)


def test_repeated_pages_are_an_error() -> None:
    """A cache that gives page 1 for every page would cut the list."""
    with pytest.raises(ProviderError, match="repeats"):
        read(lambda _page: reply(list(range(1, 101)), 250))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"users": []}, "no list"),
        (["x"], "without an id"),
        ([{"email": "a", "name": "b"}], "without an id"),
        ([{"id": True, "email": "a"}], "without an id"),
        ([{"id": 1, "name": "b"}], "administrators"),
    ],
)
def test_other_things_are_no_users(data: object, said: str) -> None:
    """Each with its own sentence."""
    with pytest.raises(ProviderError, match=said):
        parse_users(data)


def test_names_and_ids() -> None:
    """Ids are text, names are decoded, and a missing name is an empty one."""
    users = parse_users(
        [{"id": "007", "email": " a@x ", "name": "A &amp;\tB"}, {"id": 8, "email": "", "name": None}]
    )
    assert [("007", "a@x", "A & B"), ("8", "", "")] == [
        (each.user_id, each.email, each.name) for each in users
    ]
