"""What is particular to WordPress: pages, permalinks, refusals, and the sentences an admin reads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sheetsync.core.accounts import Account, Action, Change, Operation
from sheetsync.errors import OutcomeUnknownError, ProviderError, RejectedError, RetryableError
from sheetsync.ports import CheckResult
from sheetsync.providers.fastcredit import FastCredit
from sheetsync.sandbox import Sandbox
from sheetsync.sandbox.book import Person
from tests.contract.provider_suite import send
from tests.contract.test_provider_fastcredit import FastCreditRig

PLAIN_ROUTES = {
    "list_users": {"path": "/index.php?rest_route=/wp/v2/users"},
    "get_credits": {"path": "/index.php?rest_route=/fastcredit/v1/users/{user_id}/credits"},
    "add_credits": {
        "path": "/index.php?rest_route=/fastcredit/v1/users/{user_id}/credits/add",
        "body": {"amount": "{amount}"},
    },
    "reset_credits": {
        "path": "/index.php?rest_route=/fastcredit/v1/users/{user_id}/credits/reset",
        "body": {"amount": "{amount}"},
    },
}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[FastCreditRig]:
    """Give a fresh sandbox of three pages of users."""
    with Sandbox(users=210) as sandbox:
        rig = FastCreditRig(sandbox, tmp_path / "password")
        yield rig
        rig.close()


def stream(provider: FastCredit) -> list[Account]:
    """Return all accounts."""
    return list(provider.accounts(lambda _done, _total: None))


def operation(action: Action, amount: int) -> Operation:
    """Return an operation on user 7."""
    return Operation("K", "7", "", action, (Change("credits", amount),))


def wrong(results: Iterator[CheckResult]) -> dict[str, CheckResult]:
    """Return what a check found wrong, by name."""
    return {result.name: result for result in results if not result.ok}


def site(rig: FastCreditRig, **switches: object) -> None:
    """Turn switches of the fake site."""
    rig.sandbox.site.update(switches)


def test_lists_in_order_with_one_request_per_user(rig: FastCreditRig) -> None:
    """Three pages, and one read per user; ordered as the site lists them."""
    accounts = stream(rig.provider())
    assert rig.account_ids == [account.account_id for account in accounts]
    assert 3 + 210 == rig.requests()


def test_list_with_balances_needs_no_request_per_user(rig: FastCreditRig) -> None:
    """With ``routes.list_users.result`` a pull is its pages."""
    site(rig, credits_in_list=True)
    rig.sandbox.book.set_to("7", "credits", 31)
    routes = {"list_users": {"path": "/wp-json/wp/v2/users", "result": "meta.credits"}}
    accounts = stream(rig.provider(routes=routes))
    assert 31 == {account.account_id: account for account in accounts}["7"].balances["credits"]
    assert 3 == rig.requests()


def test_user_deleted_between_pages_skips_nobody(rig: FastCreditRig) -> None:
    """Who moved up to a page that was read already is still found, and nobody comes twice."""
    seen: list[str] = []
    for account in rig.provider().accounts(lambda _done, _total: None):
        seen.append(account.account_id)
        if "100" == account.account_id:
            rig.sandbox.book.close("3")
    assert len(seen) == len(set(seen))
    assert set(rig.account_ids) == set(seen)


def test_user_registered_meanwhile_is_no_error(rig: FastCreditRig) -> None:
    """The list grows at its end."""
    seen: list[str] = []
    for account in rig.provider().accounts(lambda _done, _total: None):
        seen.append(account.account_id)
        if "100" == account.account_id:
            rig.sandbox.book.open(Person("9001", "new@x.example", "New"), {"credits": 5})
    assert {*rig.account_ids, "9001"} == set(seen)


def test_user_deleted_before_its_credits_were_read_is_left_out(rig: FastCreditRig) -> None:
    """A user whose credits are not found is gone, and no failure."""
    rig.sandbox.book.close("210")
    site(rig, credits_in_list=False)
    assert "210" not in {account.account_id for account in stream(rig.provider())}


def test_credits_of_nobody_found_is_a_wrong_route(rig: FastCreditRig) -> None:
    """Not an empty pull: a route that finds nobody is named."""
    routes = {"get_credits": {"path": "/wp-json/wp/v2/users/{user_id}9999999/"}}
    with pytest.raises(ProviderError) as caught:
        stream(rig.provider(routes=routes))
    assert "connections.shop.routes.get_credits" in caught.value.hint


def test_failing_user_is_named(rig: FastCreditRig) -> None:
    """After bounded tries the pull fails, and says where."""
    rig.script("html_500", path="/users/42/credits", times=None)
    with pytest.raises(ProviderError, match="user 42"):
        stream(rig.provider(retries=1))


def test_stopping_early_stops_reading(rig: FastCreditRig) -> None:
    """A pull that is given up reads no further pages."""
    accounts = rig.provider().accounts(lambda _done, _total: None)
    assert "1" == next(accounts).account_id
    accounts.close()  # type: ignore[attr-defined] # it is a generator
    assert rig.requests() <= 101


def test_names_are_decoded(rig: FastCreditRig) -> None:
    """Entities become letters; formulas stay text."""
    rig.sandbox.book.open(Person("7", "a@x.example", "O&#8217;Brien &amp; =1+1"), {})
    names = {account.account_id: account.name for account in stream(rig.provider())}
    assert "O’Brien & =1+1" == names["7"]


def test_plain_permalinks(rig: FastCreditRig) -> None:
    """Everything works below ``/index.php?rest_route=``."""
    site(rig, plain_permalinks=True)
    provider = rig.provider(routes=PLAIN_ROUTES)
    assert 210 == len(stream(provider))
    before = rig.balance("7", "credits")
    send(provider, operation(Action.ADD, 5), {"credits": before})
    assert before + 5 == rig.balance("7", "credits")
    assert {} == wrong(provider.check())


def test_plain_permalinks_with_pretty_routes_are_explained(rig: FastCreditRig) -> None:
    """The redirect is not followed, and the sentence says what to do, in WordPress's own words."""
    site(rig, plain_permalinks=True)
    provider = rig.provider()
    with pytest.raises(ProviderError, match="redirects") as caught:
        stream(provider)
    assert "Settings → Permalinks" in caught.value.hint
    assert "Settings → Permalinks" in wrong(provider.check())["address"].hint
    with pytest.raises(OutcomeUnknownError, match="redirects"):
        send(provider, operation(Action.ADD, 5), {"credits": 0})
    assert 0 == rig.applied("7")


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ({"strip_authorization": True}, "Authorization header"),
        ({"app_passwords_off": True}, "switched off"),
        ({"role": "editor"}, "administrator"),
        ({"role": "subscriber"}, "administrator"),
    ],
)
def test_access_problems_are_told_apart(rig: FastCreditRig, switches: dict[str, object], said: str) -> None:
    """Each cause has its own sentence, in a pull, in a read and in a check."""
    site(rig, **switches)
    provider = rig.provider()
    with pytest.raises(ProviderError) as pulled:
        stream(provider)
    with pytest.raises(RejectedError) as read:
        provider.account("7")
    assert read.value.everything
    found = " ".join(f"{result.message} {result.hint}" for result in wrong(provider.check()).values())
    for text in (pulled.value.message + pulled.value.hint, read.value.message + read.value.hint, found):
        assert said in text


