"""A credit system that answers after a fixed time and notes when each request came; one process, little CPU.

Run: ``python -m benchmarks.server --users 1000 --latency 0.05 [--limit 50]``; prints its port first. With a
limit it refuses with 429 what would be more than that in the last second.
"""

import argparse
import asyncio
import json
import time
from collections import deque
from urllib.parse import parse_qs, urlsplit

PAGE = 100


class Book:
    """Balances and arrivals.

    Attributes:
        balances: user id → credits.
        arrivals: when each request came, in seconds.
    """

    def __init__(self, users: int, latency_s: float, limit: int = 0) -> None:
        self.balances = dict.fromkeys(range(1, users + 1), 1000)
        self.latency_s = latency_s
        self.arrivals: list[float] = []
        self._limit = limit
        self._lately: deque[float] = deque()
        self._refused = 0

    def takes(self, now: float) -> bool:
        """Note a request that arrives, and whether there is room for it in this second."""
        while self._lately and self._lately[0] <= now - 1.0:
            self._lately.popleft()
        if self._limit and len(self._lately) >= self._limit:
            self._refused += 1
            return False
        self._lately.append(now)
        self.arrivals.append(now)
        return True

    def answer(self, method: str, target: str, body: bytes) -> tuple[object, dict[str, str]]:
        """Return the JSON of a reply and its headers."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/arrivals":
            found, self.arrivals = self.arrivals, []
            return found, {}
        if parts.path == "/refused":
            refused, self._refused = self._refused, 0
            return refused, {}
        if parts.path == "/users":
            return self._page(int(query["page"]))
        if method == "POST":
            change = json.loads(body)
            self.balances[int(change["uid"])] += int(change["points"])
            return {"ok": True}, {}
        return {"credits": self.balances[int(query["uid"])]}, {}

    def _page(self, number: int) -> tuple[object, dict[str, str]]:
        users = list(self.balances.items())[(number - 1) * PAGE : number * PAGE]
        rows = [
            {"id": user, "name": f"Customer {user}", "email": f"c{user}@example.com", "credits": credits_}
            for user, credits_ in users
        ]
        pages = -(-len(self.balances) // PAGE)
        return rows, {"X-WP-Total": str(len(self.balances)), "X-WP-TotalPages": str(pages)}


class Connection(asyncio.Protocol):
    """One connection: HTTP/1.1, kept alive, one request after another."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is complete."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, target, _ = first.split(" ")
        quick = target.startswith(("/arrivals", "/refused", "/users"))
        if not quick and not self._book.takes(time.monotonic()):
            self._transport.write(
                _reply({"error": "too many"}, {"Retry-After": "1"}, "429 Too Many Requests")
            )
            return
        reply = _reply(*self._book.answer(method, target, rest[:length]))
        if quick:
            self._transport.write(reply)
        else:
            asyncio.get_running_loop().call_later(self._book.latency_s, self._transport.write, reply)


def _reply(data: object, headers: dict[str, str], status: str = "200 OK") -> bytes:
    body = json.dumps(data).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


async def serve(users: int, latency_s: float, limit: int) -> None:
    """Serve until it is killed."""
    book = Book(users, latency_s, limit)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(book), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--limit", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.users, arguments.latency, arguments.limit))
