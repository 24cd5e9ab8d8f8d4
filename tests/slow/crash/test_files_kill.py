"""``kill -9`` of a process that makes files, at each of its steps: the next one makes the same bytes, each file once."""

import asyncio
import hashlib
import itertools
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobmeter.billing.files import flow as files
from jobmeter.billing.files.folder import path_of
from jobmeter.billing.formats.model import FileFormat
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from tests.support.books import open_books, standard
from tests.support.scenario import SETTINGS
from tests.unit.billing.files.test_files import ALL, FINAL, issue

STEPS_MIN, STEPS_MAX = 20, 100
WORK = (
    "import asyncio, sys; from datetime import datetime; from tests.slow.crash.dying_file_maker import make_files;"
    " asyncio.run(make_files(sys.argv[1], sys.argv[2], int(sys.argv[3]), datetime.fromisoformat(sys.argv[4])))"
)

Hashes = dict[str, bytes]


async def prepare(database_url: str) -> tuple[int, Hashes]:
    """Returns an invoice whose files are due, and the hashes that they will have."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        async with (
            books.scenario.database.connection() as connection,
            connection.transaction(force_rollback=True),
        ):
            await files.make_due_files(connection, settings=SETTINGS, rows_max=5, now=FINAL)
            found = await connection.execute("SELECT format, sha256 FROM billing_files")
            return document.id, {name: bytes(sha256) for name, sha256 in await found.fetchall()}


async def read_kept(database_url: str) -> Hashes:
    """What the database knows of files; every law holds."""
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.connection() as connection,
    ):
        assert [check.law for check in await check_laws(connection) if check.breaches] == []
        found = await connection.execute("SELECT format, sha256 FROM billing_files")
        return {name: bytes(sha256) for name, sha256 in await found.fetchall()}


def make_and_die(database_url: str, folder: Path, die_at: int) -> int:
    """Returns how the process ended: 0 once it has fewer steps."""
    command = [sys.executable, "-c", WORK, database_url, str(folder), str(die_at), FINAL.isoformat()]
    return subprocess.run(command, check=False).returncode


def check_folder(folder: Path, expected: dict[Path, bytes]) -> None:
    """A file is there under its name only with all of its bytes."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            assert hashlib.sha256(path.read_bytes()).digest() == expected[path]


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_makes_files_leaves_no_half_of_one(
    database_url: str, tmp_path: Path
) -> None:
    document_id, hashes = asyncio.run(prepare(database_url))
    in_folder = {
        path_of(str(tmp_path), document_id, FileFormat(name)): hashes[name] for name in ("pdf", "xml", "ubl")
    }
    seen = set()
    for die_at in itertools.count():
        code = make_and_die(database_url, tmp_path, die_at)
        check_folder(tmp_path, in_folder)
        kept = asyncio.run(read_kept(database_url))
        assert kept in ({}, hashes)
        seen.add(len(kept))
        if code == 0:
            break
        assert (code, die_at < STEPS_MAX) == (-signal.SIGKILL, True)
    assert die_at >= STEPS_MIN
    # none, or all of them, was seen after a kill; now they are there once, and nothing else is
    assert (seen, set(kept)) == ({0, len(ALL)}, ALL)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(in_folder)