@pytest.mark.parametrize(
    ("username", "woocommerce", "said"),
    [
        ("office", True, "password is wrong"),
        ("nobody", True, "does not know the user name"),
        ("no@body.example", True, "does not know the user name"),
        ("office", False, "did not take the user name"),
    ],
)
def test_wrong_credentials(
    rig: FastCreditRig, username: str, said: str, *, woocommerce: bool, tmp_path: Path
) -> None:
    """A wrong name and a wrong password are told apart where the site tells them apart."""
    site(rig, woocommerce_codes=woocommerce)
    provider = rig.provider(username=username, application_password={"file": str(tmp_path / "wrong")})
    results = wrong(provider.check())
    assert said in results["credentials"].message
    with pytest.raises(RejectedError, match=said) as caught:
        send(provider, operation(Action.ADD, 5), {"credits": 0})
    assert caught.value.everything
    assert "<strong>" not in caught.value.message


@pytest.fixture(autouse=True)
def wrong_password(tmp_path: Path) -> None:
    """Keep a wrong password at hand."""
    (tmp_path / "wrong").write_text("wron gwro ngwr")


def test_one_look_at_the_index_explains_all_rows(rig: FastCreditRig) -> None:
    """A refusal of every row costs one look, not one per row."""
    site(rig, app_passwords_off=True)
    provider = rig.provider()
    for account_id in rig.account_ids[:5]:
        with pytest.raises(RejectedError, match="switched off"):
            provider.account(account_id)
    assert 6 == rig.requests()


