"""The Google Sheets emulator: who may, what goes wrong, what a person does in between, Drive and tokens."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from tests.emulators.sheets import SheetsEmulator
from tests.integration.emulator_kit import Client, box

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ROBOT = "robot@project.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def running() -> Iterator[SheetsEmulator]:
    """One server for all of these tests."""
    with SheetsEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: SheetsEmulator) -> SheetsEmulator:
    """The server, as if just started."""
    Client(running).good("POST", "/control/reset")
    return running


@pytest.fixture
def client(emulator: SheetsEmulator) -> Client:
    """A client with a fresh spreadsheet that holds a small list."""
    made = Client(emulator)
    made.create()
    made.write("A1", [["id", "name"], [3, "c"], [1, "a"], [2, "b"]])
    return made


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """A service account's key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    """The public half."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


def grant(client: Client, key: rsa.RSAPrivateKey, *, shift_s: int = 0) -> tuple[int, Any]:
    """Ask for a token as a service account does."""
    now = int(time.time()) + shift_s
    scope = "https://www.googleapis.com/auth/spreadsheets"
    claims = {
        "iss": ROBOT,
        "scope": scope,
        "aud": f"{client.emulator.url}/token",
        "iat": now,
        "exp": now + 3600,
    }
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = crypt.RSASigner.from_string(private)  # type: ignore[no-untyped-call]
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": jwt.encode(signer, claims).decode(),  # type: ignore[no-untyped-call]
    }
    reply = urllib3.request("POST", f"{client.emulator.url}/token", body=urlencode(form), headers=FORM)
    return reply.status, json.loads(reply.data)


