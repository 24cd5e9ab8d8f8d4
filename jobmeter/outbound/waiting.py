"""Owns waiting for work that cannot be interrupted, such as a name look-up or a mail server.

Does not own the work. It runs in a thread that the process does not wait for when it ends.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


async def run_apart(work: Callable[[], Found], *, name: str) -> Found:
    """Returns what ``work`` returns, or raises what it raises. A caller that is cancelled leaves it to end by itself."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Found] = loop.create_future()

    def run() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 -- the caller receives it
            report(ended.set_exception, error)
        else:
            report(ended.set_result, found)

    def report(end: Callable[..., None], value: object) -> None:
        # The loop may be closed by now: then there is no caller any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, end, value)

    def finish(end: Callable[..., None], value: object) -> None:
        if not ended.done():
            end(value)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await ended
