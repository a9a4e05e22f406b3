"""Endpoints, copied as a vendor's page shows them, become routes that load."""

from typing import Any

import pytest

from sheetsync.config.endpoints import parse_endpoint
from sheetsync.config.routes import Route

AMOUNT = {"amount": "{amount}"}


def route(text: str, base_url: str = "", *, writes: bool = True) -> dict[str, Any]:
    """Parse, load, and return what was set."""
    found = parse_endpoint(text, writes=writes, base_url=base_url)
    return Route.model_validate(found.route).model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/wp-json/x/v1/users/{user_id}/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("wp-json/x/v1/users/123/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("POST https://shop.example/wp-json/x/v1/users/:id/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("post: https://shop.example/wp-json/x/v1/users/<id>/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("/wp-json/x/v1/users/(?P<user_id>[\\d]+)/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("/wp-json/x/v1/users/[user_id]/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("/wp-json/x/v1/users/%7Bid%7D/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("/wp-json/x/v1/users/{{ID}}/add", "/wp-json/x/v1/users/{user_id}/add"),
        ("`/wp-json/x/v1/mail/a@b.example/add`", "/wp-json/x/v1/mail/{email}/add"),
        (
            "https://shop.example/?rest_route=/x/v1/users/5/add",
            "/?rest_route=/x/v1/users/{user_id}/add",
        ),
        (
            "/index.php?rest_route=/x/v1/users/{id}/add",
            "/index.php?rest_route=/x/v1/users/{user_id}/add",
        ),
    ],
)
def test_paths(text: str, path: str) -> None:
    """Placeholders of every make, and examples; the amount goes into the body."""
    assert {"method": "POST", "path": path, "body": AMOUNT} == route(text)


def test_parameters() -> None:
    """Known names get our placeholders, others keep their values."""
    text = "GET https://shop.example/wp-json/x/v1/credits?email=a@b.example&full=1"
    assert {"path": "/wp-json/x/v1/credits", "query": {"email": "{email}", "full": "1"}} == route(
        text, writes=False
    )
    text = 'PUT /wp-json/x/v1/total {"customer_id": 12, "points": 100, "why": "sheet"}'
    body = {"customer_id": "{user_id}", "points": "{amount}", "why": "sheet"}
    assert {"method": "PUT", "path": "/wp-json/x/v1/total", "body": body} == route(text)


def test_missing_user_is_filled_in() -> None:
    """A route that names no user cannot be called; the usual name is put in."""
    assert {"user_id": "{user_id}"} == route("/wp-json/x/v1/credits", writes=False)["query"]
    assert {"user_id": "{user_id}", **AMOUNT} == route("/wp-json/x/v1/credits/add")["body"]


@pytest.mark.parametrize(
    ("text", "base_url", "site"),
    [
        ("https://shop.example/wp-json/x/v1/u/1", "", "https://shop.example"),
        ("https://shop.example/blog/wp-json/x/v1/u/1", "", "https://shop.example/blog"),
        ("https://shop.example:8443/index.php?rest_route=/x/v1/u/1", "", "https://shop.example:8443"),
        ("https://Shop.example/blog/wp-json/x/v1/u/1", "https://shop.example/blog/", "https://shop.example/blog"),
        ("http://127.0.0.1:8765/wp-json/x/v1/u/1", "", "http://127.0.0.1:8765"),
        ("/wp-json/x/v1/u/1", "", ""),
    ],
)  # fmt: skip
def test_site(text: str, base_url: str, site: str) -> None:
    """An endpoint may name its site, with the folder that WordPress is in."""
    found = parse_endpoint(text, writes=True, base_url=base_url)
    assert site == found.site
    assert "/u/{user_id}" in str(found.route["path"])


@pytest.mark.parametrize(
    ("text", "base_url", "said"),
    [
        ("", "", "no address"),
        ("https://other.example/wp-json/x", "https://shop.example", "on another site than https://shop.example"),
        ("https://shop.example", "", "copy the whole endpoint"),
        ("https://office:geheim@shop.example/wp-json/x/1", "", "user name or password"),
        ("Update User Credits endpoint", "", "holds spaces"),
        ('/wp-json/x/1 {"a": }', "", "no JSON"),
    ],
)  # fmt: skip
def test_refusals(text: str, base_url: str, said: str) -> None:
    """A sentence says what is wrong, and repeats no password."""
    with pytest.raises(ValueError, match=said) as caught:
        parse_endpoint(text, writes=True, base_url=base_url)
    assert "geheim" not in str(caught.value)
