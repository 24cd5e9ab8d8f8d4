"""Rounds that are played side by side end whatever happens to them, leave nothing, and hold only if they say so."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from tests.slow.faults.record import HOLDS, NOT_JUDGED, Row
from tests.slow.faults.side_by_side import play_side_by_side

MEETING_SECONDS_MAX = 30
DIES, HANGS, FAILS = 2, 3, 4


def play_simply(seed, folder):
    return Row(seed=seed, result=HOLDS), f"log of {folder.name}"


def meet(seed, folder):
    """Ends only while the other of two rounds is being played."""
    give_up_at = time.monotonic() + MEETING_SECONDS_MAX
    (folder.parent / f"here-{seed}").touch()
    while not (folder.parent / f"here-{3 - seed}").exists():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    return play_simply(seed, folder)


def break_down(seed, folder):
    (folder / "data").mkdir()
    (folder / "data" / "server.log").write_text("the end")
    if seed == DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    if seed == HANGS:
        time.sleep(600)
    if seed == FAILS:
        raise AssertionError
    return play_simply(seed, folder)


def leave_behind(seed, folder):
    left = subprocess.Popen(["sleep", "600"], cwd=folder, start_new_session=True)
    return Row(seed=seed, result=str(left.pid)), ""


def test_each_round_is_played_once(tmp_path):
    played = list(play_side_by_side(range(1, 6), play_simply, tmp_path, jobs=2))
    assert sorted((row.seed, row.result, log) for row, log in played) == [
        (seed, HOLDS, f"log of {seed}") for seed in range(1, 6)
    ]
    assert list(tmp_path.iterdir()) == []


def test_rounds_are_played_at_the_same_time(tmp_path):
    played = list(play_side_by_side([1, 2], meet, tmp_path, jobs=2))
    assert [row.result for row, _ in played] == [HOLDS, HOLDS]


def test_a_round_that_cannot_be_judged_does_not_hold_and_does_not_end_the_others(tmp_path):
    played = list(play_side_by_side(range(1, 6), break_down, tmp_path, jobs=2, seconds_max=5))
    results = {row.seed: row.result for row, _ in played}
    assert results == {
        1: HOLDS,
        DIES: f"{NOT_JUDGED}: its process died",
        HANGS: f"{NOT_JUDGED}: it was not over after 5 seconds",
        FAILS: f"{NOT_JUDGED}: its process died",
        5: HOLDS,
    }
    assert {row.seed: log for row, log in played}[DIES] == "the end"
    assert list(tmp_path.iterdir()) == []


def test_what_a_round_leaves_is_ended(tmp_path):
    ((row, _),) = play_side_by_side([1], leave_behind, tmp_path, jobs=1)
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(int(row.result)).wait(MEETING_SECONDS_MAX) or psutil.Process(int(row.result))
