"""Owns the commands ``jobmeter db backup``, ``archive`` and ``restore``.

Does not own backups (``operations``) or the laws by which a restored database is checked (``integrity``).
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.base.readers.times import read_moment
from jobmeter.base.terminal import Terminal
from jobmeter.cli.law_checks import (
    SinceOption,
    check_database,
    describe_checks,
    print_checks,
    read_heads,
)
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, JsonOption, UrlOption, check_time, whole_number
from jobmeter.cli.output import print_json
from jobmeter.cli.server.serve import open_database
from jobmeter.database.embedded import find_running_url
from jobmeter.operations import restoring
from jobmeter.operations.backups import (
    Backup,
    BackupFolder,
    archive_log,
    drop_old_backups,
    end_archive,
    make_backup,
)

KEEP_MAX = 10_000
MEGABYTE = 1_000_000

FolderArgument = Annotated[
    Path, Parameter(help="Folder of the backups, on another disk or machine than the database.")
]
KeepOption = Annotated[
    int | None,
    whole_number(
        "--keep",
        least=1,
        most=KEEP_MAX,
        meaning="Deletes all backups but this many, and the log that only they needed.",
    ),
]
UntilOption = Annotated[
    str | None,
    Parameter(
        "--until",
        validator=check_time,
        help="Restores what was committed by this moment, such as 2026-11-28T09:00:00Z, and nothing later.",
    ),
]
NewDataOption = Annotated[
    Path, Parameter("--data", help="New folder for the restored database, for jobmeter serve --data.")
]


def backup(
    folder: FolderArgument,
    /,
    *,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    keep: KeepOption = None,
    json: JsonOption = False,
) -> None:
    """Copies the database while it is used, and verifies the copy file by file.

    Example: jobmeter db backup /backups/jobmeter --keep 14
    """
    places = _open_folder(folder)
    with open_database(data, database_url, must_exist=True) as url:
        made = make_backup(url, places)
    dropped = [] if keep is None else drop_old_backups(places, keep=keep)
    if json:
        print_json({"backup": _describe(made), "dropped": [str(one.path) for one in dropped]})
        return
    console = Terminal()
    console.print_line(f"{made.path}: {made.count_bytes() // MEGABYTE:,} MB, verified")
    for one in dropped:
        console.print_line(f"{one.path}: deleted")


def archive(
    folder: FolderArgument,
    /,
    *,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    end: Annotated[
        bool, Parameter(negative="", help="Ends the archive: the database no longer keeps its log for it.")
    ] = False,
) -> None:
    """Copies the database's log as it is written, until it is interrupted. With it, any moment since a backup can be restored.

    Example: jobmeter db archive /backups/jobmeter
    """
    url = database_url or find_running_url(data)
    if url is None:
        raise CommandFailed(f"no server runs on {data}: start it first, or set --data or --database-url")
    if end:
        found = end_archive(url)
        Terminal().print_line("The archive is ended." if found else "There was no archive.")
        return
    sys.exit(archive_log(url, _open_folder(folder)))


def restore(
    folder: FolderArgument,
    /,
    *,
    data: NewDataOption,
    until: UntilOption = None,
    since: SinceOption = "",
    json: JsonOption = False,
) -> None:
    """Restores a backup and the log into a new folder, then verifies every law of the money. The exit code is not 0 if one is broken.

    Example: jobmeter db restore /backups/jobmeter --data /var/lib/jobmeter-restored --until 2026-11-28T09:00:00Z
    """
    heads, moment = read_heads(since), None if until is None else read_moment(until)
    with _restored(_open_folder(folder), data, moment) as (chosen, url):
        checked = asyncio.run(check_database(url, heads))
    if json:
        print_json({"backup": _describe(chosen), "data": str(data)} | describe_checks(checked))
    else:
        Terminal().print_line(f"{chosen.path} is restored in {data}.")
        print_checks(checked)
    if not checked.is_proof(heads):
        sys.exit(1)


@contextmanager
def _restored(folder: BackupFolder, data: Path, until: datetime | None) -> Iterator[tuple[Backup, str]]:
    chosen = restoring.choose_backup(folder, until=until)
    server = restoring.restore(chosen, folder, data, until=until)
    try:
        yield chosen, server.url
    finally:
        server.stop()


def _open_folder(folder: Path) -> BackupFolder:
    return BackupFolder(folder.expanduser().resolve())


def _describe(one: Backup) -> dict[str, object]:
    return {"folder": str(one.path), "endedAt": one.ended_at.isoformat(), "bytes": one.count_bytes()}
