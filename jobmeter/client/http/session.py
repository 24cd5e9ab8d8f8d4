"""Owns the requests of one application: its token, the headers and the query of each protocol, the key of each write.

Does not own further attempts (``transport``) or the meaning of responses (the resources).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2
import msgspec

from jobmeter.client.http.errors import ClientError, RefusedError, UnreadableError
from jobmeter.client.http.reading import Shape, decode
from jobmeter.client.http.tokens import Token, TokenCache, make_token
from jobmeter.client.http.transport import Answer, Exchange, Transport
from jobmeter.wire.restli.encoding import encode_query

ReadT = TypeVar("ReadT")
VERSION = "202504"
UNAUTHORIZED = 401
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class _TokenShape(Shape):
    access_token: str = msgspec.field(name="access_token")
    expires_in: int | str = msgspec.field(name="expires_in", default=1800)  # a string in LinkedIn's sample


_TOKEN = msgspec.json.Decoder(_TokenShape)


class Session:
    """Requests with the token of one application. Threads may share it."""

    def __init__(self, transport: Transport, *, client_id: str, client_secret: str, version: str) -> None:
        self.transport = transport
        self.version = version
        self._client_id = client_id
        self._client_secret = client_secret
        self._tokens = TokenCache(self._fetch_token, clock=transport.surroundings.clock)
        self._restli = {"LinkedIn-Version": version, "X-RestLi-Protocol-Version": "2.0.0"}

    def get(
        self, path: str, parameters: Mapping[str, object] | None = None, *, read: Callable[[Answer], ReadT]
    ) -> ReadT:
        """Sends a Rest.li or plain GET; ``parameters`` are encoded as in protocol 2.0.0. Raises ``ClientError``."""
        exchange = Exchange(method="GET", url=self._locate(path, parameters), headers=self._restli)
        return self._run(exchange, read)

    def post(
        self,
        path: str,
        content: Any,
        *,
        parameters: Mapping[str, object] | None = None,
        restli_method: str = "",
        read: Callable[[Answer], ReadT],
    ) -> ReadT:
        """Sends a write as JSON, under a new idempotency key. Raises ``ClientError``."""
        headers = self._restli | {"Content-Type": JSON}
        if restli_method:
            headers["X-RestLi-Method"] = restli_method
        url = self._locate(path, parameters)
        return self.write("POST", url, msgspec.json.encode(content), headers=headers, read=read)

    def write(
        self,
        method: str,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        read: Callable[[Answer], ReadT],
    ) -> ReadT:
        """Sends a write of any protocol, under a new idempotency key."""
        key = {"Idempotency-Key": self.transport.surroundings.make_key()}
        exchange = Exchange(method=method, url=url, headers={**headers, **key}, body=body, is_safe=False)
        return self._run(exchange, read)

    def fetch(self, path: str, *, headers: Mapping[str, str], read: Callable[[Answer], ReadT]) -> ReadT:
        """Sends a GET of any protocol."""
        return self._run(Exchange(method="GET", url=self._locate(path), headers=headers), read)

    @contextmanager
    def open(self, path: str, *, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        """Sends a GET once, and returns its response while the body is read in the block. Raises ``ClientError``."""
        exchange = Exchange(method="GET", url=self._locate(path), headers=headers)
        token = self._tokens.read()
        try:
            with self.transport.open(exchange, {"Authorization": f"Bearer {token}"}) as response:
                yield response
        except RefusedError as error:
            if error.status == UNAUTHORIZED:
                self._tokens.discard(token)
                error.is_temporary = True  # nothing happened: the next attempt has another token
            raise

    def _locate(self, path: str, parameters: Mapping[str, object] | None = None) -> str:
        query = f"?{encode_query(parameters)}" if parameters else ""
        return f"{self.transport.server.api_url}{path}{query}"

    def _run(self, exchange: Exchange, read: Callable[[Answer], ReadT]) -> ReadT:
        """The server may stop to accept a token before its end: then nothing happened, and another token is used once."""
        used: list[str] = []

        def authorize() -> dict[str, str]:
            used.append(self._tokens.read())
            return {"Authorization": f"Bearer {used[-1]}"}

        try:
            return self.transport.run(exchange, read, authorize=authorize)
        except RefusedError as error:
            if error.status != UNAUTHORIZED or not used:
                raise
            self._tokens.discard(used[-1])
        return self.transport.run(exchange, read, authorize=authorize)

    def _fetch_token(self) -> Token:
        requested_at = self.transport.surroundings.clock()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        exchange = Exchange(
            method="POST",
            url=f"{self.transport.server.token_url}/oauth/v2/accessToken",
            headers={"Content-Type": FORM},
            body=urlencode(form).encode(),
        )
        try:
            text, seconds = self.transport.run(exchange, _read_token)
        except ClientError as error:
            # Its attempts are used up, and the request that needed the token was not sent.
            error.is_temporary = error.may_have_happened = False
            raise
        return make_token(text, requested_at=requested_at, lifetime_seconds=seconds)


def _read_token(answer: Answer) -> tuple[str, int]:
    shape = decode(_TOKEN, answer)
    try:
        return shape.access_token, int(shape.expires_in)
    except ValueError as error:
        raise UnreadableError(f"{shape.expires_in!r} is not the lifetime of a token") from error
