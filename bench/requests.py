"""Owns a load of small requests: kept connections, each with one request on its way, over raw sockets.

A client library would cost more than many a server's answer, and the figure would be the client's. Does not own what
is asked, or by how many processes.
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
class Answered:
    """How many answers came in ``seconds``, and how long each was waited for."""

    seconds: float
    waits_ms: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return len(self.waits_ms) / self.seconds


class _Line:
    """One connection: its requests still to come, when the present one went out, what of its answer is here."""

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
        """Whether the answer is complete. Raises ``RuntimeError`` for one that is not a success."""
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


def ask_all(port: int, requests: Sequence[Sequence[bytes]]) -> Answered:
    """Sends each sequence over a connection of its own, one request after the other; waits for every answer."""
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
    return Answered(seconds, tuple(waits_ms))


def make_get(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: bench", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
