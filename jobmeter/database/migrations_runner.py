"""Owns the schema's upgrade: numbered plain SQL, forward only, one at a time, under an advisory lock.

Does not own what the tables mean.
"""

import logging
from collections.abc import Iterable
from importlib.resources import files
from typing import LiteralString

from jobmeter.database.connection import Connection, DatabaseUnusable
from jobmeter.database.rows import list_scalars, read_scalar

BEFORE = "before"  # in the name of a migration that older code can live with
ADVISORY_LOCK = 0x4A4F424D  # "JOBM"
VERSION_MIN = 150_000
# A migration that a crash loses is applied again, because its name is lost with it, and those after it: none waits for the
# disk, and the first transaction that does, waits for all of them.
# The last is for a distributed database (Citus), which otherwise refuses a transaction that changes a table of every node after one in pieces;
# on one server it is a setting that nothing reads.
SETTINGS: LiteralString = """
SET LOCAL lock_timeout = '4s';
SET LOCAL statement_timeout = '60s';
SET LOCAL synchronous_commit = off;
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
"""
LOCK_SECONDS, STATEMENT_SECONDS = 4, 60  # as in the settings

log = logging.getLogger("jobmeter")


def list_migrations() -> list[tuple[str, LiteralString]]:
    """Every migration in order: its file name, which says *before* or *after* the code, and its SQL."""
    folder = files("jobmeter.database").joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names]


def split_statements(text: LiteralString) -> list[LiteralString]:
    """The statements of a migration, each of which ends with the semicolon of a line that is in no body of a function."""
    found: list[LiteralString] = []
    part: LiteralString = ""
    is_in_body = False
    for line in text.splitlines(keepends=True):
        part += line
        is_in_body ^= line.count("$$") % 2 == 1
        if not is_in_body and line.partition("--")[0].rstrip().endswith(";"):
            found.append(part)
            part = ""
    return [*found, part] if part.strip() else found


def check_version(version: int) -> None:
    """``version`` as the server reports it, such as 150004. Raises ``DatabaseUnusable`` below 15."""
    if version < VERSION_MIN:
        raise DatabaseUnusable(f"PostgreSQL {version // 10_000} is too old: Jobmeter needs 15 or newer")


async def upgrade_schema(connection: Connection, *, until: str | None = None) -> list[str]:
    """Applies what is missing, each migration in its own transaction; returns the names applied.

    ``connection`` must be in autocommit mode. Waits for another process that is upgrading. ``until`` stops
    after the named migration (tests of the previous release's schema). A schema that a newer release has upgraded is left as it is,
    if this one can serve it. Raises ``DatabaseUnusable`` for a server below version 15 or a schema that this code cannot serve.
    """
    check_version(connection.info.server_version)
    await connection.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
    try:
        return await _apply_missing(connection, until)
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


async def _apply_missing(connection: Connection, until: str | None) -> list[str]:
    await connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY)")
    done = set(await list_scalars(connection, str, "SELECT name FROM schema_migrations"))
    known = list_migrations()
    if newer := list_newer(done, [name for name, _ in known]):
        log.warning("a newer release has upgraded the schema (%s); this one continues to serve it", newer[-1])
    missing = [(name, text) for name, text in known if name not in done and name <= (until or name)]
    is_distributed = bool(missing) and await read_is_distributed(connection)
    for name, text in missing:
        await apply_migration(connection, name, text, is_distributed=is_distributed)
    return [name for name, _ in missing]


async def apply_migration(
    connection: Connection, name: str, text: LiteralString, *, is_distributed: bool
) -> None:
    """Applies one migration and records it, in one transaction.

    On one server its statements are sent together: while a server starts beside its imports, each answer waits for the interpreter's lock. Citus
    passes on to the nodes what it was sent, and a node takes one statement of it at a time.
    """
    async with connection.transaction():
        for part in [SETTINGS, *split_statements(text)] if is_distributed else [SETTINGS + text]:
            await connection.execute(part)
        await connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", [name])


async def prepare_tenant_role(connection: Connection) -> str:
    """Makes the role that tenants' sessions have, where that is permitted and it does not exist.

    Returns what an administrator of the server has to do, empty if nothing.
    """
    return await read_scalar(connection, str, "SELECT prepare_tenant_role()")


async def read_is_distributed(connection: Connection) -> bool:
    """Whether the tables of the money path are distributed by shard over several servers (Citus)."""
    if not await read_scalar(connection, bool, "SELECT to_regclass('pg_dist_partition') IS NOT NULL"):
        return False
    return await read_scalar(
        connection,
        bool,
        "SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass('job_budgets') AND partmethod = 'h')",
    )


def list_newer(applied: Iterable[str], known: Iterable[str]) -> list[str]:
    """Returns the applied migrations that a newer release has added, in order, with which this one can serve.

    Those that run *before* the code of their release leave everything in place that older code reads and writes; one that runs *after* it
    does not. Raises ``DatabaseUnusable`` for such a one, and for a schema that does not continue that of this code.
    """
    names = sorted(known)
    unknown = sorted(set(applied) - set(names))
    for name in unknown:
        if name < names[-1] or not set(names) <= set(applied):
            raise DatabaseUnusable(f"The database has {name}, which this version of Jobmeter does not know")
        if name.split("_")[1] != BEFORE:
            raise DatabaseUnusable(
                f"The database has {name}, after which this version of Jobmeter can no longer run: start a newer one"
            )
    return unknown
