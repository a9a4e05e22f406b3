"""People with a browser, as far as HTTP goes: sessions, forms, and what a page says."""

import re
from dataclasses import dataclass
from datetime import timedelta

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sheetsync.web.callers import COOKIE
from sheetsync.web.sessions import Sessions
from tests.web.kit import Town


@dataclass
class Person:
    """Somebody who has signed in."""

    client: FlaskClient
    csrf: str = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form of ours."""
        return self.client.post(path, data={"csrf": self.csrf, **fields})


def signed_in(town: Town, email: str) -> Person:
    """Sign somebody in."""
    client = town.client
    opened = town.service.store.callers.open_session(email, kind="session", length=timedelta(hours=1))
    key = town.service.store.callers.signing_key()
    client.set_cookie(COOKIE, Sessions(key).seal(opened))
    found = re.search(r'name="csrf" value="(\w+)"', client.get("/").text)
    return Person(client, found[1] if found else "")


def said(reply: TestResponse) -> str:
    """Return what the page's main part says."""
    return words_of(reply.text.partition("<main")[2].partition("</main>")[0].partition(">")[2])


def words_of(markup: str) -> str:
    """Return text without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())
