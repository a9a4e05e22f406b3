"""A connection's page: how it is, what may be done, figures."""

from flask import Blueprint, Response, request

from sheetsync.jobs.attendance import shown_state
from sheetsync.web.console import figures
from sheetsync.web.console.frame import Console
from sheetsync.web.console.overview import AGES, cards_of

RUNS = 8
PLANS = 5
"""Rows of the short lists on the connection's page."""


def add(pages: Blueprint, console: Console) -> None:
    """Add the page and the forms that start runs."""

    @pages.get("/connections/<name>")
    def connection(name: str) -> Response:
        name = console.need("viewer", name, "such connection")
        card = cards_of(console, [name])[0]
        watch = console.service.office.watch
        waiting = None
        if request.args.get("edits") == "now":
            each = console.call("GET", "/connections/{name}/edits", name)
            waiting = console.service.edits(each.name, actor=each.actor)[1]
        return console.page(
            "connection.html",
            waiting=waiting,
            card=card,
            name=name,
            ages=[word for word, _ in AGES],
            plans=console.pages.plans([name], limit=PLANS),
            runs=[(run, shown_state(watch, run)) for run in console.pages.runs([name], limit=RUNS)],
            charts=figures.charts(console, name),
        )

    @pages.post("/connections/<name>/pull")
    def pull(name: str) -> Response:
        return console.start("pull", "/connections/{name}/pulls", name, {}, account_ids=[])

    @pages.post("/connections/<name>/preview")
    def preview(name: str) -> Response:
        hidden = request.form.get("hidden") == "yes"
        body = {"scope": "all" if hidden else "visible"}
        path = "/connections/{name}/plans"
        return console.start("preview", path, name, body, account_ids=[], include_hidden=hidden)

    @pages.post("/connections/<name>/verify")
    def verify(name: str) -> Response:
        return console.start("verify", "/connections/{name}/verifications", name, {}, account_ids=[])
