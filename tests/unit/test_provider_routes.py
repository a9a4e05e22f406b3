"""Routes: filled in exactly, read exactly."""

from decimal import Decimal

import pytest

from sheetsync.config import Route
from sheetsync.core.accounts import Unit
from sheetsync.errors import RejectedError
from sheetsync.providers.fastcredit.index import parse_index
from sheetsync.providers.fastcredit.routes import MissingResultError, Values, amount_text, dig, make_request
from sheetsync.providers.fastcredit.site import rest_root, user_path
from sheetsync.providers.messages import Request

ODD = Values("0 0/1?", "Ä+b&c=d@x.example", "12.5")


def request(values: Values = ODD, more: dict[str, str] | None = None, **route: object) -> Request:
    """Fill in a route."""
    return make_request(Route.model_validate(route), values, setting="s", query=more)


def test_placeholders_are_encoded_where_they_stand() -> None:
    """A value never becomes a part of the address's structure."""
    made = request(path="/u/{user_id}/c?mail={email}", query={"a": "{amount}", "x": "1 2"})
    assert "/u/0%200%2F1%3F/c?mail=%C3%84%2Bb%26c%3Dd%40x.example&a=12.5&x=1%202" == made.target
    assert "/u/{user_id}/c?mail={email}" == made.label


def test_values_are_not_templates() -> None:
    """What is put in is not looked at again."""
    made = request(Values("7", "{amount}@x.example", "5"), path="/{email}/{user_id}")
    assert "/%7Bamount%7D%40x.example/7" == made.target


@pytest.mark.parametrize("user_id", ["", ".", ".."])
def test_climbing_ids_are_refused(user_id: str) -> None:
    """An id that would name another address is never sent."""
    with pytest.raises(RejectedError):
        request(Values(user_id), path="/u/{user_id}/c")


def test_plain_permalinks() -> None:
    """Further parameters follow those of the path."""
    made = request(path="/index.php?rest_route=/wp/v2/users", more={"context": "edit"})
    assert "/index.php?rest_route=/wp/v2/users&context=edit" == made.target


@pytest.mark.parametrize(
    ("body", "as_text", "values", "sent"),
    [
        ({"amount": "{amount}"}, False, Values("7", "", "25"), b'{"amount":25}'),
        ({"amount": "{amount}"}, False, Values("7", "", "-0.1"), b'{"amount":-0.1}'),
        ({"amount": "{amount}"}, True, Values("7", "", "25"), b'{"amount":"25"}'),
        ({"a": "add {amount}"}, False, Values("7", "", "25"), b'{"a":"add 25"}'),
        ({"id": "{user_id}"}, False, Values("7"), b'{"id":7}'),
        ({"id": "{user_id}"}, True, Values("7"), b'{"id":"7"}'),
        ({"id": "{user_id}"}, False, Values("007"), b'{"id":"007"}'),
        ({"id": "{user_id}"}, False, Values("9" * 20), b'{"id":"' + b"9" * 20 + b'"}'),
        ({"e": "{email}"}, False, Values("7", 'a"b'), b'{"e":"a\\"b"}'),
        (
            {"l": [{"n": "{amount}"}, 1, True, None]},
            False,
            Values("", "", "5"),
            b'{"l":[{"n":5},1,true,null]}',
        ),
    ],
)
def test_bodies(body: dict[str, object], values: Values, sent: bytes, *, as_text: bool) -> None:
    """A value that is only {amount} or {user_id} is a number; exact, never a float."""
    assert sent == request(values, method="POST", path="/x", body=body, as_text=as_text).body


@pytest.mark.parametrize(
    ("minor", "scale", "text"),
    [
        (25, 0, "25"),
        (100, 0, "100"),
        (1250, 2, "12.5"),
        (2500, 2, "25"),
        (1, 2, "0.01"),
        (-5, 1, "-0.5"),
        (0, 2, "0"),
        (12500000000000001, 9, "12500000.000000001"),
    ],
)
def test_amounts_are_exact(minor: int, scale: int, text: str) -> None:
    """Without noise and without trailing zeros."""
    assert text == amount_text(minor, Unit("credits", "Credits", scale))


def test_dig() -> None:
    """Through objects and lists; a bare value is the balance itself."""
    assert 5 == dig({"data": [{"credits": 5}]}, "data.0.credits")
    assert Decimal("2.5") == dig(Decimal("2.5"), "credits")
    assert "7" == dig("7", None)
    assert None is dig({"credits": None}, "credits")


@pytest.mark.parametrize(
    ("data", "path", "names"),
    [
        ({"balance": 4711, "user": 1}, "credits", "balance, user"),
        ({"a": {"b": 1}}, "a", "b"),
        ([], "0", "a list of 0"),
        ({}, "x", "an empty object"),
        ({"a": 4711}, "a.b", "a single value"),
        ({"a": 1}, None, "a"),
    ],
)
def test_missing_results_name_keys_not_values(data: object, path: str | None, names: str) -> None:
    """The sentence says what is there, without anybody's data."""
    with pytest.raises(MissingResultError, match=names) as caught:
        dig(data, path)
    assert "4711" not in str(caught.value)


def test_rest_addresses() -> None:
    """Index and single users are found from the list's path, with both kinds of permalinks."""
    assert "/wp-json" == rest_root("/wp-json/wp/v2/users")
    assert "/index.php?rest_route=" == rest_root("/index.php?rest_route=/wp/v2/users")
    assert "/wp-json/wp/v2/users/me" == user_path("/wp-json/wp/v2/users", "me")
    assert "/wp-json/wp/v2/users/7?a=1" == user_path("/wp-json/wp/v2/users?a=1", "7")
    assert "/?rest_route=/wp/v2/users/7&a=1" == user_path("/?rest_route=/wp/v2/users&a=1", "7")


def test_index_finds_routes_without_running_their_patterns() -> None:
    """WordPress's patterns are compared segment by segment."""
    index = parse_index(
        {
            "authentication": [],
            "routes": {
                "/fastcredit/v1/users/(?P<id>[\\d]+)/credits": {"methods": ["GET"]},
                "/fastcredit/v1/users/(?P<id>(a+)+)/credits\\-add": {"methods": ["POST", "PUT"]},
                "/wp/v2/users": {"methods": ["GET"]},
                "/odd": 5,
            },
        }
    )
    assert index is not None
    assert False is index.has_app_passwords
    get = Route(path="/wp-json/fastcredit/v1/users/{user_id}/credits")
    add = Route(method="POST", path="/wp-json/fastcredit/v1/users/{user_id}/credits-add?x=1")
    assert index.finds(get, "/wp-json")
    assert index.finds(add, "/wp-json")
    assert not index.finds(get.model_copy(update={"method": "POST"}), "/wp-json")
    assert not index.finds(Route(path="/wp-json/fastcredit/v1/users/{user_id}"), "/wp-json")
    assert [
        "GET /fastcredit/v1/users/{id}/credits",
        "POST/PUT /fastcredit/v1/users/{id}/credits-add",
    ] == [str(each) for each in index.endpoints]
    assert None is parse_index([])
