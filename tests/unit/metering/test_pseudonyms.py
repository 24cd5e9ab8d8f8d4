"""Under which numbers visitors and networks are stored: a permutation of each day's own, of which nothing is left with its salt."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.database.pool import Database
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.pseudonyms import flow as pseudonyms
from jobmeter.metering.pseudonyms.rules import hide, reveal
from tests.support.scenario import START

SALT, OTHER = b"s" * 32, b"o" * 32
NUMBERS = st.lists(st.integers(0, (1 << 63) - 1), max_size=20)


def pack(numbers):
    return np.array(numbers, dtype=np.int64)


@given(NUMBERS, st.sampled_from([SALT, OTHER, None]))
def test_a_hidden_number_is_read_again_with_its_salt_alone(numbers, salt):
    hidden = hide(pack(numbers), salt)
    assert reveal(hidden, salt).tolist() == numbers
    assert len(set(hidden.tolist())) == len(set(numbers))
    assert min(hidden.tolist(), default=0) >= 0  # the database has no unsigned numbers


@given(NUMBERS)
def test_nobody_stays_nobody_and_everybody_else_somebody(numbers):
    hidden = hide(pack([0, *numbers]), SALT).tolist()
    assert [number == 0 for number in hidden] == [number == 0 for number in (0, *numbers)]


def test_what_would_become_nobody_becomes_somebody_else():
    """The number that the bare permutation makes to 0 cannot be met by chance."""
    numbers = pack(range(2_000))
    of_nobody = reveal(pack([0]), SALT)
    assert of_nobody.tolist() == [0]
    assert sorted(reveal(hide(numbers, SALT), SALT).tolist()) == list(range(2_000))


def test_two_days_have_nothing_in_common():
    numbers = pack(range(1, 5_000))
    first, second = hide(numbers, SALT), hide(numbers, OTHER)
    assert not np.isin(first, second).any()
    # Neighbouring networks are no neighbours: half of the bits differ.
    flipped = np.array([int(one).bit_count() for one in (first[1:] ^ first[:-1]).tolist()])
    assert 29 < flipped.mean() < 34


def test_a_day_of_an_earlier_version_is_left_as_it_is():
    assert hide(pack([0, 7]), None).tolist() == [0, 7]


@pytest.fixture
async def connection(database: Database):
    async with database.connection() as connection:
        yield connection


async def make_days(connection, *days):
    for number, day in enumerate(days):
        await connection.execute("SELECT make_event_day(%s)", [day])
        await connection.execute(
            "INSERT INTO visitor_salts (day, salt) VALUES (%s, %s)", [day, bytes([number]) * 32]
        )


async def test_each_day_is_made_with_a_salt_of_its_own_and_keeps_it(connection):
    old = START.date() + timedelta(days=1)
    await connection.execute("SELECT make_event_day(%s)", [old])  # by a server of the version before
    await metering.make_event_days(connection, now=START)
    days = [START.date() + timedelta(days=number) for number in range(-3, 3)]
    salts = await pseudonyms.read_salts(connection, days)
    assert sorted(salts) == days
    assert salts.pop(old) is None
    assert len(set(salts.values())) == 5
    await metering.make_event_days(connection, now=START + timedelta(days=1))
    assert await pseudonyms.read_salts(connection, salts) == salts
    assert await pseudonyms.read_salts(connection, [date(2001, 1, 1)]) == {}


async def test_events_of_several_days_are_hidden_each_under_its_own_salt(connection):
    today = START.date()
    await make_days(connection, today, today + timedelta(days=1))
    times_ms = pack([int(START.timestamp() * 1_000) + day * 86_400_000 for day in (0, 1, 0)])
    cache = pseudonyms.SaltCache()
    await cache.load(connection, times_ms)
    hidden = cache.hide(times_ms=times_ms, subjects=pack([5, 5, 5]))
    assert hidden[0] == hidden[2] != hidden[1]
    for row, day in enumerate((0, 1, 0)):
        found = await pseudonyms.reveal_on(connection, hidden[row : row + 1], day=today + timedelta(days=day))
        assert found.tolist() == [5]


async def test_a_salt_is_deleted_once_its_day_and_the_next_are_long_final(connection):
    first = START.date()
    days = [first + timedelta(days=number) for number in range(3)]
    await make_days(connection, *days)
    later = START + timedelta(days=60)
    for settled, left in ((0, 3), (1, 2), (2, 0)):
        await connection.execute(
            "INSERT INTO settled_days (day, settled_at) VALUES (%s, %s)", [days[settled], later]
        )
        await pseudonyms.delete_old_salts(connection, now=later)
        cursor = await connection.execute("SELECT count(*) FROM visitor_salts")
        assert await cursor.fetchone() == (left,)


async def test_a_salt_is_kept_for_two_weeks(connection):
    today = START.date()
    await make_days(connection, today)
    await connection.execute("INSERT INTO settled_days (day, settled_at) VALUES (%s, %s)", [today, START])
    assert await pseudonyms.delete_old_salts(connection, now=START + timedelta(days=14)) == 0
    assert await pseudonyms.delete_old_salts(connection, now=START + timedelta(days=15)) == 1
