"""A change of any column of any table is noticed by the check, or the column is declared, with the reason why not."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from jobmeter.database.connection import Connection
from jobmeter.integrity.flow import LAWS, check_laws, read_head
from jobmeter.integrity.streams.model import ChainHead
from jobmeter.integrity.unchecked.entry import ALL, Unchecked
from jobmeter.integrity.unchecked.model import UNCHECKED
from tests.properties.corruption.history import make_history
from tests.properties.corruption.known import KNOWN
from tests.properties.corruption.plants import Plant, is_declared, list_columns, list_plants, planted
from tests.properties.laws.test_laws import BREAKS
from tests.support.scenario import open_scenario

log = logging.getLogger("tests.corruption")


@asynccontextmanager
async def open_history(database_url: str) -> AsyncIterator[tuple[Connection, ChainHead]]:
    """A connection on the settled history, and the head of its chain as it was kept outside."""
    async with open_scenario(database_url) as scenario:
        await make_history(scenario)
        checks = await scenario.check()
        assert [check.law for check in checks if check.breaches or not check.checked] == []
        async with scenario.database.connection() as connection:
            head = await read_head(connection)
            assert head is not None
            yield connection, head


async def find_broken(connection: Connection, head: ChainHead) -> list[str]:
    """The laws that are broken. A check that failed is none: the change itself must be noticed."""
    checks = await check_laws(connection, since=[head])
    assert [check.example for check in checks if "check failed" in (check.example or "")] == []
    return [check.law for check in checks if check.breaches]


def covers(entry: Unchecked, plant: Plant) -> bool:
    return entry.table == plant.table and (ALL in entry.columns or plant.column in entry.columns)


async def find_unnoticed(
    connection: Connection, head: ChainHead, plants: Sequence[Plant]
) -> tuple[list[str], dict[str, int]]:
    """The plants that were neither noticed nor declared, and how many of them met which fate."""
    unnoticed, counts = [], {"noticed": 0, "declared": 0, "impossible": 0}
    for plant in plants:
        declared = [entry.rows for entry in UNCHECKED if covers(entry, plant)]
        if any([await is_declared(connection, plant, rows) for rows in declared]):
            counts["declared"] += 1
            continue
        row = await plant.describe(connection)
        async with planted(connection, plant) as was_made:
            if not was_made:
                counts["impossible"] += 1
            elif await find_broken(connection, head):
                counts["noticed"] += 1
            else:
                unnoticed.append(f"{plant} of {row}")
    return unnoticed, counts


@pytest.mark.slow
async def test_a_change_of_any_column_is_noticed_or_declared(database_url: str) -> None:
    async with open_history(database_url) as (connection, head):
        plants = await list_plants(connection, rows_per_column=4, seed=7)
        unnoticed, counts = await find_unnoticed(connection, head, plants)
    log.info("%s planted: %s, %s unnoticed", len(plants), counts, len(unnoticed))
    assert not unnoticed, "\n".join(unnoticed)
    assert counts["noticed"] > 600


@pytest.mark.long
async def test_known_and_sampled_changes_are_noticed(database_url: str) -> None:
    async with open_history(database_url) as (connection, head):
        assert await find_unnoticed_changes(connection, head) == {}
        plants = await list_plants(connection, rows_per_column=1, seed=11)
        sample = Random(11).sample(plants, 3)
        unnoticed, _ = await find_unnoticed(connection, head, sample)
        assert unnoticed == []
        assert await list_wrong_declarations(connection) == []


async def find_unnoticed_changes(connection: Connection, head: ChainHead) -> dict[str, list[str]]:
    """The known changes that did not break their law, and the laws that they broke instead."""
    unnoticed = {}
    for what, (law, statements) in KNOWN.items():
        async with connection.transaction(force_rollback=True):
            await connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement)
            if not await is_broken(connection, law):
                broken = await find_broken(connection, head)
                if not any(title.startswith(law) for title in broken):
                    unnoticed[what] = broken
    return unnoticed


async def is_broken(connection: Connection, law: str) -> bool:
    """Whether the law alone is: checking all of them after each change took most of the time."""
    return any([(await check(connection)).breaches for title, check in LAWS if title.startswith(law)])


async def list_wrong_declarations(connection: Connection) -> list[str]:
    """Declared columns that do not exist, and tables of the catalogue that are declared twice as a whole."""
    columns = await list_columns(connection)
    return [
        f"{entry.table}.{column}"
        for entry in UNCHECKED
        for column in entry.columns
        if entry.table not in columns
        or not (column == ALL or column.startswith("(") or column in columns[entry.table])
    ]


def test_every_law_has_a_change_that_breaks_it() -> None:
    noticed = [*BREAKS, *(law for law, _ in KNOWN.values())]
    assert [title for title, _ in LAWS if not any(law in title for law in noticed)] == []


def test_every_declaration_says_why() -> None:
    assert [entry for entry in UNCHECKED if len(entry.why.split()) < 4] == []
