"""A job of the JSON API is closed on the site, renewed on own slots alone, and its agency is notified."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from jobmeter.base.faults import Fault
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringDraft, HiringKind
from jobmeter.jobs.members.model import Denial, JobViewer
from jobmeter.jobs.model import JobState
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.model import DeliveryFilter, NotificationKind
from tests.support.scenario import START, Scenario, make_clicks, make_element, open_scenario
from tests.unit.jobs.members.actions import (
    BUDGET_MICROS,
    LATER,
    MEMBER,
    POSTER,
    STRANGER,
    close,
    customer_of,
    edit,
    list_ids,
    look,
    operate,
    post,
    refuse,
    renew,
)


async def test_closing_returns_the_budget_as_the_partner_s_close_does(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        by_member, by_partner = await post(scenario, "a"), await post(scenario, "b")
        for job_id in (by_member, by_partner):
            await scenario.ingest(make_clicks(job_id, 2), START)
        await close(scenario, by_member, now=LATER)
        await scenario.close(scenario.customers[0], "b", LATER)
        one, other = await look(scenario, by_member), await look(scenario, by_partner)
        assert one.job.state is other.job.state is JobState.CLOSED
        assert replace(one.snapshot.limit, job_id=0) == replace(other.snapshot.limit, job_id=0)
        assert one.snapshot.status.standing == other.snapshot.status.standing
        assert one.snapshot.limit.left_micros == 0
        await close(scenario, by_member, now=LATER)
        # clicks on their way are counted, and free
        reply = await scenario.ingest(make_clicks(by_member, 2, prefix="late"), START)
        assert reply.accepted == 2
        assert (await look(scenario, by_member)).snapshot.limit == one.snapshot.limit
        await scenario.run_due(START + timedelta(days=4))
        assert await scenario.breaches() == []


async def test_a_job_that_waits_to_be_published_can_be_closed(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        element = make_element(scenario.customers[0], "a", START, budget_micros=BUDGET_MICROS)
        await scenario.take(scenario.customers[0], element | {"posterEmail": POSTER}, START)
        (job_id,) = await list_ids(scenario)
        await close(scenario, job_id)
        await scenario.run_due(START)
        assert (await look(scenario, job_id)).job.state is JobState.CLOSED
        assert await scenario.breaches() == []


async def test_what_pays_per_click_is_renewed_by_its_payer_alone(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        for viewer in (MEMBER, customer_of(scenario)):
            refused = await refuse(renew(scenario, job_id, viewer))
            assert refused.fault is Fault.JOB_ACTION_DENIED
            assert refused.message == "Only Partner can renew it, because Partner pays for it."
        over = START + timedelta(days=30)
        for doing in (
            edit(scenario, job_id, title="x", now=over),
            close(scenario, job_id, now=over),
            renew(scenario, job_id, now=over),
        ):
            assert (await refuse(doing)).parameters["denial"] is Denial.EXPIRED


async def test_a_job_on_the_client_s_slot_is_renewed_by_its_seat(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        child, seat = scenario.customers[0].child, JobViewer(email="seat@client.example")
        async with scenario.database.transaction() as connection:
            draft = HiringDraft(
                kind=HiringKind.SLOTS,
                owner_name="Harbour Logistics",
                owner_application_id=None,
                is_postpaid=False,
                currency="EUR",
                units=1,
                price_micros=0,
                run_days=30,
                default_poster_email="first@client.example",
                seats=(seat.email,),
                sandbox_number=None,
                starts_at=START,
                ends_at=START + timedelta(days=900),
            )
            contract = await hiring.open_hiring_contract(connection, draft=draft, now=START)
            await hiring.grant(connection, contract=contract, application=child, now=START)
        job_id = await post(
            scenario, listingType="PREMIUM", contract=f"urn:li:contract:{contract.id}", budget=None
        )
        assert await list_ids(scenario, seat) == await list_ids(scenario) == [job_id]
        refused = await refuse(renew(scenario, job_id))
        assert (
            refused.message == "Only Harbour Logistics can renew it, because Harbour Logistics pays for it."
        )
        before = (await look(scenario, job_id, seat)).job
        await edit(scenario, job_id, seat, title="Night welder")
        await renew(scenario, job_id, seat)
        assert (await look(scenario, job_id, seat)).job.expires_at == before.expires_at + timedelta(days=30)
        await close(scenario, job_id, seat)
        async with scenario.database.connection() as connection:
            assert await hiring.read_inventory(connection, contract=contract) == 1
        assert [row[0] for row in await scenario.rows("SELECT kind FROM job_changes ORDER BY revision")] == [
            "EDIT",
            "RENEW",
            "CLOSE",
        ]
        assert await scenario.breaches() == []


async def list_notified(scenario: Scenario) -> list[Mapping[str, Any]]:
    async with scenario.database.connection() as connection:
        (endpoint,) = await endpoints.list_endpoints(connection, application=scenario.parent)
        wanted = DeliveryFilter(
            state=None,
            since=START,
            until=LATER,
            before_at=LATER,
            before_number=0,
            rows_max=99,
        )
        found = (await notifications.list_deliveries(connection, endpoint, wanted))[::-1]
    return [msgspec.json.decode(one.body) | {"channel": one.channel, "subject": one.subject} for one in found]


async def test_the_agency_is_notified_of_what_its_customer_changed(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        async with scenario.database.transaction() as connection:
            await endpoints.register_endpoint(
                connection,
                application=scenario.parent,
                url="https://agency.example/hook",
                email="jobs@agency.example",
                kinds=[NotificationKind.JOB_CHANGED],
                secret_key="k" * 32,
                now=START,
            )
        job_id = await post(scenario)
        await operate(scenario, "a", "UPDATE", posterEmail=POSTER)
        await edit(scenario, job_id, title="Night welder")
        await edit(scenario, job_id)
        await close(scenario, job_id, customer_of(scenario))
        notified = await list_notified(scenario)
        assert [(one["change"], one["changedBy"], one["channel"]) for one in notified] == [
            ("EDIT", f"member {POSTER}", "WEBHOOK"),
            ("EDIT", f"member {POSTER}", "EMAIL"),
            ("CLOSE", f"customer {STRANGER}", "WEBHOOK"),
            ("CLOSE", f"customer {STRANGER}", "EMAIL"),
        ]
        assert notified[0] == {
            "type": "JOB_CHANGED",
            "developerApplicationUrn": scenario.customers[0].child.urn,
            "jobPosting": f"urn:li:jobPosting:{job_id}",
            "externalJobPostingId": "a",
            "change": "EDIT",
            "changedBy": f"member {POSTER}",
            "changedFields": ["title"],
            "changedAt": START.isoformat(),
            "channel": "WEBHOOK",
            "subject": f"Job {job_id} was edited by member {POSTER}",
        }
