"""Owns the limit of time for commands that should fail at once: one that starts a server instead would run forever."""

import signal

import pytest

SECONDS_MAX = 240  # ends a hang; on a machine with other work a command may take a minute


@pytest.fixture(autouse=True)
def limit():
    def give_up(*_):
        raise AssertionError(f"the command still runs after {SECONDS_MAX} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS_MAX)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
