"""The documentation names every command, option, status and error code; its links lead somewhere."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sheetsync import errors
from sheetsync.cli import main
from sheetsync.config import ROLES, Limits
from sheetsync.core.states import RowStatus
from sheetsync.providers.fascard.reports import REPORTS
from sheetsync.web.endpoints import ENDPOINTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

EVERYWHERE = ("--config", "--json", "--quiet", "--verbose", "--as", "--help")
"""Options that most commands share; the page says once what they do."""

SKIPPED = {".git", ".hypothesis", ".venv", "__pycache__", "node_modules", "dist", "build", "sheetsync-demo"}
TEXTS = {".py", ".md", ".toml", ".lock", ".txt", ".svg", ".yml", ".yaml", ".mako", ".json", ".cfg", ""}

_LOCAL = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users)/\w|\bpypi\.org|\bfiles\.pythonhosted|\bregistry\.npmjs|/pypi\b"
)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:sheetsync|tests)/[\w./]+)`")


def _commands() -> Iterator[tuple[str, click.Command]]:
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        else:
            yield name, command


COMMANDS = dict(_commands())


def _codes(kind: type[errors.SheetsyncError]) -> Iterator[tuple[str, int]]:
    yield kind.code, kind.exit_code
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _codes(child)


def _section(title: str) -> str:
    """Return the command's part of docs/commands.md."""
    text = (DOCS / "commands.md").read_text("utf-8")
    found = re.search(
        rf"^## sheetsync {title}(?: \[?CONNECTION\]?)?(?: FILE\.csv)?\n(.*?)(?=^## |\Z)",
        text,
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"docs/commands.md has no section about {title}"
    return found[1]


def _rows(text: str) -> dict[str, str]:
    """Return the first cells of a page's tables, without the marks of code, and the rest of each row."""
    return {
        key.replace("`", ""): rest for key, rest in re.findall(r"^\| ([^|]+?) \| (.*)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name: str) -> None:
    """An option that nobody finds does not exist; one that is only documented is a lie."""
    options = [each for each in COMMANDS[name].params if isinstance(each, click.Option)]
    spoken = {word for option in options for word in option.opts if word.startswith("--")}
    own = {"--as"} if name == "resolve" else set()
    documented = set(re.findall(r"^\| `(--[\w-]+)", _section(name), re.MULTILINE))
    assert spoken - set(EVERYWHERE) | own == documented


def test_every_command_is_documented_and_no_other() -> None:
    """One section for each command."""
    text = (DOCS / "commands.md").read_text("utf-8")
    documented = re.findall(r"^## sheetsync ([a-z-]+(?: [a-z-]+)*)", text, re.MULTILINE)
    assert sorted(COMMANDS) == sorted(documented)


def test_every_dependency_has_its_reason() -> None:
    """What the product needs at run time stands in the decision about dependencies, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split(r"[<>=\[]", each)[0].lower() for each in project["dependencies"]}
    page = (DOCS / "decisions" / "0002-dependencies.md").read_text("utf-8")
    table = page.partition("| --- |")[2].partition("\n\n")[0]
    assert needed == {name.lower() for name in re.findall(r"^\| ([\w-]+) \|", table, re.MULTILINE)}


def test_every_request_is_documented_with_its_role_and_no_other() -> None:
    """The table of the HTTP API is the table of the code."""
    page = (DOCS / "api.md").read_text("utf-8").partition("## Requests\n")[2].partition("\n## ")[0]
    documented = dict(
        re.findall(r"^\| `((?:GET|POST|PUT|DELETE) [^`?]+)`(?: \([^)]*\))? \| (\w+) \|", page, re.MULTILINE)
    )
    roles = {f"{each.method} {each.path}": each.role for each in ENDPOINTS}
    unlisted = {"GET /api/v1/connections"}
    assert {**roles, **dict.fromkeys(unlisted, "any")} == documented


def test_every_role_and_its_rank_is_documented() -> None:
    """The table of roles names them from least to most."""
    page = (DOCS / "roles.md").read_text("utf-8").partition("## Roles\n")[2].partition("\n## ")[0]
    assert [role for role in _rows(page) if role not in ("role", "---")] == list(ROLES)


def test_limits_that_are_named_are_there() -> None:
    """With the defaults that the page says."""
    page = (DOCS / "roles.md").read_text("utf-8").partition("## Limits\n")[2]
    rows = re.findall(r"^\|[^|]+\| (`limits.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert rows
    for settings, said in rows:
        names = re.findall(r"`limits\.(\w+)`", settings)
        defaults = [Limits.model_fields[name].get_default(call_default_factory=True) for name in names]
        shown = ", ".join(f"{each:g}" for each in defaults if each) or "off"
        assert said == shown, settings


def test_every_metric_is_documented_and_no_other() -> None:
    """What ``/metrics`` serves, by name."""
    source = (ROOT / "sheetsync" / "web" / "metrics.py").read_text("utf-8")
    served = set(re.findall(r'"(sheetsync_[a-z_]+)"', source))
    page = (DOCS / "api.md").read_text("utf-8").partition("## Metrics\n")[2].partition("\n## ")[0]
    assert served == set(re.findall(r"`(sheetsync_[a-z_]+)", page))


def test_every_report_is_documented_and_no_other() -> None:
    """One row for each, with its call and the ways to narrow it."""
    page = (DOCS / "fascard-reports.md").read_text("utf-8")
    table = page.partition("## The reports\n")[2].partition("\n## ")[0]
    documented = {name: rest for name, rest in _rows(table).items() if "GET" in rest}
    assert list(REPORTS) == list(documented)
    for name, report in REPORTS.items():
        assert f"`GET {report.path}`" in documented[name]
        assert report.narrowing == set(re.findall(r"`--(\w+)`", documented[name]))


def test_shared_options_are_documented() -> None:
    """What every command takes is said once."""
    text = (DOCS / "commands.md").read_text("utf-8")
    assert [option for option in EVERYWHERE if f"`{option}" not in text] == []


def test_every_status_is_documented_and_no_other() -> None:
    """Each word that a clerk can meet in the Status column has its row."""
    page = (DOCS / "statuses.md").read_text("utf-8")
    table = page.partition("## The statuses\n")[2].partition("\n## ")[0]
    documented = [word for word in _rows(table) if word not in ("status", "---")]
    assert [status.label or "*(blank)*" for status in RowStatus] == documented


def test_every_error_code_is_documented_and_no_other() -> None:
    """Each code has a row, with its exit code."""
    page = (DOCS / "errors.md").read_text("utf-8")
    documented = {code: int(rest[0]) for code, rest in _rows(page).items() if rest[0].isdigit()}
    assert dict(_codes(errors.SheetsyncError)) == documented


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Relative links of a page name files that are there, and headings that they have."""
    for link in _LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if heading:
            assert heading in _anchors(target), f"{page.name} links to {link}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_are_there(page: Path) -> None:
    """A page that names a module or a test names one that there is."""
    named = _PATH.findall(page.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    """The project stands by itself: no path of somebody's machine, no package registry."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in _texts()
        for match in _LOCAL.finditer(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


def _texts() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.endswith("_cache")]
        for name in names:
            path = Path(folder) / name
            if path.suffix in TEXTS and path != Path(__file__):
                yield path
