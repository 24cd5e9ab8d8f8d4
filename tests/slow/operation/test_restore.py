"""A backup is taken while batches and single clicks arrive, and restored to moments before the log ends: what was acknowledged by then is there."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from jobmeter.operations.backups import BackupFolder
from jobmeter.operations.store import read_server_time
from tests.deployment.database.archiving import archiving, embedded, wait_for_archive
from tests.deployment.serving import wait_until
from tests.slow.faults.auditor import audit_events, number_visitors, read_stored
from tests.slow.faults.receipts import Receipts
from tests.slow.operation.load import load, open_jobs, serving
from tests.support.server_process import WHOLE

pytestmark = pytest.mark.slow

BATCHES = 20  # acknowledged before the backup, after it, and around each moment
ANSWER_SECONDS_MAX = 60.0  # no request is given up while the disk is busy with the backup


@dataclass(frozen=True)
class Moment:
    """A moment of the database's clock. ``receipts`` has what was acknowledged before it, and what was sent before it."""

    at: datetime
    receipts: Receipts


@dataclass(frozen=True)
class History:
    """``between`` is a moment between two batches: everything that was sent had been acknowledged. ``amid`` is one of the load."""

    folder: Path
    jobs: tuple[int, ...]
    between: Moment
    amid: Moment
    acknowledged: int


def run(*arguments):
    """What a command prints, and how many seconds it took."""
    began_at = time.monotonic()
    done = subprocess.run([*WHOLE, "db", *map(str, arguments), "--json"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout), time.monotonic() - began_at


def read_moment(url, *receipts):
    """A request that is on its way meanwhile was sent, and not acknowledged."""
    acknowledged, sent = set(), {}
    for one in receipts:
        with one.lock:
            acknowledged |= one.acknowledged
    at = read_server_time(url)
    for one in receipts:
        with one.lock:
            sent |= one.sent
    return Moment(at, Receipts(sent=sent, acknowledged=acknowledged))


def wait_for_batches(receipts, log):
    wanted = len(receipts.moments) + BATCHES
    wait_until(lambda: len(receipts.moments) >= wanted, log)


def back_up_under_load(url, folder, data, receipts):
    """Returns once the backup can be restored to the moments that follow, and the load continues all the time."""
    log = data / "server.log"
    wait_for_batches(receipts, log)
    before = len(receipts.moments)
    _, seconds = run("backup", folder, "--data", data)
    during = len(receipts.moments) - before
    assert during > 0
    sys.stdout.write(f"backup of {seconds:.1f} s, {during} batches acknowledged meanwhile\n")  # shown with -s
    (made,) = BackupFolder(folder).list_backups()
    wait_until(lambda: read_server_time(url) > made.ended_at, log)
    wait_for_batches(receipts, log)


def play(url, folder, data):
    """The load pauses once, at the moment between two batches."""
    log, before, after = data / "server.log", Receipts(), Receipts()
    with serving(data, url) as server:
        jobs = open_jobs(server, name="restore")
        with load(server, before, jobs, name="before", seconds_max=ANSWER_SECONDS_MAX):
            back_up_under_load(url, folder, data, before)
        between = read_moment(url, before)
        with load(server, after, jobs, name="after", seconds_max=ANSWER_SECONDS_MAX):
            wait_for_batches(after, log)
            amid = read_moment(url, before, after)
            wait_for_batches(after, log)
    return History(folder, jobs, between, amid, len(before.acknowledged | after.acknowledged))


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    root = tmp_path_factory.mktemp("history")
    folder, data = root / "backups", root / "data"
    with embedded(data, durable=True) as url, archiving(folder, data):
        played = play(url, folder, data)
        wait_for_archive(url, data / "archive.log")
    return played


def restore(history, moment, data):
    """Restores to the moment and checks, in one command. Returns what the database then has."""
    printed, seconds = run("restore", history.folder, "--data", data, "--until", moment.at.isoformat())
    assert len(printed["laws"]) > 50
    assert [law for law in printed["laws"] if law["breaches"]] == []
    with embedded(data) as url:
        stored = read_stored(url)
    known, there = len(moment.receipts.acknowledged), len(stored.events)
    sys.stdout.write(
        f"{known} events acknowledged by then, {there} restored, {history.acknowledged} at the end; {seconds:.1f} s\n"
    )
    return stored


def test_a_moment_between_two_batches_has_exactly_what_was_acknowledged_before_it(history, tmp_path):
    acknowledged = history.between.receipts.acknowledged
    assert set(history.between.receipts.sent) == acknowledged
    assert 0 < len(acknowledged) < history.acknowledged
    stored = restore(history, history.between, tmp_path / "new")
    assert set(stored.events) == set(number_visitors(acknowledged).values())
    assert audit_events(history.between.receipts, stored, open_jobs=history.jobs).is_clean


def test_a_moment_amid_the_load_has_what_was_acknowledged_before_it_and_nothing_that_was_sent_later(
    history, tmp_path
):
    receipts = history.amid.receipts
    assert len(history.between.receipts.acknowledged) < len(receipts.acknowledged) < history.acknowledged
    stored = restore(history, history.amid, tmp_path / "new")
    assert set(stored.events) <= set(number_visitors(receipts.sent).values())
    assert audit_events(receipts, stored, open_jobs=history.jobs).is_clean
