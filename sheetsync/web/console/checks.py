"""``check`` as a page: the last result, and a button for a new one."""

from flask import Blueprint, Response

from sheetsync.web.console.frame import Console


def add(pages: Blueprint, console: Console) -> None:
    """Add the page."""

    @pages.get("/connections/<name>/check")
    def check(name: str) -> Response:
        name = console.need("viewer", name, "such connection")
        found = console.pages.runs([name], kinds=("check",), limit=1)
        last = found[0] if found else None
        result = console.pages.result(last.run, ["checks", "error.message"]) if last else {}
        return console.page(
            "check.html", name=name, last=last, lines=result.get("checks"), error=result.get("error.message")
        )

    @pages.post("/connections/<name>/check")
    def check_now(name: str) -> Response:
        return console.start("check", "/connections/{name}/checks", name, {})
