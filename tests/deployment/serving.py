"""Owns real production servers and workers in processes of their own. Does not own any expectation.

They are forks of a process that has imported them. A test that kills one, or looks at its processes, starts ``WHOLE`` as
the ``program``: otherwise the process that it has is the one that waits for it.
"""

import os
import re
import subprocess
import time
from contextlib import contextmanager

import httpx2

from tests.support.server_process import find_program

PATIENCE_SECONDS = 60
OPERATOR_KEY = "o" * 32
KEYS = {
    "JOBMETER_EVENTS_KEY": "e" * 32,
    "JOBMETER_OPERATOR_KEY": OPERATOR_KEY,
    "JOBMETER_SECRET_KEY": "s" * 32,
}
LISTENING = re.compile(r"listening at (http://\S+?);")


@contextmanager
def start(arguments, log, database_url, *, program=(), **environment):
    """Starts ``jobmeter`` and yields the process, which is ended with the block."""
    settings = os.environ | KEYS | {"JOBMETER_DATABASE_URL": database_url} | environment
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*(program or find_program()), *arguments], stdout=output, stderr=output, env=settings
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def serve(database_url, folder, *, program=(), **environment):
    """Starts a production server of two processes, and yields it and a client of it. Its counts are below ``folder``."""
    log, command = folder / "log", ("serve", "--port", "0", "--workers", "2")
    environment["TMPDIR"] = str(folder)
    with start(command, log, database_url, program=program, **environment) as server:
        wait_until(lambda: LISTENING.search(log.read_text()), log)
        base_url = LISTENING.search(log.read_text())[1]
        with httpx2.Client(base_url=base_url, timeout=60) as client:
            yield server, client


def wait_until(holds, log):
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < give_up_at, log.read_text()
        time.sleep(0.05)
    return found
