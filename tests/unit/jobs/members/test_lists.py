"""Who sees which jobs of the JSON API on the site, in which order, and with which figures."""

from dataclasses import replace
from datetime import timedelta

from jobmeter.base.faults import Fault
from jobmeter.jobs.members.model import JobKind, JobSearch, JobViewer
from tests.support.scenario import PRICE_MICROS, START, make_clicks, open_scenario
from tests.unit.jobs.members.actions import (
    BUDGET_MICROS,
    EVERY,
    close,
    customer_of,
    list_ids,
    look,
    operate,
    post,
    refuse,
)


async def test_a_poster_sees_its_jobs_and_another_poster_after_an_update(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        shown = await look(scenario, job_id, JobViewer(email="JO@customer.EXAMPLE"))
        assert (shown.job.kind, shown.job.agency, shown.job.payer) == (JobKind.CLICKS, "Partner", "Partner")
        assert shown.snapshot.limit.limit_micros == BUDGET_MICROS
        assert await list_ids(scenario) == [job_id]
        await operate(scenario, "a", "UPDATE", posterEmail="New@Customer.example")
        assert await list_ids(scenario) == []
        assert await list_ids(scenario, JobViewer(email="new@customer.example")) == [job_id]
        await operate(scenario, "a", "UPDATE")
        assert await list_ids(scenario, JobViewer(email="")) == []
        assert await scenario.breaches() == []


async def test_a_customer_sees_the_jobs_of_its_application_alone(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario, posterEmail=None)
        assert await list_ids(scenario) == []
        assert await list_ids(scenario, customer_of(scenario)) == [job_id]
        assert await list_ids(scenario, customer_of(scenario, 1)) == []
        refused = await refuse(look(scenario, job_id, customer_of(scenario, 1)))
        assert refused.fault is Fault.JOB_UNKNOWN
        assert (await refuse(look(scenario, job_id + 256))).fault is Fault.JOB_UNKNOWN


async def test_jobs_are_listed_newest_first_by_pages_and_found_by_their_texts(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        ids = [await post(scenario, f"name-{number}") for number in range(7)]
        newest = ids[::-1]
        paged, before = [], EVERY.before
        while page := await list_ids(scenario, wanted=JobSearch(before=before, rows_max=3)):
            paged += page
            before = page[-1]
        assert paged == newest
        for search in ("WELDER name-3", "lyon, france harbour LOGISTICS name-3", "name-3"):
            assert await list_ids(scenario, wanted=replace(EVERY, search=search)) == [ids[3]]
        assert await list_ids(scenario, wanted=replace(EVERY, search="%")) == []
        await close(scenario, ids[2])
        over, opened = replace(EVERY, is_open=False), replace(EVERY, is_open=True)
        assert await list_ids(scenario, wanted=over) == [ids[2]]
        assert await list_ids(scenario, wanted=opened) == [one for one in newest if one != ids[2]]
        # before a chore has ended their runs
        later = START + timedelta(days=31)
        assert await list_ids(scenario, wanted=over, now=later) == newest


async def test_a_job_shows_its_figures_and_its_money(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        await scenario.ingest(make_clicks(job_id, 3), START)
        shown = await look(scenario, job_id)
        assert (shown.figures.apply_clicks, shown.figures.views) == (3, 0)
        assert shown.figures.estimated_micros == 3 * PRICE_MICROS
        assert shown.snapshot.limit.spent_micros == 3 * PRICE_MICROS
        await scenario.run_due(START + timedelta(days=4))
        final = await look(scenario, job_id, now=START + timedelta(days=4))
        assert final.figures == replace(shown.figures, estimated_micros=0)
