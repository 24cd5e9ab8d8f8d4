"""Owns commands of ``jobmeter`` that run as forks of a process that has imported them: a start costs no imports then.

A fork is a process of its own, which is killed, paused and ended as any other. Does not own what it runs.
"""

import json
import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.preloaded import NAME, open_preloaded

SECONDS_MAX = 60  # for the origin to respond, on a busy machine


@dataclass(frozen=True)
class Fork:
    """A running command. Its origin closes ``connection`` once it has ended, however that was."""

    pid: int
    connection: socket.socket

    def has_ended(self, seconds_max: float = 0.0) -> bool:
        """Waits that long at most."""
        return bool(select.select([self.connection], [], [], seconds_max)[0])

    def send_signal(self, number: int) -> None:
        if not self.has_ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass(frozen=True)
class Origin:
    """A process whose forks run commands. Its socket is in ``folder``."""

    folder: Path

    def start(self, arguments: list[str], *, folder: Path, environment: dict[str, str], log: Path) -> Fork:
        """Runs the command in ``folder``, with its output appended to ``log``."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SECONDS_MAX)
        connection.connect(str(self.folder / NAME))
        request = json.dumps([arguments, str(folder), environment]).encode()
        with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
            streams = [nothing.fileno(), output.fileno(), output.fileno()]
            socket.send_fds(connection, [len(request).to_bytes(4, "big")], streams)
        connection.sendall(request)
        return Fork(int(connection.recv(20).split()[0]), connection)


@contextmanager
def open_origin(
    folder: Path, *, module: str = "tests.support.preloaded", **environment: str
) -> Iterator[Origin]:
    """``folder`` is new."""
    folder.mkdir()
    with open_preloaded(folder, module=module, **environment):
        yield Origin(folder)


def kill_within(folder: Path) -> int:
    """Ends at once every process that works in ``folder``, and returns how many there were."""
    found = 0
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder):
                process.send_signal(signal.SIGKILL)
                found += 1
    return found
