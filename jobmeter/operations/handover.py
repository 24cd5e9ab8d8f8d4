"""Owns how a server takes over from another one without a failed request: the listening socket that a service manager passes to
both, reporting to that manager, and letting the workers hand their clients over before they end.

Does not own what a worker does for that (``api.shutdown``) or the options of the server (``cli.server.serve``).
"""

import os
import signal
import socket
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from granian import net
from granian.server.mp import MPServer

from jobmeter.api.shutdown import HAND_OVER, HAND_OVER_SECONDS_MAX

PASSED = 3  # the first descriptor after standard error, by the convention of systemd
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket that was passed to this process: its descriptor and its address."""

    descriptor: int
    address: str
    port: int


def take_listener(environment: MutableMapping[str, str]) -> Listener | None:
    """Returns the listening socket that the service manager passed (``LISTEN_FDS``), and removes what announced it.

    Raises ``ValueError`` if it passed something else.
    """
    passed = [environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    if passed[0] != str(os.getpid()):  # nothing was passed, or to another process
        return None
    if passed[1] != "1":
        raise ValueError(f"the service manager passed {passed[1]} sockets; the server listens at one")
    try:
        taken = socket.socket(fileno=PASSED)
    except OSError as error:
        raise ValueError(f"the service manager passed no socket: {error.strerror}") from None
    is_internet = taken.family in {socket.AF_INET, socket.AF_INET6}
    if not is_internet or not taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise ValueError("the service manager passed a socket that does not listen at an address and a port")
    taken.set_inheritable(False)
    address, port = taken.getsockname()[:2]
    return Listener(descriptor=taken.detach(), address=str(address), port=int(port))


def notify_manager(state: str) -> None:
    """Sends ``READY=1`` or another state to the service manager that waits for it (``NOTIFY_SOCKET``), if there is one."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            manager.sendall(state.encode())


# Descriptor, whether it is a path's, and its backlog, by position: the library's annotations lack it.
make_holder: Callable[[int, bool, int], Any] = getattr(net, "SocketHolder")  # noqa: B009 -- it is not exported


class HandingOverServer(MPServer):
    """A server that listens at ``listener`` if there is one, and whose workers, if it ``hands_over``, lead their clients to other
    processes before they end. Ctrl-C, or a second signal, ends them at once.
    """

    def __init__(self, *arguments: Any, listener: Listener | None, hands_over: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.listener = listener
        self.hands_over = hands_over

    def signal_handler_interrupt(self, *received: Any, **more: Any) -> None:
        if self.interrupt_signal or signal.SIGINT in received:
            self.hands_over = False
        super().signal_handler_interrupt(*received, **more)  # type: ignore[no-untyped-call]

    def _init_shared_socket(self) -> None:
        if self.listener is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        self._ssp, self._sso = None, None
        self._shd = make_holder(self.listener.descriptor, False, self.backlog)

    def _stop_workers(self) -> None:
        """Waits for workers that end by themselves; those that do not, or not in time, are ended as ever."""
        give_up_at = time.monotonic() + HAND_OVER_SECONDS_MAX + 1
        workers: list[Any] = self.wrks
        if self.hands_over:
            notify_manager("STOPPING=1")
            for worker in workers:
                worker.interrupt_by_parent = True
                if worker.is_alive():
                    os.kill(worker.inner.pid, HAND_OVER)
        while self.hands_over and time.monotonic() < give_up_at:
            if not any(worker.is_alive() for worker in workers):
                break
            time.sleep(LOOK_SECONDS)
        super()._stop_workers()  # type: ignore[no-untyped-call]
