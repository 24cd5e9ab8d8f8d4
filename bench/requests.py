"""Owns the load of small requests: persistent connections over raw sockets, each with one request in flight.

A client library would take longer than the server, and the figure would be that of the client. Does not own the
requests or the number of processes.
"""

import contextlib
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

READ_BYTES = 262_144
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
CLOSES = b"connection: close"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How long all responses took, and the time of each."""

    seconds: float
    waits_ms: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return len(self.waits_ms) / self.seconds


class _Line:
    """A connection: its remaining requests, when the current one was sent, and what has been received of its response.

    A server that closes after each response gets a new connection for the next request.
    """

    def __init__(self, port: int, requests: Iterator[bytes], selector: selectors.BaseSelector) -> None:
        self.port = port
        self.requests = requests
        self.selector = selector
        self.sent_at = 0.0
        self.received = bytearray()
        self.is_closed = True
        self.connect()

    def connect(self) -> None:
        self.connection = socket.create_connection(("127.0.0.1", self.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.connection, selectors.EVENT_READ, self)
        self.is_closed = False

    def send_next(self) -> bool:
        request = next(self.requests, None)
        if request is None:
            return False
        self.received.clear()
        self.sent_at = time.perf_counter()
        if self.is_closed:
            self.connect()
        self.connection.sendall(request)
        return True

    def close(self) -> None:
        if not self.is_closed:
            self.selector.unregister(self.connection)
            self.connection.close()
            self.is_closed = True

    def receive(self) -> bool:
        """Receives data and returns whether the response is complete. Raises ``RuntimeError`` if it is an error."""
        chunk = self.connection.recv(READ_BYTES)
        if not chunk:
            raise RuntimeError("the server closed the connection")
        self.received += chunk
        end = self.received.find(END_OF_HEAD)
        if end < 0:
            return False
        head = bytes(self.received[:end]).lower()
        if head[9:10] not in {b"2", b"3"}:
            raise RuntimeError(bytes(self.received[:500]).decode(errors="replace"))
        length = head.partition(LENGTH)[2].partition(b"\r\n")[0]
        if not length:
            raise RuntimeError("the response does not say how long it is")
        is_complete = len(self.received) >= end + len(END_OF_HEAD) + int(length)
        if is_complete and CLOSES in head:
            self.close()
        return is_complete


def send_all(port: int, requests: Sequence[Sequence[bytes]]) -> LoadResult:
    """Sends each sequence over its own connection, one request after another, and waits for all responses."""
    waits_ms = []
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as opened:
        lines = [_Line(port, iter(sequence), selector) for sequence in requests]
        for line in lines:
            opened.callback(line.close)
        began = time.perf_counter()
        busy = sum([line.send_next() for line in lines])
        while busy:
            for key, _ in selector.select():
                if key.data.receive():
                    waits_ms.append((time.perf_counter() - key.data.sent_at) * 1_000)
                    busy -= not key.data.send_next()
        seconds = time.perf_counter() - began
    return LoadResult(seconds, tuple(waits_ms))


def make_get(path: str, headers: dict[str, str], *, host: str = "bench") -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
