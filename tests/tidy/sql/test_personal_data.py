"""The table of personal data names columns that exist, and every column that may hold data about people is in it or in the other list."""

import pytest

from jobmeter.database.pool import Database
from jobmeter.privacy.data_map import PERSONAL
from tests.tidy.sql.not_personal import NOT_PERSONAL

# Numbers are listed where they represent people.
KINDS = ("text", "text[]", "json", "jsonb", "bytea", "inet", "cidr", "character varying")
COLUMNS = """
SELECT relname, attname, format_type(atttypid, NULL)
  FROM pg_attribute
  JOIN pg_class ON pg_class.oid = attrelid
 WHERE relnamespace = 'public'::regnamespace
   AND relkind IN ('r', 'p')
   AND NOT relispartition
   AND attnum > 0
   AND NOT attisdropped
"""


@pytest.fixture
async def columns(database: Database):
    async with database.connection() as connection:
        found = await (await connection.execute(COLUMNS)).fetchall()
    return {(table, name): kind for table, name, kind in found}


def list_personal():
    return [(row.table, name) for row in PERSONAL for name in row.columns]


def list_others():
    return [(table, name) for table, names in NOT_PERSONAL.items() for name in names.split()]


async def test_every_column_of_text_is_personal_or_not(columns) -> None:
    places = {place for place, kind in columns.items() if kind in KINDS}
    new = places - {*list_personal(), *list_others()}
    assert new == set(), "add them to jobmeter/privacy/data_map.py, or to tests/tidy/sql/not_personal.py"


async def test_both_lists_name_columns_that_exist_once(columns) -> None:
    listed = [*list_personal(), *list_others()]
    assert [place for place in listed if place not in columns] == []
    assert [place for place in listed if listed.count(place) > 1] == []


async def test_a_new_column_of_text_is_noticed(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("ALTER TABLE call_counters ADD COLUMN caller_name text, ADD seen_from inet")
        found = await (await connection.execute(COLUMNS)).fetchall()
    places = {(table, name) for table, name, kind in found if kind in KINDS}
    assert places - {*list_personal(), *list_others()} == {
        ("call_counters", "caller_name"),
        ("call_counters", "seen_from"),
    }


def test_each_row_says_why_how_long_and_what_erases_it() -> None:
    for row in PERSONAL:
        assert all((row.what, row.why, row.kept, row.erased)), row.table
        assert "|" not in f"{row.what}{row.why}{row.kept}{row.erased}"
