"""Several people and the partner's own software change one job at once: nothing is lost, and every law holds."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.pool import Database
from jobmeter.jobs.members import flow
from jobmeter.jobs.members.model import JobViewer, TextEdit
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_clicks, make_element, set_up
from tests.unit.jobs.members.actions import MEMBER, POSTER, customer_of, look, post

BUDGET_MICROS = 40 * PRICE_MICROS
LATER = START + timedelta(minutes=1)  # clicks of before the end count, whenever they arrive


async def save(scenario: Scenario, viewer: JobViewer, job_id: int, edit: TextEdit) -> Fault | None:
    try:
        async with scenario.database.transaction() as connection:
            await flow.edit_job(connection, viewer=viewer, job_id=job_id, edit=edit, now=START)
    except Refused as refused:
        return refused.fault
    return None


async def test_of_two_editors_at_once_one_saves_and_the_other_gets_both_versions(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=6) as database:
        scenario = await set_up(database, 10**12)
        job_id = await post(scenario)
        for round_number in range(6):
            seen = (await look(scenario, job_id)).job.texts
            edits = [
                TextEdit(texts=replace(seen, title=f"{round_number} {name}"), seen=seen.mark)
                for name in ("one", "two", "three")
            ]
            viewers = (MEMBER, customer_of(scenario), MEMBER)
            results = await asyncio.gather(
                *(save(scenario, viewer, job_id, edit) for viewer, edit in zip(viewers, edits, strict=True))
            )
            assert Counter(results) == {None: 1, Fault.JOB_CHANGED_MEANWHILE: 2}
            winner = edits[results.index(None)].texts
            assert (await look(scenario, job_id)).job.texts == winner
        assert await scenario.breaches() == []


async def close(scenario: Scenario, job_id: int) -> None:
    async with scenario.database.transaction() as connection:
        await flow.close_job(connection, viewer=MEMBER, job_id=job_id, now=LATER)


async def edit_often(scenario: Scenario, job_id: int) -> None:
    for number in range(5):
        with suppress(Refused):
            async with scenario.database.transaction() as connection:
                shown = await flow.find_job(connection, viewer=MEMBER, job_id=job_id, now=START)
                texts = replace(shown.job.texts, title=f"Welder {number}")
                wanted = TextEdit(texts=texts, seen=shown.job.texts.mark)
                await flow.edit_job(connection, viewer=MEMBER, job_id=job_id, edit=wanted, now=START)


async def update_often(scenario: Scenario) -> None:
    customer = scenario.customers[0]
    for number in range(5):
        budget_micros = BUDGET_MICROS + number * PRICE_MICROS
        element = make_element(customer, "a", START, budget_micros=budget_micros)
        element |= {"jobPostingOperationType": "UPDATE", "posterEmail": POSTER, "title": f"Fitter {number}"}
        with suppress(Refused):
            await scenario.take(customer, element, START)


@pytest.mark.parametrize("seed", range(4))
async def test_closing_while_clicks_arrive_and_others_edit_keeps_every_law(
    database_url: str, seed: int
) -> None:
    rng = Random(seed)
    async with Database.opened(database_url, connections_max=8) as database:
        scenario = await set_up(database, 10**12)
        job_id = await post(scenario, budget_micros=BUDGET_MICROS)

        async def click(number: int) -> None:
            clicks = make_clicks(job_id, 5, prefix=f"{number}-")
            assert (await scenario.ingest(clicks, START)).accepted == 5

        acts = [click(number) for number in range(12)]
        acts += [close(scenario, job_id), close(scenario, job_id)]
        acts += [edit_often(scenario, job_id), update_often(scenario)]
        rng.shuffle(acts)
        await asyncio.gather(*acts)
        shown = await look(scenario, job_id)
        assert shown.figures.apply_clicks == 60
        assert shown.snapshot.limit.left_micros == 0
        assert shown.snapshot.limit.spent_micros % PRICE_MICROS == 0
        assert await scenario.breaches() == []
        await scenario.run_due(START + timedelta(days=4))
        assert await scenario.breaches() == []
