"""Pages over 50,000 operations and a plan of 50,000 rows: bounded rows, bounded queries, bounded bytes."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests.web.crowd import DIGEST, RUN, fill_ledger, save_plan
from tests.web.kit import Town
from tests.web.people import Person, said, signed_in

MANY = 50_000
ROWS_MAX = 50
QUERIES_MAX = 20
BYTES_MAX = 160_000


@pytest.fixture(scope="module")
def crowd(town: Town) -> Town:
    """Fill the ledger once."""
    fill_ledger(town, MANY)
    save_plan(town, MANY)
    return town


@pytest.fixture(scope="module")
def ann(crowd: Town) -> Person:
    """Sign in the approver."""
    return signed_in(crowd, "ann@example.org")


@contextmanager
def asked(town: Town) -> Iterator[list[str]]:
    """Collect the queries that a page makes."""
    found: list[str] = []
    mine = threading.get_ident()  # the worker asks as well

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT") and threading.get_ident() == mine:
            found.append(statement)

    engine = town.service.store.database._reading
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _rows(text: str) -> int:
    return sum(body.count("<tr>") for body in re.findall(r'<table class="list">.*?</table>', text, re.DOTALL))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/connections/shop",
        "/connections/shop/history",
        "/connections/shop/history?q=goodwill&status=confirmed",
        "/unsettled",
        "/connections/shop/runs",
        f"/runs/{RUN}",
        "/plans/{digest}",
        "/plans/{digest}?page=1000",
        "/plans/{digest}?order=largest&q=c4",
    ],
)
def test_a_page_is_bounded(crowd: Town, ann: Person, path: str) -> None:
    """No page grows with the ledger."""
    with asked(crowd) as queries:
        reply = ann.get(path.format(digest=DIGEST))
    assert 200 == reply.status_code
    assert _rows(reply.text) <= ROWS_MAX + 1, "and the line of headings"
    assert len(queries) <= QUERIES_MAX, queries
    assert len(reply.data) <= BYTES_MAX


def test_lists_lead_to_their_end(ann: Person) -> None:
    """Every unsettled operation stands on exactly one page."""
    path, seen = "/unsettled", list[str]()
    while path:
        text = ann.get(path).text
        seen += re.findall(r'href="/operations/(K\d+)"', text)
        further = re.search(r'<a rel="next" href="([^"]+)"', text)
        path = further[1].replace("&amp;", "&") if further else ""
    assert MANY // 100 == len(seen) == len(set(seen))
    assert sorted(seen) == seen, "the oldest stands first"


def test_history_searches_on_the_server(ann: Person) -> None:
    """All words have to stand somewhere; a percent sign is a character."""
    assert "1 operation." in said(ann.get("/connections/shop/history?q=c49999@customers.example"))
    assert "1 operation." in said(ann.get("/connections/shop/history?q=1049998+goodwill"))
    assert "0 operations" in said(ann.get("/connections/shop/history?q=%25"))
    assert "500 operations" in said(ann.get("/connections/shop/history?status=confirmation_required"))
    assert "50 000 operations" in said(ann.get("/connections/shop/history?since=2026-01-01&until=2026-01-01"))
    assert "0 operations" in said(ann.get("/connections/shop/history?since=2026-02-01"))
    assert 400 == ann.get("/connections/shop/history?since=yesterday").status_code
    assert 400 == ann.get("/connections/shop/history?cursor=nonsense").status_code


def test_the_download_holds_everything(ann: Person) -> None:
    """A CSV of the whole history comes in parts, each line once."""
    reply = ann.get("/connections/shop/history.csv")
    assert reply.is_streamed
    lines = reply.text.splitlines()
    assert MANY == len(lines) - 1
    assert MANY == len({line.split(",")[1] for line in lines[1:]})
    assert 'attachment; filename="history-shop.csv"' == reply.headers["Content-Disposition"]


def test_plan_pages(ann: Person) -> None:
    """The largest change stands first where it is asked for; numbers beyond the end lead to the last page."""
    path = f"/plans/{DIGEST}"
    first = said(ann.get(f"{path}?order=largest"))
    assert "10 → to 50009" in first
    assert "10 → to 59" not in first
    assert "Page 1 000 of 1 000" in said(ann.get(f"{path}?page=9999"))
    assert "No row fits" in said(ann.get(f"{path}?q=nobody"))
    assert "Rows 1 to 1 of 1, filtered" in said(ann.get(f"{path}?q=c31415@"))
