"""Owns ending a background task whose cancellation was lost. Does not own the tasks (``loop``)."""

import asyncio


def end_if_cancelled() -> None:
    """Raises ``asyncio.CancelledError`` if the running task has been cancelled.

    A cancellation may be lost within a wait: one that ends in the same moment returns its result instead (the pool of
    connections, a statement, `asyncio.wait_for`). Without this the task would continue, at worst for ever, and so would
    the process.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
