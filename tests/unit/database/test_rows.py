"""Rows are read as frozen values."""

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


async def read(url, verb, *arguments):
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return await verb(connection, *arguments)


async def test_columns_are_matched_by_name_and_converted_to_the_declared_types(cluster_url):
    (sky, sea) = await read(cluster_url, list_rows, Paint, PAINTS, {"name": None})
    assert (sky, sea.name) == (SKY, "sea")
    assert (type(sky.colour), type(sky.tags)) == (Colour, tuple)


async def test_one_row_is_found_or_none(cluster_url):
    assert await read(cluster_url, find_row, Paint, PAINTS, {"name": "sky"}) == SKY
    assert await read(cluster_url, find_row, Paint, PAINTS, {"name": "grass"}) is None
    with pytest.raises(AssertionError, match="returns a row"):
        await read(cluster_url, read_row, Paint, PAINTS, {"name": "grass"})


async def test_a_function_makes_a_value_from_the_columns(cluster_url):
    statement = "SELECT 1 AS colour, 'wine' AS name"
    assert await read(cluster_url, read_row, describe_paint, statement) == "wine is RED"


async def test_a_column_that_the_value_lacks_is_an_error(cluster_url):
    with pytest.raises(TypeError, match="price"):
        await read(cluster_url, read_row, describe_paint, "SELECT 1 AS colour, 'wine' AS name, 3 AS price")


async def test_a_single_column_has_the_requested_type(cluster_url):
    assert await read(cluster_url, read_scalar, str, NAMES, {"name": "sky"}) == "sky"
    assert await read(cluster_url, find_scalar, str, NAMES, {"name": "grass"}) is None
    assert await read(cluster_url, list_scalars, str, NAMES, {"name": "sky"}) == ["sky"]
    with pytest.raises(AssertionError, match="another type"):
        await read(cluster_url, list_scalars, int, NAMES, {"name": "sky"})
    with pytest.raises(AssertionError, match="returns a value"):
        await read(cluster_url, read_scalar, int, "SELECT NULL::integer")
