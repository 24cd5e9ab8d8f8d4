"""Owns a pair of PostgreSQL servers: a primary of the embedded package, and a copy that follows it, made with the package's own programs.

The statements and options are those of docs/how-to/fail-over.md; what differs is that both servers are on this machine and are reached by
their sockets. Does not own any expectation.
"""

import os
import re
import shlex
import signal
from pathlib import Path

import psycopg

from jobmeter.database.embedded import EmbeddedServer, start_embedded
from jobmeter.database.postmaster.access import SOCKET, make_url
from jobmeter.database.postmaster.owner import choose_owner, launch_program
from jobmeter.database.postmaster.process import LOCK, LOG, is_running
from jobmeter.operations.programs import run_program
from tests.deployment.serving import wait_until
from tests.support.paths import DOCS

PAGE = DOCS / "how-to" / "fail-over.md"
PASSWORD = "between servers"
_SQL = re.compile(r"psql <<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)
_COPY = re.compile(r'pg_basebackup (.*)"$', re.MULTILINE)
_QUERY = re.compile(r"^jobmeter serve --database-url '([^']+)'", re.MULTILINE)


def read_page(heading: str) -> str:
    """The text of a section of the page."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")
    assert rest, heading
    return rest.partition("\n## ")[0]


def list_statements(heading: str) -> list[str]:
    found = "".join(_SQL.findall(read_page(heading))).replace("<password>", PASSWORD)
    return [line for line in found.splitlines() if line]


class Pair:
    """``primary`` is a running server, ``copy_folder`` the data of the other one."""

    def __init__(self, folder: Path) -> None:
        self.primary: EmbeddedServer = start_embedded(folder / "a")
        self.copy_folder = folder / "b" / "postgresql"
        self._copy_process = 0

    @property
    def copy_url(self) -> str:
        return make_url(self.copy_folder)

    @property
    def log(self) -> Path:
        return self.copy_folder / LOG

    @property
    def url(self) -> str:
        """The URL of the page, with the sockets of both servers as its hosts."""
        (written,) = _QUERY.findall(read_page("Let the servers find the one that writes"))
        options = written.partition("?")[2]
        hosts = f"{self.primary.folder},{self.copy_folder}"
        return f"postgresql://postgres@/postgres?host={hosts}&{options}"

    def run_on_primary(self, heading: str) -> None:
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            for statement in list_statements(heading):
                connection.execute(statement)

    def make_copy(self) -> None:
        """Copies the primary while it is used, and starts the copy, which follows it."""
        access = self.primary.folder / "pg_hba.conf"
        access.write_text(f"local replication replica scram-sha-256\n{access.read_text()}")
        self.run_on_primary("Make a copy that follows")
        (written,) = _COPY.findall(read_page("Make a copy that follows"))
        connection = f"host={self.primary.folder} user=replica password='{PASSWORD}' application_name=db2"
        words = shlex.split(written)
        words[words.index("--dbname") + 1] = connection
        words[words.index("--pgdata") + 1] = str(self.copy_folder)
        self.copy_folder.parent.mkdir(mode=0o755)
        run_program("pg_basebackup", words)
        self.start_copy()

    def start_copy(self) -> None:
        owner = choose_owner(self.primary.folder)
        owner.hand_over(self.copy_folder)
        # The primary's socket is in its data folder, and so is the lock of it, which was copied.
        (self.copy_folder / f"{SOCKET}.lock").unlink(missing_ok=True)
        folder = str(self.copy_folder)
        options = ["-D", folder, "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        self._copy_process = launch_program(owner, "postgres", options, log=self.log)
        wait_until(self._is_following, self.log)

    def _is_following(self) -> bool:
        with psycopg.connect(self.primary.url) as connection:
            found = connection.execute("SELECT application_name, state FROM pg_stat_replication").fetchall()
        return ("db2", "streaming") in found

    def wait_until_synchronous(self) -> None:
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            question = "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'db2'"
            wait_until(lambda: connection.execute(question).fetchone() == ("sync",), self.log)

    def kill_primary(self) -> None:
        """``kill -9`` of every process of the primary at once, as its machine being gone."""
        postmaster = int((self.primary.folder / LOCK).read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)

    def promote(self) -> None:
        """As the page says; the copy then accepts writes."""
        with psycopg.connect(self.copy_url, autocommit=True) as connection:
            for statement in list_statements("When the first machine is gone"):
                connection.execute(statement)

    def stop(self) -> None:
        self.primary.stop()
        if self._copy_process and is_running(self._copy_process):
            os.kill(self._copy_process, signal.SIGINT)
            wait_until(lambda: not is_running(self._copy_process), self.log)
