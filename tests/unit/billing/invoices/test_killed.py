"""Billing killed at every statement, alone and beside another process: each invoice once, numbers without a gap."""

import asyncio
import itertools
from random import Random

from jobmeter.database.pool import Database
from tests.support.databases.dying_database import Died
from tests.unit.billing.invoices.many_accounts import (
    bill_all,
    bill_step,
    check_numbers,
    open_accounts,
    open_month,
    work_and_die,
)


async def test_a_process_that_dies_before_any_statement_leaves_nothing_half_done(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=3) as database:
        await open_accounts(database, 8)
        deaths = 0
        await open_month(database)
        for die_at in itertools.count():
            try:
                await bill_step(database, accounts_max=4, die_at=die_at)
                break
            except Died:
                deaths += 1
        assert deaths > 30  # before each statement of the transaction
        await bill_all(database)
        await check_numbers(database, 8)


async def test_two_processes_that_bill_at_once_and_die_give_each_number_once(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=5) as database:
        await open_accounts(database, 24)
        await open_month(database)
        deaths = await asyncio.gather(*(work_and_die(database, Random(seed)) for seed in range(3)))
        assert sum(deaths) > 10
        # One whose accounts were all held by a dying process found nothing to do and has stopped.
        await bill_all(database)
        await check_numbers(database, 24)
        assert await bill_step(database, accounts_max=25) is None
