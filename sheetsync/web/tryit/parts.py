"""The add-on's sidebar as a page of our own: the same files, with style and scripts as files of their own.

Apps Script puts ``<?!= include_('Part') ?>`` together into one page with inline style and scripts, which a
strict Content-Security-Policy refuses. Here every include becomes a link to what stands inside the part.
"""

import re
from dataclasses import dataclass

from sheetsync import addon

INCLUDE = re.compile(r"<\?!=\s*include_\('(\w+)'\)\s*;?\s*\?>")
_STYLE = re.compile(r"\s*<style>\n?(.*)</style>\s*", re.DOTALL)
_SCRIPT = re.compile(r"\s*<script>\n?(.*)</script>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Content:
    """What a browser gets of one part."""

    text: str
    content_type: str

    @property
    def is_style(self) -> bool:
        """Whether it is a style sheet, and not a script."""
        return self.content_type.startswith("text/css")


def page(base: str, *, first: str) -> str:
    """Return the sidebar's page.

    Args:
        base: path below which the parts are served.
        first: what has to stand before the first part.
    """
    text = (addon.folder() / "Sidebar.html").read_text("utf-8")
    linked = INCLUDE.sub(lambda found: _link(base, found[1]), text)
    return linked.replace("</title>", f"</title>\n    {first}", 1)


def names() -> frozenset[str]:
    """Return the parts that the page includes."""
    return frozenset(INCLUDE.findall((addon.folder() / "Sidebar.html").read_text("utf-8")))


def content(name: str) -> Content | None:
    """Return what stands inside a part, or None if the page includes no such part."""
    if name not in names():
        return None
    text = (addon.folder() / f"{name}.html").read_text("utf-8")
    style, script = _STYLE.fullmatch(text), _SCRIPT.fullmatch(text)
    if style:
        return Content(style[1], "text/css; charset=utf-8")
    if script:
        return Content(script[1], "text/javascript; charset=utf-8")
    raise ValueError(f"{name}.html is neither one <style> nor one <script>")


def _link(base: str, name: str) -> str:
    found = content(name)
    if found is None:
        raise ValueError(f"the sidebar includes {name}, which is not there")
    address = f"{base}/{name}"
    if found.is_style:
        return f'<link rel="stylesheet" href="{address}">'
    return f'<script src="{address}"></script>'
