"""The project's own habits: parts of the tests, checks before a commit."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")


def _recipe(target: str) -> list[str]:
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, target
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in found[1].splitlines()]


def test_every_folder_of_tests_is_a_part() -> None:
    """``make NAME`` runs it, and CONTRIBUTING.md says what it is."""
    parts = re.findall(r"^PARTS = (.*)$", MAKEFILE, re.MULTILINE)[0].split()
    folders = {
        path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")
    }
    assert folders == set(parts)
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert parts == re.findall(r"^\| `make (\w+)` \|", page, re.MULTILINE)


def test_what_lint_checks_is_checked_before_a_commit() -> None:
    """Every tool of ``make lint`` and ``make types`` has its hook, and every hook its tool in .venv."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (repository,) = config["repos"]
    assert "local" == repository["repo"]
    entries = [hook["entry"] for hook in repository["hooks"]]
    for line in [*_recipe("lint"), *_recipe("types")]:
        tool = re.split(r" --| \.$", line)[0].removesuffix(" .")
        assert [entry for entry in entries if entry.startswith(tool)], line


def test_every_make_target_is_named() -> None:
    """What can be made is either a part, or explained in CONTRIBUTING.md or the Makefile's first lines."""
    targets = re.findall(r"^([a-z]+):(?! export)", MAKEFILE, re.MULTILINE)
    pages = (ROOT / "CONTRIBUTING.md").read_text("utf-8") + (ROOT / "docs" / "releasing.md").read_text(
        "utf-8"
    )
    known = set(re.findall(r"make (\w+)", pages + MAKEFILE)) | {"help", "clean", "wordpress"}
    assert [] == [target for target in targets if target not in known]


def test_the_layout_names_every_part() -> None:
    """Whoever looks for something finds its folder in docs/design.md."""
    page = (ROOT / "docs" / "design.md").read_text("utf-8").partition("## Layout\n")[2].partition("\n## ")[0]
    package = [path for path in (ROOT / "sheetsync").iterdir() if not path.name.startswith(("_", "py."))]
    names = [f"sheetsync/{path.name}" for path in package]
    names += [path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name[0] != "_"]
    assert [] == [name for name in names if f"{name}" not in page]
