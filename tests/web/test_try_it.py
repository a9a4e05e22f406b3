"""The try-it page's own doors: this machine's names, its own forms, the add-on's files, nothing inline."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from sheetsync import addon
from sheetsync.web import tryit
from sheetsync.web.tryit import parts
from tests.web.kit import Town, open_town

HOME = {"base_url": "http://127.0.0.1:8765"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Open a service with the page on top."""
    with open_town(tmp_path_factory.mktemp("try-it")) as town:
        tryit.add(town.app, town.sandbox, "shop")
        yield town


@pytest.fixture
def client(town: Town) -> FlaskClient:
    """A browser that opened the page."""
    client = town.app.test_client()
    assert 200 == client.get("/try-it", **HOME).status_code
    return client


def _csrf(client: FlaskClient) -> dict[str, str]:
    text = client.get("/try-it", **HOME).text
    return {"X-CSRF-Token": text.split('name="csrf" content="')[1].split('"')[0]}


def test_only_this_machines_names(client: FlaskClient) -> None:
    """A name of another site that leads here is refused; an address that was typed leads to the page."""
    assert 403 == client.get("/try-it", base_url="http://evil.example:8765").status_code
    assert 403 == client.get("/try-it", base_url="http://127.0.0.1.evil.example").status_code
    assert "/try-it" == client.get("/", **HOME).headers["Location"]
    assert 200 == client.get("/try-it", base_url="http://localhost:8765").status_code
    assert 200 == client.get("/try-it", base_url="http://[::1]:8765").status_code


def test_strangers_and_foreign_forms(client: FlaskClient, town: Town) -> None:
    """Without the page's session nothing is shown, without its token nothing is changed."""
    stranger = town.app.test_client()
    for path in ("/try-it/tab", "/try-it/weather", "/try-it/sidebar", "/try-it/customers/1"):
        assert 401 == stranger.get(path, **HOME).status_code
    assert 403 == client.post("/try-it/weather", json={"lost": True}, **HOME).status_code
    assert not client.get("/try-it/weather", **HOME).json["switches"]["lost"]  # type: ignore[index]
    told = client.post("/try-it/weather", json={"lost": True}, headers=_csrf(client), **HOME)
    assert told.json["switches"]["lost"]  # type: ignore[index]
    told = client.post("/try-it/weather", json={"lost": False}, headers=_csrf(client), **HOME)
    assert 200 == told.status_code


def test_what_cannot_be_typed(client: FlaskClient) -> None:
    """A wrong request says what is wrong, and the workbook is as before."""
    wrong = (
        {"a": 1},
        [{"row": 2}],
        [{"row": 2, "account_id": "1", "field": "key", "text": "x"}],
        [{"row": 2, "account_id": "1", "field": "email", "text": "x"}],
        [{"row": 2, "account_id": "1", "field": "note", "text": "x" * 5_000}],
    )
    for body in wrong:
        told = client.post("/try-it/tab", json=body, headers=_csrf(client), **HOME)
        assert 400 == told.status_code, body
        assert told.json["error"]["message"]  # type: ignore[index]
    told = client.post("/try-it/weather", json={"storm": True}, headers=_csrf(client), **HOME)
    assert "There are: lost" in told.json["error"]["hint"]  # type: ignore[index]
    assert 404 == client.get("/try-it/customers/nobody", **HOME).status_code


def test_nothing_inline(client: FlaskClient) -> None:
    """The sidebar is put together from all its files; style and scripts are files of their own."""
    page = client.get("/try-it/sidebar", **HOME)
    assert "include_" not in page.text
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    shown = {path.stem for path in addon.folder().glob("SidebarS*.html")}
    assert shown == parts.names()
    for name in sorted(shown):
        found = client.get(f"/try-it/parts/{name}", **HOME)
        assert 200 == found.status_code
        assert "<" + "script" not in found.text
        assert (addon.folder() / f"{name}.html").read_text("utf-8").count(found.text) == 1
    assert 404 == client.get("/try-it/parts/Confirm", **HOME).status_code


def test_every_part_is_linked_once(client: FlaskClient) -> None:
    """What a part is decides how it is linked."""
    text = client.get("/try-it/sidebar", **HOME).text
    assert 1 == text.count('rel="stylesheet"')
    assert len(parts.names()) == text.count("/try-it/parts/")
    assert len(parts.names()) == text.count(
        "<script src="
    )  # one part is the style, and one more is the bridge
    assert "/try-it/static/bridge.js" in text
