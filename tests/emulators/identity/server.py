"""Signs ID tokens as Google does for Apps Script, and serves the certificates."""

import datetime as dt
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

AUDIENCE = "sheet.apps.googleusercontent.com"
"""Client id of the script's project, unless a token is asked for another one."""

KEY_ID = "k1"
LIFE_S = 3600


class _Signer:
    """A key, and its certificate."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        form = serialization.PrivateFormat.TraditionalOpenSSL
        pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        self._signer = crypt.RSASigner.from_string(pem, KEY_ID)  # type: ignore[no-untyped-call]
        text = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.certificates = json.dumps({KEY_ID: text}).encode()

    def token(self, email: str, /, **claims: Any) -> str:  # noqa: ANN401 - JSON
        """Return a token; an empty address leaves the e-mail out, as without its scope."""
        now = int(time.time())
        named = {"email": email, "email_verified": True} if email else {}
        found = {
            "iss": "https://accounts.google.com", "aud": AUDIENCE, "iat": now - 5, "exp": now + LIFE_S,
            "sub": "1", **named, **claims,
        }  # fmt: skip
        text: bytes = jwt.encode(self._signer, found)  # type: ignore[no-untyped-call]
        return text.decode()


class IdentityEmulator:
    """`GET /certs`, and `GET /token?email=…&aud=…`; a context manager that listens on loopback.

    Attributes:
        asked: how often somebody read the certificates.
    """

    def __init__(self, port: int = 0) -> None:
        self._signer, self.asked = _Signer(), 0
        self._server = _Listener(("127.0.0.1", port), self)
        self._loop = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def certs_url(self) -> str:
        """What `auth.google_certs_url` takes."""
        return f"{self.url}/certs"

    def token(self, email: str, /, **claims: Any) -> str:  # noqa: ANN401 - JSON
        """Return a token as Apps Script would get it, with some claims changed."""
        return self._signer.token(email, **claims)

    def answer(self, target: str) -> bytes | None:
        """Return what a request gets; None if there is no such thing."""
        parts = urlsplit(target)
        if parts.path == "/certs":
            self.asked += 1
            return self._signer.certificates
        if parts.path == "/token":
            claims = dict(parse_qsl(parts.query))
            return json.dumps({"token": self._signer.token(claims.pop("email", ""), **claims)}).encode()
        return None

    def __enter__(self) -> Self:
        self._loop.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], emulator: IdentityEmulator) -> None:
        self.emulator = emulator
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer."""
        body = cast("_Listener", self.server).emulator.answer(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def serve(port: int) -> None:
    """Run until SIGTERM or SIGINT; the address is the first line printed."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with IdentityEmulator(port) as emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        ended.wait()
