"""Owns what people and partners do with jobs of the JSON API in these tests. Does not own any expectation."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobmeter.base.faults import Refused
from jobmeter.jobs.members import flow
from jobmeter.jobs.members.model import JobSearch, JobViewer, MemberJob, TextEdit
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_element

POSTER, STRANGER = "jo@customer.example", "someone@else.example"
MEMBER = JobViewer(email=POSTER)
BUDGET_MICROS = 10 * PRICE_MICROS
EVERY = JobSearch(rows_max=99)
LATER = START + timedelta(minutes=1)
TEXT = (
    "You weld what is separate, on the quay and in the yard, by day and now and then by night as well. " * 2
)


async def post(
    scenario: Scenario,
    name: str = "a",
    *,
    budget_micros: int = BUDGET_MICROS,
    now: datetime = START,
    **changed: Any,
) -> int:
    customer = scenario.customers[0]
    element = make_element(customer, name, now, budget_micros=budget_micros)
    task = await scenario.take(customer, element | {"posterEmail": "Jo@Customer.example"} | changed, now)
    await scenario.run_due(now)
    job_id = await scenario.job_of_task(customer, task, now)
    assert job_id is not None
    return job_id


def customer_of(scenario: Scenario, number: int = 0) -> JobViewer:
    return JobViewer(email=STRANGER, application_ids=(scenario.customers[number].child.id,))


async def look(
    scenario: Scenario, job_id: int, viewer: JobViewer = MEMBER, now: datetime = START
) -> MemberJob:
    async with scenario.database.connection() as connection:
        return await flow.find_job(connection, viewer=viewer, job_id=job_id, now=now)


async def list_ids(
    scenario: Scenario, viewer: JobViewer = MEMBER, wanted: JobSearch = EVERY, now: datetime = START
) -> list[int]:
    async with scenario.database.connection() as connection:
        found = await flow.list_jobs(connection, viewer=viewer, wanted=wanted, now=now)
    return [shown.job.job_id for shown in found]


async def edit(
    scenario: Scenario,
    job_id: int,
    viewer: JobViewer = MEMBER,
    *,
    seen: str = "",
    now: datetime = START,
    **changed: str,
) -> None:
    async with scenario.database.transaction() as connection:
        texts = (await flow.find_job(connection, viewer=viewer, job_id=job_id, now=now)).job.texts
        wanted = TextEdit(texts=replace(texts, **changed), seen=seen or texts.mark)
        await flow.edit_job(connection, viewer=viewer, job_id=job_id, edit=wanted, now=now)


async def close(scenario: Scenario, job_id: int, viewer: JobViewer = MEMBER, now: datetime = START) -> None:
    async with scenario.database.transaction() as connection:
        await flow.close_job(connection, viewer=viewer, job_id=job_id, now=now)


async def renew(scenario: Scenario, job_id: int, viewer: JobViewer = MEMBER, now: datetime = START) -> None:
    async with scenario.database.transaction() as connection:
        await flow.renew_job(connection, viewer=viewer, job_id=job_id, now=now)


async def refuse(doing) -> Refused:
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value


async def operate(scenario: Scenario, name: str, operation: str, now: datetime = START, **more: Any) -> None:
    element = make_element(scenario.customers[0], name, START, budget_micros=BUDGET_MICROS)
    await scenario.take(scenario.customers[0], element | {"jobPostingOperationType": operation} | more, now)
    await scenario.run_due(now)
