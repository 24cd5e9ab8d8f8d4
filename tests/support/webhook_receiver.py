"""Owns a local webhook receiver and a local mail server. Does not own any expectation."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# How often a server of the library looks whether it is to end: by default a test waits for it half a second.
POLLING = {"poll_interval": 0.02}


class Receiver:
    """Responds with each of ``statuses`` in turn, and with the last one from then on, unless ``choose`` picks one.

    ``more_headers`` and ``text`` are part of each response; without a text it is the signature that was sent.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.statuses = [200]
        self.choose: Callable[[dict[str, Any]], int] | None = None
        self.more_headers: dict[str, str] = {}
        self.text: bytes | None = b""
        self.requests: list[tuple[dict[str, str], bytes]] = []

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        self.requests.append((headers, body))
        if self.choose is not None:
            return self.choose(json.loads(body))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    found: list[Receiver] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            self.send_response(found[0].answer(headers, body))
            text = headers["webhook-signature"].encode() if found[0].text is None else found[0].text
            self.send_header("Content-Length", str(len(text)))
            for name, value in ({"Location": "http://127.0.0.1:1/elsewhere"} | found[0].more_headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.append(Receiver(server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, kwargs=POLLING)
        thread.start()
        try:
            yield found[0]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def open_mailbox() -> Iterator[tuple[str, list[str]]]:
    """Yields an SMTP server's URL and the texts of the mails that it received."""
    mails: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 continue\r\n")
                    mails.append(self._read_mail())
                    self.wfile.write(b"250 taken\r\n")
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 good\r\n")

        def _read_mail(self) -> str:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            return b"".join(lines).decode()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs=POLLING)
        thread.start()
        try:
            yield f"smtp://127.0.0.1:{server.server_address[1]}", mails
        finally:
            server.shutdown()
            thread.join()
