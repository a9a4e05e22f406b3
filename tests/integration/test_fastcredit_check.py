"""``check`` tells every cause apart, in the words of WordPress's own menu, against scripted sites."""

import json
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sheetsync.config import FastCreditConnection
from sheetsync.config.routes import Routes
from sheetsync.ports import CheckResult
from sheetsync.providers.fastcredit import FastCredit
from tests.contract.provider_suite import FakeClock
from tests.stateful.kit import Free

Answer = tuple[int, str, dict[str, str]]
HTML = {"Content-Type": "text/html"}
PAGE = "<!DOCTYPE html><title>{}</title><h1>Hello</h1>"


def data(value: object, status: int = 200) -> Answer:
    """Answer JSON."""
    return status, json.dumps(value), {"Content-Type": "application/json"}


def page(title: str, status: int, **headers: str) -> Answer:
    """Answer a page."""
    return status, PAGE.format(title), HTML | {name.replace("_", "-"): text for name, text in headers.items()}


def refusal(code: str, status: int = 401) -> Answer:
    """Answer as WordPress refuses."""
    return data({"code": code, "message": "No.", "data": {"status": status}}, status)


def xmlrpc(fault: int | None) -> dict[str, Answer]:
    """Answer as WordPress's XML-RPC does."""
    asked = (405, "XML-RPC server accepts POST requests only.", {"Content-Type": "text/plain"})
    return {"GET /xmlrpc.php": asked, "/xmlrpc.php": _xmlrpc(fault)}


def _xmlrpc(fault: int | None) -> Answer:
    inner = "<params/>" if fault is None else f"<fault><value><int>{fault}</int></value></fault>"
    return 200, f"<methodResponse>{inner}</methodResponse>", {"Content-Type": "text/xml"}


NUMBER = {"type": "integer", "required": True}


def _route(methods: list[str], args: dict[str, object]) -> dict[str, object]:
    return {"namespace": "acme/v1", "methods": methods, "endpoints": [{"methods": methods, "args": args}]}


INDEX = {
    "namespaces": ["wp/v2", "acme/v1"],
    "authentication": {"application-passwords": {}},
    "routes": {
        "/wp/v2/users": _route(["GET"], {}),
        "/acme/v1/credits/(?P<user_id>[\\d]+)": _route(["GET"], {"user_id": NUMBER}),
        "/acme/v1/credits/add": _route(["POST"], {"user_id": NUMBER, "credits": NUMBER}),
        "/acme/v1/credits/set": _route(["POST"], {"user_id": NUMBER, "credits": NUMBER}),
        "/acme/v1/credit-packages": _route(["GET"], {}),
    },
}
ME = {"id": 1, "roles": ["administrator"], "capabilities": {"list_users": True}}
SOUND: Mapping[str, Answer] = {
    "/wp-json/": data(INDEX),
    "/wp-json/wp/v2/users/me": data(ME),
    "/wp-json/wp/v2/users": data([{"id": 7, "email": "a@b.example", "name": "Ana"}]),
    "/wp-json/acme/v1/credits/7": data({"user": 7, "data": {"balance": 12}}),
}
"""A site that is all right, whose routes are not those of the configuration."""


