"""The figures of lists are counted for all jobs, also those that are noted while the first count begins."""

from datetime import timedelta

from jobmeter.job_lists import flow as lists
from tests.support.scenario import PRICE_MICROS, START, make_clicks, open_scenario

COUNTED = "SELECT clicks, spent_micros FROM listed_jobs"


def note(job_id: int, times: int) -> str:
    return (
        "INSERT INTO listed_job_notes (shard, job_id)"
        f" SELECT shard_of({job_id}), {job_id} FROM generate_series(1, {times})"
    )


async def test_a_job_that_is_noted_at_the_last_moment_is_copied_before_the_first_count(
    database_url: str,
) -> None:
    """One between the copies and the count left all figures uncounted until a minute later."""
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        await scenario.ingest(make_clicks(job_id, 3), START + timedelta(minutes=1))
        await scenario.execute("DELETE FROM listed_jobs", note(job_id, 1))
        async with scenario.database.transaction() as connection:
            assert await lists.count_figures(connection, now=START + timedelta(minutes=2))
        assert await scenario.rows(COUNTED) == [(3, 3 * PRICE_MICROS)]
        assert await scenario.rows("SELECT FROM listed_job_notes") == []


async def test_with_more_jobs_than_it_copies_the_first_count_waits(database_url: str) -> None:
    """As after an upgrade."""
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        await scenario.execute(note(job_id, lists.COPIED_FIRST_MAX + 1))
        for is_counted in (False, True):
            async with scenario.database.transaction() as connection:
                assert await lists.count_figures(connection, now=START + timedelta(minutes=2)) is is_counted
