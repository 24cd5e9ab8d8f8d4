"""Owns one exchange with a server: the request, the limit of its time, further attempts after errors that may pass.

Does not own what is requested, or the token. Nothing is repeated that may then happen twice. Time, waiting and randomness
are passed in.
"""

import html
import re
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any, TypeVar

import httpx2
import msgspec

from jobmeter import __version__
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.readers.network import is_local
from jobmeter.client.http.errors import (
    ClientError,
    NoResponseError,
    RefusedError,
    UnreadableError,
    make_refusal,
)

ReadT = TypeVar("ReadT")
RESPONSE_BYTES_MAX = 256_000_000
# These fail before anything was sent.
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
REQUEST_ID = "x-li-request-id"
_MESSAGE = re.compile(r"<message>(.*?)</message>", re.DOTALL)  # of XML jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where requests go. ``repeats_writes``: whether the server runs a write with the same ``Idempotency-Key`` only once."""

    api_url: str
    token_url: str
    repeats_writes: bool


LINKEDIN = Server(
    api_url="https://api.linkedin.com",
    token_url="https://www.linkedin.com",  # noqa: S106 -- an address
    repeats_writes=False,
)


def jobmeter_at(url: str) -> Server:
    """Returns the Jobmeter server at a base URL such as ``https://jobs.example.com``."""
    return Server(api_url=url.rstrip("/"), token_url=url.rstrip("/"), repeats_writes=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the client waits. Each wait has an end: a request with all its attempts takes at most
    ``attempts_max`` times ``request_seconds``, and ``wait_seconds_max`` between them.
    """

    connect_seconds: float = 10
    request_seconds: float = 90
    attempts_max: int = 8
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30
    wait_seconds_max: float = 180
    task_seconds_max: float = 900
    task_poll_seconds: float = 2


def make_idempotency_key() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the client reads of the world, so that tests decide it."""

    clock: Callable[[], datetime] = read_machine_clock
    sleep: Callable[[float], None] = time.sleep
    randomness: Random = field(default_factory=Random)
    make_key: Callable[[], str] = make_idempotency_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request. ``is_safe``: it changes nothing; a write has an idempotency key, the same in each attempt."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_safe: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful response. Names of headers are in lower case."""

    headers: Mapping[str, str]
    body: bytes


def open_http(transport: httpx2.BaseTransport | None, limits: Limits, *, url: str) -> httpx2.Client:
    """Returns the connections that all applications of a client share. A local server is not reached through a proxy."""
    timeout = httpx2.Timeout(limits.request_seconds, connect=limits.connect_seconds)
    headers = {"User-Agent": f"jobmeter/{__version__}", "Accept": "application/json"}
    is_near = is_local(httpx2.URL(url).host)
    verify = choose_certificates(url)
    return httpx2.Client(
        transport=transport, timeout=timeout, headers=headers, trust_env=not is_near, verify=verify
    )


def choose_certificates(url: str) -> ssl.SSLContext | bool:
    """Returns what a client of ``url`` verifies servers with. Without TLS it is a context that trusts nobody: reading the
    certificates of all authorities takes longer than most commands.
    """
    return url.lower().startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Transport:
    """Sends requests to one server until they succeed, fail for good, or the limits end."""

    def __init__(
        self, server: Server, http: httpx2.Client, *, limits: Limits, surroundings: Surroundings
    ) -> None:
        self.server = server
        self.http = http
        self.limits = limits
        self.surroundings = surroundings

    def run(
        self,
        exchange: Exchange,
        read: Callable[[Answer], ReadT],
        *,
        authorize: Callable[[], Mapping[str, str]] = dict,
    ) -> ReadT:
        """Returns what ``read`` makes of the response; an ``UnreadableError`` of it is worth another attempt too.

        Raises ``ClientError``: the error of the last attempt.
        """
        waited: float = 0
        attempt = 1
        while True:
            try:
                return read(self._send(exchange, authorize()))
            except ClientError as error:
                if not self._may_repeat(exchange, error):
                    raise
                waited += self.wait_again(error, attempt=attempt, waited_seconds=waited)
            attempt += 1

    def wait_again(self, error: ClientError, *, attempt: int, waited_seconds: float) -> float:
        """Waits before the next attempt, and returns how long. Raises ``error`` if there was enough of both."""
        seconds = self._choose_wait(error, attempt)
        limits = self.limits
        if attempt >= limits.attempts_max or waited_seconds + seconds > limits.wait_seconds_max:
            raise error
        self.surroundings.sleep(seconds)
        return seconds

    def _may_repeat(self, exchange: Exchange, error: ClientError) -> bool:
        is_harmless = exchange.is_safe or self.server.repeats_writes or not error.may_have_happened
        return error.is_temporary and is_harmless

    def _choose_wait(self, error: ClientError, attempt: int) -> float:
        """Returns a random part of a time that doubles, so that many clients do not come back at the same moment."""
        limits, randomness = self.limits, self.surroundings.randomness
        longest = min(limits.longest_wait_seconds, limits.first_wait_seconds * 2 ** (attempt - 1))
        seconds = randomness.uniform(longest / 2, longest)
        if isinstance(error, RefusedError) and error.retry_after_seconds is not None:
            return error.retry_after_seconds + randomness.uniform(0, limits.first_wait_seconds)
        return seconds

    def _send(self, exchange: Exchange, authorization: Mapping[str, str]) -> Answer:
        with self.open(exchange, authorization) as response:
            return Answer(response.headers, self._read_body(response))

    @contextmanager
    def open(self, exchange: Exchange, authorization: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """Sends a request once and returns its successful response, whose body is read in the block. Raises ``ClientError``."""
        request = self.http.build_request(
            exchange.method,
            exchange.url,
            headers={**exchange.headers, **authorization},
            content=exchange.body if exchange.method != "GET" else None,
        )
        try:
            response = self.http.send(request, stream=True)
            try:
                if not response.is_success:
                    raise self._refuse(response, self._read_body(response))
                yield response
            finally:
                response.close()
        except httpx2.DecodingError as error:
            raise UnreadableError(f"the response to {_name(exchange)} cannot be unpacked: {error}") from error
        except httpx2.RequestError as error:
            message = f"no response to {_name(exchange)}: {error or type(error).__name__}"
            raise NoResponseError(message, may_have_happened=not isinstance(error, NOT_SENT)) from error

    def _read_body(self, response: httpx2.Response) -> bytes:
        """A server that sends a byte now and then must not hold the caller for ever."""
        ends_at = self.surroundings.clock() + timedelta(seconds=self.limits.request_seconds)
        pieces, size = [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > RESPONSE_BYTES_MAX:
                raise UnreadableError(f"the response has more than {RESPONSE_BYTES_MAX:,} bytes")
            if self.surroundings.clock() > ends_at:
                message = f"the response did not arrive within {self.limits.request_seconds:g} seconds"
                raise NoResponseError(message, may_have_happened=True)
        return b"".join(pieces)

    def _refuse(self, response: httpx2.Response, body: bytes) -> RefusedError:
        request_id = response.headers.get(REQUEST_ID, "")
        content = read_refusal(body) or response.reason_phrase
        refused = make_refusal(response.status_code, content, request_id=request_id)
        refused.retry_after_seconds = read_retry_after(
            response.headers.get("retry-after", ""), self.surroundings.clock()
        )
        return refused


def read_refusal(body: bytes) -> Any:
    """Returns the decoded JSON of a refusal, the message of an XML one, or the text as it is: a proxy may send a page."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode(errors="replace")
    message = _MESSAGE.search(text)
    return html.unescape(message[1]) if message else text


def read_retry_after(text: str, now: datetime) -> int | None:
    """Returns the seconds of ``Retry-After``, which is a number or a date; ``None`` if it is neither."""
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, -((now - moment) // timedelta(seconds=1)))


def _name(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.url.partition('?')[0]}"
