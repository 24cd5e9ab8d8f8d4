"""Every refusal about money that a database decides, tried below its boundary, at it, and above."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.base.money import AMOUNT_MICROS_MAX, Money, format_amount
from jobmeter.charging.budgets import flow as budgets
from jobmeter.charging.budgets.model import BudgetOpening
from jobmeter.charging.corrections import flow as corrections
from jobmeter.charging.pacing import flow as pacing
from jobmeter.contracts.credits.model import PaidRun
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import JobTraits
from jobmeter.database.pool import Database
from jobmeter.jobs.xml_jobs import flow as xml_jobs
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Account, AccountKind, Posting, Purpose
from jobmeter.metering.intake.flow import IntakeCaches
from tests.conftest import TEMPLATE, make_database
from tests.support.scenario import PRICE_MICROS, START, Scenario
from tests.support.xml_scenario import make_document
from tests.unit.money.boundaries import Boundary, check_awaited
from tests.unit.money.scene import AVAILABLE, CENT, LIMIT, NOW, REFERENCE, SPENT, TOTAL, Scene, open_scene


async def take_from_contract(scene: Scene, micros: int) -> None:
    posting = Posting(
        reference=REFERENCE,
        purpose=Purpose.RESERVE,
        source=scene.contract.account,
        destination=Account(AccountKind.JOB, scene.job_id, scene.shard),
        amount=micros,
        unit="EUR",
        day=day_of(NOW),
        booked_at=NOW,
    )
    await ledger.book(scene.connection, posting)


async def create(scene: Scene, micros: int) -> int:
    await scene.operate("CREATE", "new", micros)
    return await scene.read_total("new")


async def update(scene: Scene, micros: int) -> int:
    await scene.operate("UPDATE", "job", micros)
    return await scene.read_total()


async def update_with_daily(scene: Scene, micros: int) -> None:
    amounts = {
        f"payForPerformance{which}Budget": {"currencyCode": "EUR", "amount": format_amount(amount, "EUR")}
        for which, amount in (("Total", TOTAL), ("Daily", micros))
    }
    await scene.operate("UPDATE", "job", TOTAL, budget=amounts)


async def upgrade(scene: Scene, micros: int) -> int:
    await scene.operate("DOWNGRADE", "job", TOTAL)
    await scene.operate("UPGRADE", "job", micros)
    return await scene.read_total()


async def upgrade_promoted(scene: Scene, left: int) -> int:
    """Of a job that can pay for a click an upgrade changes nothing; the task says why."""
    await scene.set_total(SPENT + left)
    await scene.operate("UPGRADE", "job", TOTAL)
    return await scene.read_total()


async def raise_total(scene: Scene, micros: int) -> int:
    await scene.set_total(micros)
    return await scene.read_total()


async def raise_often(scene: Scene, micros: int) -> int:
    """The total budget of a job for which so much was ever reserved, raised by a micro."""
    held = await budgets.lock_job_budget(scene.connection, shard=scene.shard, job_id=scene.job_id)
    lowered = micros - 1 - held.budget_micros
    reserved = replace(
        held, budget_micros=micros - 1, lowered_micros=lowered, released_micros=held.released_micros + lowered
    )
    await budgets.change_limit(
        scene.connection, reserved, scene.contract, limit_micros=held.limit_micros + 1, now=NOW
    )
    return await scene.read_total()


async def close(scene: Scene, left: int) -> int:
    """What the contract gets back from a job that has so much left."""
    await scene.set_total(SPENT + left)
    before = await ledger.read_balance(scene.connection, scene.contract.account)
    await budgets.close_budget(
        scene.connection, shard=scene.shard, job_id=scene.job_id, contract=scene.contract, now=NOW
    )
    return await ledger.read_balance(scene.connection, scene.contract.account) - before


async def reserve(scene: Scene, micros: int) -> int:
    """What a new job takes from its contract."""
    opening = BudgetOpening(
        shard=scene.shard,
        job_id=scene.job_id + SHARD_COUNT,
        contract=scene.contract,
        click_price_micros=PRICE_MICROS,
        budget_micros=micros,
        live_from=NOW,
        live_until=NOW,
    )
    await budgets.open_budget(scene.connection, opening, now=NOW)
    return AVAILABLE - await ledger.read_balance(scene.connection, scene.contract.account)


async def charge_within_total(scene: Scene, micros: int) -> int:
    await scene.set_total(SPENT + micros)
    return await scene.count_charged(5)


async def charge_within_day(scene: Scene, micros: int) -> int:
    await scene.set_daily(micros)
    return await scene.count_charged(5)


async def is_capped(scene: Scene, micros: int) -> bool:
    """Whether a job with one click charged today rests until tomorrow."""
    await scene.set_daily(micros)
    assert await scene.count_charged(1) == 1
    found = await pacing.find_capped(scene.connection, job_ids=[scene.job_id], now=NOW)
    return scene.job_id in found


async def open_contract(scene: Scene, micros: int, *, price_micros: int = PRICE_MICROS) -> None:
    await contracts.open_partner_contract(
        scene.connection,
        partner_id=scene.scenario.parent.id,
        limit=Money(micros, "EUR"),
        click_price_micros=price_micros,
        term=(START, NOW),
        now=NOW,
    )


async def open_priced_contract(scene: Scene, micros: int) -> None:
    await open_contract(scene, LIMIT, price_micros=micros)


async def set_price(scene: Scene, micros: int) -> None:
    await contracts.set_click_price(
        scene.connection,
        contract=scene.contract,
        traits=JobTraits(country="FR"),
        price_micros=micros,
        valid_from=NOW,
    )


async def top_up(scene: Scene, micros: int) -> None:
    await contracts.top_up(
        scene.connection,
        contract=scene.contract,
        amount=Money(micros, "EUR"),
        reference=REFERENCE,
        now=NOW,
    )


async def top_up_again(scene: Scene, micros: int) -> None:
    await top_up(scene, CENT)
    await top_up(scene, micros)


async def credit(scene: Scene, micros: int, *, reference: str = "goodwill") -> None:
    statement = "SELECT reference FROM charge_postings WHERE source_id = %s AND purpose = 3"
    cursor = await scene.connection.execute(statement, [scene.job_id])
    row = await cursor.fetchone()
    assert row is not None
    await corrections.credit_charge(
        scene.connection, charge=row[0], amount_micros=micros, reference=reference, now=NOW
    )


async def credit_again(scene: Scene, micros: int) -> None:
    await credit(scene, CENT, reference="an earlier one")
    await credit(scene, micros)


async def adjust_units(scene: Scene, units: int) -> None:
    contract = await scene.open_units(HiringKind.CREDITS, 3)
    await hiring.adjust_units(scene.connection, contract=contract, units=units, reference=REFERENCE, now=NOW)


async def take_unit(scene: Scene, units: int) -> None:
    contract = await scene.open_units(HiringKind.CREDITS, units)
    run = PaidRun(
        job_id=scene.job_id,
        run_number=1,
        application_id=scene.scenario.customers[0].child.id,
        is_renewal=False,
        external_id="fitter",
        title="Fitter",
        company_name="Harbour Logistics",
        customer_job_code="",
        poster_email="",
    )
    await hiring.use_unit(scene.connection, run, contract=contract, now=NOW)


async def post_on_units(scene: Scene, units: int) -> None:
    contract = await scene.open_units(HiringKind.CREDITS, units)
    await xml_jobs.post_job(
        scene.connection,
        application=scene.scenario.customers[0].child,
        document=make_document("fitter", contract),
        now=NOW,
    )


async def post_premium(scene: Scene, units: int) -> None:
    contract = await scene.open_units(HiringKind.SLOTS, units)
    urn = f"urn:li:contract:{contract.id}"
    await scene.operate("CREATE", "premium", TOTAL, contract=urn, listingType="PREMIUM", budget={})


BOUNDARIES = [
    Boundary("balance of an account", take_from_contract, limit=AVAILABLE, above=Fault.BALANCE_TOO_LOW),
    Boundary(
        "budget of a new job and its contract",
        create,
        limit=AVAILABLE,
        step=CENT,
        below=AVAILABLE - CENT,
        at=AVAILABLE,
        above=Fault.CONTRACT_BUDGET_LOW,
    ),
    Boundary(
        "raised budget and its contract",
        update,
        limit=LIMIT,
        step=CENT,
        below=LIMIT - CENT,
        at=LIMIT,
        above=Fault.CONTRACT_BUDGET_LOW,
    ),
    Boundary(
        "raised budget and its contract, to the micro",
        raise_total,
        limit=LIMIT,
        below=LIMIT - 1,
        at=LIMIT,
        above=Fault.BALANCE_TOO_LOW,
    ),
    Boundary(
        "all that was ever reserved for a job",
        raise_often,
        limit=budgets.RESERVED_MICROS_MAX,
        below=TOTAL + 1,
        at=TOTAL + 1,
        above=Fault.JOB_BUDGET_RAISED_TOO_OFTEN,
    ),
    Boundary(
        "lowered budget and what is spent",
        update,
        limit=SPENT,
        step=CENT,
        below=Fault.JOB_BUDGET_BELOW_SPENT,
        at=SPENT,
        above=SPENT + CENT,
    ),
    Boundary(
        "budget of an upgraded job and its contract",
        upgrade,
        limit=LIMIT,
        step=CENT,
        below=LIMIT - CENT,
        at=LIMIT,
        above=Fault.CONTRACT_BUDGET_LOW,
    ),
    Boundary(
        "budget of an upgraded job and the price",
        upgrade,
        limit=SPENT + PRICE_MICROS,
        step=CENT,
        below=Fault.JOB_BUDGET_BELOW_PRICE,
        at=SPENT + PRICE_MICROS,
    ),
    Boundary(
        "upgrade of a job that has money",
        upgrade_promoted,
        limit=PRICE_MICROS,
        below=TOTAL,
        at=SPENT + PRICE_MICROS,
        above=SPENT + PRICE_MICROS + 1,
    ),
    # nothing is no posting
    Boundary("what a new job reserves", reserve, limit=1, below=0, at=1, above=2),
    Boundary("what a closed job gives back", close, limit=1, below=0, at=1, above=2),
    Boundary(
        "daily and total budget",
        update_with_daily,
        limit=TOTAL,
        step=CENT,
        above=Fault.JOB_DAILY_ABOVE_TOTAL,
    ),
    Boundary(
        "daily budget and price",
        update_with_daily,
        limit=PRICE_MICROS,
        step=CENT,
        below=Fault.JOB_DAILY_BELOW_PRICE,
    ),
    Boundary("clicks within a budget", charge_within_total, limit=3 * PRICE_MICROS, below=2, at=3, above=3),
    Boundary(
        "clicks within a daily budget", charge_within_day, limit=3 * PRICE_MICROS, below=2, at=3, above=3
    ),
    Boundary(
        "next click within a daily budget",
        is_capped,
        limit=2 * PRICE_MICROS,
        below=True,
        at=False,
        above=False,
    ),
    Boundary(
        "limit of a contract",
        open_contract,
        limit=0,
        below=Fault.AMOUNT_NOT_POSITIVE,
        at=Fault.AMOUNT_NOT_POSITIVE,
    ),
    Boundary(
        "price of a contract",
        open_priced_contract,
        limit=0,
        below=Fault.AMOUNT_NOT_POSITIVE,
        at=Fault.AMOUNT_NOT_POSITIVE,
    ),
    Boundary(
        "line of a price list",
        set_price,
        limit=0,
        below=Fault.AMOUNT_NOT_POSITIVE,
        at=Fault.AMOUNT_NOT_POSITIVE,
    ),
    Boundary("top-up", top_up, limit=0, below=Fault.AMOUNT_NOT_POSITIVE, at=Fault.AMOUNT_NOT_POSITIVE),
    Boundary(
        "limit of a contract after a top-up",
        top_up,
        limit=AMOUNT_MICROS_MAX - LIMIT,
        above=Fault.AMOUNT_TOO_LARGE,
    ),
    Boundary(
        "second top-up of a reference",
        top_up_again,
        limit=CENT,
        below=Fault.REFERENCE_REUSED,
        above=Fault.REFERENCE_REUSED,
    ),
    Boundary("credit and what a charge still has", credit, limit=SPENT, above=Fault.OPERATOR_INPUT),
    Boundary("credit after an earlier one", credit_again, limit=SPENT - CENT, above=Fault.OPERATOR_INPUT),
    Boundary("units that a correction takes", adjust_units, limit=-3, below=Fault.BALANCE_TOO_LOW),
    Boundary("units of a run", take_unit, limit=1, below=Fault.INVENTORY_EMPTY),
    Boundary("units of a posting", post_on_units, limit=1, below=Fault.INVENTORY_EMPTY),
    Boundary("slots of a premium job", post_premium, limit=1, below=Fault.JOB_SLOTS_EMPTY),
]


@pytest.fixture(scope="module")
def played(cluster_url: str) -> Iterator[tuple[str, Scenario, int]]:
    """The books, which no test changes for good: a database, what is in it, and the job."""
    for database_url in make_database(cluster_url, TEMPLATE):
        yield database_url, *asyncio.run(play(database_url))


async def play(database_url: str) -> tuple[Scenario, int]:
    async with open_scene(database_url) as found:
        return found


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.message)
async def test_an_amount_is_refused_exactly_beyond_its_boundary(
    played: tuple[str, Scenario, int], boundary: Boundary
) -> None:
    database_url, scenario, job_id = played
    async with Database.opened(database_url, connections_max=2) as database:

        async def attempt(amount: int) -> object:
            fresh = replace(scenario, database=database, known=IntakeCaches())
            async with database.transaction() as connection, connection.transaction(force_rollback=True):
                return await boundary.attempt(Scene(fresh, connection, job_id), amount)

        await check_awaited(boundary, attempt)
