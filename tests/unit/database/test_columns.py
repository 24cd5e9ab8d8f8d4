"""Columns under names: chosen, joined, sent and read back, each in the type that its field declares."""

import struct
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.days import day_number
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.database.arrays import BigintArray, DateArray, SmallintArray, TextArray, pack_copy
from jobmeter.database.columns import (
    Bigint,
    Columns,
    Date,
    Local,
    Smallint,
    Text,
    list_day_numbers,
    list_different,
    order_by_shard,
)


@dataclass(frozen=True, slots=True)
class Keys(Columns):
    shards: Smallint
    job_ids: Bigint


@dataclass(frozen=True, slots=True)
class Days(Keys):
    days: Date


@dataclass(frozen=True, slots=True)
class Titles(Keys):
    titles: Text
    are_chosen: Local


THREE = Days(np.array([7, 8, 9]), np.array([70, 80, 90]), np.array([20_000, 20_001, 20_002]))


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True])[::-1]])
def test_rows_are_chosen_by_number_or_by_flag(rows):
    chosen = THREE.select(rows)
    assert sorted(
        zip(chosen.shards.tolist(), chosen.job_ids.tolist(), chosen.days.tolist(), strict=True)
    ) == [
        (7, 70, 20_000),
        (9, 90, 20_002),
    ]
    assert (type(chosen), len(chosen), len(THREE)) == (Days, 2, 3)


def test_two_are_joined_in_order():
    both = THREE.select(np.array([1])).concat(THREE)
    assert both.job_ids.tolist() == [80, 70, 80, 90]
    assert len(Days.empty().concat(both)) == 4


def test_a_derived_class_takes_the_columns_and_adds_its_own():
    keys = Keys(np.array([7]), np.array([70]))
    days = keys.extend(Days, days=np.array([20_000]))
    assert (days.shards.tolist(), days.job_ids.tolist(), days.days.tolist()) == ([7], [70], [20_000])


def test_the_parameters_are_the_columns_that_the_database_takes_inherited_ones_first():
    titles = Titles(np.array([7]), np.array([70]), np.array(["Fitter"], dtype=object), np.array([True]))
    sent = titles.parameters()
    assert [(name, type(array)) for name, array in sent.items()] == [
        ("shards", SmallintArray),
        ("job_ids", BigintArray),
        ("titles", TextArray),
    ]
    assert sent["titles"].pack().endswith(b"\0\0\0\x06Fitter")


def test_a_copy_has_the_columns_in_the_order_of_the_fields():
    expected = pack_copy([SmallintArray(THREE.shards), BigintArray(THREE.job_ids), DateArray(THREE.days)])
    assert THREE.copy_body() == expected


def test_a_row_of_packed_columns_is_read_by_name():
    row = {
        "days": struct.pack("!i", (date(2024, 3, 1) - date(2000, 1, 1)).days),
        "job_ids": struct.pack("!q", -70),
        "shards": struct.pack("!h", 7),
    }
    found = Days.from_row(row)
    assert (found.shards.tolist(), found.job_ids.tolist()) == ([7], [-70])
    assert found.days.tolist() == [day_number(date(2024, 3, 1))]
    assert len(Days.from_row({"days": None, "job_ids": None, "shards": None})) == 0


def test_what_is_never_sent_cannot_be_copied():
    titles = Titles(np.array([7]), np.array([70]), np.array(["Fitter"], dtype=object), np.array([True]))
    with pytest.raises(AssertionError, match="titles has elements of many sizes"):
        titles.copy_body()


NUMBERS = st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 600), max_size=30)


@given(NUMBERS)
def test_jobs_are_ordered_by_shard_and_id_and_listed_once(numbers):
    job_ids = np.array(numbers, dtype=np.int64)
    assert job_ids[order_by_shard(job_ids)].tolist() == sorted(
        numbers, key=lambda number: (number % SHARD_COUNT, number)
    )
    assert list_different(job_ids).tolist() == sorted(set(numbers))


@given(st.lists(st.integers(0, 3 * 86_400_000) | st.sampled_from([86_399_999, 86_400_000]), max_size=20))
def test_the_days_of_times_are_listed_once(times):
    assert list_day_numbers(np.array(times, dtype=np.int64)) == sorted({time // 86_400_000 for time in times})
