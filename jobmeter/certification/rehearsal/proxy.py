"""Owns the socket of the recording proxy: HTTP/1.1 from the partner's integration, each request handed to the rehearsal.

Does not own what happens to a request (``recording``). Listens on this machine only.
"""

import socket
from contextlib import AbstractContextManager, suppress
from http import server as http_server

from jobmeter.certification.rehearsal.recording import Rehearsal, Sent
from jobmeter.sandbox.listening.receiver import HOST, serve_in_thread

BODY_BYTES_MAX = 64_000_000
LINE_BYTES_MAX = 1_000
IDLE_SECONDS = 60


class ProxyServer(http_server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that disconnects is no error of the proxy."""


class _Handler(http_server.BaseHTTPRequestHandler):
    server: ProxyServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def serve(self) -> None:
        body = self._read_body()
        if body is None:
            self.send_error(413)
            return
        sent = Sent(method=self.command, target=self.path, headers=dict(self.headers.items()), body=body)
        returned = self.server.rehearsal.serve(sent)
        if returned is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(returned.status)
        for name, value in returned.headers.items():
            self.send_header(name, value)
        if returned.status not in {204, 304}:
            self.send_header("Content-Length", str(len(returned.body)))
        self.end_headers()
        if self.command != "HEAD" and returned.status not in {204, 304}:
            self.wfile.write(returned.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815 -- names of http.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name in http.server
        """What is recorded is printed by the command."""

    def _read_body(self) -> bytes | None:
        """Returns ``None`` for a body that is too large."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        declared = self.headers.get("Content-Length", "0")
        size = int(declared) if declared.isdigit() else 0
        return self.rfile.read(size) if size <= BODY_BYTES_MAX else None

    def _read_chunks(self) -> bytes | None:
        found, size = [], 0
        while True:
            line = self.rfile.readline(LINE_BYTES_MAX).partition(b";")[0].strip()
            length = int(line or b"0", 16)
            size += length
            if size > BODY_BYTES_MAX:
                return None
            if not length:
                break
            found.append(self.rfile.read(length))
            self.rfile.readline(LINE_BYTES_MAX)
        while self.rfile.readline(LINE_BYTES_MAX).strip():
            pass  # trailers
        return b"".join(found)


def open_proxy(rehearsal: Rehearsal, *, port: int) -> AbstractContextManager[str]:
    """Yields the address at which the proxy listens until the block ends; port 0 selects a free one."""
    return serve_in_thread(ProxyServer(port, rehearsal))
