"""The FastCredit dialect over real HTTP: what WordPress says, word for word where a client reads it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from sheetsync.sandbox import Sandbox
from sheetsync.sandbox.book import Person

USERS = "/wp-json/wp/v2/users"
CREDITS = "/wp-json/fastcredit/v1/users/7/credits"


class Client:
    """A client that sends the sandbox's credentials and never retries or follows a redirect."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.pool = urllib3.PoolManager(retries=False, timeout=5)
        self.sign_in(sandbox.username, sandbox.password)

    def sign_in(self, name: str, password: str) -> None:
        """Send these credentials from now on."""
        self.headers = urllib3.make_headers(basic_auth=f"{name}:{password}")

    def send(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:  # noqa: ANN401 - passed on
        """Send one request."""
        return self.pool.request(
            method, self.sandbox.base_url + path, headers=self.headers, redirect=False, **options
        )

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a successful GET."""
        answer = self.send("GET", path)
        assert 200 == answer.status, answer.data
        return answer.json()

    def post(self, path: str, body: object) -> urllib3.BaseHTTPResponse:
        """Send JSON."""
        return self.pool.request(
            "POST", self.sandbox.base_url + path, headers=self.headers, json=body, redirect=False
        )


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox; account 7 has 40 credits."""
    with Sandbox(users=205) as sandbox:
        sandbox.book.set_to("7", "credits", 40, cause="admin")
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A client of it."""
    client = Client(sandbox)
    yield client
    client.pool.clear()


def assert_error(answer: urllib3.BaseHTTPResponse, status: int, code: str) -> Any:  # noqa: ANN401 - JSON
    """Check status and code of a WordPress error and return its body."""
    body = answer.json()
    assert (status, code, status) == (answer.status, body["code"], body["data"]["status"])
    assert body["message"]
    return body


def test_pages_cover_everyone_once(client: Client) -> None:
    """Totals are in the headers; a page past the end is an empty list."""
    ids: list[int] = []
    for page in (1, 2, 3, 4):
        answer = client.send("GET", f"{USERS}?context=edit&per_page=100&page={page}&orderby=id&order=asc")
        assert ("205", "3") == (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"])
        ids += [user["id"] for user in answer.json()]
    assert list(range(1, 206)) == ids


def test_a_user_in_full(client: Client) -> None:
    """Edit context shows e-mail, roles and capabilities."""
    person = client.sandbox.book.person("7")
    user = client.get(f"{USERS}/7?context=edit")
    assert (7, person.email, person.name, ["customer"]) == (
        user["id"],
        user["email"],
        user["name"],
        user["roles"],
    )
    assert [] == user["meta"]


def test_default_order_is_by_name(client: Client) -> None:
    """As on a real site, without case; and `order=desc` turns it round."""
    names = [user["name"].casefold() for user in client.get(f"{USERS}?context=edit&per_page=100")]
    assert sorted(names) == names
    turned = client.get(f"{USERS}?context=edit&per_page=1&orderby=id&order=desc")
    assert [205] == [user["id"] for user in turned]


def test_without_edit_context_the_list_is_cut(client: Client) -> None:
    """A few authors, no e-mail, and no word about it."""
    answer = client.send("GET", f"{USERS}?per_page=100")
    assert (200, "3") == (answer.status, answer.headers["X-WP-Total"])
    assert {1, 2, 3} == {user["id"] for user in answer.json()}
    assert not any("email" in user for user in answer.json())
    assert_error(client.send("GET", f"{USERS}/7"), 403, "rest_forbidden_context")


def test_search_and_include(client: Client) -> None:
    """Some users can be asked for."""
    email = client.sandbox.book.person("9").email
    found = client.get(f"{USERS}?context=edit&search={email}")
    assert [9] == [user["id"] for user in found]
    assert {3, 7} == {user["id"] for user in client.get(f"{USERS}?context=edit&include=3,7")}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("per_page=101", "per_page"),
        ("per_page=0", "per_page"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("orderby=age", "orderby"),
        ("order=up", "order"),
        ("context=all", "context"),
    ],
)
def test_bad_list_parameters(client: Client, query: str, name: str) -> None:
    """400, with the parameter named in WordPress' way."""
    prefix = "" if name == "context" else "context=edit&"
    body = assert_error(client.send("GET", f"{USERS}?{prefix}{query}"), 400, "rest_invalid_param")
    assert f"Invalid parameter(s): {name}" == body["message"]
    assert {name} == set(body["data"]["params"]) == set(body["data"]["details"])


def test_a_deleted_user_shifts_the_pages(client: Client) -> None:
    """The total changes, which is how a client can notice."""
    client.sandbox.book.close("5")
    client.sandbox.book.open(Person("300", "new@x.example", "New"))
    client.sandbox.book.close("6")
    answer = client.send("GET", f"{USERS}?context=edit&per_page=100&page=3&orderby=id")
    assert ("204", [204, 205, 300]) == (
        answer.headers["X-WP-Total"],
        [user["id"] for user in answer.json()][-3:],
    )


def test_credits_read_add_reset(client: Client) -> None:
    """The three operations."""
    assert {"user_id": 7, "credits": 40} == client.get(CREDITS)
    assert {"success": True, "user_id": 7, "credits": 65} == client.post(
        f"{CREDITS}/add", {"amount": 25}
    ).json()
    assert {"success": True, "user_id": 7, "credits": 10} == client.post(
        f"{CREDITS}/reset", {"amount": "10"}
    ).json()
    assert [(25, 65), (-55, 10)] == [
        (x.delta_minor, x.result_minor) for x in client.sandbox.book.journal("7", cause="api")
    ]


def test_form_bodies_and_query(client: Client) -> None:
    """Amounts may come as a form or in the query."""
    assert (
        42
        == client.send("POST", f"{CREDITS}/add", fields={"amount": "2"}, encode_multipart=False).json()[
            "credits"
        ]
    )
    assert 45 == client.send("POST", f"{CREDITS}/add?amount=3").json()["credits"]


def test_decimals_are_exact() -> None:
    """With a scale of 2, replies are plain decimals and nothing is rounded."""
    with Sandbox(users=1, credits_decimals=2) as sandbox:
        sandbox.book.set_to("1", "credits", 10)
        client = Client(sandbox)
        path = "/wp-json/fastcredit/v1/users/1/credits"
        assert (
            b'{"success": true, "user_id": 1, "credits": 0.30}'
            == client.post(f"{path}/add", {"amount": "0.20"}).data
        )
        assert b'{"user_id": 1, "credits": 0.30}' == client.send("GET", path).data
        assert_error(client.post(f"{path}/add", {"amount": "0.001"}), 400, "rest_invalid_param")
        client.pool.clear()


@pytest.mark.parametrize("amount", ["abc", "", None, True, 1.5, [], {}, "1,5", "NaN"])
def test_bad_amounts(client: Client, amount: object) -> None:
    """400 with `data.params`; nothing is applied."""
    body = assert_error(client.post(f"{CREDITS}/add", {"amount": amount}), 400, "rest_invalid_param")
    assert {"amount": "amount is not of type integer."} == body["data"]["params"]
    assert [] == client.sandbox.book.journal(cause="api")


def test_negative_amounts(client: Client) -> None:
    """Refused unless the site allows them, and never below zero."""
    assert_error(client.post(f"{CREDITS}/add", {"amount": -1}), 400, "rest_invalid_param")
    assert_error(client.post(f"{CREDITS}/reset", {"amount": -1}), 400, "rest_invalid_param")
    client.sandbox.turn(negative_add=True)
    assert 30 == client.post(f"{CREDITS}/add", {"amount": -10}).json()["credits"]
    assert_error(client.post(f"{CREDITS}/add", {"amount": -31}), 400, "rest_invalid_param")
    assert 30 == client.sandbox.book.balance("7", "credits")


def test_missing_amount_and_broken_json(client: Client) -> None:
    """Each has WordPress' own code."""
    body = assert_error(client.post(f"{CREDITS}/add", {"value": 1}), 400, "rest_missing_callback_param")
    assert ["amount"] == body["data"]["params"]
    client.headers["Content-Type"] = "application/json"
    answer = client.send("POST", f"{CREDITS}/add", body=b'{"amount": ')
    assert_error(answer, 400, "rest_invalid_json")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{CREDITS}/add"),
        ("POST", CREDITS),
        ("PUT", f"{CREDITS}/add"),
        ("GET", "/wp-json/nope"),
        ("POST", USERS),
        ("DELETE", f"{USERS}/7"),
        ("GET", "/wp-json/fastcredit/v1/users/x/credits"),
    ],
)
def test_wrong_method_or_route(client: Client, method: str, path: str) -> None:
    """Both are 404 `rest_no_route`."""
    body = assert_error(client.send(method, path), 404, "rest_no_route")
    assert "No route was found matching the URL and request method." == body["message"]


