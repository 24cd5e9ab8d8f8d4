"""Owns rounds that are played side by side, each in a process of its own, and that end whatever happens to them.

Does not own what a round is (``rounds``) or the record, which only the caller writes.
"""

import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.slow.faults import nemesis
from tests.slow.faults.installed.forks import kill_within
from tests.slow.faults.record import NOT_JUDGED, Row

ROUND_SECONDS_MAX = 600  # more than all that a round waits for
END_SECONDS_MAX = 10
LOOK_SECONDS = 0.2

Play = Callable[[int, Path], tuple[Row, str]]


@dataclass(frozen=True)
class Running:
    """A round that is being played in ``folder``, by a process that sends its row and log."""

    seed: int
    folder: Path
    process: BaseProcess
    played: Connection
    seconds_max: float
    began_at: float

    def is_over_time(self) -> bool:
        return time.monotonic() > self.began_at + self.seconds_max

    def finish(self) -> tuple[Row, str]:
        """Its row; of one that sent none, a row that says so. Ends everything that it left."""
        try:
            if not self.played.poll():
                raise TimeoutError(f"it was not over after {self.seconds_max} seconds")
            found: tuple[Row, str] = self.played.recv()
        except (EOFError, OSError) as error:
            reason = str(error) or "its process died"
            found = Row(seed=self.seed, result=f"{NOT_JUDGED}: {reason}"), read_log(self.folder)
        else:
            self.process.join(END_SECONDS_MAX)
        self.end()
        return found

    def end(self) -> None:
        """Ends it at once, with everything that it left."""
        self.process.kill()
        self.process.join()
        self.played.close()
        give_up_at = time.monotonic() + END_SECONDS_MAX
        while kill_within(self.folder) and time.monotonic() < give_up_at:
            time.sleep(LOOK_SECONDS)
        if self.folder.is_mount():
            nemesis.unmount_disk(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


def read_log(folder: Path) -> str:
    path = folder / "data" / "server.log"
    return path.read_text(errors="replace") if path.exists() else ""


def play_side_by_side(
    seeds: Iterable[int], play: Play, folder: Path, *, jobs: int, seconds_max: float = ROUND_SECONDS_MAX
) -> Iterator[tuple[Row, str]]:
    """Plays the rounds of the seeds, ``jobs`` at a time, and yields the row and the log of each as they end.

    This process must have one thread, because each round is a fork of it. Takes a seed only when its round begins.
    """
    waiting, running = iter(seeds), list[Running]()
    try:
        while True:
            while len(running) < jobs and (seed := next(waiting, None)) is not None:
                running.append(start(seed, play, folder / str(seed), seconds_max))
            if not running:
                return
            ready = wait([one.played for one in running], LOOK_SECONDS)
            for one in list(running):
                if one.played in ready or one.is_over_time():
                    running.remove(one)
                    yield one.finish()
    finally:
        for one in running:
            one.end()


def start(seed: int, play: Play, folder: Path, seconds_max: float) -> Running:
    folder.mkdir()
    context = multiprocessing.get_context("fork")
    received, sent = context.Pipe(duplex=False)
    process = context.Process(target=_play, args=(seed, play, folder, sent), daemon=True)
    process.start()
    sent.close()  # so that its end is noticed
    return Running(
        seed=seed,
        folder=folder,
        process=process,
        played=received,
        seconds_max=seconds_max,
        began_at=time.monotonic(),
    )


def _play(seed: int, play: Play, folder: Path, sent: Connection) -> None:
    sent.send(play(seed, folder))
    sent.close()
