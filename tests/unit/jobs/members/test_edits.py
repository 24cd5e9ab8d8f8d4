"""An edit on the site is the partner's UPDATE without the money."""

from datetime import timedelta

import pytest

from jobmeter.base.faults import Fault
from tests.support.scenario import PRICE_MICROS, START, make_clicks, open_scenario
from tests.unit.jobs.members.actions import (
    BUDGET_MICROS,
    POSTER,
    TEXT,
    customer_of,
    edit,
    look,
    operate,
    post,
    refuse,
)


async def test_an_edit_is_an_update_that_leaves_the_money(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        await scenario.ingest(make_clicks(job_id, 2), START)
        await edit(
            scenario,
            job_id,
            now=START + timedelta(minutes=1),
            title="Night welder",
            location="Leeds, United Kingdom",
            description=TEXT,
            apply_url="https://careers.example.com/new",
        )
        shown = await look(scenario, job_id)
        assert (shown.job.texts.title, shown.job.texts.location) == ("Night welder", "Leeds, United Kingdom")
        assert (shown.job.texts.description, shown.job.texts.apply_url) == (
            TEXT.strip(),
            "https://careers.example.com/new",
        )
        assert shown.snapshot.limit.limit_micros == BUDGET_MICROS
        assert shown.snapshot.limit.click_price_micros == PRICE_MICROS
        # reports keep what they had shown until then
        assert await scenario.rows("SELECT title FROM job_posting_versions") == [("Welder a",)]
        assert await scenario.breaches() == []


async def test_an_edit_does_not_undo_what_the_partner_decided_since_the_element_was_sent(
    database_url: str,
) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        await operate(scenario, "a", "RENEW")
        await operate(scenario, "a", "DOWNGRADE")
        before = (await look(scenario, job_id)).snapshot
        await edit(scenario, job_id, title="Night welder")
        after = (await look(scenario, job_id)).snapshot
        assert after.limit == before.limit
        assert after.status.posting.expires_at == before.status.posting.expires_at
        assert await scenario.breaches() == []


@pytest.mark.parametrize(
    ("changed", "fault", "named"),
    [
        ({"title": ""}, Fault.JOB_FIELDS_INVALID, "/title"),
        ({"title": "x" * 201}, Fault.JOB_FIELDS_INVALID, "/title"),
        ({"description": "x" * 99}, Fault.JOB_FIELDS_INVALID, "/description"),
        ({"description": "x" * 25_001}, Fault.JOB_FIELDS_INVALID, "/description"),
        ({"description": "\0" + TEXT}, Fault.JOB_FIELDS_INVALID, "/description"),
        ({"location": ""}, Fault.JOB_FIELDS_INVALID, "/location"),
        ({"location": "France"}, Fault.JOB_FIELDS_INVALID, "/city"),
        ({"apply_url": ""}, Fault.JOB_FIELDS_INVALID, "/companyApplyUrl"),
        ({"apply_url": "javascript:alert(1)"}, Fault.JOB_APPLY_URL_INVALID, "Invalid company apply url"),
        ({"title": "", "description": "", "location": ""}, Fault.JOB_FIELDS_INVALID, "/description"),
    ],
)
async def test_a_wrong_edit_is_refused_and_changes_nothing(
    database_url: str, changed: dict[str, str], fault: Fault, named: str
) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        before = await look(scenario, job_id)
        refused = await refuse(edit(scenario, job_id, **changed))
        assert refused.fault is fault
        assert named in refused.message
        assert await look(scenario, job_id) == before
        assert await scenario.breaches() == []


@pytest.mark.parametrize(
    "changed", [{"title": "x" * 200}, {"description": "x" * 100}, {"description": "x" * 25_000}]
)
async def test_the_largest_and_smallest_texts_are_accepted(
    database_url: str, changed: dict[str, str]
) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        await edit(scenario, job_id, **changed)
        texts = (await look(scenario, job_id)).job.texts
        assert {name: getattr(texts, name) for name in changed} == changed


async def test_an_edit_that_makes_two_equal_jobs_is_refused(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        first, second = await post(scenario, "a"), await post(scenario, "b")
        other = (await look(scenario, first)).job.texts
        refused = await refuse(
            edit(scenario, second, title=other.title, description=other.description, location=other.location)
        )
        assert refused.fault is Fault.JOB_FIELDS_INVALID
        assert "duplicate" in refused.message


async def test_a_partner_s_update_meanwhile_is_not_overwritten(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        seen = (await look(scenario, job_id)).job.texts
        await operate(scenario, "a", "UPDATE", title="By the partner", posterEmail=POSTER)
        refused = await refuse(edit(scenario, job_id, seen=seen.mark, title="By the customer"))
        assert refused.fault is Fault.JOB_CHANGED_MEANWHILE
        assert refused.parameters["current"].title == "By the partner"
        assert refused.parameters["wanted"].title == "By the customer"
        # money is no text
        await operate(
            scenario, "a", "UPDATE", title="By the partner", posterEmail=POSTER, companyJobCode="other"
        )
        await edit(scenario, job_id, seen=refused.parameters["current"].mark, title="By both")


async def test_a_job_from_before_elements_were_kept_is_edited_with_a_new_text(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        job_id = await post(scenario)
        await scenario.execute("UPDATE job_postings SET content = '{}'")
        viewer = customer_of(scenario)
        assert (await refuse(edit(scenario, job_id, viewer, title="x"))).fault is Fault.JOB_FIELDS_INVALID
        await edit(scenario, job_id, viewer, title="Night welder", description=TEXT)
        assert (await look(scenario, job_id, viewer)).job.texts.title == "Night welder"
