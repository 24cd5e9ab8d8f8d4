"""The status of a job as a table: from state, money, contract and campaign to listing, promotion and message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from jobmeter.charging.budgets.model import JobBudget
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.jobs.campaigns.model import Campaign, CampaignStatus
from jobmeter.jobs.model import JobPosting, JobState, Operation, Task, TaskStatus
from jobmeter.jobs.status.model import Listing, NotPromotedReason, Promotion, PublicStatus
from jobmeter.jobs.status.rules import decide_status, show_task

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CONTRACT = PartnerContract(
    id=7,
    partner_id=1,
    shard=7,
    currency="USD",
    limit_micros=1_000,
    term_starts_at=NOW - DAY,
    term_ends_at=NOW + 60 * DAY,
)
POSTING = JobPosting(
    shard=1,
    job_id=257,
    application_id=1,
    external_id="job",
    partner_contract_id=7,
    title="Fitter",
    company_name="Harbour",
    company_page=None,
    apply_url="https://example.com",
    location="Leeds",
    state=JobState.LIVE,
    listed_at=NOW - DAY,
    expires_at=NOW + DAY,
    closed_at=None,
    place="Leeds",
    hiring_contract_id=None,
    run_number=1,
    partner_job_campaign=None,
    campaign_id=None,
    failure=None,
)
LIMIT = JobBudget(1, 257, 7, "USD", 100, 300, 0, 0, 0, 0, False)
CAMPAIGN = Campaign(
    shard=1,
    id=5,
    application_id=1,
    partner_job_campaign="spring",
    partner_contract_id=7,
    posted_contract_id=7,
    name="Spring",
    status=CampaignStatus.ACTIVE,
    starts_at=NOW,
    ends_at=None,
    created_at=NOW,
    changed_at=NOW,
    ended_at=None,
)
SPENT = replace(LIMIT, spent_micros=250)


def judge(
    *,
    posting: JobPosting = POSTING,
    limit: JobBudget = LIMIT,
    contract: PartnerContract | None = CONTRACT,
    available_micros: int = 1_000,
    campaign: Campaign | None = None,
    is_capped: bool = False,
) -> PublicStatus:
    return decide_status(
        posting,
        limit=limit,
        contract=contract,
        available_micros=available_micros,
        campaign=campaign,
        is_capped=is_capped,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("changed", "listing", "promoted", "run_out"),
    [
        ({}, "LISTED", True, None),
        ({"limit": replace(LIMIT, spent_micros=200)}, "LISTED", True, None),
        ({"limit": SPENT}, "LISTED", False, NotPromotedReason.JOB_BUDGET),
        ({"is_capped": True}, "LISTED", False, NotPromotedReason.DAY_BUDGET),
        ({"limit": SPENT, "is_capped": True}, "LISTED", False, NotPromotedReason.JOB_BUDGET),
        ({"limit": SPENT, "available_micros": 99}, "LISTED", False, NotPromotedReason.ACCOUNT_BUDGET),
        ({"limit": replace(LIMIT, budget_micros=0)}, "LISTED", False, NotPromotedReason.NO_BUDGET),
        ({"contract": replace(CONTRACT, term_ends_at=NOW)}, "LISTED", False, NotPromotedReason.OFFER_END),
        ({"campaign": CAMPAIGN}, "LISTED", True, None),
        (
            {"campaign": replace(CAMPAIGN, status=CampaignStatus.PAUSED)},
            "LISTED",
            False,
            NotPromotedReason.CAMPAIGN_OFF,
        ),
        ({"posting": replace(POSTING, state=JobState.PENDING)}, "IN_PROGRESS", False, None),
        ({"posting": replace(POSTING, expires_at=NOW)}, "NOT_LISTED", False, NotPromotedReason.DURATION),
        (
            {"posting": replace(POSTING, state=JobState.EXPIRED)},
            "NOT_LISTED",
            False,
            NotPromotedReason.DURATION,
        ),
        (
            {"posting": replace(POSTING, state=JobState.CLOSED, expires_at=NOW), "limit": SPENT},
            "NOT_LISTED",
            False,
            NotPromotedReason.CLOSED_BY_POSTER,
        ),
        ({"posting": replace(POSTING, state=JobState.FAILED, failure="why")}, "NOT_LISTED", False, None),
        ({"contract": None}, "LISTED", False, None),
        ({"contract": None, "posting": replace(POSTING, hiring_contract_id=9)}, "LISTED", True, None),
        (
            {
                "contract": None,
                "posting": replace(POSTING, hiring_contract_id=9, state=JobState.PENDING),
            },
            "IN_PROGRESS",
            False,
            None,
        ),
    ],
)
def test_the_status_follows_from_the_job_s_values(
    changed: dict[str, object], listing: str, promoted: bool, run_out: NotPromotedReason | None
) -> None:
    standing = judge(**changed)  # type: ignore[arg-type]
    promotion = Promotion.PROMOTED if promoted else Promotion.NOT_PROMOTED
    assert (standing.listing, standing.promotion, standing.run_out) == (
        Listing(listing),
        promotion,
        run_out,
    )
    assert standing.failure == (changed["posting"].failure if "posting" in changed else None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (Operation.CREATE, TaskStatus.PROCESSED),
        (Operation.UPDATE, TaskStatus.PROCESSED),
        (Operation.RENEW, TaskStatus.PROCESSED),
        (Operation.UPGRADE, TaskStatus.PROCESSED),
        (Operation.CLOSE, TaskStatus.SUCCEEDED),
        (Operation.DOWNGRADE, TaskStatus.SUCCEEDED),
    ],
)
def test_the_task_that_created_a_run_reports_its_end(operation: Operation, status: TaskStatus) -> None:
    task = Task(
        shard=1,
        task_id=UUID(int=1),
        application_id=1,
        external_id="job",
        operation=operation,
        job_id=257,
        location="Leeds",
        status=TaskStatus.SUCCEEDED,
        error_message=None,
        created_at=NOW,
        number=1,
        failure_message=None,
    )
    standing = PublicStatus(Listing.LISTED, Promotion.NOT_PROMOTED, NotPromotedReason.JOB_BUDGET)
    message = "This job's budget has ran out." if status is TaskStatus.PROCESSED else None
    assert show_task(task, standing) == (status, message)
    for run_out in (None, NotPromotedReason.CAMPAIGN_OFF):
        waiting = PublicStatus(Listing.LISTED, Promotion.NOT_PROMOTED, run_out)
        assert show_task(task, waiting) == (TaskStatus.SUCCEEDED, None)
