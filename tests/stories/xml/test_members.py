"""Who may do what with a job on the site (credits page, job access and permissions)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring.model import HiringContract, HiringKind
from jobmeter.database.pool import Database
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.jobs.xml_jobs import members
from jobmeter.jobs.xml_jobs.model import PortalPowers, XmlJob
from jobmeter.jobs.xml_jobs.rules import portal_powers
from jobmeter.wire.xml.job.fields import JobContent, JobDocument
from jobmeter.wire.xml.job.keys import JobKey
from tests.support.xml_scenario import POSTER, START, XmlScenario, make_document, open_xml_scenario

SEAT, STRANGER = "seat@client.example", "someone@else.example"
NOTHING = PortalPowers()
VIEW = PortalPowers(may_view=True)
POSTER_LIVE = PortalPowers(may_view=True, may_edit=True, may_close=True)
POSTER_EXPIRED = PortalPowers(may_view=True, may_close=True)
ALL = PortalPowers(may_view=True, may_edit=True, may_close=True, may_renew=True)
SEAT_EXPIRED = PortalPowers(may_view=True, may_close=True, may_renew=True)


def make_contract(kind: HiringKind) -> HiringContract:
    is_slots = kind is HiringKind.SLOTS
    return HiringContract(
        id=1,
        shard=1,
        kind=kind,
        owner_name="Owner",
        owner_application_id=None,
        is_postpaid=False,
        currency="EUR",
        run_days=30,
        default_poster_email="first@client.example" if is_slots else "",
        seats=(SEAT,) if is_slots else (),
        sandbox_number=None,
        starts_at=START,
        ends_at=START + timedelta(days=1),
    )


def make_job(state: JobState) -> XmlJob:
    return XmlJob(
        shard=1,
        job_id=257,
        application_id=1,
        partner_job_id="A",
        hiring_contract_id=1,
        poster_email=POSTER,
        run_number=1,
        revision=0,
        state=state,
        content=JobContent(),
        listed_at=START,
        expires_at=START,
        closed_at=None,
    )


@pytest.mark.parametrize(
    ("kind", "email", "powers"),
    [
        (HiringKind.CREDITS, POSTER.upper(), (POSTER_LIVE, POSTER_EXPIRED, VIEW)),
        (HiringKind.CREDITS, STRANGER, (NOTHING,) * 3),
        (HiringKind.CREDITS, "", (NOTHING,) * 3),
        (HiringKind.SLOTS, SEAT, (ALL, SEAT_EXPIRED, VIEW)),
        (HiringKind.SLOTS, "First@Client.example", (ALL, SEAT_EXPIRED, VIEW)),
        (HiringKind.SLOTS, POSTER, (NOTHING,) * 3),
        (HiringKind.SLOTS, "", (NOTHING,) * 3),
    ],
)
def test_permissions_follow_from_contract_and_state(
    kind: HiringKind, email: str, powers: tuple[PortalPowers, ...]
) -> None:
    for state, expected in zip((JobState.LIVE, JobState.EXPIRED, JobState.CLOSED), powers, strict=True):
        assert portal_powers(make_job(state), make_contract(kind), email) == expected


def test_nobody_may_change_a_credits_job_without_a_poster() -> None:
    job = replace(make_job(JobState.LIVE), poster_email="")
    assert portal_powers(job, make_contract(HiringKind.CREDITS), "") == NOTHING


@asynccontextmanager
async def open_posted(database_url: str, kind: HiringKind) -> AsyncIterator[tuple[XmlScenario, XmlJob]]:
    async with Database.opened(database_url, connections_max=2) as database:
        scenario = await open_xml_scenario(database, slot_count=1, credit_count=2)
        async with database.transaction() as connection:
            document = make_document("A", scenario.contracts[kind])
            job = await xml_jobs.post_job(
                connection, application=scenario.application, document=document, now=START
            )
        yield scenario, job


async def edit(scenario: XmlScenario, job: XmlJob, email: str, document: JobDocument) -> XmlJob:
    async with scenario.database.transaction() as connection:
        return await members.edit_as_member(
            connection, email=email, job_id=job.job_id, document=document, now=START
        )


async def close(scenario: XmlScenario, job: XmlJob, email: str) -> XmlJob:
    async with scenario.database.transaction() as connection:
        return await members.close_as_member(connection, email=email, job_id=job.job_id, now=START)


async def find_fault(doing) -> Fault:
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value.fault


async def test_a_reseller_s_customer_edits_and_closes_but_never_renews(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.CREDITS) as (scenario, job):
        salary = JobDocument(JobContent(salary="20"))
        renewal = JobDocument(JobContent(), renewal=True)
        assert (await edit(scenario, job, POSTER, salary)).content.salary == "20"
        assert await find_fault(edit(scenario, job, POSTER, renewal)) is Fault.JOBS_DENIED
        assert await find_fault(edit(scenario, job, STRANGER, salary)) is Fault.JOB_UNKNOWN
        assert await find_fault(close(scenario, job, STRANGER)) is Fault.JOB_UNKNOWN
        assert (await close(scenario, job, POSTER)).state is JobState.CLOSED
        assert await scenario.unused(HiringKind.CREDITS) == 1
        # and the partner finds it closed
        renewal = JobDocument(JobContent(contract_id=scenario.contracts[HiringKind.CREDITS].id), renewal=True)
        async with scenario.database.transaction() as connection:
            change = xml_jobs.change_job(
                connection,
                application=scenario.application,
                key=JobKey(None, "A"),
                document=renewal,
                now=START,
            )
            assert await find_fault(change) is Fault.JOB_CLOSED


async def test_a_seat_of_the_client_may_renew(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.SLOTS) as (scenario, job):
        renewed = await edit(scenario, job, POSTER, JobDocument(JobContent(), renewal=True))
        assert renewed.expires_at == job.expires_at + timedelta(days=30)


async def test_a_new_poster_takes_over_and_every_change_is_recorded(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.CREDITS) as (scenario, job):
        contract = scenario.contracts[HiringKind.CREDITS]
        moved = JobDocument(JobContent(contract_id=contract.id, poster_email="New@Customer.example"))
        async with scenario.database.transaction() as connection:
            await xml_jobs.change_job(
                connection,
                application=scenario.application,
                key=JobKey(job.job_id, None),
                document=moved,
                now=START,
            )
        assert await find_fault(close(scenario, job, POSTER)) is Fault.JOB_UNKNOWN
        await close(scenario, job, "new@customer.example")
        async with scenario.database.connection() as connection:
            mine = await members.list_poster_jobs(connection, email="NEW@customer.example")
            assert [found.job_id for found in mine] == [job.job_id]
            assert await members.list_poster_jobs(connection, email=POSTER) == []
            rows = await (
                await connection.execute(
                    "SELECT kind, actor, poster_email, changed_fields FROM job_changes ORDER BY revision"
                )
            ).fetchall()
        partner = f"application {scenario.application.id}"
        assert rows == [
            ("POST", partner, POSTER, []),
            ("EDIT", partner, "new@customer.example", ["poster_email"]),
            ("CLOSE", "member new@customer.example", "new@customer.example", []),
        ]
