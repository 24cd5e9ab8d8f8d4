"""Owns a database that is archived: its server, ``jobmeter db archive`` beside it, and waiting until all that is committed is archived.

Does not own any expectation.
"""

import signal
import subprocess
import sys
from contextlib import contextmanager

import psycopg

from jobmeter.database.embedded import start_embedded
from jobmeter.operations.backups import BackupFolder
from tests.deployment.serving import wait_until


@contextmanager
def embedded(data, *, durable=False):
    """The URL of a database in the folder; one that is ``durable`` waits for its log at each commit, as in production."""
    server = start_embedded(data, durable=durable)
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def archiving(folder, data):
    command = [sys.executable, "-m", "jobmeter", "db", "archive", str(folder), "--data", str(data)]
    with (data / "archive.log").open("wb") as log:
        archive = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: any(BackupFolder(folder).log.glob("*.partial")), data / "archive.log")
        yield archive
    finally:
        archive.send_signal(signal.SIGTERM)
        assert archive.wait(30) == 0


def wait_for_archive(url, log):
    """Until everything that is committed now is archived."""
    with psycopg.connect(url, autocommit=True) as connection:
        # The tests' database does not wait for its log: one commit that does writes everything before it.
        connection.execute("SET synchronous_commit = on")
        connection.execute("SELECT pg_logical_emit_message(true, 'test', 'archived')")
        (wanted,) = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        wait_until(
            lambda: (
                connection.execute(
                    "SELECT flush_lsn >= %s FROM pg_stat_replication WHERE application_name = 'pg_receivewal'",
                    [wanted],
                ).fetchone()
                == (True,)
            ),
            log,
        )
