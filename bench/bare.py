"""Owns the bare application that shows the most that this machine can do: the same bytes, from memory, on the same server.

Reads its response from the file in ``BENCH_ANSWER``: a status, a block of headers and a body.
"""

import os
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

ANSWER = "BENCH_ANSWER"


def create_app() -> ASGIApp:
    """Returns an application that answers every request with the same response."""
    head, _, body = Path(os.environ[ANSWER]).read_bytes().partition(b"\n\n")
    status, *lines = head.splitlines()
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    headers.append((b"content-length", str(len(body)).encode()))
    start = {"type": "http.response.start", "status": int(status), "headers": headers}
    rest = {"type": "http.response.body", "body": body}

    async def answer(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send(start)
            await send(rest)

    return answer