class Site:
    """A site that answers as scripted; everything else is a 404 page."""

    def __init__(self, opened: ExitStack) -> None:
        self.answers: dict[str, Answer] = dict(SOUND)
        self.asked: list[tuple[str, str]] = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for close in (thread.join, server.server_close, server.shutdown):
            opened.callback(close)
        self.base_url = f"http://127.0.0.1:{server.server_port}"

    def _handler(site) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - self is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536  # head and body in one packet

            def do_POST(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path, _, query = self.path.partition("?")
                plain = query.partition("&")[0].removeprefix("rest_route=") if path == "/index.php" else ""
                site.asked.append((self.command, self.path))
                key = f"plain:{plain}" if plain else path
                if f"{self.command} {key}" in site.answers:
                    key = f"{self.command} {key}"
                status, body, headers = site.answers.get(key, page("Not found", 404))
                raw = body.encode()
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        return Handler


@pytest.fixture(scope="module")
def opened() -> Iterator[ExitStack]:
    """Close what the module opened."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(opened: ExitStack) -> Site:
    """Open the site."""
    return Site(opened)


@pytest.fixture
def site(shared: Site) -> Site:
    """Give a sound site."""
    shared.answers, shared.asked = dict(SOUND), []
    return shared


PASSWORD = "abcd EFGH ijkl MNOP qrst 1234"


def check(
    site: Site, folder: Path, *, username: str = "office", password: str = PASSWORD, routes: object = None
) -> dict[str, CheckResult]:
    """Check the site; return the lines by name."""
    (folder / "password").write_text(password)
    connection = FastCreditConnection.model_validate(
        {
            "provider": "fastcredit",
            "base_url": site.base_url,
            "username": username,
            "application_password": {"file": str(folder / "password")},
            "sheet": {"kind": "xlsx", "path": "c.xlsx", "tab": "Credits"},
            "retries": 0,
            **({} if routes is None else {"routes": routes}),
        }
    )
    provider = FastCredit(connection, name="shop", clock=FakeClock(), limiter=Free())
    try:
        return {result.name: result for result in provider.check()}
    finally:
        provider.close()


def test_proposal_is_ready_to_paste(site: Site, tmp_path: Path) -> None:
    """Pasted, it makes a configuration that the site lists; the balance's place was read from a reply."""
    found = check(site, tmp_path)
    assert not found["add_credits"].ok
    text = found["proposal"].hint
    assert "not a proof" in found["proposal"].message
    routes = tomllib.loads(text)["connections"]["shop"]["routes"]
    assert "data.balance" == Routes.model_validate(routes).get_credits.result
    again = check(site, tmp_path, routes=routes)
    assert [] == [name for name, line in again.items() if not line.ok]
    assert "proposal" not in again
    assert "GET /acme/v1/credit-packages" in again["other_routes"].message
    assert "POST /acme/v1/credits/add (user_id: integer, credits: integer)" in again["credit_routes"].message
    assert {"GET"} == {method for method, _ in site.asked}


def test_wrong_result_names_the_likely_one(site: Site, tmp_path: Path) -> None:
    """From the values that the reply has."""
    routes = {"get_credits": {"path": "/wp-json/acme/v1/credits/{user_id}", "result": "credits"}}
    line = check(site, tmp_path, routes=routes)["get_credits"]
    assert 'connections.shop.routes.get_credits.result = "data.balance"' in line.hint


def test_hidden_index_is_read_by_namespace(site: Site, tmp_path: Path) -> None:
    """A plug-in that hides the whole index may still show one namespace to those who signed in."""
    site.answers["/wp-json/"] = refusal("rest_disabled")
    shown = {"namespace": "acme/v1", "routes": INDEX["routes"]}
    site.answers["/wp-json/acme/v1"] = data(shown)
    routes = {"get_credits": {"path": "/wp-json/acme/v1/credits/{user_id}", "result": "data.balance"}}
    found = check(site, tmp_path, routes=routes)
    assert "security plug-in" in found["rest_api"].hint
    assert not found["add_credits"].ok
    assert "/acme/v1/credits/set" in found["proposal"].hint


EDITOR = data({"id": 2, "roles": ["editor"], "capabilities": {"read": True}})
NOBODY = {"/wp-json/wp/v2/users/me": refusal("rest_not_logged_in")}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (NOBODY | xmlrpc(None), "removes the Authorization header"),
        (NOBODY | xmlrpc(403), "User name or application password is wrong"),
        (NOBODY | xmlrpc(405), "did not take the user name"),
        (NOBODY, "did not take the user name"),
        ({"/wp-json/wp/v2/users/me": refusal("plugin_login_needed")} | xmlrpc(403), "is wrong"),
        ({"/wp-json/wp/v2/users/me": refusal("incorrect_password")}, "application password is wrong"),
        ({"/wp-json/wp/v2/users/me": refusal("invalid_username")}, "does not know the user name"),
        (NOBODY | {"/wp-json/": data(INDEX | {"authentication": []})}, "WP_ENVIRONMENT_TYPE"),
        ({"/wp-json/wp/v2/users/me": EDITOR}, "(role: editor)"),
        ({"/wp-json/wp/v2/users/me": refusal("rest_forbidden", 403)}, "no administrator"),
    ],
)  # fmt: skip
def test_sign_in(site: Site, tmp_path: Path, answers: dict[str, Answer], said: str) -> None:
    """Each cause has its own sentence."""
    site.answers |= answers
    line = check(site, tmp_path)["credentials"]
    assert not line.ok
    assert said in f"{line.message} {line.hint}"
    assert PASSWORD not in f"{line.message} {line.hint}"


def test_nothing_is_posted_where_there_is_no_xmlrpc(site: Site, tmp_path: Path) -> None:
    """A check of a site that is none of WordPress's sends no POST at all."""
    site.answers |= NOBODY
    check(site, tmp_path)
    assert {"GET"} == {method for method, _ in site.asked}


def test_name_and_password_speak_for_themselves(site: Site, tmp_path: Path) -> None:
    """A login password and an e-mail address are pointed out, but only where the sign-in fails."""
    site.answers |= NOBODY | xmlrpc(403)
    hint = check(site, tmp_path, username="office@shop.example", password="hunter2")["credentials"].hint
    assert "24 letters and digits" in hint
    assert "username is an e-mail address" in hint
    assert "hunter2" not in hint
    assert "24 letters" not in check(site, tmp_path)["credentials"].hint


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (page("Down", 503, Retry_After="600"), ".maintenance"),
        (data({"code": "x", "message": "Briefly unavailable"}, 503), "in maintenance"),
        (page("Access limited by Wordfence", 403), "Allowlisted IP addresses"),
        (page("Not Acceptable!", 406), "firewall blocks this machine"),
        (page("Just a moment...", 403, cf_mitigated="challenge"), "Cloudflare"),
        (page("Home", 200), "no WordPress REST API at base_url"),
        (page("Gone", 404), "Settings → Permalinks once more"),
        (page("Critical error", 500), "Site Health"),
        ((200, 'Notice: x in y.php <br>{"routes": {}}', HTML), "WP_DEBUG_DISPLAY"),
        ((200, "\ufeff" + json.dumps(INDEX), {"Content-Type": "application/json"}), "byte-order mark"),
        (page("", 301, Location="https://shop.example/wp-json/"), 'wants https: set base_url = "https://shop.example"'),
        (page("", 302, Location="http://www.shop.example/wp-json/"), 'set base_url = "http://www.shop.example"'),
        (page("", 302, Location="/wp-login.php?redirect_to=x"), "asks everybody to log in first"),
    ],
)  # fmt: skip
def test_address(site: Site, tmp_path: Path, answer: Answer, said: str) -> None:
    """What stands before the REST API is named, and nothing further is tried."""
    site.answers["/wp-json/"] = answer
    found = check(site, tmp_path)
    assert ["address"] == list(found)
    assert said in f"{found['address'].message} {found['address'].hint}"


def test_plain_permalinks(site: Site, tmp_path: Path) -> None:
    """The other address of the REST API is tried, and named."""
    site.answers |= {"/wp-json/": page("Not found", 404), "plain:/": data(INDEX)}
    line = check(site, tmp_path)["address"]
    assert "/index.php?rest_route= it is there" in line.message
    assert "Settings → Permalinks" in line.hint
