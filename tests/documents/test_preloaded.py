"""A command that runs as a fork of a preloaded process ends as that fork did."""

import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from tests.support.preloaded import NAME, PROGRAM

SECONDS_MAX = 60


@pytest.mark.parametrize("answers", [[b"123\n", b"7"], [b"123\n7"]], ids=["one by one", "at once"])
def test_how_a_command_ended_is_known_also_if_it_ended_before_its_number_was_read(
    answers: list[bytes],
) -> None:
    # The path of a socket has at most a hundred characters, which the folder of a test may exceed.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(Path(folder) / NAME))
        listening.listen()
        listening.settimeout(SECONDS_MAX)

        def answer() -> None:
            asked, _ = listening.accept()
            with asked:
                head, *_ = socket.recv_fds(asked, 4, 3)
                asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                for one in answers:
                    asked.sendall(one)

        answering = threading.Thread(target=answer)
        answering.start()
        program = PROGRAM.format(folder=folder, name=NAME)
        ended = subprocess.run([sys.executable, "-c", program, "--version"], timeout=SECONDS_MAX, check=False)
        answering.join(SECONDS_MAX)
    assert ended.returncode == 7
