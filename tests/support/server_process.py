"""Owns a sandbox in a separate process, for clients that need a real socket.

Does not own any expectation.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS_MAX = 60


@contextmanager
def start_sandbox_server(
    database_url: str, folder: Path, *, host: str = "127.0.0.1", **environment: str
) -> Iterator[dict[str, Any]]:
    """Starts ``jobmeter sandbox`` on a free port and yields the content of its credentials file."""
    credentials = folder / "credentials.json"
    command = [
        sys.executable,
        "-m",
        "jobmeter",
        "sandbox",
        "--host",
        host,
        "--port",
        "0",
        "--data",
        str(folder),
    ]
    command += ["--database-url", database_url, "--credentials", str(credentials)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | environment)
    try:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while not credentials.exists():
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < give_up_at, (folder / "log").read_text()
            time.sleep(0.05)
        yield json.loads(credentials.read_text())
    finally:
        server.terminate()
        server.wait(30)
