"""Owns ``jobmeter db psql``: a psql session on the embedded or another database, read-only by default.

Does not own psql: it comes with the embedded PostgreSQL, so it matches the server and needs no installation.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated

import psycopg
from cyclopts import Parameter
from psycopg.pq import Conninfo

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.terminal import to_printable
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, UrlOption
from jobmeter.cli.server.serve import make_actor, open_database
from jobmeter.database.connection import CONNECT_SECONDS
from jobmeter.database.embedded import find_program, has_database
from jobmeter.database.outages import read_first_line

READ_ONLY = "-c default_transaction_read_only=on"


def psql(
    *arguments: Annotated[str, Parameter(help="Arguments of psql, after --.")],
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    write: Annotated[
        bool, Parameter(negative="", help="Allow changes, which the audit log has; the default is read-only.")
    ] = False,
) -> None:
    """Opens psql on the database, even while a server uses it. ARGUMENTS after -- are passed to psql, such as -c 'SELECT 1'.

    Example: jobmeter db psql -- -c 'SELECT 1'
    """
    if not database_url and not has_database(data):
        raise OSError(
            f"there is no database in {data}; set its folder with --data, or start a server on it first: "
            f"jobmeter sandbox --data {data}"
        )
    with open_database(data, database_url) as url:
        if write:
            asyncio.run(record_session(url))
        code = run_psql(url, arguments, is_writable=write)
    sys.exit(code)


async def record_session(url: str) -> None:
    """Records who opens a session that may change the database. What is done in it is not known.

    A database that cannot be written to, or has no audit log yet, can be repaired all the same.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS
        )
        async with connection:
            act = Act(
                action=Action.DATABASE_WRITE,
                subject_id=connection.info.dbname,
                actor=make_actor(),
                at=read_machine_clock(),
                partner_id=None,
                after={"program": "psql"},
            )
            await audit.record(connection, act)
    except psycopg.Error as error:
        reason = to_printable(read_first_line(error))
        sys.stderr.write(f"This session is not in the audit log: {reason}\n")


def run_psql(url: str, arguments: Sequence[str], *, is_writable: bool) -> int:
    """Runs psql on this terminal and returns its exit code."""
    environment = os.environ | read_environment(url) | {"PGTZ": "UTC"}
    if not is_writable:
        environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {READ_ONLY}".strip()
    # Ctrl-C is left to psql, where it cancels the statement. A handler, unlike SIG_IGN, is not inherited by psql.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = [str(find_program("psql")), *arguments]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 -- the user's own
    finally:
        signal.signal(signal.SIGINT, before)


def read_environment(url: str) -> dict[str, str]:
    """Returns the URL as libpq's environment variables, because arguments with a password are visible to all users."""
    return {
        option.envvar.decode(): option.val.decode()
        for option in Conninfo.parse(url.encode())
        if option.envvar is not None and option.val is not None
    }
