"""Owns the bare server that says what this machine can do at most: the same bytes, from memory, on the same server.

Reads what it answers from the file that ``BENCH_ANSWER`` names: a status line's number, a header block and a body.
"""

import os
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

ANSWER = "BENCH_ANSWER"


def create_app() -> ASGIApp:
    """Answers every request alike."""
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
