"""Owns the decisions about jobs that need nothing but values and the time. Pure."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.contracts.model import PartnerContract
from jobmeter.jobs.model import JobDraft

P4P_RUN_DAYS = 30  # "P4P jobs run a fixed 30 days" (spec 4.1)
BASIC_RUN_DAYS = 180
LOCATIONS_MAX = 7

DUPLICATE_ID = (
    "Job processing failed due to a client-side error. Please check payload and integration setup. "
    "Error details: Trying to create a job with same partnerIdentifier already exists. It is duplicate "
    "creation request for a basic job or a non-draft premium job. Dropping the duplicate job posting creation "
    "request. LinkedIn job id: {job_id}, externalJobPostingId: {external_id} ErrorCode:2009"
)


def check_draft(draft: JobDraft, *, task_urn: str) -> None:
    """The rules of spec 4.2 beyond single fields, in the order of the table of refusals."""
    if len(draft.workplace_types) > 1:
        raise Refused(Fault.WORKPLACE_SEVERAL, values=", ".join(draft.workplace_types))
    if not (draft.company or draft.company_page_url or draft.company_name):
        raise Refused(Fault.JOB_COMPANY_MISSING)
    if not is_web_url(draft.company_apply_url):
        raise Refused(Fault.JOB_APPLY_URL_INVALID, external_id=draft.external_id, task=task_urn)
    if len(draft.alternate_locations) > LOCATIONS_MAX:
        raise Refused(Fault.JOB_LOCATIONS_TOO_MANY)


def check_budget(draft: JobDraft, contract: PartnerContract, click_price_micros: int) -> int:
    """The total budget to reserve, in micros.

    Raises ``Refused``: JOB_BUDGET_MISSING, CURRENCY_DIFFERS, JOB_BUDGET_BELOW_PRICE.
    """
    budget = draft.total_budget
    if budget is None:
        raise Refused(Fault.JOB_BUDGET_MISSING, contract=draft.contract)
    if budget.currency != contract.currency:
        raise Refused(Fault.CURRENCY_DIFFERS, currency=budget.currency, expected=contract.currency)
    if budget.amount_micros < click_price_micros:
        raise Refused(
            Fault.JOB_BUDGET_BELOW_PRICE,
            amount=format_amount(budget.amount_micros, budget.currency),
            price=format_amount(click_price_micros, contract.currency),
        )
    return budget.amount_micros


def is_web_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(c.isspace() for c in text)


def run_until(draft: JobDraft, *, pays_per_click: bool, now: datetime) -> datetime:
    """When the posting expires of itself: 30 days for P4P, else what it asks for or 180 days."""
    if pays_per_click:
        return now + timedelta(days=P4P_RUN_DAYS)
    return draft.expire_at or now + timedelta(days=BASIC_RUN_DAYS)


def company_shown(draft: JobDraft) -> str:
    """The name that reports show: as given, else the last part of the page's address or the organization."""
    if draft.company_name:
        return draft.company_name
    page = (draft.company_page_url or draft.company or "").rstrip("/")
    return page.rsplit("/", 1)[-1]
