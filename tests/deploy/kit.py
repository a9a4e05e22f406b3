"""The files of docs/deploy as programs read them, and the commands in them as this machine can run them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.harness import Office

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
END_TIMEOUT_S = 60


def instructions(name: str) -> list[str]:
    """Return what follows an instruction of the Dockerfile, once for each time it stands there."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text("utf-8"))
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def health_command(port: int) -> list[str]:
    """Return the image's health check for a service on this port."""
    (check,) = instructions("HEALTHCHECK")
    program, *rest = json.loads(check.partition(" CMD ")[2])
    assert "python" == program
    return [sys.executable, *(word.replace(":8080/", f":{port}/") for word in rest)]


def sheetsync(arguments: list[str]) -> list[str]:
    """Return a command line of the image or a unit as it runs here: on loopback, on any free port."""
    here = ["127.0.0.1" if word == "0.0.0.0" else word for word in arguments]  # noqa: S104 - replaced
    port = ["--port", "0"] if here[0] == "serve" else []
    return [sys.executable, "-m", "sheetsync", *here, *port]


def unit(name: str) -> dict[str, list[str]]:
    """Return the [Service] section of a unit; keys may stand several times."""
    text = (DEPLOY / "systemd" / name).read_text("utf-8")
    section = text.partition("[Service]\n")[2].partition("\n[")[0]
    found: dict[str, list[str]] = {}
    for line in section.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def sections(name: str) -> set[str]:
    """Return the names of a unit's sections."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.read(DEPLOY / "systemd" / name)
    return set(parser.sections())


@contextmanager
def running(
    arguments: list[str], *, folder: Path, env: Mapping[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    """Run a command of the image or a unit; whatever happens, it is ended."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SHEETSYNC")}
    with (folder / f"{arguments[0]}.log").open("a") as log:
        process = subprocess.Popen(
            sheetsync(arguments),
            cwd=folder,
            env={**outside, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def end(process: "subprocess.Popen[str]") -> int:
    """Send SIGTERM, as container engines and systemd do; return the exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(END_TIMEOUT_S)


def use_database(office: Office, url: str) -> None:
    """Give an office another ledger."""
    text = office.config.read_text("utf-8")
    office.config.write_text(text.replace(f'"sqlite:///{office.folder}/ledger.db"', f'"{url}"'), "utf-8")


def be_patient(office: Office) -> None:
    """Let requests take longer than a busy machine needs to begin and end processes."""
    text = office.config.read_text("utf-8").replace("timeout_s = 1", "timeout_s = 25")
    office.config.write_text(text.replace("settle_after_s = 3", "settle_after_s = 60"), "utf-8")
