"""Owns notifying waiting requests that the process is stopping, so that they end early.

Does not own the shutdown itself: the server's own signal handlers run as well.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_shutdown(release: Callable[[], None]) -> Iterator[None]:
    """While the block runs, calls ``release`` in the running loop when the process receives a stop signal.

    The server's loop receives signals independently of Python's handlers, so its own shutdown is not affected.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def receive(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(release)
        theirs = before[signal.Signals(number)]
        if callable(theirs):
            theirs(number, frame)

    for number, theirs in before.items():
        if callable(theirs):  # otherwise nothing would end the process
            signal.signal(number, receive)
    try:
        yield
    finally:
        for number, theirs in before.items():
            if signal.getsignal(number) is receive:
                signal.signal(number, theirs)
