"""``make faults ROUNDS=n SEED=s JOBS=k``: plays a round for each seed from ``s`` on, ``k`` at a time, and appends it to the record."""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.slow.faults import nemesis, record
from tests.slow.faults.installed.bases import Bases
from tests.slow.faults.installed.clock import (
    CLOCK_ORIGIN,
    FAKE_TIME,
    FAKE_TIME_PACKAGE,
    remove_shared_memory,
    set_wall_clock,
)
from tests.slow.faults.installed.forks import open_origin
from tests.slow.faults.rounds import Rounds
from tests.slow.faults.side_by_side import play_side_by_side

IN_MEMORY = "/dev/shm"


def main(arguments: list[str]) -> int:
    """Returns 1 if anything was wrong in a round."""
    chosen = read_arguments(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended first
    code, can_mount, failed = read_code(), try_mount(), 0
    if not FAKE_TIME.exists():
        say(f"the wall clock is not moved: Debian's {FAKE_TIME_PACKAGE} is not installed (make system)")
    if not can_mount:
        say("the disk is not filled: a small one cannot be mounted here, which needs root")
    with open_rounds() as (folder, rounds):
        play = partial(rounds.play, can_mount=can_mount)
        for row, log in play_side_by_side(choose_seeds(chosen), play, folder, jobs=chosen.jobs):
            record.append(replace(row, code=code), chosen.record)
            failed += row.result != record.HOLDS
            if chosen.logs:
                chosen.logs.mkdir(parents=True, exist_ok=True)
                (chosen.logs / f"{row.seed}.log").write_text(log)
            faults = ", ".join(row.faults)
            say(f"seed {row.seed}: {row.acknowledged} events, {row.seconds} s, {row.result} ({faults})")
    return int(failed > 0)


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.slow.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--seed", type=int, help="of the first round; by default the one after the record's last"
    )
    parser.add_argument("--jobs", type=int, default=1, help="rounds that are played at the same time")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which no round begins")
    parser.add_argument("--record", type=Path, default=record.RECORD)
    parser.add_argument("--logs", type=Path, help="where the server's log of each round is kept")
    return parser.parse_args(arguments)


def choose_seeds(chosen: argparse.Namespace) -> Iterator[int]:
    began_at, first = time.monotonic(), chosen.seed or find_next_seed(chosen.record)
    for seed in range(first, first + chosen.rounds):
        if time.monotonic() - began_at > chosen.seconds:
            return
        yield seed


@contextmanager
def open_rounds() -> Iterator[tuple[Path, Rounds]]:
    """A folder in memory, and what the rounds in it share."""
    with ExitStack() as opened:
        opened.callback(remove_shared_memory)
        folder = Path(
            opened.enter_context(tempfile.TemporaryDirectory(prefix="jobmeter-faults-", dir=IN_MEMORY))
        )
        bases = Bases(folder / "bases")
        bases.make()
        origin, clock_origin = opened.enter_context(open_origin(folder / "origin")), None
        if FAKE_TIME.exists():
            environment = set_wall_clock(folder, 0)
            opened_clock = open_origin(folder / "clock", module=CLOCK_ORIGIN, **environment)
            clock_origin = opened.enter_context(opened_clock)
        yield folder, Rounds(bases, origin, clock_origin)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def find_next_seed(path: Path) -> int:
    return max((row.seed for row in record.read(path)), default=0) + 1


def read_code() -> str:
    """The tree of ``jobmeter/`` in git, which names what was tested whatever the commit; marked if it is changed."""
    tree = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD:jobmeter"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "jobmeter"], capture_output=True, text=True, check=False
    )
    return tree.stdout.strip() + ("-changed" if changed.stdout.strip() else "")


def try_mount() -> bool:
    with tempfile.TemporaryDirectory(prefix="jobmeter-faults-") as folder:
        is_mounted = nemesis.mount_disk(Path(folder), 1_000_000)
        if is_mounted:
            nemesis.unmount_disk(Path(folder))
        return is_mounted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
