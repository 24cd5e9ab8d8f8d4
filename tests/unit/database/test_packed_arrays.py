"""Packed columns reach PostgreSQL with the values that were packed."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmeter.database import arrays

EPOCH = date(1970, 1, 1)
DAYS = st.integers((date(1, 1, 1) - EPOCH).days, (date(9999, 12, 31) - EPOCH).days)
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**15), 2**15 - 1),
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-(2**63), 2**63 - 1),
        DAYS,
        st.binary(min_size=16, max_size=16),
    ),
    max_size=30,
)
UNPACK = """
SELECT %(smallints)s, %(integers)s, %(bigints)s, %(dates)s, %(uuids)s,
       pg_typeof(%(smallints)s)::text, pg_typeof(%(dates)s)::text
"""
round_trips = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def ask(cluster_url):
    """Runs ``verb`` on a connection with the packed classes registered."""
    runner = asyncio.Runner()
    connection = runner.run(psycopg.AsyncConnection.connect(cluster_url, autocommit=True))
    arrays.register_packed_arrays(connection)

    yield lambda verb: runner.run(verb(connection))

    runner.run(connection.close())
    runner.close()


def columns_of(rows):
    columns = list(zip(*rows, strict=True)) or [()] * 5
    kinds = (np.int64, np.int64, np.int64, np.int64, "V16")
    return [np.array(values, dtype=kind) for values, kind in zip(columns, kinds, strict=True)]


def expected_of(rows):
    """Returns the rows as PostgreSQL returns them."""
    return [(s, i, b, EPOCH + timedelta(days=d), UUID(bytes=u)) for s, i, b, d, u in rows]


@round_trips
@given(rows=ROWS, are_lists=st.booleans())
def test_arrays_survive_a_round_trip(ask, rows, are_lists):
    columns = columns_of(rows)
    smallints, integers, bigints, dates = (column.tolist() if are_lists else column for column in columns[:4])
    uuids = columns[4]
    packed = {
        "smallints": arrays.SmallintArray(smallints),
        "integers": arrays.IntegerArray(integers),
        "bigints": arrays.BigintArray(bigints),
        "dates": arrays.DateArray(dates),
        "uuids": arrays.UuidArray(uuids),
    }

    async def unpack(connection):
        return await (await connection.execute(UNPACK, packed)).fetchone()

    found = ask(unpack)

    assert list(zip(*found[:5], strict=True)) == expected_of(rows)
    assert found[5:] == ("smallint[]", "date[]")


@round_trips
@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=30)
)
def test_texts_survive_a_round_trip(ask, texts):
    byteas = [text.encode()[::-1] for text in texts]

    async def unpack(connection):
        return await (
            await connection.execute(
                "SELECT %(texts)s, %(byteas)s",
                {"texts": arrays.TextArray(texts), "byteas": arrays.ByteaArray(byteas)},
            )
        ).fetchone()

    assert ask(unpack) == (texts, byteas)


@round_trips
@given(rows=ROWS)
def test_a_binary_copy_stores_what_was_packed(ask, rows):
    smallints, integers, bigints, dates, uuids = columns_of(rows)
    body = arrays.pack_copy(
        [
            arrays.SmallintArray(smallints),
            arrays.IntegerArray(integers),
            arrays.BigintArray(bigints),
            arrays.DateArray(dates),
            arrays.UuidArray(uuids),
        ]
    )

    async def copy(connection):
        await connection.execute(
            "CREATE TEMPORARY TABLE copied (a smallint, b integer, c bigint, d date, e uuid, place serial)"
        )
        try:
            async with (
                connection.cursor() as cursor,
                cursor.copy("COPY copied (a, b, c, d, e) FROM STDIN WITH (FORMAT binary)") as stream,
            ):
                await stream.write(body)
            found = await connection.execute("SELECT a, b, c, d, e FROM copied ORDER BY place")
            return await found.fetchall()
        finally:
            await connection.execute("DROP TABLE copied")

    assert ask(copy) == expected_of(rows)