def test_unknown_user(client: Client) -> None:
    """404 with one code everywhere."""
    for path in (f"{USERS}/999?context=edit", "/wp-json/fastcredit/v1/users/999/credits"):
        assert_error(client.send("GET", path), 404, "rest_user_invalid_id")
    answer = client.post("/wp-json/fastcredit/v1/users/999/credits/add", {"amount": 1})
    assert_error(answer, 404, "rest_user_invalid_id")


def test_a_page_that_is_not_rest(client: Client) -> None:
    """The shop itself is HTML."""
    assert (404, "text/html; charset=UTF-8") == (
        client.send("GET", "/shop").status,
        client.send("GET", "/shop").headers["Content-Type"],
    )


def test_the_password_works_without_blanks(client: Client) -> None:
    """As WordPress does it; the user name has no case."""
    client.sign_in("Office", client.sandbox.password.replace(" ", ""))
    me = client.get(f"{USERS}/me?context=edit")
    assert (1, "office", ["administrator"]) == (me["id"], me["username"], me["roles"])
    assert me["capabilities"]["list_users"]


@pytest.mark.parametrize("switch", [None, "strip_authorization", "app_passwords_off"])
def test_not_signed_in(client: Client, switch: str | None) -> None:
    """A wrong password, a stripped header and switched-off passwords look the same."""
    if switch is None:
        client.sign_in("office", "wrong")
    else:
        client.sandbox.turn(**{switch: True})
    for path in (f"{USERS}/me?context=edit", f"{USERS}?context=edit", f"{USERS}/7?context=edit"):
        assert_error(client.send("GET", path), 401, "rest_not_logged_in")
    assert_error(client.send("GET", CREDITS), 401, "rest_forbidden")
    assert_error(client.post(f"{CREDITS}/add", {"amount": 1}), 401, "rest_forbidden")
    expected = switch != "app_passwords_off"
    assert expected == ("application-passwords" in client.get("/wp-json/")["authentication"])


