"""Rows as frozen values."""

from dataclasses import dataclass
from enum import IntEnum

import psycopg
import pytest

from jobmeter.database.rows import find_row, find_scalar, list_rows, list_scalars, read_row, read_scalar


class Colour(IntEnum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    name: str
    colour: Colour
    second: Colour | None
    tags: tuple[str, ...]
    shades: list[int]


def describe_paint(*, name: str, colour: Colour) -> str:
    return f"{name} is {colour.name}"


PAINTS = """
SELECT ARRAY['a', 'b'] AS tags, NULL AS second, ARRAY[1, 2] AS shades, 2 AS colour, name
  FROM (VALUES ('sky'), ('sea')) AS paints (name)
 WHERE name = coalesce(%(name)s, name)
 ORDER BY name DESC
"""
NAMES = "SELECT name FROM (VALUES ('sky'), ('sea')) AS paints (name) WHERE name = %(name)s"
SKY = Paint(name="sky", colour=Colour.BLUE, second=None, tags=("a", "b"), shades=[1, 2])


@pytest.fixture
async def connection(cluster_url):
    async with await psycopg.AsyncConnection.connect(cluster_url) as opened:
        yield opened


async def test_columns_are_found_by_name_and_become_what_the_value_declares(connection):
    (sky, sea) = await list_rows(connection, Paint, PAINTS, {"name": None})
    assert (sky, sea.name) == (SKY, "sea")
    assert (type(sky.colour), type(sky.tags)) == (Colour, tuple)


async def test_one_row_is_found_or_none(connection):
    assert await find_row(connection, Paint, PAINTS, {"name": "sky"}) == SKY
    assert await find_row(connection, Paint, PAINTS, {"name": "grass"}) is None
    with pytest.raises(AssertionError, match="returns a row"):
        await read_row(connection, Paint, PAINTS, {"name": "grass"})


async def test_a_function_makes_a_value_of_the_columns(connection):
    statement = "SELECT 1 AS colour, 'wine' AS name"
    assert await read_row(connection, describe_paint, statement) == "wine is RED"


async def test_a_column_that_the_value_lacks_is_an_error(connection):
    with pytest.raises(TypeError, match="price"):
        await read_row(connection, describe_paint, "SELECT 1 AS colour, 'wine' AS name, 3 AS price")


async def test_single_columns_are_of_the_type_that_is_asked_for(connection):
    assert await read_scalar(connection, str, NAMES, {"name": "sky"}) == "sky"
    assert await find_scalar(connection, str, NAMES, {"name": "grass"}) is None
    assert await list_scalars(connection, str, NAMES, {"name": "sky"}) == ["sky"]
    with pytest.raises(AssertionError, match="another type"):
        await list_scalars(connection, int, NAMES, {"name": "sky"})
    with pytest.raises(AssertionError, match="returns a value"):
        await read_scalar(connection, int, "SELECT NULL::integer")
