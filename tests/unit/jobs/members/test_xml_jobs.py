"""A reseller's and a distributor's job on the site (credits page, job access and permissions)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.jobs.members import flow
from jobmeter.jobs.members.model import EditableTexts, JobKind, JobSearch, JobViewer, MemberJob, TextEdit
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.jobs.xml_jobs.model import XmlJob
from jobmeter.wire.xml.job.fields import JobContent, JobDocument
from jobmeter.wire.xml.job.keys import JobKey
from tests.support.xml_scenario import POSTER, START, XmlScenario, make_document, open_xml_scenario

STRANGER = "someone@else.example"
MEMBER = JobViewer(email=POSTER)
LATER = START + timedelta(minutes=1)  # a used credit keeps what the job said when it was posted


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
        async with database.connection() as connection:
            assert [check for check in await check_laws(connection) if check.breaches] == []


async def look(
    scenario: XmlScenario, job: XmlJob, viewer: JobViewer = MEMBER, now: datetime = LATER
) -> MemberJob:
    async with scenario.database.connection() as connection:
        return await flow.find_job(connection, viewer=viewer, job_id=job.job_id, now=now)


async def edit(
    scenario: XmlScenario,
    job: XmlJob,
    viewer: JobViewer = MEMBER,
    *,
    now: datetime = LATER,
    seen: EditableTexts | None = None,
    **changed: str,
) -> None:
    async with scenario.database.transaction() as connection:
        texts = seen or (await flow.find_job(connection, viewer=viewer, job_id=job.job_id, now=now)).job.texts
        wanted = TextEdit(texts=replace(texts, **changed), seen=texts.mark)
        await flow.edit_job(connection, viewer=viewer, job_id=job.job_id, edit=wanted, now=now)


async def close(
    scenario: XmlScenario, job: XmlJob, viewer: JobViewer = MEMBER, now: datetime = LATER
) -> None:
    async with scenario.database.transaction() as connection:
        await flow.close_job(connection, viewer=viewer, job_id=job.job_id, now=now)


async def renew(
    scenario: XmlScenario, job: XmlJob, viewer: JobViewer = MEMBER, now: datetime = LATER
) -> None:
    async with scenario.database.transaction() as connection:
        await flow.renew_job(connection, viewer=viewer, job_id=job.job_id, now=now)


async def find_fault(doing) -> Fault:
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value.fault


async def read_log(scenario: XmlScenario) -> list[tuple]:
    async with scenario.database.connection() as connection:
        rows = await connection.execute(
            "SELECT kind, actor, poster_email, changed_fields FROM job_changes ORDER BY revision"
        )
        return await rows.fetchall()


async def test_a_reseller_s_customer_edits_and_closes_but_never_renews(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.CREDITS) as (scenario, job):
        shown = await look(scenario, job)
        assert (shown.job.kind, shown.job.payer) == (JobKind.CREDIT, "Owner")
        await edit(scenario, job, title="Welder", location="Leeds", apply_url="https://apply.example/1")
        changed = (await look(scenario, job)).job.texts
        assert changed == EditableTexts(
            title="Welder",
            location="Leeds",
            description="Repairs what broke.",
            apply_url="https://apply.example/1",
        )
        assert await find_fault(renew(scenario, job)) is Fault.JOB_ACTION_DENIED
        stranger = JobViewer(email=STRANGER)
        for doing in (
            edit(scenario, job, stranger, seen=changed, title="x"),
            close(scenario, job, stranger),
            renew(scenario, job, stranger),
            look(scenario, job, stranger),
        ):
            assert await find_fault(doing) is Fault.JOB_UNKNOWN
        await close(scenario, job)
        assert (await look(scenario, job)).job.state is JobState.CLOSED
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


async def test_a_job_without_an_address_is_applied_for_by_e_mail_again(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.CREDITS) as (scenario, job):
        await edit(scenario, job, apply_url="https://apply.example/1")
        await edit(scenario, job, apply_url="")
        assert (await look(scenario, job)).job.texts.apply_url == ""


async def test_wrong_texts_are_refused_all_at_once_and_nothing_is_changed(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.CREDITS) as (scenario, job):
        before = (await look(scenario, job)).job
        with pytest.raises(Refused) as refused:
            await edit(scenario, job, title="", apply_url="nowhere", description="")
        assert refused.value.fault is Fault.JOB_DOCUMENT_INVALID
        for path in ("position/title", "position/description", "how-to-apply/application-url"):
            assert path in refused.value.message
        assert (await look(scenario, job)).job == before


async def test_a_seat_of_the_client_renews_and_a_customer_too(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.SLOTS) as (scenario, job):
        contract_id = scenario.contracts[HiringKind.SLOTS].id
        await renew(scenario, job)
        await renew(scenario, job, JobViewer(email=STRANGER, hiring_contract_ids=(contract_id,)))
        await renew(scenario, job, JobViewer(email=STRANGER, application_ids=(scenario.application.id,)))
        renewed = (await look(scenario, job)).job
        assert renewed.expires_at == job.expires_at + timedelta(days=90)
        assert [row[1] for row in (await read_log(scenario))[1:]] == [
            f"member {POSTER}",
            f"customer {STRANGER}",
            f"customer {STRANGER}",
        ]


async def test_an_expired_job_takes_a_slot_again_if_one_is_free(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.SLOTS) as (scenario, job):
        later = job.expires_at
        async with scenario.database.transaction() as connection:
            document = make_document("B", scenario.contracts[HiringKind.SLOTS])
            other = await xml_jobs.post_job(
                connection, application=scenario.application, document=document, now=later
            )
        assert await find_fault(renew(scenario, job, now=later)) is Fault.INVENTORY_EMPTY
        await close(scenario, other, now=later)
        await renew(scenario, job, now=later)
        assert await scenario.count_held() == 1


async def test_on_an_ended_contract_a_job_can_only_be_closed(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.SLOTS) as (scenario, job):
        async with scenario.database.transaction() as connection:
            await hiring.end_hiring_contract(
                connection, contract=scenario.contracts[HiringKind.SLOTS], ends_at=START
            )
        assert await find_fault(edit(scenario, job, title="Welder")) is Fault.JOB_ACTION_DENIED
        assert await find_fault(renew(scenario, job)) is Fault.JOB_ACTION_DENIED
        await close(scenario, job)


async def test_slots_are_counted_with_when_the_first_becomes_free(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.SLOTS) as (scenario, job):
        async with scenario.database.connection() as connection:
            (used,) = await flow.list_slots(connection, viewer=MEMBER)
            assert (used.free, used.used, used.next_end) == (0, 1, job.expires_at)
            assert used.contract.id == job.hiring_contract_id
            customer = JobViewer(email=STRANGER, application_ids=(scenario.application.id,))
            assert await flow.list_slots(connection, viewer=customer) == [used]
            assert await flow.list_slots(connection, viewer=JobViewer(email=STRANGER)) == []
        await close(scenario, job)
        async with scenario.database.connection() as connection:
            (used,) = await flow.list_slots(connection, viewer=MEMBER)
            assert (used.free, used.used, used.next_end) == (1, 0, None)


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
                now=LATER,
            )
        assert await find_fault(close(scenario, job)) is Fault.JOB_UNKNOWN
        taker = JobViewer(email="NEW@customer.example")
        await close(scenario, job, taker)
        async with scenario.database.connection() as connection:
            every = JobSearch(rows_max=9)
            mine = await flow.list_jobs(connection, viewer=taker, wanted=every, now=LATER)
            assert [found.job.job_id for found in mine] == [job.job_id]
            assert await flow.list_jobs(connection, viewer=MEMBER, wanted=every, now=LATER) == []
        partner = f"application {scenario.application.id}"
        assert await read_log(scenario) == [
            ("POST", partner, POSTER, []),
            ("EDIT", partner, "new@customer.example", ["poster_email"]),
            ("CLOSE", "member new@customer.example", "new@customer.example", []),
        ]


async def test_closing_again_changes_nothing(database_url: str) -> None:
    async with open_posted(database_url, HiringKind.CREDITS) as (scenario, job):
        await close(scenario, job)
        logged = await read_log(scenario)
        await close(scenario, job)
        assert await read_log(scenario) == logged
