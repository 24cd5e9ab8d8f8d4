"""Owns the decision on a job's status at a given time, from its values alone. Pure."""

from datetime import datetime

from jobmeter.charging.budgets.model import JobBudget
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.jobs.campaigns.model import Campaign
from jobmeter.jobs.model import JobPosting, JobState, Operation, Task, TaskStatus
from jobmeter.jobs.status.model import Listing, NotPromotedReason, Promotion, PublicStatus

# Tasks of these operations started or extended a run; once the run is over, the task shows it.
TEMPORARY = frozenset(
    {NotPromotedReason.CAMPAIGN_OFF, NotPromotedReason.NOT_PUBLIC, NotPromotedReason.DAY_BUDGET}
)
RUN_OPERATIONS = frozenset({Operation.CREATE, Operation.UPDATE, Operation.RENEW, Operation.UPGRADE})


def decide_status(
    posting: JobPosting,
    *,
    limit: JobBudget,
    contract: PartnerContract | None,
    available_micros: int,
    campaign: Campaign | None,
    is_capped: bool,
    now: datetime,
) -> PublicStatus:
    """Returns the job's status at ``now``, whether or not a chore has processed the job yet.

    ``available_micros`` is the part of the contract that no job has reserved; ``is_capped`` means that the
    job's limits admit no more clicks today.
    """
    if posting.state is JobState.FAILED:
        return PublicStatus(Listing.NOT_LISTED, Promotion.NOT_PROMOTED, failure=posting.failure)
    if posting.state is JobState.CLOSED:
        return PublicStatus(Listing.NOT_LISTED, Promotion.NOT_PROMOTED, NotPromotedReason.CLOSED_BY_POSTER)
    if posting.state is JobState.EXPIRED or posting.expires_at <= now:
        return PublicStatus(Listing.NOT_LISTED, Promotion.NOT_PROMOTED, NotPromotedReason.DURATION)
    listing = Listing.IN_PROGRESS if posting.state is JobState.PENDING else Listing.LISTED
    if not posting.is_public:
        return PublicStatus(listing, Promotion.NOT_PROMOTED, NotPromotedReason.NOT_PUBLIC)
    if contract is None:
        is_promoted = posting.hiring_contract_id is not None and listing is Listing.LISTED
        return PublicStatus(listing, Promotion.PROMOTED if is_promoted else Promotion.NOT_PROMOTED)
    run_out = _find_run_out(limit, contract, available_micros, campaign, now)
    if run_out is None and is_capped:
        run_out = NotPromotedReason.DAY_BUDGET
    is_promoted = run_out is None and listing is Listing.LISTED
    return PublicStatus(listing, Promotion.PROMOTED if is_promoted else Promotion.NOT_PROMOTED, run_out)


def _find_run_out(
    limit: JobBudget,
    contract: PartnerContract,
    available_micros: int,
    campaign: Campaign | None,
    now: datetime,
) -> NotPromotedReason | None:
    if contract.term_ends_at <= now:
        return NotPromotedReason.OFFER_END
    if campaign is not None and not campaign.counts_events:
        return NotPromotedReason.CAMPAIGN_OFF
    if limit.can_pay_a_click:
        return None
    if limit.spent_micros == 0:
        return NotPromotedReason.NO_BUDGET
    # A higher job budget would only help if the contract had funds left.
    return (
        NotPromotedReason.ACCOUNT_BUDGET
        if available_micros < limit.click_price_micros
        else NotPromotedReason.JOB_BUDGET
    )


def show_task(task: Task, standing: PublicStatus) -> tuple[TaskStatus, str | None]:
    """The status and message of a task that has succeeded, given its job's current status."""
    is_over = standing.run_out not in {None, *TEMPORARY}
    if task.operation in RUN_OPERATIONS and standing.run_out is not None and is_over:
        return TaskStatus.PROCESSED, standing.run_out.message
    return TaskStatus.SUCCEEDED, None
