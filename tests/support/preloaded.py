"""Owns a process that has imported the commands: each runs in a fork of it, as a process of its own.

The documents run a hundred commands, and sixty sandboxes are started for clients that need a real socket: most of the
time of each was its imports. How fast a command starts has tests of its own, and so has what it imports. Does not own any
expectation.

Run as a program with the folder of its socket, this module is that process.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jobmeter.app
import jobmeter.cli.main
import jobmeter.client
from tests.support.paths import DOCS

START_SECONDS_MAX = 180
LOOK_SECONDS = 5
NAME = "preloaded.sock"
# Sends its arguments, folder, environment and streams, passes signals on, and ends as the command did.
PROGRAM = """\
import json, os, signal, socket, sys
asked, folder = socket.socket(socket.AF_UNIX), os.getcwd()
os.chdir({folder!r})  # the path of a socket has at most a hundred characters
asked.connect({name!r})
request = json.dumps([sys.argv[1:], folder, dict(os.environ)]).encode()
socket.send_fds(asked, [len(request).to_bytes(4, "big")], [0, 1, 2])
asked.sendall(request)
answers = asked.makefile()  # a command may end before its number is read
started = int(answers.readline())
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(started, number))
sys.exit(int(answers.readline()))
"""


@contextmanager
def open_preloaded(
    folder: Path, *, module: str = "tests.support.preloaded", **environment: str
) -> Iterator[str]:
    """Yields the text of a program of Python that runs ``jobmeter`` with the arguments that it is given."""
    command = [sys.executable, "-m", module, str(folder)]
    server = subprocess.Popen(command, cwd=DOCS.parent, env=os.environ | environment)
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while not (folder / NAME).exists():
        assert server.poll() is None
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    yield PROGRAM.format(folder=str(folder), name=NAME)
    server.terminate()
    server.wait(30)


def serve(folder: str) -> None:
    """Forks for each request a process that answers it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    os.chdir(folder)
    listening.bind(NAME)
    os.chdir(DOCS.parent)
    listening.listen(20)
    listening.settimeout(LOOK_SECONDS)
    tests = os.getppid()
    while os.getppid() == tests:  # killed tests end nothing
        try:
            asked, _ = listening.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            listening.close()
            answer(asked)
            os._exit(0)
        asked.close()


def answer(asked: socket.socket) -> None:
    """Runs the command in another fork; sends its number, then how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(asked, 4, 3)
    arguments, folder, environment = json.loads(asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
    started = os.fork()
    if started == 0:
        asked.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None  # which is that of the environment
        run(arguments)
    asked.sendall(f"{started}\n".encode())
    _, status = os.waitpid(started, 0)
    asked.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def run(arguments: list[str]) -> None:
    """Runs the command as its console script does, and ends this process."""
    sys.argv = ["jobmeter", *arguments]
    # Those of the process that was forked know things of its own streams.
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    code: object = 0
    try:
        jobmeter.cli.main.main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 -- this process must not continue as the one that it is a fork of
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve(sys.argv[1])
