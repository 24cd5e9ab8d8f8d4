"""Owns ``jobmeter db psql``: a psql session on the embedded or another database, read-only by default.

Does not own psql: it comes with the embedded PostgreSQL, so it matches the server and needs no installation.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from psycopg.pq import Conninfo

from jobmeter.cli.options import PRODUCTION_DATA, DataOption, UrlOption
from jobmeter.cli.server.serve import open_database
from jobmeter.database.embedded import find_program, has_database

READ_ONLY = "-c default_transaction_read_only=on"


def psql(
    *arguments: Annotated[str, Parameter(help="Arguments of psql, after --.")],
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    write: Annotated[bool, Parameter(negative="", help="Allow changes; the default is read-only.")] = False,
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
        code = run_psql(url, arguments, is_writable=write)
    sys.exit(code)


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
