"""Concurrent requests are run in batches, and each caller receives its own result."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.database import batching
from jobmeter.database.batching import Batcher
from jobmeter.wire.events import Event


def event(number: int) -> Event:
    return Event(source="test", id=str(number), type="view", time=0, job=1)


async def submit_all(grouper: Batcher, count: int) -> list:
    return await asyncio.gather(*(grouper.submit(event(n)) for n in range(count)), return_exceptions=True)


async def test_each_caller_gets_its_own_result_and_batches_are_few() -> None:
    groups = []

    async def commit(events: Sequence[Event]) -> list[str]:
        groups.append(len(events))
        await asyncio.sleep(0.01)
        return [event.id for event in events]

    outcomes = await submit_all(Batcher(commit, window_ms=2), 2_500)

    assert outcomes == [str(n) for n in range(2_500)]
    assert sum(groups) == 2_500
    assert max(groups) <= batching.GROUP_ROWS_MAX
    assert len(groups) < 10


async def test_a_failed_batch_raises_for_all_its_callers_and_the_next_one_runs() -> None:
    calls = []

    async def commit(events: Sequence[Event]) -> list[str]:
        calls.append(len(events))
        if len(calls) == 1:
            raise ConnectionError("gone")
        return ["fine"] * len(events)

    grouper = Batcher(commit, window_ms=1)
    first, second = await submit_all(grouper, 3), await submit_all(grouper, 3)
    assert [type(outcome) for outcome in first] == [ConnectionError] * 3
    assert second == ["fine"] * 3


async def test_a_caller_does_not_fail_for_another_caller_s_request() -> None:
    groups = []

    async def read(events: Sequence[Event]) -> list[str]:
        groups.append(len(events))
        if any(event.id == "1" for event in events):
            raise psycopg.DataError("no such text")
        return [event.id for event in events]

    first, second, third = await submit_all(Batcher(read, parts_on_failure=True), 3)
    assert (first, third) == ("0", "2")
    assert isinstance(second, psycopg.DataError)
    assert groups == [3, 1, 1, 1]


async def test_requests_beyond_the_queue_limit_are_refused_at_once() -> None:
    async def commit(events: Sequence[Event]) -> list[None]:
        return [None] * len(events)

    outcomes = await submit_all(Batcher(commit, window_ms=50), batching.WAITING_ROWS_MAX + 5)
    refused = [outcome.fault for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused == [Fault.OVERLOADED] * 5


async def test_a_cancelled_caller_does_not_disturb_the_others() -> None:
    async def commit(events: Sequence[Event]) -> list[str]:
        await asyncio.sleep(0.02)
        return [event.id for event in events]

    grouper = Batcher(commit, window_ms=1)
    leaving = asyncio.create_task(grouper.submit(event(1)))
    staying = asyncio.create_task(grouper.submit(event(2)))
    await asyncio.sleep(0.01)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await staying == "2"


async def test_the_parts_of_a_group_are_carried_out_one_after_another_and_fail_for_themselves() -> None:
    groups = []

    async def commit(events: Sequence[Event]) -> list[str]:
        groups.append([event.id for event in events])
        if events[0].id == "1":
            raise ConnectionError("gone")
        return [event.id for event in events]

    outcomes = await submit_all(Batcher(commit, window_ms=1, part_of=lambda event: int(event.id) % 3), 7)
    assert groups == [["0", "3", "6"], ["1", "4"], ["2", "5"]]
    assert [one if isinstance(one, str) else type(one) for one in outcomes] == [
        "0", ConnectionError, "2", "3", ConnectionError, "5", "6",
    ]  # fmt: skip
