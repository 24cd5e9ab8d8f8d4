"""The primary is killed while batches and single clicks arrive, and its copy is promoted: nothing acknowledged is lost or charged twice."""

import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from tests.slow.faults.auditor import audit_events, list_broken_laws, read_stored
from tests.slow.faults.receipts import Receipts
from tests.slow.operation.load import load, open_jobs, serving
from tests.slow.operation.pair import Pair

BEFORE_SECONDS, AFTER_SECONDS = 3.0, 3.0
PROMOTED_AFTER_SECONDS = 2.0  # somebody, or a program, has to notice
RECOVERY_SECONDS_MAX = 20.0


@pytest.fixture
def pair():
    """In a folder with a short path: a socket's has about a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="pair-") as folder:
        made = Pair(Path(folder))
        yield made
        made.stop()


@pytest.fixture
def server(pair, tmp_path):
    """A server of two processes that was given both hosts, and runs on the primary."""
    data = tmp_path / "server"
    data.mkdir()
    pair.make_copy()
    pair.run_on_primary("Let every commit wait for the copy")
    pair.wait_until_synchronous()
    with serving(data, pair.url) as made:
        yield made


def wait_for_acknowledgement(receipts: Receipts, after: float, log: str) -> float:
    """Returns when the first batch was acknowledged that was sent after the moment."""
    give_up_at = time.monotonic() + RECOVERY_SECONDS_MAX + AFTER_SECONDS
    while True:
        found = [ended for began, ended in list(receipts.moments) if began > after]
        if found:
            return min(found)
        assert time.monotonic() < give_up_at, log
        time.sleep(0.05)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_primary_is_killed(pair, server):
    # given jobs, and senders of batches and single clicks
    receipts, jobs = Receipts(), open_jobs(server, name="fail-over")
    with load(server, receipts, jobs, name="fail-over"):
        time.sleep(BEFORE_SECONDS)
        acknowledged_before = len(receipts.acknowledged)

        # when the primary is killed, and the copy is promoted
        pair.kill_primary()
        time.sleep(PROMOTED_AFTER_SECONDS)
        pair.promote()
        promoted_at = time.monotonic()

        # then the same server serves again soon
        recovery = wait_for_acknowledgement(receipts, promoted_at, server.log) - promoted_at
        sys.stdout.write(f"recovered {recovery:.2f} s after the promotion\n")  # shown with -s
        time.sleep(AFTER_SECONDS)
    assert recovery < RECOVERY_SECONDS_MAX

    # and the copy has everything that was acknowledged, once, and charged once
    assert 0 < acknowledged_before < len(receipts.acknowledged)
    verdict = audit_events(receipts, read_stored(pair.copy_url), open_jobs=jobs)
    assert verdict.is_clean, verdict
    assert list_broken_laws(pair.copy_url) == []
    statuses = {status for status in receipts.statuses if status.isdigit()}
    assert statuses <= {"200", "302", "503"}, receipts.statuses


@pytest.mark.slow
def test_a_copy_takes_no_writes_before_it_is_promoted(pair):
    """Otherwise the hosts of the URL could not be distinguished."""
    pair.make_copy()
    with psycopg.connect(pair.copy_url) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    with psycopg.connect(pair.url) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    pair.primary.stop()
    with pytest.raises(psycopg.OperationalError, match="read-only"):
        psycopg.connect(pair.url)
    pair.promote()
    with psycopg.connect(pair.url) as connection:
        connection.execute("CREATE TABLE promoted (a int)")
