"""The documentation builds as a site: no warnings, no dead links, nothing from the network, the whole API."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sheetsync.web.endpoints import ENDPOINTS

ROOT = Path(__file__).parents[2]
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "object": "data"}
"""What a browser loads by itself, by element."""


class Page(HTMLParser):
    """What one page holds: ids, links, and what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if LOADS.get(tag, "") in found and found.get("rel") != "canonical":
            self.loads.append(found[LOADS[tag]])


def test_site(tmp_path: Path) -> None:
    """Build it once, as ``make docs`` does, and look at every page."""
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*build, "-d", tmp_path / "doctrees", ROOT / "docs", tmp_path / "html"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (0, "") == (done.returncode, done.stderr)
    site = tmp_path / "html"
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    assert [] == list(dead_links(pages))
    assert [] == list(loaded_from_elsewhere(site, pages))
    assert set() == unreached(pages[site / "index.html"])
    described = re.sub(r"<[^>]+>", "", (site / "api-reference.html").read_text("utf-8"))
    assert [] == [each.path for each in ENDPOINTS if f"{each.method} {each.path}" not in described]


def dead_links(pages: dict[Path, Page]) -> Iterator[str]:
    """Yield links to a page, or a heading on it, that is not there."""
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            if not target.exists() or (parts.fragment and known and parts.fragment not in known.ids):
                yield f"{path.name}: {link}"


def loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """Yield fonts, scripts, styles and pictures of other hosts."""
    for path, page in pages.items():
        yield from (f"{path.name}: {load}" for load in page.loads if urlsplit(load).netloc)
    for style in site.rglob("*.css"):
        yield from re.findall(r"url\(['\"]?(?:https?:)?//.*|@import.*", style.read_text("utf-8"))


def unreached(first: Page) -> set[str]:
    """Return the pages that the first one's navigation lacks; decisions have a list of their own."""
    reached = {unquote(urlsplit(link).path) for link in first.links}
    sources = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    wanted = {str(path.with_suffix(".html")) for path in sources if path.parts[0] != "decisions"}
    return wanted - reached - {"index.html"}
