"""Owns running PostgreSQL's own programs against a database, in the version of the embedded server.

A password is passed in a file that only this user can read: arguments and the environment are seen by others.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from jobmeter.base.faults import CommandFailed
from jobmeter.database.embedded import find_program
from jobmeter.database.postmaster.owner import read_reason

SERVICE = "jobmeter"
CONNECTION = ("--dbname", f"service={SERVICE}")


def run_program(name: str, arguments: Sequence[str | Path], *, url: str = "") -> None:
    """Runs a program to its end; one that is given ``url`` finds the database by ``CONNECTION``.

    Raises ``CommandFailed`` with the program's own words.
    """
    with _describe_service(url) as environment:
        ended = subprocess.run(  # noqa: S603 -- our own programs, without a shell
            [str(find_program(name)), *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace")
        raise CommandFailed(read_reason(said) or f"{name} ended with code {ended.returncode}")


@contextmanager
def start_program(
    name: str, arguments: Sequence[str | Path], *, url: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Starts a program whose output is that of this process, and ends it with the block."""
    with _describe_service(url) as environment:
        program = subprocess.Popen(  # noqa: S603 -- our own programs, without a shell
            [str(find_program(name)), *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL
        )
        try:
            yield program
        finally:
            if program.poll() is None:
                program.terminate()
            program.wait()


@contextmanager
def _describe_service(url: str) -> Iterator[dict[str, str]]:
    """Yields an environment in which ``service=jobmeter`` is the database of ``url``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if not url:
        yield environment
        return
    options = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    lines = [f"[{SERVICE}]", *(f"{name}={value}" for name, value in options.items() if value)]
    with tempfile.TemporaryDirectory(prefix="jobmeter-service-") as folder:
        file = Path(folder) / "service.conf"
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield environment | {"PGSERVICEFILE": str(file)}
