"""Owns a server that is operated on, and its load meanwhile: two senders of batches, and candidates who follow links.

Does not own what is done to the server, or any expectation of what it has afterwards.
"""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.slow.faults import actors
from tests.slow.faults.actors import Actor, open_business, play
from tests.slow.faults.callers import SECONDS_MAX, Caller, Shift
from tests.slow.faults.installed.forks import open_origin
from tests.slow.faults.installed.server import Server
from tests.slow.faults.receipts import Receipts

WORK = (("a", actors.send_batches), ("b", actors.send_batches), ("c", actors.follow_links))
LAST_SECONDS = 30  # for what is not answered when the load ends


@contextmanager
def serving(data: Path, database_url: str) -> Iterator[Server]:
    """A server of the database that answers. It keeps what it writes in ``data``, and is ended after the block."""
    # A socket has a short path.
    with tempfile.TemporaryDirectory() as folder, open_origin(Path(folder) / "origin") as origin:
        made = Server(origin, data, database_url)
        made.start()
        try:
            made.wait_until_it_answers()
            yield made
        finally:
            made.stop()


def open_jobs(server: Server, *, name: str) -> tuple[int, ...]:
    """Posts the jobs that are viewed and clicked, and returns them."""
    opener = Caller(server.base_url, server.credentials, Receipts(), Shift())
    try:
        return open_business(opener, name=name)
    finally:
        opener.close()


@contextmanager
def load(
    server: Server,
    receipts: Receipts,
    jobs: tuple[int, ...],
    *,
    name: str,
    seconds_max: float = SECONDS_MAX,
) -> Iterator[None]:
    """The load lasts as long as the block, and every request of it was answered afterwards, or given up.

    ``name`` is part of each visitor; ``seconds_max`` is how long a try waits for its answer.
    """
    shift, threads = Shift(), []
    failures: list[str] = []
    for letter, act in WORK:
        caller = Caller(server.base_url, server.credentials, receipts, shift, seconds_max=seconds_max)
        actor = Actor(f"{name}-{letter}", caller, Random(letter), jobs)
        threads.append(threading.Thread(target=play, args=(act, actor, failures), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        shift.end(seconds_left=LAST_SECONDS)
        for thread in threads:
            thread.join(LAST_SECONDS + seconds_max + 5)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
