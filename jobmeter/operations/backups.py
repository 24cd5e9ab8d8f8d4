"""Owns the folder of backups: base backups, each verified, and the log that is archived between and after them.

A base backup is what ``pg_basebackup`` writes, so that PostgreSQL's own tools can restore it too. Does not own restoring (``restoring``).
"""

import re
import shutil
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobmeter.base.faults import CommandFailed
from jobmeter.operations import store
from jobmeter.operations.manifests import ALGORITHM, verify_backup
from jobmeter.operations.programs import CONNECTION, run_program, start_program

NAME_FORMAT = "%Y%m%dT%H%M%SZ"
SLOT = "jobmeter_archive"
UNFINISHED = ".new"
_NAME = re.compile(r"\d{8}T\d{6}Z")
_START = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """Where backups are kept: ``base`` has a folder for each base backup, ``log`` the archived log."""

    path: Path

    @property
    def base(self) -> Path:
        return self.path / "base"

    @property
    def log(self) -> Path:
        return self.path / "log"

    def prepare(self) -> None:
        """Creates the folders, which only this user can enter."""
        for folder in (self.path, self.base, self.log):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def list_backups(self) -> list["Backup"]:
        """Returns the complete base backups, the oldest first."""
        if not self.base.is_dir():
            return []
        return [Backup(one) for one in sorted(self.base.iterdir()) if _NAME.fullmatch(one.name)]


@dataclass(frozen=True, slots=True)
class Backup:
    """A base backup. It can be restored to its own end, and with the archived log to any later moment."""

    path: Path

    @property
    def ended_at(self) -> datetime:
        return datetime.strptime(self.path.name, NAME_FORMAT).replace(tzinfo=UTC)

    @property
    def first_segment(self) -> str:
        """The name of the first file of the log that restoring needs. Raises ``CommandFailed``."""
        found = _START.search((self.path / "backup_label").read_text(encoding="utf-8"))
        if found is None:
            raise CommandFailed(f"{self.path} has no backup_label of PostgreSQL: it is not a base backup")
        return found[1]

    def count_bytes(self) -> int:
        return sum(one.stat().st_size for one in self.path.rglob("*") if one.is_file())


def make_backup(url: str, folder: BackupFolder) -> Backup:
    """Copies the database while it is used, verifies the copy file by file, and names it by the moment at which it is complete.

    Raises ``CommandFailed``.
    """
    folder.prepare()
    for left in folder.base.glob(f"*{UNFINISHED}"):
        shutil.rmtree(left)
    made = folder.base / f"{store.read_server_time(url).strftime(NAME_FORMAT)}{UNFINISHED}"
    options = (
        "--checkpoint",
        "fast",
        "--wal-method",
        "stream",
        "--manifest-checksums",
        ALGORITHM,
        "--no-password",
    )
    try:
        run_program("pg_basebackup", [*CONNECTION, "--pgdata", made, *options], url=url)
        verify_backup(made)
        # Moments within this second are before the next one: only then the backup is complete for certain.
        ended = folder.base / store.read_server_time(url, seconds_later=1).strftime(NAME_FORMAT)
        made.rename(ended)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return Backup(ended)


def drop_old_backups(folder: BackupFolder, *, keep: int) -> list[Backup]:
    """Deletes all base backups but the newest ``keep``, and the log that only they needed. Returns those deleted."""
    found = folder.list_backups()
    dropped, kept = found[: len(found) - keep], found[len(found) - keep :]
    for one in dropped:
        shutil.rmtree(one.path)
    if dropped and kept:
        run_program("pg_archivecleanup", [folder.log, kept[0].first_segment])
    return dropped


def archive_log(url: str, folder: BackupFolder) -> int:
    """Copies the database's log as it is written, until it is interrupted; returns the exit code.

    The database keeps what is not copied yet, under the slot ``jobmeter_archive``. Raises ``CommandFailed``.
    """
    folder.prepare()
    create = ("--create-slot", "--if-not-exists")
    run_program("pg_receivewal", [*CONNECTION, "--slot", SLOT, *create, "--no-password"], url=url)
    follow = ("--directory", folder.log, "--synchronous", "--no-password")
    with start_program("pg_receivewal", [*CONNECTION, "--slot", SLOT, *follow], url=url) as program:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: program.terminate())  # it writes what it has received
        return program.wait()


def end_archive(url: str) -> bool:
    """The database no longer keeps its log for the archive. Returns whether there was one. Raises ``CommandFailed``."""
    return store.drop_slot(url, name=SLOT)
