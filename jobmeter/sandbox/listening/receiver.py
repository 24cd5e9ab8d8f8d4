"""Owns the receiver of webhooks on this machine: each one is forwarded byte for byte, and answered with what came back.

Does not own its registration (``listener``).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import server as http_server
from threading import Thread

import httpx2

from jobmeter.client.http.transport import choose_certificates

HOST = "127.0.0.1"
PATH = "/jobmeter-listen"  # by which a webhook that a listener left behind is recognized
BODY_BYTES_MAX = 8_000_000
FORWARD_SECONDS = 12  # the sandbox waits for 15
# What the signature is computed from, and what names the content; all other headers belong to the connection.
FORWARDED_HEADERS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature")
UNREACHABLE = 502


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook that arrived. ``status`` is what it was answered with, ``problem`` why it could not be forwarded."""

    id: str
    body: bytes
    status: int
    problem: str = ""


class _Handler(http_server.BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        declared = self.headers.get("Content-Length", "")
        if not declared.isdigit() or int(declared) > BODY_BYTES_MAX:
            self.send_error(413)
            return
        body = self.rfile.read(int(declared))
        headers = {name: self.headers[name] for name in FORWARDED_HEADERS if name in self.headers}
        delivery = self.server.deliver(headers, body)
        self.send_response(delivery.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name in http.server
        """Deliveries are printed by the command."""


class _Server(http_server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, forward_to: str, when_delivered: Callable[[Delivery], None]) -> None:
        self._forward_to = forward_to
        self._when_delivered = when_delivered
        self._client = httpx2.Client(
            timeout=FORWARD_SECONDS,
            trust_env=False,
            follow_redirects=False,
            verify=choose_certificates(forward_to),
        )
        super().__init__((HOST, 0), _Handler)

    def deliver(self, headers: dict[str, str], body: bytes) -> Delivery:
        status, problem = (200, "") if not self._forward_to else self._forward(headers, body)
        delivery = Delivery(id=headers.get("webhook-id", ""), body=body, status=status, problem=problem)
        self._when_delivered(delivery)
        return delivery

    def _forward(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        try:
            answer = self._client.post(self._forward_to, headers=headers, content=body)
        except httpx2.HTTPError as error:
            return UNREACHABLE, f"{self._forward_to} does not respond: {error}"
        return answer.status_code, ""

    def server_close(self) -> None:
        super().server_close()
        self._client.close()


@contextmanager
def open_receiver(forward_to: str, when_delivered: Callable[[Delivery], None]) -> Iterator[str]:
    """Yields the receiver's address until the block ends. Without ``forward_to`` every webhook is accepted."""
    with serve_in_thread(_Server(forward_to, when_delivered)) as address:
        yield f"{address}{PATH}"


@contextmanager
def serve_in_thread(server: http_server.HTTPServer) -> Iterator[str]:
    """Yields the address at which the server responds until the block ends; then the server is closed."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
