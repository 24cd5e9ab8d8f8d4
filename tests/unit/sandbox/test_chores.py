"""The list of chores: their order, how often each runs, how a failing one affects the others."""

import logging
from collections import Counter

import pytest

from jobmeter.database.pool import Database
from jobmeter.worker.chores import drain, drain_in_turn, list_chores
from jobmeter.worker.model import Chore, Occasion, Postponement, Queue
from tests.support.scenario import SETTINGS, START

OCCASION = Occasion(SETTINGS, START)


async def run(database_url, verb, *arguments):
    async with Database.opened(database_url, connections_max=1) as database:
        return await verb(database, *arguments)


def make_chore(name, log, amounts, **settings):
    """A chore that does one of ``amounts`` each time, and nothing once they are used up."""
    left = iter(amounts)

    async def work(connection, occasion, rows_max):
        log.append(name)
        return next(left, 0)

    return Chore(name, Queue.INTERACTIVE, work, **settings)


def names(*queues):
    return [chore.name for chore in list_chores(*queues)]


def test_a_moved_clock_runs_the_chores_in_this_order():
    assert names(Queue.INTERACTIVE, Queue.SETTLEMENT) == [
        "advance campaigns",
        "carry out tasks",
        "end jobs of campaigns",
        "expire jobs",
        "settle days",
        "bill months",
        "remind of overdue invoices",
    ]
    assert names(Queue.OBSERVATION) == ["observe jobs", "list jobs"]
    assert names(Queue.MAINTENANCE) == [
        "count figures for lists",
        "advance the horizon",
        "seal postings, restatements and audit records",
        "record accounts that are not billed",
        "observe contracts",
        "sweep the promotion feed",
        "trim refused events",
        "delete old personal data",
        "drop event days",
        "index final days",
        "move live days",
        "compact report days",
        "archive months",
        "sweep nonces",
    ]


def test_every_chore_has_a_unique_name_and_a_queue():
    assert max(Counter(names(*Queue)).values()) == 1
    assert all(names(queue) for queue in Queue)


async def test_chores_of_a_queue_take_turns_until_none_has_more(database_url):
    log = []
    chores = (make_chore("a", log, [3, 0, 0]), make_chore("b", log, [0, 2]))
    assert await run(database_url, drain, chores, OCCASION) == 5
    assert "".join(log) == "ababab"


async def test_a_batch_that_is_not_full_is_the_last(database_url):
    log = []
    chore = make_chore("a", log, [10, 10, 9, 10], rows_max=10, again_from=10)
    assert await run(database_url, drain, (chore,), OCCASION) == 29
    assert len(log) == 3


@pytest.mark.parametrize("amounts", [[0, 0, 0], [1, 1, 1]])
async def test_a_chore_of_two_rounds_has_two_whatever_the_first_did(database_url, amounts):
    log = []
    await run(database_url, drain, (make_chore("a", log, amounts, again_from=0, rounds_max=2),), OCCASION)
    assert len(log) == 2


def test_the_horizon_is_advanced_twice_before_the_seals():
    _, horizon, seal, *_ = list_chores(Queue.MAINTENANCE)
    assert (horizon.again_from, horizon.rounds_max, seal.rounds_max) == (0, 2, 1)


async def test_a_postponed_chore_is_rolled_back_and_delays_no_other(database_url, caplog):
    log = []

    async def fail(connection, occasion, rows_max):
        await connection.execute("INSERT INTO sandbox_clock (offset_ms) VALUES (1)")
        raise OSError("the disk is full")

    postponement = Postponement((OSError,), logging.ERROR, "it is exported later")
    chores = (Chore("export", Queue.MAINTENANCE, fail, postponement=postponement), make_chore("b", log, [1]))

    async def check(database):
        done = await drain(database, chores, OCCASION)
        async with database.connection() as connection:
            rows = await (await connection.execute("SELECT offset_ms FROM sandbox_clock")).fetchall()
        return done, rows

    assert await run(database_url, check) == (1, [])
    assert log == ["b", "b"]
    assert [record.getMessage() for record in caplog.records] == ["it is exported later"] * 2


async def test_an_unexpected_error_ends_the_run(database_url):
    async def fail(connection, occasion, rows_max):
        raise KeyError("unforeseen")

    with pytest.raises(KeyError):
        await run(database_url, drain, (Chore("a", Queue.SWEEP, fail),), OCCASION)


async def test_every_chore_runs_on_a_database_where_nothing_is_due(database_url):
    async def run_all(database):
        for queue in Queue:
            await drain_in_turn(database, queue, OCCASION)

    await run(database_url, run_all)
