"""Owns the load of small requests: persistent connections over raw sockets, each with one request in flight.

A client library would take longer than the server, and the figure would be that of the client. Does not own the
requests or the number of processes.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

READ_BYTES = 262_144
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How long all responses took, and the time of each."""

    seconds: float
    waits_ms: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return len(self.waits_ms) / self.seconds


class _Line:
    """A connection: its remaining requests, when the current one was sent, and what has been received of its response."""

    def __init__(self, connection: socket.socket, requests: Iterator[bytes]) -> None:
        self.connection = connection
        self.requests = requests
        self.sent_at = 0.0
        self.received = bytearray()

    def send_next(self) -> bool:
        request = next(self.requests, None)
        if request is None:
            return False
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.connection.sendall(request)
        return True

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
        length = int(head.partition(LENGTH)[2].partition(b"\r\n")[0])
        return len(self.received) >= end + len(END_OF_HEAD) + length


def send_all(port: int, requests: Sequence[Sequence[bytes]]) -> LoadResult:
    """Sends each sequence over its own connection, one request after another, and waits for all responses."""
    lines = [_Line(socket.create_connection(("127.0.0.1", port)), iter(sequence)) for sequence in requests]
    waits_ms = []
    with selectors.DefaultSelector() as selector:
        for line in lines:
            line.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line.connection, selectors.EVENT_READ, line)
        began = time.perf_counter()
        busy = sum([line.send_next() for line in lines])
        while busy:
            for key, _ in selector.select():
                if key.data.receive():
                    waits_ms.append((time.perf_counter() - key.data.sent_at) * 1_000)
                    busy -= not key.data.send_next()
        seconds = time.perf_counter() - began
    for line in lines:
        line.connection.close()
    return LoadResult(seconds, tuple(waits_ms))


def make_get(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: bench", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
