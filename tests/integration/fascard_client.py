"""A plain HTTP client of a FasCard server, for tests: it knows the document and nothing of the service."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import urllib3

from sheetsync.sandbox import Sandbox


class FasCardClient:
    """Signs in once and never retries; numbers with a point are read as `Decimal`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.pool = urllib3.PoolManager(retries=False, timeout=5)
        self.token = self.sign_in().json()["Token"]

    def sign_in(self, name: str | None = None, password: str | None = None) -> urllib3.BaseHTTPResponse:
        """Ask for a token."""
        body = {"UserName": name or self.sandbox.username, "Password": password or self.sandbox.password}
        return self.pool.request("POST", f"{self.sandbox.base_url}/api/AuthToken", json=body)

    def send(self, method: str, path: str, body: object = None, **query: object) -> urllib3.BaseHTTPResponse:
        """Send one request with the token; a body that is text goes as it is."""
        uri = f"{self.sandbox.base_url}/api/{path}" + (f"?{urlencode(query)}" if query else "")
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.pool.request(method, uri, body=data, headers=headers)

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a GET that succeeds."""
        answer = self.send("GET", path, **query)
        assert 200 == answer.status, answer.data
        return json.loads(answer.data, parse_float=Decimal)

    def change(self, account: int, **fields: object) -> Any:  # noqa: ANN401 - JSON
        """Send a value request that succeeds and return the account."""
        answer = self.send("POST", f"UserAccount/12/{account}", fields)
        assert 200 == answer.status, answer.data
        [record] = json.loads(answer.data, parse_float=Decimal)
        return record

    def account(self, account: int) -> Any:  # noqa: ANN401 - JSON
        """Return one account."""
        return self.get(f"UserAccount/12/{account}")[0]

    def control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Send a control request and return its JSON."""
        answer = self.pool.request(method, f"{self.sandbox.base_url}/_sandbox/{path}", json=body)
        assert 200 == answer.status, answer.data
        return answer.json()
