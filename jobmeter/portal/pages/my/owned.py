"""Owns what the pages of a job share, a member's, a customer's and a partner's: who looks, what a job is called, its state, and why not.

Does not own what anybody may do (``jobs.members``).
"""

from datetime import datetime
from typing import NamedTuple

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.parameters import IDS_MAX
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import Denial, JobKind, JobViewer, MemberJob, OwnedJob
from jobmeter.jobs.model import JobState
from jobmeter.jobs.status.model import NotPromotedReason, PublicStatus
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit

KINDS = {
    JobKind.CLICKS: mark("pay per click, by {payer}"),
    JobKind.SLOT: mark("on a slot of {payer}"),
    JobKind.CREDIT: mark("posted by {agency}, paid by {payer}"),
    JobKind.FEED: mark("from a feed of {agency}"),
    JobKind.FREE: mark("posted by {agency}, free of charge"),
}
DENIALS = {
    Denial.CLOSED: mark("The job is closed."),
    Denial.FAILED: mark("The job was never published."),
    Denial.EXPIRED: mark("The job is expired."),
    Denial.CONTRACT_ENDED: mark("The contract of {payer} has ended."),
    Denial.FROM_FEED: mark("The job is from a feed of {agency}: it is changed and closed there."),
    Denial.PAYER_RENEWS: mark("Only {payer} can renew it, because {payer} pays for it."),
    Denial.AGENCY_RENEWS: mark("Only {agency} can renew it."),
}


class Chip(NamedTuple):
    look: tuple[str, str]  # the class of its colour, and its shape
    text: str


_ENDED = {
    JobState.CLOSED: Chip(("still", "square"), mark("Closed")),
    JobState.FAILED: Chip(("bad", "triangle"), mark("Failed")),
    JobState.EXPIRED: Chip(("still", "square"), mark("Expired")),
    JobState.PENDING: Chip(("good", "hourglass"), mark("In progress")),
}
_NOT_PROMOTED = {
    NotPromotedReason.DAY_BUDGET: Chip(("still", "empty"), mark("Day's budget used")),
    NotPromotedReason.CAMPAIGN_OFF: Chip(("still", "empty"), mark("Campaign paused")),
    NotPromotedReason.NOT_PUBLIC: Chip(("still", "empty"), mark("Not for the public")),
    NotPromotedReason.OFFER_END: Chip(("warn", "half"), mark("Contract ended")),
}
_RAN_OUT = Chip(("warn", "half"), mark("Budget ran out"))
_PROMOTED = Chip(("good", "full"), mark("Promoted"))
_LISTED = Chip(("good", "full"), mark("Listed"))


def find_viewer(visit: Visit) -> JobViewer:
    """Returns who looks, by the role that was chosen."""
    grant = visit.signed_in.grant
    return JobViewer(
        email=visit.person.email,
        partner_id=grant.partner_id,
        application_ids=() if grant.application_id is None else (grant.application_id,),
        hiring_contract_ids=() if grant.hiring_contract_id is None else (grant.hiring_contract_id,),
    )


def find_list(visit: Visit) -> str:
    """Returns the path of the list of jobs; the pages of a job are below it."""
    return f"{ROOT}/{'my' if visit.signed_in.grant.partner_id is None else 'partner'}/jobs"


async def find_job(visit: Visit) -> MemberJob:
    """Returns the job that the address names. Raises ``Refused(JOB_UNKNOWN)``."""
    job_id = read_job_id(visit)
    async with visit.app.database.connection() as connection:
        return await members.find_job(
            connection, viewer=find_viewer(visit), job_id=job_id, now=visit.context.now
        )


def read_job_id(visit: Visit) -> int:
    job_id: int = visit.context.request.path_params["job_id"]
    if job_id > IDS_MAX:
        raise Refused(Fault.JOB_UNKNOWN)
    return job_id


def name_kind(visit: Visit, job: OwnedJob) -> str:
    return visit.gettext(KINDS[job.kind]).format(payer=job.payer, agency=job.agency)


def explain(visit: Visit, denial: Denial | None, job: OwnedJob) -> str:
    """Returns why something is not allowed; empty if it is."""
    if denial is None:
        return ""
    return visit.gettext(DENIALS[denial]).format(payer=job.payer, agency=job.agency)


def choose_chip(shown: MemberJob, now: datetime) -> Chip:
    job, standing = shown.job, shown.snapshot.status.standing
    if job.state in _ENDED:
        return _ENDED[job.state]
    if not job.is_open(now):
        return _ENDED[JobState.EXPIRED]
    return _choose_promotion(standing) if job.kind is JobKind.CLICKS else _choose_listing(standing)


def _choose_promotion(standing: PublicStatus) -> Chip:
    if standing.run_out is None:
        return _PROMOTED
    return _NOT_PROMOTED.get(standing.run_out, _RAN_OUT)


def _choose_listing(standing: PublicStatus) -> Chip:
    return _LISTED if standing.run_out is None else _NOT_PROMOTED.get(standing.run_out, _LISTED)
