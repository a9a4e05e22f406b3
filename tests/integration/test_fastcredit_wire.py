"""Odd bytes on the wire: what a real server, a proxy or a broken network may do to one request."""

import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from sheetsync.errors import OutcomeUnknownError, RejectedError, RetryableError
from sheetsync.providers.http import USER_AGENT, Session, Tuning
from sheetsync.providers.limiter import SlidingLimiter
from sheetsync.providers.messages import Request
from sheetsync.providers.transport import BODY_LIMIT, WRITE_IDLE_S
from tests.contract.provider_suite import FakeClock

Handler = Callable[[socket.socket, int], None]
"""Talks on one connection; the number counts connections from 0."""

WRITE = Request("POST", "/add", label="/add", body=b'{"amount":5}')
READ = Request("GET", "/get", label="/get")
GOOD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"credits":5}'


class Raw:
    """A server that knows no HTTP: a handler does whatever a test wants."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._handler = handler
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection, number))
            self._threads.append(thread)
            thread.start()
            number += 1

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.settimeout(5)
        with ExitStack() as stack:
            stack.enter_context(closing(connection))
            try:
                if self._tls is not None:
                    connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
                self._handler(connection, number)
            except OSError:
                return  # the client left, which is what many of these tests are about

    def read(self, connection: socket.socket) -> bool:
        """Read one request; False if the client closed."""
        data = b""
        while b"\r\n\r\n" not in data or (b"POST" in data and not data.endswith(b"}")):
            piece = connection.recv(65_536)
            if not piece:
                return False
            data += piece
        self.requests.append(data)
        return True

    def close(self) -> None:
        """Stop, and wait for every thread."""
        # On Linux, closing alone does not wake up who waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


@contextmanager
def served(
    talk: Callable[[Raw, socket.socket, int], None],
    *,
    timeout_s: float = 5.0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[tuple[Session, Raw]]:
    """Give a session to a raw server."""
    made: list[Raw] = []
    server = Raw(lambda connection, number: talk(made[0], connection, number), tls)
    made.append(server)
    clock = FakeClock()
    session = Session(
        f"{'https' if tls else 'http'}://127.0.0.1:{server.port}",
        limiter=SlidingLimiter(10_000, clock),
        clock=clock,
        tuning=Tuning(timeout_s, retries=1),
    )
    try:
        yield session, server
    finally:
        session.close()
        server.close()


def answering(*answers: bytes) -> Callable[[Raw, socket.socket, int], None]:
    """Answer the requests of one connection in turn, then close it."""

    def talk(server: Raw, connection: socket.socket, _number: int) -> None:
        for answer in answers:
            if not server.read(connection):
                return
            connection.sendall(answer)

    return talk


def drip(data: bytes, start: bytes = b"") -> Callable[[Raw, socket.socket, int], None]:
    """Answer byte by byte, each long before a socket's own time-out."""

    def talk(server: Raw, connection: socket.socket, _number: int) -> None:
        if server.read(connection):
            connection.sendall(start)
            for byte in data * 100:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
        drip(b"     ", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"),
        drip(b"1\r\n \r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
    ids=["headers", "body", "chunks"],
)
def test_time_out_is_for_the_whole_request(talk: Callable[[Raw, socket.socket, int], None]) -> None:
    """A server that drips bytes cannot hold a request beyond its time."""
    with served(talk, timeout_s=0.4) as (session, server):
        started = time.monotonic()
        with pytest.raises(OutcomeUnknownError, match="in time"):
            session.write(WRITE)
        assert time.monotonic() - started < 0.8
        assert 1 == len(server.requests)


def test_connections_are_reused() -> None:
    """Writes and reads right after one another share a connection."""
    numbers: list[int] = []

    def talk(server: Raw, connection: socket.socket, number: int) -> None:
        while server.read(connection):
            numbers.append(number)
            connection.sendall(GOOD)

    with served(talk) as (session, _server):
        for request in (READ, READ, WRITE, WRITE):
            session.read(request) if request is READ else session.write(request)
    assert [0, 0, 0, 0] == numbers


def test_closed_idle_connection_is_noticed_before_a_write() -> None:
    """A server that closed the connection meanwhile makes no write unknown: a new one is opened."""
    with served(answering(GOOD)) as (session, server):
        for _ in range(5):
            session.write(WRITE)
            time.sleep(0.05)
        assert 5 == len(server.requests)


def test_old_idle_connection_is_not_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write takes a fresh connection when the last one was idle for seconds."""
    numbers: list[int] = []

    def talk(server: Raw, connection: socket.socket, number: int) -> None:
        while server.read(connection):
            numbers.append(number)
            connection.sendall(GOOD)

    with served(talk) as (session, _server):
        session.write(WRITE)
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + WRITE_IDLE_S + 1)
        session.write(WRITE)
    assert [0, 1] == numbers


def test_write_on_a_dying_connection_is_never_sent_again() -> None:
    """The server takes the request and closes without a word: unknown, and one request."""

    def talk(server: Raw, connection: socket.socket, _number: int) -> None:
        server.read(connection)
        connection.sendall(GOOD)
        server.read(connection)

    with served(talk) as (session, server):
        session.write(WRITE)
        with pytest.raises(OutcomeUnknownError):
            session.write(WRITE)
        time.sleep(0.1)
        assert 2 == len(server.requests)


def test_connection_lost_while_the_intent_is_written_is_certain() -> None:
    """The other side hangs up while the ledger writes: nothing was sent, and that is known."""

    def talk(server: Raw, connection: socket.socket, number: int) -> None:
        if number:
            while server.read(connection):
                connection.sendall(GOOD)

    with served(talk) as (session, server):
        with pytest.raises(RetryableError) as caught:
            session.write(WRITE, lambda: time.sleep(0.2))
        assert not caught.value.reached
        assert [] == server.requests
        session.write(WRITE)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n12",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\xef\xbb\xbf{}",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=lambda answer: repr(answer[:60]),
)
def test_damaged_answers(answer: bytes) -> None:
    """Unknown for a write, sent once; for a read not to be had, after bounded tries."""
    with served(answering(answer)) as (session, server):
        if b" 204 " in answer:
            assert 204 == session.write(WRITE).status
        else:
            with pytest.raises(OutcomeUnknownError):
                session.write(WRITE)
        with pytest.raises(RetryableError):
            session.read(READ)
        assert 1 == sum(request.startswith(b"POST") for request in server.requests)


def test_reset_is_unknown() -> None:
    """A connection reset after sending."""

    def talk(server: Raw, connection: socket.socket, _number: int) -> None:
        server.read(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with served(talk) as (session, _server), pytest.raises(OutcomeUnknownError, match="other side"):
        session.write(WRITE)


def test_size_is_limited() -> None:
    """A reply without end is given up."""
    size = BODY_LIMIT + 65_536
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b" " * size
    with served(answering(answer)) as (session, _server), pytest.raises(OutcomeUnknownError):
        session.write(WRITE)


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Honest headers, the base address only: no proxy and no netrc of the environment."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    for name, value in {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    with served(answering(GOOD)) as (session, server):
        session.write(WRITE)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert "POST /add HTTP/1.1" == lines[0]
    assert b'{"amount":5}' == body
    assert {"Accept: application/json", f"User-Agent: {USER_AGENT}", "Content-Type: application/json"} <= set(
        lines
    )
    assert not [line for line in lines if line.lower().startswith("authorization")]


def test_redirects_are_never_followed() -> None:
    """Not on reads either: the admin mends the base address."""
    answer = (
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere?email=a@b.c\r\nContent-Length: 0\r\n"
        b"Connection: close\r\n\r\n"
    )
    with served(answering(answer)) as (session, server):
        with pytest.raises(RejectedError, match="redirects to /elsewhere,"):
            session.read(READ)
        with pytest.raises(OutcomeUnknownError):
            session.write(WRITE)
        assert 2 == len(server.requests)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1 that nobody trusts yet."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder


def server_context(folder: Path) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_untrusted_certificate_is_refused(certificate: Path) -> None:
    """Nothing was sent, and the sentence names the certificate."""
    with served(answering(GOOD), tls=server_context(certificate)) as (session, server):
        with pytest.raises(RetryableError, match="certificate") as caught:
            session.write(WRITE)
        assert not caught.value.reached
        assert [] == server.requests


def test_old_tls_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that speaks nothing newer than TLS 1.1 gets no request, however trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    old = server_context(certificate)
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with served(answering(GOOD), tls=old) as (session, server):
        with pytest.raises(RetryableError, match="TLS") as caught:
            session.write(WRITE)
        assert not caught.value.reached
        assert [] == server.requests


def test_trusted_certificate_and_deadline(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's store decides; the time-out for the whole request holds under TLS, too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    numbers: list[int] = []

    def talk(server: Raw, connection: socket.socket, number: int) -> None:
        while server.read(connection):
            numbers.append(number)
            connection.sendall(GOOD)

    with served(talk, tls=server_context(certificate)) as (session, _server):
        for _ in range(2):
            assert {"credits": 5} == session.write(WRITE, lambda: time.sleep(0.05)).data
            assert {"credits": 5} == session.read(READ).data
    assert [0, 0, 0, 0] == numbers
    with served(drip(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"), timeout_s=0.5, tls=server_context(certificate)) as (
        session,
        _,
    ):
        started = time.monotonic()
        with pytest.raises(OutcomeUnknownError):
            session.write(WRITE)
        assert time.monotonic() - started < 1.0


def test_silent_handshake_is_certain(certificate: Path) -> None:
    """A server that accepts and never speaks TLS: nothing of the request left."""
    del certificate

    def talk(_server: Raw, connection: socket.socket, _number: int) -> None:
        connection.recv(65_536)
        time.sleep(0.6)

    server_made: list[Raw] = []
    server = Raw(lambda connection, number: talk(server_made[0], connection, number))
    server_made.append(server)
    clock = FakeClock()
    session = Session(
        f"https://127.0.0.1:{server.port}",
        limiter=SlidingLimiter(10_000, clock),
        clock=clock,
        tuning=Tuning(0.3, retries=0),
    )
    with pytest.raises(RetryableError) as caught:
        session.write(WRITE)
    assert not caught.value.reached
    session.close()
    server.close()


def test_unknown_host_is_certain() -> None:
    """A name that nobody knows."""
    clock = FakeClock()
    session = Session("http://nowhere.invalid", limiter=SlidingLimiter(100, clock), clock=clock)
    with pytest.raises(RetryableError) as caught:
        session.write(WRITE)
    assert not caught.value.reached
    assert os.environ.get("HOME", "-") not in caught.value.message
