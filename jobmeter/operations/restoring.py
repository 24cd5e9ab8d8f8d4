"""Owns restoring a backup into a new data folder, to the end of the archived log or to a moment.

Does not own checking what was restored (``integrity``).
"""

import re
import shutil
from datetime import datetime
from pathlib import Path

from jobmeter.base.faults import CommandFailed
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.embedded import EmbeddedServer, start_embedded
from jobmeter.database.postmaster.access import SOCKET
from jobmeter.database.postmaster.process import LOG
from jobmeter.operations.backups import Backup, BackupFolder
from jobmeter.operations.manifests import verify_backup

TARGET_MISSED = "recovery ended before configured recovery target was reached"
PARTIAL = ".partial"
OF_THE_RUNNING_SERVER = (f"{SOCKET}.lock", LOG)  # that was copied
SETTINGS_FILE = "postgresql.auto.conf"
_SEGMENT = re.compile(r"[0-9A-F]{24}")


def choose_backup(folder: BackupFolder, *, until: datetime | None) -> Backup:
    """Returns the newest base backup that was complete at the moment. Raises ``CommandFailed``."""
    found = folder.list_backups()
    if not found:
        raise CommandFailed(f"there is no backup in {folder.path}: jobmeter db backup makes one")
    fitting = [one for one in found if until is None or one.ended_at <= until]
    if not fitting:
        raise CommandFailed(
            f"the oldest backup in {folder.path} was complete at {found[0].ended_at.isoformat()}, after that moment"
        )
    return fitting[-1]


def restore(backup: Backup, folder: BackupFolder, data: Path, *, until: datetime | None) -> EmbeddedServer:
    """Copies the backup to ``data``, which must be new, and replays the log. Returns the server, which runs.

    The backup is verified before. With ``until``, everything that was committed by then is there and nothing later; the log after it is not used. The
    folder is deleted if this fails. Raises ``CommandFailed``.
    """
    target = data.expanduser().resolve() / "postgresql"
    if target.exists():
        raise CommandFailed(f"{data} has a database already; a backup is restored into a new folder")
    verify_backup(backup.path)
    try:
        shutil.copytree(backup.path, target, symlinks=True)
        for name in OF_THE_RUNNING_SERVER:
            (target / name).unlink(missing_ok=True)
        _bring_log(folder.log, target / "pg_wal", first=backup.first_segment)
        settings = (target / SETTINGS_FILE).read_text(encoding="utf-8")
        (target / SETTINGS_FILE).write_text(settings + _write_settings(until), encoding="utf-8")
        (target / "recovery.signal").touch(mode=0o600)
        target.chmod(0o700)
        server = start_embedded(data)
        # They have done their work: a later start must not find them.
        (target / SETTINGS_FILE).write_text(settings, encoding="utf-8")
    except DatabaseUnusable as error:
        shutil.rmtree(target, ignore_errors=True)
        if TARGET_MISSED in str(error):
            raise CommandFailed(
                "the archived log ends before that moment; without --until all of it is restored"
            ) from error
        raise
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return server


def _bring_log(log: Path, target: Path, *, first: str) -> None:
    """Copies what was archived since the backup began. The newest file is usually not complete yet, and has what was received."""
    target.mkdir(exist_ok=True)
    for file in sorted(log.iterdir()) if log.is_dir() else ():
        name = file.name.removesuffix(PARTIAL)
        is_needed = file.suffix == ".history" or (_SEGMENT.fullmatch(name) and name[8:] >= first[8:])
        copy = target / name
        # The backup has a part of this file too: whichever was received for longer.
        is_behind = file.suffix == PARTIAL and copy.exists() and _count_used(copy) > _count_used(file)
        if is_needed and not is_behind:
            shutil.copyfile(file, copy)
            copy.chmod(0o600)


def _count_used(file: Path) -> int:
    """A file of the log is filled with zeros from its creation on."""
    return len(file.read_bytes().rstrip(b"\0"))


def _write_settings(until: datetime | None) -> str:
    """Nobody can connect before everything is replayed. The log is in its folder already, so that nothing fetches it."""
    lines = ["restore_command = 'false'", "hot_standby = 'off'", "recovery_target_action = 'promote'"]
    if until is not None:
        lines.append(f"recovery_target_time = '{until.isoformat()}'")
    return "\n".join(lines) + "\n"
