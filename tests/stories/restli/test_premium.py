"""Premium jobs hold a slot of a hiring contract and release it; jobs are upgraded and downgraded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_CONTRACT
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.jobs.model import TaskStatus
from jobmeter.jobs.postings import flow as jobs
from jobmeter.jobs.status import flow as status_flow
from jobmeter.jobs.status.model import Listing, Promotion
from tests.support.scenario import START, Scenario, make_element, open_scenario

DAY = timedelta(days=1)


async def open_contract(scenario: Scenario, units: int) -> HiringContract:
    draft = HiringDraft(
        kind=HiringKind.SLOTS,
        owner_name="Harbour Logistics",
        owner_application_id=None,
        is_postpaid=False,
        currency="EUR",
        units=units,
        price_micros=0,
        run_days=30,
        default_poster_email="poster@example.com",
        seats=(),
        sandbox_number=None,
        starts_at=START - DAY,
        ends_at=START + 400 * DAY,
    )
    async with scenario.database.transaction() as connection:
        contract = await hiring.open_hiring_contract(connection, draft=draft, now=START)
        await hiring.grant(connection, contract=contract, application=scenario.customers[0].child, now=START)
    return contract


def urn_of(contract: HiringContract) -> str:
    return f"{URN_CONTRACT}{contract.id}"


async def count_free(scenario: Scenario, contract: HiringContract) -> int | None:
    async with scenario.database.connection() as connection:
        return await hiring.read_inventory(connection, contract=contract)


def element_of(scenario: Scenario, external_id: str, operation: str, **changed: Any) -> dict[str, Any]:
    element = make_element(scenario.customers[0], external_id, START, budget_micros=1_500_000)
    del element["budget"], element["contract"]
    return element | {"jobPostingOperationType": operation} | changed


async def operate(
    scenario: Scenario, element: dict[str, Any], now: datetime = START
) -> tuple[TaskStatus, str | None]:
    """Runs one element and returns the result of its task."""
    task_id = await scenario.take(scenario.customers[0], element, now)
    await scenario.run_due(now)
    async with scenario.database.connection() as connection:
        found = await jobs.find_tasks(
            connection, child=scenario.customers[0].child, task_ids=[task_id], now=now
        )
    return found[task_id].status, found[task_id].error_message


async def read_status(
    scenario: Scenario, external_id: str, now: datetime = START
) -> tuple[Listing, Promotion]:
    async with scenario.database.connection() as connection:
        found = await status_flow.read_statuses(
            connection, child=scenario.customers[0].child, external_ids=[external_id], now=now
        )
    standing = found[external_id].standing
    return standing.listing, standing.promotion


async def run_premium_story(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        # given a hiring contract of one slot
        contract = await open_contract(scenario, 1)
        premium = {"contract": urn_of(contract), "listingType": "PREMIUM"}
        done = (TaskStatus.SUCCEEDED, None)

        # a premium job takes the slot, the next one is refused
        assert await operate(scenario, element_of(scenario, "p-1", "CREATE", **premium)) == done
        assert await count_free(scenario, contract) == 0
        assert await read_status(scenario, "p-1") == (Listing.LISTED, Promotion.PROMOTED)
        with pytest.raises(Refused) as refused:
            await operate(scenario, element_of(scenario, "p-2", "CREATE", **premium))
        assert refused.value.fault is Fault.JOB_SLOTS_EMPTY
        assert (
            refused.value.message
            == f"Insufficient job slots for contract = {urn_of(contract)} for purchase flow"
        )

        # after a downgrade the job stays listed and frees the slot, which a basic job takes by an upgrade
        assert await operate(scenario, element_of(scenario, "p-1", "DOWNGRADE", **premium)) == done
        assert await read_status(scenario, "p-1") == (Listing.LISTED, Promotion.NOT_PROMOTED)
        assert await count_free(scenario, contract) == 1
        assert (
            await operate(scenario, element_of(scenario, "b-1", "CREATE", contract=urn_of(contract))) == done
        )
        assert await count_free(scenario, contract) == 1
        assert (
            await operate(scenario, element_of(scenario, "b-1", "UPGRADE", contract=urn_of(contract))) == done
        )
        assert await read_status(scenario, "b-1") == (Listing.LISTED, Promotion.PROMOTED)
        status, message = await operate(
            scenario, element_of(scenario, "b-1", "UPGRADE", contract=urn_of(contract))
        )
        assert status is TaskStatus.FAILED
        assert str(message).endswith("is not allowed for a premium job")
        with pytest.raises(Refused) as refused:
            await operate(scenario, element_of(scenario, "p-1", "UPGRADE", contract=urn_of(contract)))
        assert refused.value.fault is Fault.JOB_SLOTS_EMPTY

        # a closed job frees the slot, an expired one at its expiry; a failed one never holds it
        assert await operate(scenario, element_of(scenario, "b-1", "CLOSE")) == done
        assert (
            await operate(scenario, element_of(scenario, "p-1", "UPGRADE", contract=urn_of(contract))) == done
        )
        await scenario.run_due(START + 31 * DAY)
        assert await count_free(scenario, contract) == 1
        assert await read_status(scenario, "p-1", START + 31 * DAY) == (
            Listing.NOT_LISTED,
            Promotion.NOT_PROMOTED,
        )
        later = START + 31 * DAY
        same = {"title": "The same", "description": "The same description of one job. " * 4}
        assert await operate(scenario, element_of(scenario, "s-1", "CREATE", **same), later) == done
        failed = await operate(scenario, element_of(scenario, "s-2", "CREATE", **premium, **same), later)
        assert failed[0] is TaskStatus.FAILED
        assert await count_free(scenario, contract) == 1
        assert await scenario.breaches() == []


async def test_a_premium_job_holds_a_slot_while_it_is_premium(database_url: str) -> None:
    await run_premium_story(database_url)


async def refuse_contracts(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        contract = await open_contract(scenario, 1)
        wrong = [
            ({"listingType": "PREMIUM"}, Fault.JOB_PREMIUM_CONTRACT),
            ({"listingType": "PREMIUM", "contract": "urn:li:contract:5"}, Fault.JOB_CONTRACT_DENIED),
            ({"listingType": "PREMIUM", "contract": "urn:li:thing:5"}, Fault.JOB_CONTRACT_DENIED),
            ({"listingType": "PREMIUM", "contract": scenario.contract.urn}, Fault.JOB_BUDGET_MISSING),
        ]
        for changed, fault in wrong:
            with pytest.raises(Refused) as refused:
                await operate(scenario, element_of(scenario, "x", "CREATE", **changed))
            assert refused.value.fault is fault
        other = scenario.customers[1]
        element = element_of(scenario, "y", "CREATE", contract=urn_of(contract), listingType="PREMIUM")
        with pytest.raises(Refused) as refused:
            await scenario.take(other, element, datetime(2026, 3, 2, 9, tzinfo=UTC))
        assert refused.value.fault is Fault.JOB_CONTRACT_DENIED


async def test_a_premium_job_needs_a_contract_granted_to_its_application(database_url: str) -> None:
    await refuse_contracts(database_url)