def as_robot(client: Client, token: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """A request with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    reply = urllib3.request(method, client.emulator.url + path, json=body, headers=headers)
    return reply.status, json.loads(reply.data)


def test_tokens(client: Client, key: rsa.RSAPrivateKey) -> None:
    """A grant signed with the registered key gives a token; a revoked key or a wrong clock does not."""
    client.good("POST", "/control/accounts", {"email": ROBOT, "public_key": pem(key)})
    status, reply = grant(client, key)
    assert (200, "Bearer") == (status, reply["token_type"])
    status, reply = grant(client, key, shift_s=7200)
    assert (400, "invalid_grant") == (status, reply["error"])
    assert reply["error_description"].startswith(
        "Invalid JWT: Token must be a short-lived token (60 minutes)"
    )
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert (400, "Invalid JWT Signature.") == (
        grant(client, other)[0],
        grant(client, other)[1]["error_description"],
    )
    client.good("POST", "/control/accounts", {"email": ROBOT, "revoked": True})
    assert 400 == grant(client, key)[0]


def test_sharing(client: Client, key: rsa.RSAPrivateKey) -> None:
    """A spreadsheet that is not shared is closed, a reader may not write, an unknown id is not found."""
    token = grant(client, key)[1]["access_token"]
    client.good("POST", "/control/switches", {"strict_auth": True})
    assert (401, "UNAUTHENTICATED") == (
        client.send("GET", client.path())[0],
        client.send("GET", client.path())[1]["error"]["status"],
    )
    client.good("POST", "/control/share", {"spreadsheetId": client.book, "roles": {}})
    refused = {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}
    assert (403, {"error": refused}) == as_robot(client, token, "GET", client.path())
    client.good("POST", "/control/share", {"spreadsheetId": client.book, "roles": {ROBOT: "reader"}})
    assert 200 == as_robot(client, token, "GET", client.path())[0]
    assert 403 == as_robot(client, token, "POST", client.path("/values/A1:clear"), {})[0]
    status, reply = as_robot(client, token, "GET", "/v4/spreadsheets/nothing")
    assert (404, "Requested entity was not found.") == (status, reply["error"]["message"])


def test_api_disabled(client: Client) -> None:
    """A project that has not switched the API on is told how to."""
    client.good("POST", "/control/switches", {"api_enabled": False})
    status, reply = client.send("GET", client.path())
    assert (403, "SERVICE_DISABLED") == (status, reply["error"]["details"][1]["reason"])


def test_protection(client: Client, key: rsa.RSAPrivateKey) -> None:
    """Protected cells refuse others' writes of every kind; a warning stops no program."""
    token = grant(client, key)[1]["access_token"]
    client.good("POST", "/control/share", {"spreadsheetId": client.book, "roles": {ROBOT: "writer"}})
    shut = {"range": box(0, 0, 2, 1), "editors": {"users": ["boss@example.com"]}}
    edit = {"request": {"addProtectedRange": {"protectedRange": shut}}}
    client.good("POST", "/control/edit", {"spreadsheetId": client.book, "edits": [edit]})
    path = client.path("/values:batchUpdate")
    body = {"valueInputOption": "RAW", "data": [{"range": "A1", "values": [["x"]]}]}
    status, reply = as_robot(client, token, "POST", path, body)
    assert (400, True) == (status, "trying to edit a protected cell or object" in reply["error"]["message"])
    body["data"] = [{"range": "B1", "values": [["x"]]}]
    assert 200 == as_robot(client, token, "POST", path, body)[0]
    delete = {
        "deleteDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}}
    }
    assert 400 == as_robot(client, token, "POST", client.path(":batchUpdate"), {"requests": [delete]})[0]


def test_quota(client: Client) -> None:
    """Reads and writes have limits of their own; the refusal has Google's words."""
    client.good("POST", "/control/quota", {"reads": 1, "writes": 1})
    client.read("A1")
    status, reply = client.send("GET", client.path("/values/A1"))
    assert (429, "RESOURCE_EXHAUSTED") == (status, reply["error"]["status"])
    assert reply["error"]["message"].startswith("Quota exceeded for quota metric 'Read requests' and limit")
    client.write("A1", [["x"]])
    assert 429 == client.send("POST", client.path("/values/A1:clear"), {})[0]


@pytest.mark.parametrize(("when", "there"), [("before", [["id"]]), ("after", [["x"]])])
def test_faults(client: Client, when: str, there: list[list[str]]) -> None:
    """A write may fail before or after it was carried out, with an answer or without."""
    body = {"values": [["x"]]}
    client.good("POST", "/control/faults", {"kind": "status", "when": when, "method": "PUT", "status": 503})
    status, _ = client.send("PUT", client.path("/values/A1"), body, valueInputOption="RAW")
    assert (503, there) == (status, client.read("A1"))
    client.write("A1", [["id"]])
    client.good("POST", "/control/faults", {"kind": "drop", "when": when, "method": "PUT"})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.send("PUT", client.path("/values/A1"), body, valueInputOption="RAW")
    assert there == client.read("A1")


def test_rogue_between(client: Client) -> None:
    """A person sorts between two requests, at the request chosen."""
    edits = [{"sort": {"range": "A2:A4", "by": "A"}}, {"rename": {"tab": "Sheet1", "to": "List"}}]
    client.good("POST", "/control/faults", {"kind": "edit", "when": "after", "skip": 1, "edits": edits})
    assert [["3", "c"]] == client.read("Sheet1!A2:B2")
    assert [["3", "c"]] == client.read("Sheet1!A2:B2")
    assert [["1", "c"], ["2", "a"], ["3", "b"]] == client.read("List!A2:B4")


def test_rogue_within(client: Client) -> None:
    """A person inserts a row while a batch of values is being written."""
    edits = [{"insert": {"range": "1:1"}}]
    client.good("POST", "/control/faults", {"kind": "edit", "when": "halfway", "edits": edits})
    data = [{"range": f"B{row}", "values": [["x"]]} for row in (2, 3)]
    client.good("POST", client.path("/values:batchUpdate"), {"valueInputOption": "RAW", "data": data})
    assert [[], ["id", "name"], ["3", "x"], ["1", "a"]] == client.read("A1:B4")


def test_rogue_hands(client: Client) -> None:
    """A person types, deletes, moves, hides and filters."""
    edits: list[dict[str, Any]] = [
        {"type": {"range": "C1", "value": "=1+1"}},
        {"delete": {"range": "3:3"}},
        {"move": {"range": "B:B", "to": "A"}},
        {"hide": {"range": "2:2"}},
        {"filter": {"range": "A1:B3", "by": "A", "hide": ["b"]}},
        {"clear": {"range": "A1"}},
    ]
    client.good("POST", "/control/edit", {"spreadsheetId": client.book, "edits": edits})
    assert [["", "id", "2"], ["c", "3"], ["b", "2"]] == client.read("A1:C9")


def test_log(client: Client) -> None:
    """Requests are counted with their bytes."""
    client.good("DELETE", "/control/log")
    client.read("A1")
    client.write("A1", [["x"]])
    log = client.good("GET", "/control/log")
    assert (1, 1, {"200": 2}) == (log["reads"], log["writes"], log["statuses"])
    assert len(b'{"values": [["x"]]}') == log["bytes_sent"]


def test_drive(client: Client) -> None:
    """Files can be made, found, copied, exported and deleted."""
    made = client.good("POST", "/drive/v3/files", {"name": "It's mine"})
    found = client.good("GET", "/drive/v3/files", q="name = 'It\\'s mine'", fields="files(id)")
    assert [{"id": made["id"]}] == found["files"]
    copy = client.good("POST", f"/drive/v3/files/{client.book}/copy", {"name": "Copy"})
    client.book = copy["id"]
    assert [["id", "name"]] == client.read("A1:B1")
    address = f"{client.emulator.url}/drive/v3/files/{client.book}/export?mimeType=text/csv"
    assert b"id,name\r\n3,c\r\n1,a\r\n2,b" == urllib3.request("GET", address).data
    assert (204, None) == client.send("DELETE", f"/drive/v3/files/{client.book}")
    assert 404 == client.send("GET", f"/drive/v3/files/{client.book}")[0]
    assert 404 == client.send("GET", client.path())[0]
