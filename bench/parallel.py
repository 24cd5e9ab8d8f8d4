"""Owns processes that start at the same moment: each prepares, waits for the others, then runs.

Does not own what they do.
"""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

Act = Callable[[], Any]
Prepare = Callable[[], Act]

PREPARE_SECONDS_MAX = 300


def race(prepares: list[Prepare]) -> tuple[float, list[Any]]:
    """Returns the seconds from the common start until the last process has finished, and the result of each.

    Raises ``RuntimeError`` if one of them fails.
    """
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(len(prepares) + 1)
    pipes = [context.Pipe(duplex=False) for _ in prepares]
    processes = [
        context.Process(target=_run, args=(prepare, barrier, writer))
        for prepare, (_, writer) in zip(prepares, pipes, strict=True)
    ]
    for process in processes:
        process.start()
    for _, writer in pipes:
        writer.close()
    barrier.wait(PREPARE_SECONDS_MAX)
    started_at = time.perf_counter()
    try:
        results = [reader.recv() for reader, _ in pipes]
    except EOFError as error:
        raise RuntimeError("a process of the benchmark failed; its traceback is printed above") from error
    seconds = time.perf_counter() - started_at
    for process in processes:
        process.join()
    return seconds, results


def _run(prepare: Prepare, barrier: Barrier, writer: Connection) -> None:
    try:
        act = prepare()
    except BaseException:
        barrier.abort()
        raise
    barrier.wait(PREPARE_SECONDS_MAX)
    writer.send(act())
    writer.close()
