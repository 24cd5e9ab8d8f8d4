"""Owns the plain ledger that single clicks are compared with: pgbench, whose transaction inserts an event and updates its job.

It runs on the same embedded server, with as many connections as clicks have, each transaction durable. Does not own the clicks.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import psycopg

from bench.machine import Machine
from jobmeter.database.embedded import find_program
from jobmeter.database.statements import load_statements

SQL = load_statements("bench", "pgbench.sql")

SCRIPT = Path(__file__).with_name("click.pgbench")
INSTALLED = Path("/usr/lib/postgresql")
THREADS = 2
# Before version 14 there were two such lines, the second without the time of connecting.
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
MISSING = "skipped: no pgbench was found"


def find_pgbench() -> Path | None:
    """Returns the program of the embedded PostgreSQL, or another one of this machine: it is only a client."""
    beside, path = find_program("pgbench"), shutil.which("pgbench")
    found: Iterable[Path] = (beside, *([Path(path)] if path else []), *INSTALLED.glob("*/bin/pgbench"))
    return next((program for program in found if program.is_file()), None)


def make_jobs(machine: Machine, jobs: int) -> None:
    """Creates the tables of an event and its job, with so many jobs."""
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["make_events"])
        connection.execute(SQL["make_jobs"])
        connection.execute(SQL["fill_jobs"], {"jobs": jobs})
        connection.execute(SQL["analyze_plain"])


def measure_transactions(
    machine: Machine, program: Path, *, jobs: int, connections: int, transactions: int
) -> float:
    """Returns the transactions per second of so many connections together. Raises ``RuntimeError`` if pgbench fails."""
    command = [str(program), "--no-vacuum", "--protocol", "prepared", "--file", str(SCRIPT)]
    command += ["--define", f"jobs={jobs}", "--client", str(connections), "--jobs", str(THREADS)]
    command += ["--transactions", str(max(1, transactions // connections)), machine.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pgbench failed: {done.stderr[-500:]}")
    return read_rate(done.stdout)


def read_rate(output: str) -> float:
    """Returns the transactions per second that pgbench printed. Raises ``RuntimeError`` if it printed none."""
    found = RATE.findall(output)
    if not found:
        raise RuntimeError(f"pgbench printed no line that begins with 'tps = ': {output[-500:]}")
    return float(found[-1])
