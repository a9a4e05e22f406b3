"""Wheel and sdist: whole, the same bytes from the same sources, and runnable in an empty environment."""

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EPOCH = "1767225600"
"""2026-01-01: the time inside the archives; ``make dist`` takes the commit's."""

UNPACKED = ("sheetsync", "tests", "docs", "Makefile", "requirements-dev.lock", "requirements.lock")
"""What a person needs who got the sdist and nothing else."""


def build(source: Path, target: Path) -> dict[str, str]:
    """Build wheel and sdist as ``make dist`` does; return their names and SHA-256."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", target],
        check=True,
        capture_output=True,
        cwd=source,
        env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH},
    )
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(target.iterdir())}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (found,) = dist.glob("*.whl")
    return found


def test_anybody_builds_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    """From another folder, other file times and the unpacked sdist: the same wheel and the same sdist."""
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert [] == [name for name in UNPACKED if not (source / name).exists()]
    for path in source.rglob("*.py"):
        os.utime(path, (1, 1))
    first = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(dist.iterdir())}
    assert first == build(source, tmp_path / "again")


def test_the_wheel_holds_all_that_the_package_needs(wheel: Path) -> None:
    """Modules, migrations, templates, static files and types; and nothing beside the package."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    package = ROOT / "sheetsync"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {f"sheetsync/appsscript/{path.name}" for path in (ROOT / "appsscript").iterdir()}
    assert set() == wanted - held
    assert "sheetsync/py.typed" in held
    assert "sheetsync/ledger/migrations/script.py.mako" in held
    assert {"sheetsync"} == {name.partition("/")[0] for name in held if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in an environment of its own, as pipx makes one; its dependencies are those of development.

    Returns:
        The folder of the environment's programs.
    """
    folder = tmp_path_factory.mktemp("pipx")
    venv.create(folder, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", wheel],
        check=True,
        capture_output=True,
    )
    # a line of a .pth file adds one folder and does not follow the .pth files in it: not the editable install
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder / "bin"


def test_the_installed_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    """In an empty folder, with nothing of this checkout on the path."""
    env = {"PATH": f"{installed}:{os.defpath}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    where = [str(installed / "python"), "-c", "import sheetsync; print(sheetsync.__file__)"]
    found = subprocess.run(where, check=True, capture_output=True, text=True, cwd=tmp_path, env=env).stdout
    assert found.startswith(str(installed.parent))
    program = str(installed / "sheetsync")
    done = subprocess.run(
        [program, "demo", "--once"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "Confirmed" in done.stdout
    subprocess.run([program, "add-on", "addon"], check=True, capture_output=True, cwd=tmp_path, env=env)
    written = {path.name for path in (tmp_path / "addon").iterdir()}
    assert {path.name for path in (ROOT / "appsscript").iterdir()} <= written


def test_every_dependency_of_the_image_is_pinned_as_in_development() -> None:
    """What the tests ran with is what the image installs."""
    pins = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        pins[name] = {line.split(" ")[0] for line in lines if "==" in line}
    assert set() == pins["requirements.lock"] - pins["requirements-dev.lock"]
    pinned = {pin.partition("==")[0] for pin in pins["requirements.lock"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {re.split(r"[<>=\[]", each)[0].lower() for each in project["dependencies"]}
    assert set() == needed - pinned, "make lock"