def test_missing_route_names_its_setting(rig: FastCreditRig) -> None:
    """A write to nowhere is refused for all, and the setting is named."""
    routes = {"add_credits": {"path": "/wp-json/fastcredit/v2/add/{user_id}", "body": {"amount": "{amount}"}}}
    provider = rig.provider(routes=routes)
    with pytest.raises(RejectedError, match=r"connections\.shop\.routes\.add_credits") as caught:
        send(provider, operation(Action.ADD, 5), {"credits": 0})
    assert caught.value.everything
    results = {result.name: result for result in provider.check()}
    assert "POST /fastcredit/v1/users/{id}/credits/add" in results["credit_routes"].message
    assert "Integrations and API" in results["add_credits"].hint


def test_missing_result_names_keys(rig: FastCreditRig) -> None:
    """A reply without the balance names the setting and the keys that are there."""
    routes = {
        "get_credits": {"path": "/wp-json/fastcredit/v1/users/{user_id}/credits", "result": "data.balance"}
    }
    with pytest.raises(RejectedError, match=r"routes\.get_credits\.result.*credits"):
        rig.provider(routes=routes).account("7")


def test_decimals(tmp_path: Path) -> None:
    """Amounts travel as exact decimals, both ways."""
    with Sandbox(users=3, credits_decimals=2) as sandbox:
        rig = FastCreditRig(sandbox, tmp_path / "password")
        sandbox.book.set_to("2", "credits", 1005)
        provider = rig.provider(decimals=2)
        send(provider, Operation("K", "2", "", Action.ADD, (Change("credits", 1250),)), {"credits": 1005})
        assert 2255 == provider.account("2").balances["credits"] == rig.balance("2", "credits")
        with pytest.raises(RejectedError, match="decimal"):
            rig.provider(decimals=1).account("2")
        rig.close()


def test_negative_adjust(rig: FastCreditRig) -> None:
    """Without ``negative_add`` it is a reset to before + amount, never below zero; with it, an add."""
    rig.sandbox.book.set_to("7", "credits", 10)
    provider = rig.provider()
    send(provider, operation(Action.ADJUST, -4), {"credits": 10})
    assert 6 == rig.balance("7", "credits")
    assert rig.sandbox.requests[-1].path.endswith("/reset")
    rig.clear()
    with pytest.raises(RejectedError, match="below zero"):
        send(provider, operation(Action.ADJUST, -7), {"credits": 6})
    assert 0 == rig.requests()
    site(rig, negative_add=True)
    send(rig.provider(negative_add=True), operation(Action.ADJUST, -4), {"credits": 6})
    assert 2 == rig.balance("7", "credits")
    assert rig.sandbox.requests[-1].path.endswith("/add")


def test_refused_value_is_in_the_sites_words(rig: FastCreditRig) -> None:
    """A value that the site refuses concerns that row alone, with the reason."""
    with pytest.raises(RejectedError, match="greater than or equal to 0") as caught:
        send(rig.provider(negative_add=True), operation(Action.ADJUST, -4), {"credits": 6})
    assert not caught.value.everything


def test_maintenance_is_waited_for_within_bounds(rig: FastCreditRig) -> None:
    """WordPress asks for 600 s; a read waits for less, and then says when it is worth trying."""
    rig.script("maintenance_503", on="read", times=None)
    with pytest.raises(RetryableError) as caught:
        rig.provider(retries=2).account("7")
    assert [30.0, 30.0] == rig.clock.slept_s
    assert 600.0 == caught.value.retry_after_s


def test_email_is_read_where_a_route_needs_it(rig: FastCreditRig) -> None:
    """A template with {email} costs one more read, unless the operation brings the e-mail."""
    routes = {
        "get_credits": {
            "path": "/wp-json/fastcredit/v1/users/{user_id}/credits",
            "query": {"mail": "{email}"},
            "result": "credits",
        }
    }
    account = rig.provider(routes=routes).account("7")
    assert rig.sandbox.book.person("7").email == account.email
    assert 2 == rig.requests()
    assert "%40" in rig.sandbox.requests[-1].path


def test_check_of_a_challenge_page(rig: FastCreditRig) -> None:
    """A challenge stops the check at the address, and says who has to let us through."""
    rig.script("cloudflare", times=None)
    assert "Cloudflare" in wrong(rig.provider().check())["address"].hint
