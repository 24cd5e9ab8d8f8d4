"""Owns transports for tests of the client: an application in this process, a network that fails, responses that are given; a
clock that moves when the client waits.

Does not own any expectation.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx2

from jobmeter.client import Charge, Client, DayRestatement, Limits, Server, Surroundings, jobmeter_at
from tests.client.documented import check_documented
from tests.support.sandbox_client import SandboxClient

URL = "http://board.example"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOKEN = "/oauth/v2/accessToken"
NAP_SECONDS = 0.02
PATIENCE_SECONDS = 20
# A network that fails so often needs more attempts than a real one.
PATIENT = Limits(attempts_max=60, wait_seconds_max=10_000, task_seconds_max=10_000)


class AppTransport(httpx2.BaseTransport):
    """Passes requests to the application of a sandbox in this process; its responses must be as documented."""

    def __init__(self, sandbox_client: SandboxClient) -> None:
        self._inner = sandbox_client.client._transport

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        response.read()
        check_documented(request, response)
        return response


class FailingTransport(httpx2.BaseTransport):
    """A network that breaks a share of all exchanges, each in a way of its own; ``counts`` says how often."""

    def __init__(self, inner: httpx2.BaseTransport, rng: Random, *, share: float) -> None:
        self._inner = inner
        self._rng = rng
        self._share = share
        self._earlier: httpx2.Response | None = None
        self.counts: Counter[str] = Counter()
        self._ways: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
            "unreachable": self._refuse_connection,
            "time-out": self._time_out,
            "reset after the work": self._lose_response,
            "429 storm": self._throttle,
            "503": self._fail,
            "truncated": self._truncate,
            "repeated page": self._repeat,
        }

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._rng.random() < self._share:
            way = self._rng.choice(sorted(self._ways))
            self.counts[way] += 1
            return self._ways[way](request)
        return self._pass(request)

    def _pass(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        response.read()
        if request.method == "GET" and response.is_success:
            self._earlier = response
        return response

    def _refuse_connection(self, request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("connection refused", request=request)

    def _time_out(self, request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("timed out", request=request)

    def _lose_response(self, request: httpx2.Request) -> httpx2.Response:
        self._pass(request)
        raise httpx2.ReadError("connection reset by peer", request=request)

    def _throttle(self, _: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(429, headers={"Retry-After": "1"}, json={"status": 429, "message": "slow"})

    def _fail(self, _: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503, content=b"<html>gateway</html>")

    def _truncate(self, request: httpx2.Request) -> httpx2.Response:
        response = self._pass(request)
        half = response.content[: len(response.content) // 2]
        return httpx2.Response(response.status_code, content=half)

    def _repeat(self, request: httpx2.Request) -> httpx2.Response:
        """Returns the response to an earlier question, as a cache with the wrong key does."""
        if request.method != "GET" or self._earlier is None:
            return self._pass(request)
        return httpx2.Response(200, content=self._earlier.content)


class FakeTime:
    """A clock that moves only while the client waits."""

    def __init__(self) -> None:
        self.now = START
        self.waits: list[float] = []

    def read(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    def surroundings(self, seed: int = 1) -> Surroundings:
        return Surroundings(clock=self.read, sleep=self.sleep, randomness=Random(seed))


def nap(seconds: float) -> None:
    """Waits for the background work of a sandbox, never as long as the client wants."""
    time.sleep(min(seconds, NAP_SECONDS))


def make_client(
    sandbox_client: SandboxClient, who: str = "child", *, transport: httpx2.BaseTransport | None = None
) -> Client:
    """A client for one of the sandbox's applications, in this process."""
    keys = sandbox_client.credentials[who]
    return Client(
        jobmeter_at(URL),
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        transport=transport or AppTransport(sandbox_client),
        limits=PATIENT,
        surroundings=Surroundings(sleep=nap, randomness=Random(7)),
    )


def read_charges(client: Client, amount_micros: int, *, after: int = 0) -> list[Charge | DayRestatement]:
    """Reads the stream until it has the amount: it ends before transactions that are open anywhere, in other tests too."""
    for _ in range(int(PATIENCE_SECONDS / NAP_SECONDS)):
        found = list(client.charges.follow(after))
        if sum(one.amount.amount_micros for one in found if isinstance(one, Charge)) == amount_micros:
            return found
        nap(NAP_SECONDS)
    raise AssertionError(found)


class GivenResponses(httpx2.BaseTransport):
    """Returns what ``answer`` makes of each request, and keeps the requests; tokens are issued at once."""

    def __init__(self, answer: Callable[[httpx2.Request], Any], *, token_seconds: int = 1800) -> None:
        self._answer = answer
        self._token_seconds = token_seconds
        self.tokens = 0
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith(TOKEN):
            self.tokens += 1
            content = {"access_token": f"token-{self.tokens}", "expires_in": self._token_seconds}
            return httpx2.Response(200, json=content)
        self.requests.append(request)
        found = self._answer(request)
        if isinstance(found, Exception):
            raise found
        if not isinstance(found, httpx2.Response):
            return httpx2.Response(200, json=found)
        if not hasattr(found, "_content"):  # a stream, which is read once
            return found
        return httpx2.Response(found.status_code, headers=found.headers, content=found.content)

    @property
    def targets(self) -> list[str]:
        return [request.url.raw_path.decode() for request in self.requests]


def open_given(
    transport: httpx2.BaseTransport,
    *,
    server: Server | None = None,
    world: FakeTime | None = None,
    limits: Limits | None = None,
) -> Client:
    return Client(
        server or jobmeter_at(URL),
        client_id="cid",
        client_secret="sec&r=t%+é",
        transport=transport,
        limits=limits or Limits(),
        surroundings=(world or FakeTime()).surroundings(),
    )


def refuse(status: int, **body: Any) -> httpx2.Response:
    return httpx2.Response(status, content=json.dumps({"status": status} | body).encode())
