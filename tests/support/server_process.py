"""Owns a sandbox in a separate process, for clients that need a real socket.

Does not own any expectation.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.preloaded import open_preloaded
from tests.support.sandbox_client import CHORE_INTERVAL_MS

START_SECONDS_MAX = 180
WHOLE = (sys.executable, "-m", "jobmeter")
INTERVAL = {"JOBMETER_CHORE_INTERVAL_MS": str(CHORE_INTERVAL_MS)}
OPENED = ExitStack()  # closed when the tests of this process end


@cache
def find_program() -> tuple[str, ...]:
    """Returns the command of a process that is forked from one that has imported it. Coverage measures only whole ones."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        return WHOLE
    folder = Path(OPENED.enter_context(tempfile.TemporaryDirectory(prefix="jobmeter-")))
    program = folder / "jobmeter.py"
    program.write_text(OPENED.enter_context(open_preloaded(folder)), encoding="utf-8")
    # No line of the program names Python: that could have no blank in its path.
    return (sys.executable, "-IS", str(program))


@contextmanager
def start_sandbox_server(
    database_url: str,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    program: tuple[str, ...] = (),
    **environment: str,
) -> Iterator[dict[str, Any]]:
    """Starts ``jobmeter sandbox`` on a free port and yields the content of its credentials file.

    ``program`` is ``WHOLE`` if the start itself is tested, or other code than that of the tests.
    """
    credentials = folder / "credentials.json"
    command = [*(program or find_program()), "sandbox", "--host", host, "--port", "0", "--data", str(folder)]
    command += ["--database-url", database_url, "--credentials", str(credentials)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | INTERVAL | environment)
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
