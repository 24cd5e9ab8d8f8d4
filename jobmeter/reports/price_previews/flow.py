"""Owns previews of prices: which jobs of the last days would have had another click price, and what that would have cost; what the
credits of these days would have cost.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from jobmeter.base.clock import to_ms
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import ClickPrice, JobTraits, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.geo.gazetteer import country_of
from jobmeter.reports.price_previews import store
from jobmeter.reports.price_previews.model import HiringPricePreview, PostedJob, PriceChange, PricePreview

DAYS = 30
JOBS_MAX = 5_000


async def preview_price(
    connection: Connection, changed: ClickPrice, *, contract: PartnerContract, now: datetime
) -> PricePreview:
    """Compares the price list with ``changed`` in it to the one without, at the time from which ``changed`` holds."""
    since_ms = to_ms(now - timedelta(days=DAYS))
    jobs = await store.list_posted_jobs(
        connection, contract_id=contract.id, since_ms=since_ms, rows_max=JOBS_MAX
    )
    prices = await contracts.list_click_prices(connection, contract=contract)
    same = (changed.traits, changed.valid_from)
    others = [one for one in prices if (one.traits, one.valid_from) != same]
    at = max(changed.valid_from, contract.term_starts_at)
    found: dict[tuple[int, int], list[PostedJob]] = defaultdict(list)
    for job in jobs:
        traits = JobTraits(
            country=country_of(job.location),
            job_function=job.job_function,
            experience_level=job.experience_level,
        )
        before = contracts.choose_price(prices, traits, at)
        after = contracts.choose_price([*others, changed], traits, at)
        if before != after:
            found[before, after].append(job)
    changes = [
        PriceChange(
            before_micros=before,
            after_micros=after,
            jobs=len(listed),
            clicks=sum(job.clicks_charged for job in listed),
        )
        for (before, after), listed in sorted(found.items())
    ]
    return PricePreview(
        days=DAYS,
        jobs=len(jobs),
        jobs_open=sum(job.is_open for job in jobs),
        changes=tuple(changes),
    )


async def preview_hiring_price(
    connection: Connection,
    *,
    contract: HiringContract,
    price_micros: int,
    valid_from: datetime,
    now: datetime,
) -> HiringPricePreview:
    """Raises ``Refused(OPERATOR_INPUT)`` where the price cannot be saved, because a credit was used since at another one."""
    present = await hiring.read_hiring_price(connection, contract=contract, now=valid_from)
    if present != price_micros:
        await credits_flow.check_price_change(connection, contract_id=contract.id, valid_from=valid_from)
    used = await store.sum_uses(connection, contract_id=contract.id, since=now - timedelta(days=DAYS))
    return HiringPricePreview(
        days=DAYS,
        present_micros=present,
        uses=used.uses,
        paid_micros=used.paid_micros,
        would_micros=used.uses * price_micros,
    )
