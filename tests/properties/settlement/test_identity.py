"""Source and id identify an event on the whole job board: however it is repeated, it is paid once when its day is final."""

from datetime import datetime, timedelta

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.wire.events import Event
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_element, open_scenario

AT = START + timedelta(hours=1)
BUDGET_MICROS = 20 * PRICE_MICROS
JOBS = ("first", "first again", "second of the application", "of another application")


async def post_jobs(scenario: Scenario) -> dict[str, int]:
    """Two jobs of one application, and one of another, which is in another shard."""
    other = scenario.customers[1]
    element = make_element(other, "c", START, place="Lyon, France", budget_micros=BUDGET_MICROS)
    first = await scenario.post("a", budget_micros=BUDGET_MICROS)
    second = await scenario.post("b", budget_micros=BUDGET_MICROS)
    task = await scenario.take(other, element, START)
    await scenario.run_due(START)
    elsewhere = await scenario.job_of_task(other, task, START)
    assert elsewhere is not None
    return dict(zip(JOBS, (first, first, second, elsewhere), strict=True))


def make_click(job_id: int, moment: datetime) -> Event:
    return Event(
        source="board", id="e-1", type="applyClick", job=job_id, time=to_ms(moment), visitor=f"v {job_id}"
    )


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=5)])
@pytest.mark.parametrize("job", JOBS[1:])
async def test_an_event_is_paid_once_whichever_job_it_names(
    database_url: str, job: str, later: timedelta, together: bool
) -> None:
    async with open_scenario(database_url) as scenario:
        jobs = await post_jobs(scenario)
        clicks = [make_click(jobs[JOBS[0]], AT), make_click(jobs[job], AT + later)]
        now = AT + timedelta(hours=1)
        batches = [clicks] if together else [[click] for click in clicks]
        accepted = sum([(await scenario.ingest(batch, now)).accepted for batch in batches])

        # Intake removes a repeat with the same time of the same application, and settlement every other one.
        is_duplicate = later == timedelta(0) and job != "of another application"
        assert accepted == (1 if is_duplicate else 2)
        for day in range(1, 5):
            await scenario.run_due(START + timedelta(days=day))
        ((paid,),) = await scenario.rows("SELECT sum(charge_micros)::bigint FROM job_day_sums")
        assert paid == PRICE_MICROS
        assert await scenario.breaches() == []
