"""How near to an allowed rate each limiter comes, and how often it is refused for coming too near.

Run: ``python -m benchmarks.limiters [--rates 5 50 200] [--seconds 10] [--repeats 3]``. The server answers
after 50 ms and takes at most the allowed rate in any second; the limiters run in turn, 32 requests in flight.
"""

import argparse
import asyncio
import json
import statistics
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
import urllib3
from requests.adapters import HTTPAdapter

from benchmarks.push_rate import server, share_of
from sheetsync.bootstrap import SystemClock
from sheetsync.providers.limiter import SlidingLimiter

IN_FLIGHT = 32
PATH = "/balance?uid=1"
TRIES = 20
"""Of one request, for those who find out by being refused."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one limiter came to: share of the rate, and refusals per request."""

    share: float
    refused: float


def ours(address: str, rate: int, count: int) -> None:
    """Sheetsync's own limiter, with its own connections."""
    limiter = SlidingLimiter(rate, SystemClock())
    with urllib3.connection_from_url(address, maxsize=IN_FLIGHT, retries=False) as pool:

        def one(_: int) -> None:
            with limiter.slot() as slot:
                slot.leaving()
                pool.request("GET", PATH)

        with ThreadPoolExecutor(IN_FLIGHT) as threads:
            list(threads.map(one, range(count)))


def _session(retries: urllib3.Retry | int = 0) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=IN_FLIGHT, max_retries=retries))
    return session


def pyrate(address: str, rate: int, count: int) -> None:
    """The package pyrate-limiter before a pool of requests sessions."""
    from pyrate_limiter import Duration, Limiter, Rate

    limiter, session = Limiter(Rate(rate, Duration.SECOND)), _session()

    def one(_: int) -> None:
        limiter.try_acquire("all")
        session.get(address + PATH, timeout=30)

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(one, range(count)))


def aio(address: str, rate: int, count: int) -> None:
    """The package aiolimiter before aiohttp."""
    import aiohttp
    from aiolimiter import AsyncLimiter

    async def everything() -> None:
        limiter, room = AsyncLimiter(rate, 1), asyncio.Semaphore(IN_FLIGHT)
        async with aiohttp.ClientSession() as session:

            async def one() -> None:
                async with room, limiter, session.get(address + PATH) as reply:
                    await reply.read()

            await asyncio.gather(*(one() for _ in range(count)))

    asyncio.run(everything())


def retry_only(address: str, rate: int, count: int) -> None:
    """No limiter: a requests session that waits when it is refused, and asks again."""
    del rate
    retries = urllib3.Retry(
        TRIES, status_forcelist=[429], backoff_factor=0.1, respect_retry_after_header=True
    )
    session = _session(retries)

    def one(_: int) -> None:
        session.get(address + PATH, timeout=30)

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(one, range(count)))


LIMITERS: dict[str, Callable[[str, int, int], None]] = {
    "Sheetsync": ours,
    "pyrate-limiter": pyrate,
    "aiolimiter": aio,
    "retries only": retry_only,
}


def measure(run: Callable[[str, int, int], None], rate: int, seconds: float) -> Found:
    """Let a limiter send for so long; every one gets a server that has seen nobody before."""
    count = max(rate + 2, int(rate * seconds))
    with server(1, limit=rate) as address, urllib3.PoolManager() as pool:
        run(address, rate, count)
        arrivals = tuple(json.loads(pool.request("GET", f"{address}/arrivals").data))
        refused = int(json.loads(pool.request("GET", f"{address}/refused").data))
    return Found(share_of(arrivals, rate), refused / (len(arrivals) + refused))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[5, 50, 200])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    print("| allowed requests/s | limiter | reached, % | refused, % |\n| ---: | --- | ---: | ---: |")
    for rate in asked.rates:
        found: dict[str, list[Found]] = defaultdict(list)
        for _ in range(asked.repeats):
            for name, run in LIMITERS.items():
                found[name].append(measure(run, rate, asked.seconds))
        for name, each in found.items():
            share = statistics.median(one.share for one in each)
            refused = statistics.median(one.refused for one in each)
            print(f"| {rate} | {name} | {share:.1%} | {refused:.2%} |".replace("%", ""), flush=True)


if __name__ == "__main__":
    main()
