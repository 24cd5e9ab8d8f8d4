"""Owns notifying waiting requests that the process is stopping, so that they end early; ends a worker with its parent.

Does not own the shutdown itself: the server's own signal handlers run as well.
"""

import asyncio
import multiprocessing
import os
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


def leave_interrupts_to_parent() -> None:
    """Ctrl-C in a terminal interrupts this worker and the main process, which then ends its workers itself: that is enough.

    At the second of two signals at almost the same moment the server's handler waited for ever, with the interpreter's lock, so that
    nothing else in the process ran either.
    """
    if multiprocessing.parent_process() is None:
        return
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_with_parent() -> None:
    """Kills this worker process as soon as the main process has ended, even if that was killed.

    It would otherwise hold the port, and a restarted server could not listen. Nothing is lost that it had acknowledged.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()
