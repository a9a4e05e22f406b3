"""An OpenID Connect issuer on loopback: description, consent without a question, tokens, keys."""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "console-client"
SECRET = "console-secret-of-the-tests"


@dataclass
class Issuer:
    """Vouches for whoever ``email`` says.

    Attributes:
        claims: changes of the next ID tokens; a value of None leaves a claim out.
        stranger: sign with a key that is not in the list of keys.
        asked: paths that were asked for.
    """

    email: str = "ann@example.org"
    claims: dict[str, Any] = field(default_factory=dict)
    stranger: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start serving."""
        self._key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self._other = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, dict[str, str]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(urlsplit(self.path).path)
                issuer._get(self)

            def do_POST(self) -> None:
                issuer.asked.append(urlsplit(self.path).path)
                issuer._post(self)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        if parts.path == "/.well-known/openid-configuration":
            _reply(request, 200, {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            })  # fmt: skip
        elif parts.path == "/keys":
            _reply(request, 200, {"keys": [self._key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            request.send_response(302)
            request.send_header("Location", back)
            request.send_header("Content-Length", "0")
            request.end_headers()
        else:
            _reply(request, 404, {})

    def _post(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length", 0))
        form = {name: values[0] for name, values in parse_qs(request.rfile.read(length).decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        fits = (
            asked is not None
            and request.headers.get("Authorization") == f"Basic {basic}"
            and asked.get("code_challenge_method") == "S256"
            and asked.get("code_challenge") == proven
            and asked.get("redirect_uri") == form.get("redirect_uri")
        )
        if asked is None or not fits:
            _reply(request, 400, {"error": "invalid_grant"})
            return
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": "1", "email": self.email, "email_verified": True,
            "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        held = {name: value for name, value in claims.items() if value is not None}
        key = self._other if self.stranger else self._key
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, held, key)
        _reply(request, 200, {"access_token": "a", "token_type": "Bearer", "id_token": token})


def _reply(request: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)
