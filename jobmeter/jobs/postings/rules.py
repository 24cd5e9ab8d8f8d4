"""Owns the decisions about jobs that depend only on values and the time. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money, format_amount
from jobmeter.base.readers.web_url import check_url
from jobmeter.charging.budgets.model import JobBudget
from jobmeter.contracts.credits.model import PaidRun
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.geo.gazetteer import is_country_only
from jobmeter.jobs.messages import (
    FROM_FEED,
    field_processor_message,
    location_missing_message,
    not_allowed_message,
)
from jobmeter.jobs.model import (
    OPEN_STATES,
    PREMIUM,
    FundedOperation,
    JobDraft,
    JobPosting,
    JobState,
    NewPosting,
    Operation,
    Task,
    TaskStatus,
)

P4P_RUN_DAYS = 30  # "P4P jobs run a fixed 30 days" (spec 4.1)
PREMIUM_RUN_DAYS = 30
BASIC_RUN_DAYS = 180
RENEWAL_DAYS = 30
RUN_DAYS_AHEAD_MAX = 365
LOCATIONS_MAX = 7
BASIC = "BASIC"


def check_draft(draft: JobDraft, *, task_urn: str) -> None:
    """Checks the rules of spec 4.2 beyond single fields, in the order of the table of refusals."""
    if len(draft.workplace_types) > 1:
        raise Refused(Fault.WORKPLACE_SEVERAL, values=", ".join(draft.workplace_types))
    if not (draft.company or draft.company_page_url or draft.company_name):
        raise Refused(Fault.JOB_COMPANY_MISSING)
    if check_url(draft.company_apply_url):
        raise Refused(Fault.JOB_APPLY_URL_INVALID, external_id=draft.external_id, task=task_urn)
    if len(draft.alternate_locations) > LOCATIONS_MAX:
        raise Refused(Fault.JOB_LOCATIONS_TOO_MANY)


def add_address_fault(refused: Refused, element: dict[str, Any]) -> Refused:
    """Returns the refusal of an element's fields with that of its address, so that a person sees all faults at once."""
    address = element.get("companyApplyUrl")
    if not address or not check_url(address):
        return refused
    line = f'ERROR :: /companyApplyUrl :: "{address[:100]}" is not a web address\n'
    return Refused(refused.fault, lines=refused.message + line)


def first_run_of(posting: NewPosting, draft: JobDraft) -> PaidRun:
    """Returns the run that a new premium job begins, as it is invoiced."""
    return PaidRun(
        job_id=posting.job_id,
        run_number=1,
        application_id=posting.application_id,
        is_renewal=False,
        external_id=posting.external_id,
        title=draft.title,
        company_name=draft.displayed_company,
        customer_job_code=draft.company_job_code or "",
        poster_email=draft.poster_email,
    )


def run_of(posting: JobPosting) -> PaidRun:
    """Returns the run that an upgraded job begins, as it is invoiced."""
    return PaidRun(
        job_id=posting.job_id,
        run_number=posting.run_number,
        application_id=posting.application_id,
        is_renewal=False,
        external_id=posting.external_id,
        title=posting.title,
        company_name=posting.company_name,
        customer_job_code=posting.company_job_code or "",
        poster_email=posting.poster_email,
    )


def check_budget(draft: JobDraft, contract: PartnerContract, click_price_micros: int) -> int:
    """Returns the total budget to reserve, in micros; zero for a job that only has its campaign's budget.

    Raises ``Refused``: JOB_BUDGET_MISSING, CURRENCY_DIFFERS, JOB_BUDGET_BELOW_PRICE.
    """
    if draft.total_budget is None and draft.partner_job_campaign is not None:
        return 0
    budget = _check_currency(draft, contract)
    _check_price(budget, budget.amount_micros, click_price_micros)
    return budget.amount_micros


def check_daily(
    draft: FundedOperation, contract: PartnerContract, *, total_micros: int, click_price_micros: int
) -> int:
    """Returns the daily budget in micros, zero for none (an extension).

    Raises ``Refused``: CURRENCY_DIFFERS, JOB_DAILY_BELOW_PRICE, JOB_DAILY_ABOVE_TOTAL.
    """
    daily = draft.daily_budget
    if daily is None:
        return 0
    if daily.currency != contract.currency:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=daily.currency, expected=contract.currency)
    amount = format_amount(daily.amount_micros, daily.currency)
    if daily.amount_micros < click_price_micros:
        price = format_amount(click_price_micros, daily.currency)
        raise Refused(Fault.JOB_DAILY_BELOW_PRICE, amount=amount, price=price)
    if daily.amount_micros > total_micros:
        total = format_amount(total_micros, daily.currency)
        raise Refused(Fault.JOB_DAILY_ABOVE_TOTAL, amount=amount, total=total)
    return daily.amount_micros


