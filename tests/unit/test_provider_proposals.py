"""Proposals: from what a site lists to a configuration that loads."""

import tomllib
from decimal import Decimal

import pytest

from sheetsync.config.routes import Routes
from sheetsync.providers.fastcredit.index import Index, parse_index
from sheetsync.providers.fastcredit.proposals import likely_results, propose, snippet

NUMBER = {"type": "integer", "required": True}
TEXT = {"type": "string", "required": True}


def index(**routes: tuple[str, list[str], dict[str, object]]) -> Index:
    """Return the index of a site with these routes: pattern, methods, arguments."""
    listed = {
        pattern: {"namespace": "p/v1", "methods": methods, "endpoints": [{"methods": methods, "args": args}]}
        for pattern, methods, args in routes.values()
    }
    found = parse_index({"namespaces": ["wp/v2", "p/v1"], "authentication": [], "routes": listed})
    assert found is not None
    return found


PROBE = index(
    get=("/p/v1/credits/(?P<user_id>[\\d]+)", ["GET"], {"user_id": NUMBER}),
    add=("/p/v1/credits/add", ["POST"], {"user_id": NUMBER, "credits": NUMBER}),
    put=("/p/v1/credits/update-total", ["PUT", "POST"], {"user_id": NUMBER, "credits": NUMBER}),
    log=("/p/v1/credit-log/(?P<user_id>[\\d]+)", ["GET"], {"user_id": NUMBER}),
)
"""As a genuine WordPress lists the routes of a small plug-in."""

BY_MAIL = index(
    get=("/p/v1/user-credits", ["GET"], {"email": TEXT}),
    add=("/p/v1/update-user-credits", ["POST"], {"email": TEXT, "amount": TEXT, "why": TEXT}),
    put=("/p/v1/update-total-user-credits", ["POST"], {"email": TEXT, "amount": TEXT}),
)
"""Named as the vendor names its three operations."""

BARE = index(
    get=("/p/v1/users/(?P<id>[0-9]+)/credits", ["GET"], {}),
    add=("/p/v1/users/(?P<id>[0-9]+)/credits", ["POST"], {}),
    put=("/p/v1/users/(?P<id>[0-9]+)/setCredits", ["POST"], {}),
)
"""Without any arguments."""


def loaded(found: Index, root: str = "/wp-json") -> Routes:
    """Return the proposal as it is loaded."""
    text = snippet("connections.shop.routes", propose(found.endpoints, root), result="data.balance")
    return Routes.model_validate(tomllib.loads(text)["connections"]["shop"]["routes"])


def test_path_and_body() -> None:
    """Patterns become placeholders, arguments become the body."""
    routes = loaded(PROBE)
    assert ("GET", "/wp-json/p/v1/credits/{user_id}", "data.balance") == (
        routes.get_credits.method,
        routes.get_credits.path,
        routes.get_credits.result,
    )
    assert ("/wp-json/p/v1/credits/add", {"user_id": "{user_id}", "credits": "{amount}"}) == (
        routes.add_credits.path,
        routes.add_credits.body,
    )
    assert ("POST", "/wp-json/p/v1/credits/update-total") == (
        routes.reset_credits.method,
        routes.reset_credits.path,
    )


def test_by_e_mail_and_as_text() -> None:
    """The vendor's names are told apart; what cannot be filled in is said."""
    routes = loaded(BY_MAIL, "/index.php?rest_route=")
    assert {"email": "{email}"} == routes.get_credits.query
    assert "/index.php?rest_route=/p/v1/update-user-credits" == routes.add_credits.path
    assert "/index.php?rest_route=/p/v1/update-total-user-credits" == routes.reset_credits.path
    assert routes.add_credits.as_text
    proposed = propose(BY_MAIL.endpoints, "/wp-json")
    assert ("the site also requires why (string)",) == proposed["add_credits"].remarks


def test_without_arguments() -> None:
    """The usual names are put in, with a remark."""
    routes = loaded(BARE)
    assert {"amount": "{amount}"} == routes.reset_credits.body
    assert "/wp-json/p/v1/users/{user_id}/setCredits" == routes.reset_credits.path
    assert "correct it" in propose(BARE.endpoints, "/wp-json")["add_credits"].remarks[0]


def test_unused_routes() -> None:
    """What the site offers and the configuration does not call."""
    routes = loaded(PROBE)
    used = {"get": routes.get_credits, "add": routes.add_credits, "reset": routes.reset_credits}
    (spare,) = PROBE.unused(used, "/wp-json")
    assert "GET /p/v1/credit-log/{user_id} (user_id: integer)" == str(spare)


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        ({"user_id": 7, "data": {"level": 3, "balance": Decimal("4.5")}}, "data.balance"),
        ({"credits": None, "id": 7}, "credits"),
        ([{"user": 7, "points": "12"}], "0.points"),
        ({"name": "Ana", "ok": True}, None),
        (12, None),
    ],
)
def test_likely_results(reply: object, first: str | None) -> None:
    """Numbers and empty values with a fitting name; never an id."""
    found = likely_results(reply)
    assert first == (found[0] if found else None)


def test_odd_indexes() -> None:
    """Nothing of a foreign index is taken for granted."""
    found = parse_index({"routes": {"/credit": 5, "/credits/(?:a|b)": {"endpoints": [3, {"args": [1]}]}}})
    assert found is not None
    assert {} == propose(found.endpoints, "/wp-json")
