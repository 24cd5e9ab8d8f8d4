"""``kill -9`` of two processes that bill at once, again and again: each invoice once, numbers without a gap."""

import asyncio
import subprocess
import sys
import time
from random import Random

import pytest

from jobmeter.database.pool import Database
from tests.unit.billing.invoices.many_accounts import bill_all, check_numbers, open_accounts

ACCOUNTS = 60
ROUNDS = 8
WORK = (
    "import asyncio, sys; from tests.unit.billing.invoices.many_accounts import run_worker;"
    " asyncio.run(run_worker(sys.argv[1]))"
)


def start_worker(database_url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WORK, database_url], stdout=subprocess.PIPE, text=True)


def kill_workers(database_url: str, rng: Random) -> None:
    """Starts two workers, and kills both at a random moment of their work."""
    workers = [start_worker(database_url) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    time.sleep(rng.random() * 0.4)
    for worker in workers:
        worker.kill()
        worker.communicate()


async def prepare(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=1) as database:
        await open_accounts(database, ACCOUNTS)


async def finish(database_url: str) -> int:
    """Returns how many invoices the killed processes left."""
    async with Database.opened(database_url, connections_max=2) as database:
        async with database.connection() as connection:
            found = await connection.execute("SELECT count(*) FROM billing_documents")
            ((left,),) = await found.fetchall()
        await bill_all(database)
        await check_numbers(database, ACCOUNTS)
        return int(left)


@pytest.mark.slow
def test_processes_that_are_killed_while_they_bill_leave_no_gap(database_url: str) -> None:
    asyncio.run(prepare(database_url))
    rng = Random(11)
    for _ in range(ROUNDS):
        kill_workers(database_url, rng)
    assert asyncio.run(finish(database_url)) > 0
