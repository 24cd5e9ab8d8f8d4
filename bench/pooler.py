"""Owns pgbouncer before the database, in transaction mode and as an ordinary user, if JOBMETER_BENCH_PGBOUNCER names the program.

Does not own what is measured through it. The tests use the same.
"""

import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from jobmeter.database.postmaster import launcher

PROGRAM = "JOBMETER_BENCH_PGBOUNCER"
CONNECTIONS = 20
START_SECONDS_MAX = 30
# It does not run as root: then as this user, who may use the socket of the embedded server as root does.
ORDINARY_USER = "nobody"
SETTINGS = """\
[databases]
* = host={sockets} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 500
"""


@contextmanager
def through_pooler(environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Yields the environment of a server, which is changed to one behind the pooler, if one is named."""
    url, program = environment.get("JOBMETER_DATABASE_URL"), os.environ.get(PROGRAM)
    if not url or not program:
        yield environment
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        open_pooler(program, url, Path(folder), connections=CONNECTIONS) as pooled_url,
    ):
        yield {
            **environment,
            "JOBMETER_DATABASE_URL": pooled_url,
            "JOBMETER_DIRECT_DATABASE_URL": url,
            "JOBMETER_PREPARED_STATEMENTS": "false",
        }


@contextmanager
def open_pooler(program: str, url: str, folder: Path, *, connections: int) -> Iterator[str]:
    """Yields the URL of the database ``postgres`` of an embedded server through a pooler that opens so many ``connections`` for
    each database. Raises ``psycopg.Error`` if it does not answer.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = folder / "pgbouncer.ini"
    sockets = conninfo_to_dict(url)["host"]
    settings.write_text(SETTINGS.format(sockets=sockets, port=port, connections=connections))
    ordinary = _become_ordinary(url) if os.geteuid() == 0 else []
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([*ordinary, program, str(settings)], stdout=log, stderr=log)
    try:
        pooled_url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        _wait_until_it_answers(pooled_url)
        yield pooled_url
    finally:
        process.terminate()
        process.wait(30)


def _become_ordinary(url: str) -> list[str]:
    with psycopg.connect(url, autocommit=True) as connection:
        (file,) = connection.execute("SHOW ident_file").fetchone() or ("",)
        with Path(file).open("a", encoding="utf-8") as identities:
            identities.write(f'\njobmeter "{ORDINARY_USER}" postgres\n')
        connection.execute("SELECT pg_reload_conf()")
    user = str(pwd.getpwnam(ORDINARY_USER).pw_uid)
    return [sys.executable, "-I", "-S", str(Path(launcher.__file__)), user, "1", "0"]


def _wait_until_it_answers(url: str) -> None:
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
        else:
            return
