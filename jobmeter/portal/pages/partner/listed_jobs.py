"""Owns how a job of a list is shown: its state as a shape and a word, and the list as a file."""

from collections.abc import Sequence
from typing import NamedTuple

from jobmeter.base.clock import from_ms
from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.exports.model import CURRENCY, Column, ColumnType, Table
from jobmeter.job_lists.model import ListedJob, ListedKind, ListedState
from jobmeter.portal.catalogue.texts import mark


class StateChip(NamedTuple):
    kind: str
    shape: str
    text: str


CHIPS = {
    ListedState.PROMOTED: StateChip(kind="good", shape="full", text=mark("Promoted")),
    ListedState.LISTED: StateChip(kind="good", shape="full", text=mark("Listed")),
    ListedState.IN_PROGRESS: StateChip(kind="good", shape="hourglass", text=mark("In progress")),
    ListedState.RAN_OUT: StateChip(kind="warn", shape="half", text=mark("Budget ran out")),
    ListedState.DAY_BUDGET: StateChip(kind="still", shape="empty", text=mark("Day's budget used")),
    ListedState.CAMPAIGN_OFF: StateChip(kind="still", shape="empty", text=mark("Campaign paused")),
    ListedState.NOT_PUBLIC: StateChip(kind="still", shape="empty", text=mark("Not for the public")),
    ListedState.FAILED: StateChip(kind="bad", shape="triangle", text=mark("Failed")),
    ListedState.CLOSED: StateChip(kind="still", shape="square", text=mark("Closed")),
    ListedState.EXPIRED: StateChip(kind="still", shape="square", text=mark("Expired")),
}


COLUMNS = (
    Column("jobPosting", ColumnType.TEXT, "URN of the job"),
    Column("externalJobPostingId", ColumnType.TEXT, "the partner's id of the job"),
    Column("developerApplication", ColumnType.TEXT, "URN of the customer's application"),
    Column("jobTitle", ColumnType.TEXT, "title of the job"),
    Column("companyName", ColumnType.TEXT, "name of the company"),
    Column("location", ColumnType.TEXT, "place of the job"),
    Column("partnerJobCampaign", ColumnType.TEXT, "the partner's id of the campaign"),
    Column("kind", ColumnType.TEXT, "P4P, SLOT, CREDIT or BASIC"),
    Column("state", ColumnType.TEXT, "what the job is doing"),
    Column("postedAt", ColumnType.TIME, "when it was posted"),
    Column("viewCount", ColumnType.NUMBER, "its views"),
    Column("applyClickCount", ColumnType.NUMBER, "its apply clicks that count"),
    Column("spent", ColumnType.AMOUNT, "what they cost; empty if the job is not paid by click"),
    Column("totalBudget", ColumnType.AMOUNT, "what it may cost in all"),
    Column(CURRENCY, ColumnType.TEXT, "currency of the amounts (ISO 4217)"),
)


def make_table(jobs: Sequence[ListedJob]) -> Table:
    """Returns the jobs as rows of a file."""
    paid = [job.kind is ListedKind.P4P for job in jobs]
    return Table(
        (
            [f"{URN_JOB}{job.job_id}" for job in jobs],
            [job.external_id for job in jobs],
            [f"{URN_APPLICATION}{job.application_id}" for job in jobs],
            [job.title for job in jobs],
            [job.company_name for job in jobs],
            [job.place for job in jobs],
            [job.campaign or None for job in jobs],
            [str(job.kind) for job in jobs],
            [str(job.state) for job in jobs],
            [from_ms(job.posted_ms) for job in jobs],
            [job.views for job in jobs],
            [job.clicks for job in jobs],
            [job.spent_micros if is_paid else None for job, is_paid in zip(jobs, paid, strict=True)],
            [job.limit_micros if is_paid else None for job, is_paid in zip(jobs, paid, strict=True)],
            [job.currency if is_paid else None for job, is_paid in zip(jobs, paid, strict=True)],
        ),
        [str(job.job_id) for job in jobs],
    )
