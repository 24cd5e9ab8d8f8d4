"""The figures of lists are counted for all jobs, also those that are noted while the first count begins."""

from datetime import datetime, timedelta

from jobmeter.job_lists import flow as lists
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, open_scenario

COUNTED = "SELECT clicks, spent_micros FROM listed_jobs"
ENDED = "SELECT counted_at, counting_through FROM listed_job_counts"


def note(job_id: int, times: int) -> str:
    return (
        "INSERT INTO listed_job_notes (shard, job_id)"
        f" SELECT shard_of({job_id}), {job_id} FROM generate_series(1, {times})"
    )


async def count_all(scenario: Scenario, moment: datetime) -> None:
    counted = 1
    while counted:
        async with scenario.database.transaction() as connection:
            counted = await lists.count_figures(connection, rows_max=1, now=moment)


async def test_a_job_that_is_noted_at_the_last_moment_is_copied_before_the_first_count(
    database_url: str,
) -> None:
    """One between the copies and the count left all figures uncounted until a minute later."""
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        await scenario.ingest(make_clicks(job_id, 3), START + timedelta(minutes=1))
        await scenario.execute("DELETE FROM listed_jobs", note(job_id, 1))
        async with scenario.database.transaction() as connection:
            assert await lists.count_figures(connection, rows_max=2, now=START + timedelta(minutes=2)) == 1
        assert await scenario.rows(COUNTED) == [(3, 3 * PRICE_MICROS)]
        assert await scenario.rows("SELECT FROM listed_job_notes") == []


async def test_with_more_jobs_than_it_copies_the_first_count_waits(database_url: str) -> None:
    """As after an upgrade."""
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("job", budget_micros=20 * PRICE_MICROS)
        await scenario.execute(note(job_id, lists.COPIED_FIRST_MAX + 1))
        for counted in (None, START + timedelta(minutes=2)):
            async with scenario.database.transaction() as connection:
                await lists.count_figures(connection, rows_max=2, now=START + timedelta(minutes=2))
            assert await scenario.rows(ENDED) == [(counted, None)]


async def test_figures_are_counted_some_jobs_at_a_time(database_url: str) -> None:
    """Each some in a transaction of its own; what a killed process left is continued by the next one, and not begun again."""
    async with open_scenario(database_url) as scenario:
        jobs = sorted(
            [await scenario.post(f"job {number}", budget_micros=9 * PRICE_MICROS) for number in range(5)]
        )
        await count_all(scenario, START + timedelta(minutes=1))
        clicks = [click for number, job in enumerate(jobs) for click in make_clicks(job, number + 1)]
        await scenario.ingest(clicks, START + timedelta(minutes=2))
        counted = []
        for minutes in (3, 3, 9, 9, 9):
            async with scenario.database.transaction() as connection:
                moment = START + timedelta(minutes=minutes)
                counted.append(await lists.count_figures(connection, rows_max=2, now=moment))
            shown = [clicks for clicks, _ in await scenario.rows(f"{COUNTED} ORDER BY job_id")]
            reached = len(shown) - shown.count(0)
            assert shown[:reached] == [1, 2, 3, 4, 5][:reached]
            (ended,) = await scenario.rows(ENDED)
            assert (ended[1] is None) == (reached == 5)
        assert counted == [2, 2, 2, 1, 0], "2 also where it only began"
        assert ended == (START + timedelta(minutes=9), None)
        assert await scenario.rows("SELECT FROM uncounted_jobs") == []


async def test_what_comes_while_figures_are_counted_is_counted_next(database_url: str) -> None:
    """In whichever piece its job is, and also if a day is final since the count began."""
    async with open_scenario(database_url) as scenario:
        jobs = sorted(
            [await scenario.post(f"job {number}", budget_micros=9 * PRICE_MICROS) for number in range(3)]
        )
        await count_all(scenario, START + timedelta(minutes=1))
        await scenario.ingest(
            [click for job in jobs for click in make_clicks(job, 1)], START + timedelta(minutes=2)
        )
        moment = START + timedelta(minutes=3)
        for _ in range(2):
            async with scenario.database.transaction() as connection:
                assert await lists.count_figures(connection, rows_max=1, now=moment) == 1
        later = [click for job in jobs for click in make_clicks(job, 2, prefix="later")]
        await scenario.ingest(later, START + timedelta(minutes=4))
        await scenario.execute("UPDATE job_month_keeping SET kept_through = kept_through + 1")
        for minutes, shown in ((5, [1, 3, 3]), (7, [3, 3, 3])):
            await count_all(scenario, START + timedelta(minutes=minutes))
            assert [clicks for clicks, _ in await scenario.rows(f"{COUNTED} ORDER BY job_id")] == shown