@pytest.mark.parametrize(
    ("name", "code"),
    [("office", "incorrect_password"), ("nobody", "invalid_username"), ("a@b.example", "invalid_email")],
)
def test_named_wrong_credentials(client: Client, name: str, code: str) -> None:
    """With a shop plugin the reason is named, in HTML, on every route."""
    client.sandbox.turn(woocommerce_codes=True)
    client.sign_in(name, "wrong")
    assert "<strong>" in assert_error(client.send("GET", "/wp-json/"), 401, code)["message"]


@pytest.mark.parametrize("role", ["editor", "subscriber"])
def test_lesser_roles(client: Client, role: str) -> None:
    """Only an administrator sees everyone and changes credits."""
    client.sandbox.turn(role=role)
    assert_error(client.send("GET", f"{USERS}?context=edit"), 403, "rest_forbidden_context")
    assert_error(client.post(f"{CREDITS}/add", {"amount": 1}), 403, "rest_forbidden")
    me = client.get(f"{USERS}/me?context=edit")
    assert ([role], None) == (me["roles"], me["capabilities"].get("list_users"))


def test_index(client: Client) -> None:
    """The table of contents lists the credit routes with methods and arguments."""
    index = client.get("/wp-json/")
    assert (client.sandbox.base_url, ["wp/v2", "fastcredit/v1"]) == (index["url"], index["namespaces"])
    path = r"/fastcredit/v1/users/(?P<id>[\d]+)/credits"
    assert ["GET"] == index["routes"][path]["methods"]
    namespace = client.get("/wp-json/fastcredit/v1")
    add = namespace["routes"][f"{path}/add"]["endpoints"][0]
    assert (["POST"], "integer", True) == (
        add["methods"],
        add["args"]["amount"]["type"],
        add["args"]["amount"]["required"],
    )
    assert "fastcredit/v1" == namespace["namespace"]


def test_another_namespace(client: Client) -> None:
    """The vendor documents no paths: they can lie elsewhere."""
    client.sandbox.turn(namespace="credits-pro/v2")
    assert_error(client.send("GET", CREDITS), 404, "rest_no_route")
    assert 40 == client.get("/wp-json/credits-pro/v2/users/7/credits")["credits"]
    assert r"/credits-pro/v2/users/(?P<id>[\d]+)/credits" in client.get("/wp-json/")["routes"]


def test_plain_permalinks(client: Client) -> None:
    """The other form always works; with plain permalinks it is the only one."""
    plain = f"/index.php?rest_route={quote('/fastcredit/v1/users/7/credits', safe='')}"
    assert 40 == client.get(plain)["credits"]
    assert 2 == len(client.get("/?rest_route=/wp/v2/users&context=edit&per_page=2"))
    client.sandbox.turn(plain_permalinks=True)
    answer = client.post(f"{CREDITS}/add", {"amount": 1})
    location = f"{client.sandbox.base_url}/index.php?rest_route=/fastcredit/v1/users/7/credits/add"
    assert (301, location) == (answer.status, answer.headers["Location"])
    assert [] == client.sandbox.book.journal(cause="api")
    assert (
        41
        == client.post("/index.php?rest_route=/fastcredit/v1/users/7/credits/add", {"amount": 1}).json()[
            "credits"
        ]
    )
    assert_error(client.post("/index.php?rest_route=/nope", {}), 404, "rest_no_route")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic //8=", "Bearer x", "Basic"])
def test_odd_credentials_are_none(client: Client, header: str) -> None:
    """What cannot be read is ignored."""
    client.headers["Authorization"] = header
    assert_error(client.send("GET", f"{USERS}/me"), 401, "rest_not_logged_in")


def test_credits_in_the_list(client: Client) -> None:
    """A site may print the credits in the list of users."""
    client.sandbox.turn(credits_in_list=True)
    assert {"credits": 40} == client.get(f"{USERS}?context=edit&include=7")[0]["meta"]
