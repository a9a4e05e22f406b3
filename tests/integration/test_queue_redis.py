"""The queue on Redis, on a real server where there is one: wake-ups arrive, and an outage is survived."""

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from sheetsync.queue import Queue
from tests.e2e.harness import Office
from tests.e2e.site import Site

SERVER = shutil.which("redis-server")
WAIT_S = 60.0

pytestmark = pytest.mark.skipif(
    SERVER is None, reason="no redis-server on this machine (Debian: apt-get install redis-server)"
)


class Server:
    """A Redis server of the test's own, on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self._port = int(free.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        assert SERVER is not None
        options = {
            "port": self._port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "appendonly": "yes",
            "save": "",
        }
        command = [SERVER, *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end_s = time.monotonic() + WAIT_S
        with redis.Redis.from_url(self.url) as client:
            while True:
                assert self._process.poll() is None
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert time.monotonic() < end_s
                    time.sleep(0.02)
                else:
                    return

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(WAIT_S)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Start a server."""
    server = Server(tmp_path)
    yield server
    server.stop()


class Desk:
    """Notes which runs were carried out."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self._more = threading.Condition()

    def carry(self, run: str) -> None:
        """Carry out a run."""
        with self._more:
            self.runs.append(run)
            self._more.notify_all()

    def wait_for(self, run: str) -> None:
        """Wait until it was carried out."""
        with self._more:
            assert self._more.wait_for(lambda: run in self.runs, WAIT_S)


def test_a_wake_up_arrives_elsewhere(server: Server) -> None:
    """What one process wakes another carries out, once, whoever started first."""
    asks, desk = Queue(server.url), Desk()
    asks.wake("r1")
    consumer = Queue(server.url).work(desk.carry, workers=2)
    asks.wake("r2")
    for run in ("r1", "r2"):
        desk.wait_for(run)
    consumer.stop()
    assert ["r1", "r2"] == sorted(desk.runs)
    asks.close()


def test_what_waits_is_plain_data(server: Server) -> None:
    """Whoever can write to the server cannot run code here."""
    queue = Queue(server.url)
    queue.wake("r1")
    with redis.Redis.from_url(server.url) as client:
        waiting = [each for key in client.keys("huey.*") for each in client.lrange(key, 0, -1)]
    assert 1 == len(waiting)
    assert waiting[0].startswith(b"[")
    assert b"r1" in waiting[0]
    queue.close()


def test_an_outage_is_survived(server: Server) -> None:
    """While the server is away a look says so; a worker that was there before goes on afterwards."""
    queue, desk = Queue(server.url), Desk()
    queue.ping()
    consumer = Queue(server.url).work(desk.carry, workers=1)
    server.stop()
    with pytest.raises(redis.ConnectionError):
        queue.ping()
    server.start()
    queue.ping()
    queue.wake("r1")
    desk.wait_for("r1")
    consumer.stop()
    queue.close()


def test_a_push_through_redis(server: Server) -> None:
    """A worker on its own carries out a detached push, and its rows are confirmed."""
    with Site.of(3) as site:
        office = Office.new(site)
        text = office.config.read_text(encoding="utf-8")
        queue = f'[service]\nqueue_url = "{server.url}"'
        office.config.write_text(text.replace("[service]", queue), encoding="utf-8")
        office.run("pull", "shop")
        office.add({"1": 5, "2": 6})
        plan = office.run("preview", "shop").digest
        worker = office.start("worker")
        run = office.run("push", "shop", "--plan", plan, "--detach").json["run"]
        done = office.run("run", run, "--watch")
        worker.send_signal(signal.SIGTERM)
        office.finish(worker)
        office.close()
    assert {"1": "confirmed", "2": "confirmed"} == done.statuses
    assert ["1", "2"] == sorted(write.user_id for write in site.arrived)
