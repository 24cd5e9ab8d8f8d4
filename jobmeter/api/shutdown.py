"""Owns the notice that the process has to stop while requests are on their way: those that wait should end.

Does not own the stopping: the server's own handlers are called as well.
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
    """Calls ``release`` in the running loop once the process is asked to stop, until the block ends.

    The loop of the server receives signals beside Python's handlers, so that this takes nothing from it.
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
        if callable(theirs):  # else nobody would end the process any more
            signal.signal(number, receive)
    try:
        yield
    finally:
        for number, theirs in before.items():
            if signal.getsignal(number) is receive:
                signal.signal(number, theirs)
