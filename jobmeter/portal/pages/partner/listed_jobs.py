"""Owns how a job of a list is shown: its state as a shape and a word, and the list as a file."""

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

from jobmeter.base.clock import from_ms
from jobmeter.base.money import format_amount
from jobmeter.job_lists.model import ListedJob, ListedKind, ListedState
from jobmeter.portal.catalogue.texts import mark
from jobmeter.wire.csv_cells import guard_cell


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
    "job",
    "external_job_posting_id",
    "application",
    "title",
    "company",
    "place",
    "campaign",
    "kind",
    "state",
    "posted_at",
    "views",
    "apply_clicks",
    "spent",
    "total_budget",
    "currency",
)


def write_rows(jobs: Iterable[ListedJob], *, has_header: bool) -> bytes:
    """Returns the jobs as lines of a CSV file. Amounts are decimals; text that a spreadsheet would run is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if has_header:
        writer.writerow(COLUMNS)
    for job in jobs:
        texts = (
            job.external_id,
            str(job.application_id),
            job.title,
            job.company_name,
            job.place,
            job.campaign,
        )
        amounts = ("", "", "")
        if job.kind is ListedKind.P4P:
            spent, limit = (format_amount(one, job.currency) for one in (job.spent_micros, job.limit_micros))
            amounts = (spent, limit, job.currency)
        posted = from_ms(job.posted_ms).isoformat()
        writer.writerow(
            (
                job.job_id,
                *map(guard_cell, texts),
                job.kind,
                job.state,
                posted,
                job.views,
                job.clicks,
                *amounts,
            )
        )
    return text.getvalue().encode()