def check_new_limit(draft: JobDraft, contract: PartnerContract, held: JobBudget) -> int:
    """Returns the total budget that an UPDATE requests.

    Raises ``Refused``: CURRENCY_DIFFERS, JOB_BUDGET_BELOW_SPENT, JOB_BUDGET_BELOW_PRICE.
    """
    budget = _check_currency(draft, contract)
    if budget.amount_micros < held.used_micros:
        raise Refused(
            Fault.JOB_BUDGET_BELOW_SPENT,
            amount=format_amount(budget.amount_micros, budget.currency),
            spent=format_amount(held.used_micros, budget.currency),
        )
    _check_price(budget, budget.amount_micros, held.click_price_micros)
    return budget.amount_micros


def check_refilled_limit(draft: FundedOperation, contract: PartnerContract, held: JobBudget) -> int:
    """Returns the total budget that an UPGRADE requests: it must pay for one more click. Raises as
    ``check_budget``.
    """
    budget = _check_currency(draft, contract)
    _check_price(budget, budget.amount_micros - held.used_micros, held.click_price_micros)
    return budget.amount_micros


def _check_currency(draft: FundedOperation, contract: PartnerContract) -> Money:
    budget = draft.total_budget
    if budget is None:
        raise Refused(Fault.JOB_BUDGET_MISSING, contract=draft.contract)
    if budget.currency != contract.currency:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=budget.currency, expected=contract.currency)
    return budget


def _check_price(budget: Money, usable_micros: int, click_price_micros: int) -> None:
    if usable_micros < click_price_micros:
        raise Refused(
            Fault.JOB_BUDGET_BELOW_PRICE,
            amount=format_amount(budget.amount_micros, budget.currency),
            price=format_amount(click_price_micros, budget.currency),
        )


def find_place_fault(draft: JobDraft, partner_id: int) -> str | None:
    """A country alone is a location for remote jobs only (spec 4.1)."""
    is_remote = any(workplace.lower() == "remote" for workplace in draft.workplace_types)
    if is_remote or not any(map(is_country_only, (draft.location, *draft.alternate_locations))):
        return None
    return location_missing_message(partner_id, draft.external_id)


def make_forced_message(outcome: str, partner_id: int, external_id: str) -> str:
    """Returns the message of a task whose outcome a sandbox was asked for."""
    if outcome == TaskStatus.PROCESSED.value:
        return FROM_FEED
    return field_processor_message(outcome, partner_id, external_id)


def conclude(failure_message: str | None) -> TaskStatus:
    """Returns the final status of a task."""
    if failure_message is None:
        return TaskStatus.SUCCEEDED
    return TaskStatus.PROCESSED if failure_message == FROM_FEED else TaskStatus.FAILED


def find_state_fault(operation: Operation, posting: JobPosting, now: datetime) -> str | None:
    """Returns why the operation is not allowed in this state; only an open job can be changed."""
    if posting.state is JobState.CLOSED:
        return not_allowed_message(operation, "a closed job")
    if posting.state not in OPEN_STATES or posting.expires_at <= now:
        return not_allowed_message(operation, "an expired job")
    return None


def run_until(draft: JobDraft, *, pays_per_click: bool, now: datetime) -> datetime:
    """Returns when the posting expires: 30 days for P4P, else as requested, or 180 days, 30 for premium."""
    if pays_per_click:
        return now + timedelta(days=P4P_RUN_DAYS)
    days = PREMIUM_RUN_DAYS if draft.listing_type == PREMIUM else BASIC_RUN_DAYS
    return draft.expire_at or now + timedelta(days=days)


def renew_until(posting: JobPosting, now: datetime) -> datetime:
    """30 days more than the job has (spec 4.3), at most a year ahead."""
    longest = max(posting.expires_at, now + timedelta(days=RUN_DAYS_AHEAD_MAX))
    return min(posting.expires_at + timedelta(days=RENEWAL_DAYS), longest)


def update_until(draft: JobDraft, posting: JobPosting, now: datetime) -> datetime:
    """The end of the run after an UPDATE: for a job that is not paid per click the requested one, if still ahead."""
    if posting.partner_contract_id is not None or draft.expire_at is None or draft.expire_at <= now:
        return posting.expires_at
    return min(draft.expire_at, now + timedelta(days=RUN_DAYS_AHEAD_MAX))


def charged_until(expires_at: datetime, contract: PartnerContract | None) -> datetime:
    """Returns when the job's events stop counting: at the end of its run, or of the service term."""
    return expires_at if contract is None else min(expires_at, contract.term_ends_at)


def order_tasks(tasks: Sequence[Task]) -> list[Task]:
    """Sorts by shard, keeping the order of acceptance: intake locks the jobs' budgets in the same order."""
    return sorted(tasks, key=lambda task: (task.shard, task.number))


def with_contract(draft: JobDraft, contract: str) -> JobDraft:
    """Returns the draft with its campaign's contract, when it names none."""
    return draft if draft.contract is not None else replace(draft, contract=contract)
