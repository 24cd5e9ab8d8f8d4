"""Ids: a job id contains its shard, a URN its number; a reference is derived from its parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base import ids


@given(st.integers(0, 2**54), st.integers(0, ids.SHARD_COUNT - 1))
def test_a_job_id_contains_its_shard_and_its_sequence(sequence, shard):
    job_id = ids.make_job_id(sequence, shard)
    assert (ids.shard_of(job_id), job_id // ids.SHARD_COUNT) == (shard, sequence)
    assert job_id < 2**63


@pytest.mark.parametrize("shard", [-1, ids.SHARD_COUNT])
def test_a_shard_out_of_range_is_a_programming_error(shard):
    with pytest.raises(AssertionError):
        ids.make_job_id(1, shard)


@given(st.integers(0, 10**18 - 1))
def test_a_urn_is_parsed(number):
    assert ids.read_urn(f"{ids.URN_CONTRACT}{number}", ids.URN_CONTRACT) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "urn:li:contract:",
        "urn:li:job:5",
        "urn:li:contract:-5",
        "urn:li:contract:5 ",
        "urn:li:contract:5x",
        "urn:li:contract:\u0665",
        "urn:li:contract:²",
        "urn:li:contract:" + "9" * 19,
    ],
)
def test_other_texts_are_not_urns(text):
    assert ids.read_urn(text, ids.URN_CONTRACT) is None


def test_the_same_parts_give_the_same_reference():
    assert ids.make_reference("reserve", 7) == ids.make_reference("reserve", 7)
    different = [("reserve", 7), ("reserve", 8), ("release", 7), ("reserve7",), ("reserve", 7, ""), ()]
    assert len({ids.make_reference(*parts) for parts in different}) == len(different)
