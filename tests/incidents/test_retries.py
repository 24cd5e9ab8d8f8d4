"""Incidents 1, 5 and 7: a write that failed, a batch that is sent twice, a batch that is sent many times."""

from datetime import timedelta

import pytest

from jobmeter.metering.filters import flow as filters
from jobmeter.metering.intake.model import find_visitor
from jobmeter.wire.events import Event
from tests.support.sandbox_client import SandboxClient, make_event
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, open_scenario

LATER = START + timedelta(hours=1)
FIGURES = "SELECT views, apply_clicks, clicks_charged, charge_micros FROM job_day_sums"


class LostError(Exception):
    """The process or the connection was lost before the commit."""


async def ingest_and_lose(scenario: Scenario, events: list[Event]) -> None:
    async with scenario.database.transaction() as connection:
        await scenario.ingest_on(connection, events, LATER)
        raise LostError


async def test_a_write_that_failed_claims_nothing(database_url: str) -> None:
    """1. A deduplication cache stored an event before the database did: the retry was treated as a repeat and lost.

    Here the same transaction stores, counts and charges, so a retry after a failure at any point counts once.
    """

    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        clicks = make_clicks(job_id, 5)
        for _ in range(3):
            with pytest.raises(LostError):
                await ingest_and_lose(scenario, clicks)
        assert await scenario.rows(FIGURES) == []

        reply = await scenario.ingest(clicks, LATER)
        assert (reply.accepted, reply.duplicate) == (5, 0)
        assert await scenario.rows(FIGURES) == [(0, 5, 5, 5 * PRICE_MICROS)]


async def test_a_request_whose_response_was_lost_is_sent_again(database_url: str) -> None:
    """1, the other half: the write was committed, and its response was lost."""

    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        clicks = make_clicks(job_id, 5)
        await scenario.ingest(clicks, LATER)
        reply = await scenario.ingest(clicks, LATER)
        assert (reply.accepted, reply.duplicate) == (0, 5)
        assert await scenario.rows(FIGURES) == [(0, 5, 5, 5 * PRICE_MICROS)]


@pytest.mark.parametrize("hours", [47, 49, 24 * 10])
@pytest.mark.parametrize("is_excluded", [False, True])
async def test_an_event_that_was_counted_is_a_duplicate_whatever_applies_to_it_now(
    database_url: str, hours: int, is_excluded: bool
) -> None:
    """1 and 5: what is sent again may be too old by now, or its visitor excluded; it was counted all the same."""
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        clicks = make_clicks(job_id, 5)
        counted, others = clicks[:3], clicks[3:]
        await scenario.ingest(counted, LATER)
        if is_excluded:
            await exclude_visitors(scenario, [click.visitor for click in clicks])
        now = START + timedelta(hours=hours)
        for day in range(hours // 24 + 1):
            await scenario.open_day(START + timedelta(days=day))

        reply = await scenario.ingest([*others, *counted, counted[0]], now)

        reasons = {row.verdict.name for row in reply.rejections}
        if hours < 48 and not is_excluded:
            assert (reply.accepted, reply.duplicate, reasons) == (2, 4, set())
        else:
            expected = "TOO_OLD" if hours >= 48 else "EXCLUDED_VISITOR"
            assert (reply.accepted, reply.duplicate, reply.rejected, reasons) == (0, 4, 2, {expected})
        ((views, sent, charged, _),) = await scenario.rows(FIGURES)
        assert (views, sent, charged) == (0, 3 + reply.accepted, 3 + reply.accepted)


async def exclude_visitors(scenario: Scenario, visitors: list[str]) -> None:
    async with scenario.database.transaction() as connection:
        for visitor in visitors:
            await filters.exclude(
                connection,
                application=scenario.customers[0].child,
                is_address=False,
                subject=find_visitor(visitor),
                note="",
                now=START,
            )


def test_a_batch_sent_again_succeeds_and_each_event_has_its_result(sandbox_client: SandboxClient) -> None:
    """5. A batch with one known event was answered 422 as a whole; senders retried it forever, or dropped it."""
    job_id, at = sandbox_client.post_job("again"), sandbox_client.now_ms
    known = [make_event(job_id, f"known-{n}", at + n, type="applyClick") for n in range(3)]
    assert sandbox_client.send(known).json() == {
        "accepted": 3,
        "duplicate": 0,
        "rejected": 0,
        "rejections": [],
    }

    # known events, new ones, one that is twice in the batch, and two that are rejected
    new = [make_event(job_id, f"new-{n}", at + n, type="applyClick") for n in range(2)]
    wrong = [make_event(1, "elsewhere", at), {"source": "board", "id": "halved"}]
    answer = sandbox_client.send([*known, *wrong, *new, new[0]])

    assert answer.status_code == 200
    reply = answer.json()
    assert (reply["accepted"], reply["duplicate"], reply["rejected"]) == (2, 4, 2)
    assert [(row["index"], row["reason"]) for row in reply["rejections"]] == [
        (3, "JOB_UNKNOWN"),
        (4, "MALFORMED"),
    ]


@pytest.mark.parametrize("times", [2, 7])
async def test_redelivery_never_changes_a_total(database_url: str, times: int) -> None:
    """7. A queue delivered at least once, and each delivery was billed."""

    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=4 * PRICE_MICROS)
        clicks = make_clicks(job_id, 10)
        for delivery in range(times):
            # whole, in parts, and backwards
            await scenario.ingest(clicks, LATER)
            await scenario.ingest(clicks[delivery : delivery + 4], LATER)
            await scenario.ingest(clicks[::-1], LATER)
        assert await scenario.rows(FIGURES) == [(0, 10, 4, 4 * PRICE_MICROS)]
        assert await scenario.rows("SELECT count(*) FROM charge_postings") == [(1,)]
        assert await scenario.breaches() == []
