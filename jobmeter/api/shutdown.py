"""Owns how a worker process leaves: it hands its clients over to other processes, notifies waiting requests that it is stopping,
so that they end early, and ends with its parent.

Does not own the shutdown itself: the server's own signal handlers run as well.
"""

import asyncio
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGNALS = (signal.SIGTERM, signal.SIGINT)
HAND_OVER = signal.SIGUSR1  # sent by the main process before it ends its workers
# A little longer than an idle connection lives: when it is over, none is closed that would not have been closed anyway.
HAND_OVER_SECONDS_MAX = 16
LOOK_SECONDS = 0.05
OPEN_FILES = Path("/proc/self/fd")


class Application(Protocol):
    """As that of Starlette, whose import would delay the start of a database beside it."""

    middleware_stack: ASGIApp | None


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """What a worker has to know of its server. ``listener`` is the descriptor of a listening socket that other servers accept from,
    too; ``None`` for one of its own. ``when_started`` reports to the main process that requests can be served.
    """

    port: int
    listener: int | None
    when_started: Callable[[], None]


class LastResponses:
    """Serves each connection for one more request, whose response closes it: the client's next one goes to another process."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_last)


@contextmanager
def hand_over_on_signal(
    app: Application, process: WorkerProcess, release: Callable[[], None]
) -> Iterator[None]:
    """While the block runs, ``HAND_OVER`` begins the end of this worker, without a request that fails.

    It accepts no more connections of a shared socket, calls ``release``, closes each connection with the response to its next
    request, and ends itself as soon as no connection is left, at the latest when all that were idle have been closed.
    """
    loop, endings = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    def begin() -> None:
        loop.remove_signal_handler(HAND_OVER)
        signal.signal(HAND_OVER, signal.SIG_IGN)
        if process.listener is not None:
            stop_accepting(process.listener)
        release()
        assert app.middleware_stack is not None, "the application has not started"
        app.middleware_stack = LastResponses(app.middleware_stack)
        endings.add(loop.create_task(end_when_unused(process.port)))

    loop.add_signal_handler(HAND_OVER, begin)
    try:
        yield
    finally:
        loop.remove_signal_handler(HAND_OVER)


async def end_when_unused(port: int) -> None:
    """Ends this worker once it has no connection, or after ``HAND_OVER_SECONDS_MAX``; the server then finishes what it is processing."""
    give_up_at = time.monotonic() + HAND_OVER_SECONDS_MAX
    while count_connections(port) > 0 and time.monotonic() < give_up_at:  # noqa: ASYNC110 -- it has no event
        await asyncio.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def stop_accepting(listener: int) -> None:
    """Accepts no more connections in this process; what waits in the socket's queue is left to the other processes.

    Nothing stops the server's own thread from accepting; `shutdown` of the socket would end it for all processes, and closing it would leave
    its number to any other file. So another socket takes the number, to which nobody connects.
    """
    with socket.socket(socket.AF_UNIX) as nobodys:
        nobodys.bind("")  # a name that the kernel chooses
        nobodys.listen(1)
        nobodys.setblocking(False)
        os.dup2(nobodys.fileno(), listener, inheritable=False)


def count_connections(port: int) -> int:
    """Returns how many connections to ``port`` this process has; 1 where the system does not say."""
    if not OPEN_FILES.is_dir():
        return 1
    return sum(is_connection(int(file.name), port) for file in OPEN_FILES.iterdir())


def is_connection(descriptor: int, port: int) -> bool:
    """Whether it is a connection of a client to ``port``; not the listening socket, and none to the database."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as one:
            is_internet = one.family in {socket.AF_INET, socket.AF_INET6}
            return is_internet and one.getsockname()[1] == port and bool(one.getpeername())
    except OSError:  # it is closed by now, no socket, or not connected
        return False


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
