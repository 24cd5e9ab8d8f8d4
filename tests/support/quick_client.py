"""Owns the client of an application in this process: each response is read as a whole.

The client that it is derived from goes from the thread of a test to that of the application and back eight times a request,
so that a response can be read in parts. Once is enough for a whole response, in half of the processor time. A response
that never ends is not for this client. Does not own any expectation.
"""

import asyncio
from typing import Any
from urllib.parse import unquote

import httpx2
from starlette.testclient import TestClient

PORTS = {"http": 80, "https": 443}


class QuickClient(TestClient):
    """Sends requests as ``TestClient`` does. ``QuickTransport`` answers them while the application runs."""

    def __init__(self, app: Any, **chosen: Any) -> None:
        super().__init__(app, **chosen)
        self._transport = QuickTransport(self, self._transport)


class QuickTransport(httpx2.BaseTransport):
    """Calls the application once in its own thread for each request. An application that is not open is left to ``usual``."""

    def __init__(self, client: QuickClient, usual: Any) -> None:
        self._client = client
        self._usual = usual
        self._portal: Any = None
        self._loop: Any = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        portal = self._client.portal
        if portal is None:
            return self._usual.handle_request(request)
        if portal is not self._portal:
            self._portal, self._loop = portal, portal.call(asyncio.get_running_loop)
        exchange = Exchange(request)
        answering = self._client.app(self._make_scope(request), exchange.receive, exchange.send)
        try:
            asyncio.run_coroutine_threadsafe(answering, self._loop).result()
        except Exception:
            if self._usual.raise_server_exceptions:
                raise
        return exchange.make_response()

    def _make_scope(self, request: httpx2.Request) -> dict[str, Any]:
        url = request.url
        return {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(url.path),
            "raw_path": url.raw_path.partition(b"?")[0],
            "root_path": self._usual.root_path,
            "scheme": url.scheme,
            "query_string": url.query,
            "headers": [
                (key.lower().encode(), value.encode()) for key, value in request.headers.multi_items()
            ],
            "client": self._usual.client,
            "server": [url.raw_host.decode(), url.port or PORTS[url.scheme]],
            "state": self._client.app_state.copy(),
        }

    def close(self) -> None:
        self._usual.close()


class Exchange:
    """One request and its response, as ASGI messages."""

    def __init__(self, request: httpx2.Request) -> None:
        self._request = request
        self._is_received = False
        self._start: dict[str, Any] = {"status": 500, "headers": []}
        self._parts: list[bytes] = []
        self._has_started = False
        self._has_ended = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        """The whole body; then, once the response has ended, the end of the connection."""
        if self._is_received:
            await self._has_ended.wait()
            return {"type": "http.disconnect"}
        self._is_received = True
        return {"type": "http.request", "body": self._request.read()}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            assert not self._has_started, "a response begins once"
            self._has_started, self._start = True, message
            return
        assert message["type"] == "http.response.body", message
        assert self._has_started, "a response begins with its status"
        assert not self._has_ended.is_set(), "a response ends once"
        self._parts.append(bytes(message.get("body", b"")))
        if not message.get("more_body", False):
            self._has_ended.set()

    def make_response(self) -> httpx2.Response:
        body = b"" if self._request.method == "HEAD" else b"".join(self._parts)
        headers = [(key.decode(), value.decode()) for key, value in self._start.get("headers", [])]
        return httpx2.Response(
            self._start["status"], headers=headers, stream=httpx2.ByteStream(body), request=self._request
        )
