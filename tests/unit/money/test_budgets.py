"""Budgets, prices and what is spent, tried below, at and above every boundary that values alone decide."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobmeter.base.days import DAY_MS
from jobmeter.base.faults import Fault
from jobmeter.base.money import Money
from jobmeter.charging.budgets.model import JobBudget
from jobmeter.charging.pacing.rules import DayLimit, count_chargeable, count_paced
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.jobs.model import JobPosting, JobState
from jobmeter.jobs.postings import rules
from jobmeter.jobs.status.model import NotPromotedReason
from jobmeter.jobs.status.rules import decide_status
from tests.unit.money.boundaries import Boundary, check
from tests.unit.money.elements import CENT, DRAFT, NOW, money_text, read_with

LATER = NOW + timedelta(days=30)
PRICE = 1_500_000
USED = 4 * PRICE
CONTRACT = PartnerContract(
    id=5,
    partner_id=1,
    shard=5,
    currency="USD",
    limit_micros=10**9,
    term_starts_at=NOW,
    term_ends_at=LATER,
)
HELD = JobBudget(
    shard=5,
    job_id=261,
    partner_contract_id=5,
    currency="USD",
    click_price_micros=PRICE,
    budget_micros=10 * PRICE,
    spent_micros=USED,
    released_micros=0,
    lowered_micros=0,
    live_until_ms=0,
    is_downgraded=False,
)
POSTING = JobPosting(
    shard=5,
    job_id=261,
    application_id=1,
    external_id="fitter",
    partner_contract_id=5,
    title="Fitter",
    company_name="Harbour Logistics",
    company_page=None,
    apply_url="https://careers.example.com/apply",
    location="Leeds",
    state=JobState.LIVE,
    listed_at=NOW,
    expires_at=LATER,
    closed_at=None,
    place="Leeds",
    hiring_contract_id=None,
    run_number=1,
    partner_job_campaign=None,
    campaign_id=None,
    failure=None,
)


def with_total(micros: int):
    return replace(DRAFT, total_budget=Money(micros, "USD"))


def with_daily(micros: int):
    return replace(DRAFT, daily_budget=Money(micros, "USD"))


def check_daily(micros: int, *, total_micros: int) -> int:
    return rules.check_daily(
        with_daily(micros), CONTRACT, total_micros=total_micros, click_price_micros=PRICE
    )


def find_run_out(*, left: int = PRICE - 1, spent: int = USED, available: int = 0) -> NotPromotedReason | None:
    limit = replace(HELD, budget_micros=spent + left, spent_micros=spent)
    return decide_status(
        POSTING,
        limit=limit,
        contract=CONTRACT,
        available_micros=available,
        campaign=None,
        is_capped=False,
        now=NOW,
    ).run_out


BUDGETS = [
    Boundary(
        "total budget as text",
        lambda micros: read_with(budget={"payForPerformanceTotalBudget": money_text(micros)}),
        limit=0,
        step=CENT,
        below=Fault.JOB_FIELDS_INVALID,
        at=Fault.JOB_FIELDS_INVALID,
    ),
    Boundary(
        "daily budget as text",
        lambda micros: read_with(budget={"payForPerformanceDailyBudget": money_text(micros)}),
        limit=0,
        step=CENT,
        below=Fault.JOB_FIELDS_INVALID,
        at=Fault.JOB_FIELDS_INVALID,
    ),
    Boundary(
        "total budget and price",
        lambda micros: rules.check_budget(with_total(micros), CONTRACT, PRICE),
        limit=PRICE,
        below=Fault.JOB_BUDGET_BELOW_PRICE,
        at=PRICE,
        above=PRICE + 1,
    ),
    Boundary(
        "daily budget and price",
        lambda micros: check_daily(micros, total_micros=10 * PRICE),
        limit=PRICE,
        below=Fault.JOB_DAILY_BELOW_PRICE,
        at=PRICE,
        above=PRICE + 1,
    ),
    Boundary(
        "daily and total budget",
        lambda micros: check_daily(micros, total_micros=2 * PRICE),
        limit=2 * PRICE,
        below=2 * PRICE - 1,
        at=2 * PRICE,
        above=Fault.JOB_DAILY_ABOVE_TOTAL,
    ),
    Boundary(
        "daily budget of a job whose campaign pays",
        lambda micros: check_daily(micros, total_micros=0),
        limit=PRICE,
        below=Fault.JOB_DAILY_BELOW_PRICE,
        at=Fault.JOB_DAILY_ABOVE_TOTAL,
        above=Fault.JOB_DAILY_ABOVE_TOTAL,
    ),
    Boundary(
        "update and what is spent",
        lambda micros: rules.check_new_limit(with_total(micros), CONTRACT, HELD),
        limit=USED,
        below=Fault.JOB_BUDGET_BELOW_SPENT,
        at=USED,
        above=USED + 1,
    ),
    Boundary(
        "update and what is spent or credited since",
        lambda micros: rules.check_new_limit(
            with_total(micros),
            CONTRACT,
            replace(HELD, spent_micros=USED - 7, released_micros=12, lowered_micros=5),
        ),
        limit=USED,
        below=Fault.JOB_BUDGET_BELOW_SPENT,
    ),
    Boundary(
        "update and price",
        lambda micros: rules.check_new_limit(with_total(micros), CONTRACT, replace(HELD, spent_micros=0)),
        limit=PRICE,
        below=Fault.JOB_BUDGET_BELOW_PRICE,
    ),
    Boundary(
        "upgrade and price",
        lambda micros: rules.check_refilled_limit(with_total(micros), CONTRACT, HELD),
        limit=USED + PRICE,
        below=Fault.JOB_BUDGET_BELOW_PRICE,
        at=USED + PRICE,
        above=USED + PRICE + 1,
    ),
    Boundary(
        "promotion of a job and what is left",
        lambda left: replace(HELD, budget_micros=USED + left).can_pay_a_click,
        limit=PRICE,
        below=False,
        at=True,
        above=True,
    ),
    Boundary(
        "promotion of a job and its price",
        lambda price: replace(HELD, click_price_micros=price).can_pay_a_click,
        limit=0,
        below=False,
        at=False,
        above=True,
    ),
    Boundary(
        "reason of a job without money and what its contract has",
        lambda available: find_run_out(available=available),
        limit=PRICE,
        below=NotPromotedReason.ACCOUNT_BUDGET,
        at=NotPromotedReason.JOB_BUDGET,
        above=NotPromotedReason.JOB_BUDGET,
    ),
    Boundary(
        "reason of a job without money and what it has spent",
        lambda spent: find_run_out(spent=spent, available=PRICE),
        limit=1,
        below=NotPromotedReason.NO_BUDGET,
        at=NotPromotedReason.JOB_BUDGET,
        above=NotPromotedReason.JOB_BUDGET,
    ),
]

DAYS = [
    Boundary(
        "clicks of a daily budget",
        lambda daily: count_chargeable(DayLimit(PRICE, 10 * PRICE, daily, False, 0, DAY_MS, 0), 0),
        limit=2 * PRICE,
        below=1,
        at=2,
        above=2,
    ),
    Boundary(
        "clicks of a daily budget of which some are charged",
        lambda charged: count_chargeable(
            DayLimit(PRICE, 10 * PRICE, 2 * PRICE, False, 0, DAY_MS, charged * PRICE), 0
        ),
        limit=2,
        below=1,
        at=0,
        above=0,
    ),
    Boundary(
        "clicks of the last day of an even run",
        lambda left: count_paced(DayLimit(PRICE, left, 0, True, 0, DAY_MS, 0), 0),
        limit=PRICE,
        below=0,
        at=1,
        above=1,
    ),
    Boundary(
        "clicks of one day of an even run",
        lambda left: count_paced(DayLimit(PRICE, left, 0, True, 0, 30 * DAY_MS, 0), 0),
        limit=PRICE,
        below=0,
        at=1,
        above=1,
    ),
]

BOUNDARIES = [*BUDGETS, *DAYS]


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.message)
def test_a_budget_is_refused_exactly_beyond_its_boundary(boundary):
    check(boundary)
