"""The files of docs/deploy are sound, and say what the program knows."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import click
import pytest

from sheetsync.cli import main
from sheetsync.config import load
from tests.deploy.kit import COMPOSE, DEPLOY, ROOT, instructions, sections, unit

UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
SCRIPTS = sorted(path.name for path in DEPLOY.glob("*.sh"))
SCRIPTS_FOLDER = Path(sysconfig.get_path("scripts"))


def lint(program: str, *arguments: str) -> None:
    """Run a linter of the development environment on a file of docs/deploy."""
    done = subprocess.run(
        [SCRIPTS_FOLDER / program, *arguments], check=False, capture_output=True, text=True, cwd=DEPLOY
    )
    assert (0, "") == (done.returncode, done.stdout + done.stderr)


def check_command(arguments: list[str]) -> None:
    """See whether the command line knows a command with exactly these options; nothing is run."""
    command: click.Command = main.commands[arguments[0]]
    rest = arguments[1:]
    if isinstance(command, click.Group):
        command, rest = command.commands[rest[0]], rest[1:]
    with command.make_context(arguments[0], list(rest)) as context:
        assert set(context.params) == {option.name for option in command.params}


def test_dockerfile() -> None:
    """The linter has nothing to say, and it runs as nobody with what it copies."""
    lint("hadolint", "Dockerfile")
    (user,) = instructions("USER")
    assert user.split(":")[0].isdigit()
    assert int(user.split(":")[0]) > 0
    assert ["sheetsync"] == json.loads(instructions("ENTRYPOINT")[0])
    check_command(json.loads(instructions("CMD")[0]))
    (ignored,) = [path for path in DEPLOY.iterdir() if path.name.endswith(".dockerignore")]
    context = {line[1:] for line in ignored.read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {word for line in instructions("COPY") for word in line.split()[:-1] if "--from" not in line}
    assert context == copied


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the lock file is for 3.11")
def test_image_has_the_python_of_the_lock_file() -> None:
    """Hashes were made for one version of Python: that of the image."""
    images = {line.split()[0] for line in instructions("FROM")}
    assert {"python:3.11-slim-bookworm"} == images


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_compose_service(name: str) -> None:
    """It runs a command that there is, without rights, on a root that cannot be written."""
    service: dict[str, Any] = COMPOSE["services"][name]
    check_command(service["command"])
    assert service["read_only"]
    assert ["ALL"] == service["cap_drop"]
    assert "ports" not in service
    assert int(service["stop_grace_period"].removesuffix("s")) >= 30 + 90
    assert {"condition": "service_healthy"} == service["depends_on"]["db"]


def test_compose_as_a_whole() -> None:
    """Two workers; the database inside only; each file, volume, secret and network is there."""
    services = COMPOSE["services"]
    assert 2 == services["worker"]["deploy"]["replicas"]
    assert ["inside"] == services["db"]["networks"]
    assert COMPOSE["networks"]["inside"]["internal"]
    for service in services.values():
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            known = source in COMPOSE["volumes"] or (DEPLOY / source).exists() or source == "./backups"
            assert known, mount
    assert ["proxy"] == services["proxy"]["profiles"]
    assert ["tunnel"] == services["tunnel"]["profiles"]


def test_compose_configuration() -> None:
    """It loads, names the database and the secrets of compose.yaml, and believes one proxy."""
    settings = load(DEPLOY / "sheetsync.toml", {})
    assert settings.service.database_url.endswith("sheetsync@db/sheetsync")
    assert 1 == settings.service.trusted_proxies
    text = (DEPLOY / "sheetsync.toml").read_text("utf-8")
    assert set(COMPOSE["secrets"]) == set(re.findall(r'"/run/secrets/(\w+)"', text))


@pytest.mark.parametrize("name", UNITS)
def test_unit(name: str) -> None:
    """A unit has its sections, and its commands are ours."""
    kind = name.partition(".")[2]
    assert {"service": "Service", "timer": "Timer"}[kind] in sections(name)
    for command in unit(name).get("ExecStart", []):
        program, *arguments = command.split()
        if program.endswith("/sheetsync"):
            check_command(arguments)
        else:
            assert (DEPLOY / Path(program).name).exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_unit_is_what_systemd_understands(name: str, tmp_path: Path) -> None:
    """Every key and value, as systemd reads them; programs stand elsewhere than on a server."""
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text("utf-8").replace("/opt/sheetsync/bin/sheetsync", sys.executable)
        text = text.replace("/opt/sheetsync/deploy", str(DEPLOY))
        (tmp_path / path.name).write_text(text, "utf-8")
    done = subprocess.run(
        [shutil.which("systemd-analyze") or "", "verify", "--man=no", tmp_path / name],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name: str) -> None:
    """The linter has nothing to say, and it may be run."""
    lint("shellcheck", name)
    assert (DEPLOY / name).stat().st_mode & 0o111


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")
def test_caddyfile() -> None:
    """Caddy understands it."""
    done = subprocess.run(
        [shutil.which("caddy") or "", "validate", "--config", "Caddyfile", "--adapter", "caddyfile"],
        check=False,
        capture_output=True,
        text=True,
        cwd=DEPLOY,
        env={"SHEETSYNC_DOMAIN": "sheets.example", "HOME": "/nonexistent"},
    )
    assert 0 == done.returncode, done.stderr


def test_the_page_names_every_file() -> None:
    """Nothing lies in the folder that the page does not explain."""
    page = (DEPLOY / "index.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")
    named = [path.name for path in DEPLOY.iterdir() if path.suffix != ".md" and path.is_file()]
    assert [] == [name for name in named if name.removesuffix(".dockerignore") not in page]
