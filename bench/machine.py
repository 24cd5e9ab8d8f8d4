"""Owns the limits: the most that this machine can do, measured together with each run of a figure.

Does not own the figures.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.parallel import Act, race
from jobmeter.database.embedded import start_embedded
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose

SQL = load_statements("bench", "setup.sql", enums=(AccountKind, Purpose))


@dataclass(frozen=True, slots=True)
class Machine:
    """An embedded PostgreSQL with the default settings, with which every commit is durable."""

    url: str


@contextlib.contextmanager
def open_machine(folder: Path | None = None) -> Iterator[Machine]:
    """Runs a fresh database server that is deleted with all its data when the block ends."""
    with tempfile.TemporaryDirectory(prefix="jobmeter-bench-", dir=folder) as made:
        server = start_embedded(Path(made))
        try:
            yield Machine(server.url)
        finally:
            server.stop()


def make_ceiling(machine: Machine) -> None:
    """Creates the table without an index that ``measure_copy`` fills."""
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["make_ceiling"])


def measure_copy(machine: Machine, copies: list[list[bytes]], *, rows: int) -> float:
    """Returns the rows per second that COPY writes into a table without an index, with one connection per list of batches
    and one durable transaction of ``rows`` rows per batch.
    """
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["empty_ceiling"])
    seconds, _ = race([_Copier(machine.url, batches).prepare for batches in copies])
    return rows * sum(map(len, copies)) / seconds


@dataclass(frozen=True, slots=True)
class _Copier:
    url: str
    batches: list[bytes]

    def prepare(self) -> Act:
        connection = psycopg.connect(self.url, autocommit=True)

        def act() -> None:
            for batch in self.batches:
                with connection.cursor() as cursor, cursor.copy(SQL["copy_ceiling"]) as copy:
                    copy.write(batch)
            connection.close()

        return act
