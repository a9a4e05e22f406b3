"""Workers that are killed and started again, as an init system does."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY_S = 0.02
END_TIMEOUT_S = 60


@dataclass
class Crew:
    """Worker processes; whichever dies is started again at once, and sometimes killed again soon.

    Attributes:
        config: the configuration file.
        env: environment of the workers.
        size: workers at a time.
        aftershocks: kills that follow on another one, while the next worker starts or cleans up.
        kills: processes that were killed.
        odd: exit codes of processes that ended by themselves.
    """

    config: Path
    env: Mapping[str, str]
    size: int
    draw: random.Random
    aftershocks: int = 0
    kills: int = 0
    odd: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare; nothing runs yet."""
        self._lock = threading.Lock()
        self._log = self.config.with_name("workers.log")
        self._workers: list[subprocess.Popen[bytes]] = []
        self._due: dict[int, float] = {}
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Start them and whoever looks after them."""
        self._workers = [self._new() for _ in range(self.size)]
        self._keeper.start()

    def kill(self, pid: int | None) -> bool:
        """Kill -9 one of them, a random one if none is named; False if it is not there any more."""
        with self._lock:
            alive = [each for each in self._workers if each.poll() is None]
            chosen = [each for each in alive if each.pid == pid] if pid is not None else alive
            if not chosen:
                return False
            worker = self.draw.choice(chosen)
            worker.kill()
            worker.wait()
            return True

    def stop(self) -> str:
        """End them in an orderly way; return what they wrote."""
        self._over.set()
        if self._keeper.ident is not None:
            self._keeper.join()
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self._workers:
            try:
                code = worker.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                worker.kill()
                code = worker.wait()
            if code != 0:
                self.odd.append(code)
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _keep(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            with self._lock:
                for place, worker in enumerate(self._workers):
                    if worker.poll() is not None:
                        self._replace(place, worker.returncode)
                due = [pid for pid, moment in self._due.items() if time.monotonic() >= moment]
            for pid in due:
                del self._due[pid]
                self.kill(pid)

    def _replace(self, place: int, code: int) -> None:
        if code == -signal.SIGKILL:
            self.kills += 1
        else:
            self.odd.append(code)
        worker = self._workers[place] = self._new()
        if self.aftershocks and code == -signal.SIGKILL:
            self.aftershocks -= 1
            self._due[worker.pid] = time.monotonic() + self.draw.uniform(0.5, 4.0)

    def _new(self) -> "subprocess.Popen[bytes]":
        env = {name: value for name, value in os.environ.items() if not name.startswith("SHEETSYNC")}
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "sheetsync", "worker", "--config", str(self.config)],
                cwd=self.config.parent,
                env=env | dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
