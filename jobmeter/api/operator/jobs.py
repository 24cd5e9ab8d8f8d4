"""``/operator/jobs``: the jobs of all partners, of an application, in a state, or with an external id; the links of a job.

``/operator/members``: the jobs that a member sees.
"""

from typing import Any

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_page_size, read_query_id, read_query_text
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import NEWEST, JobSearch, JobViewer, MemberJob
from jobmeter.jobs.model import JobPosting, JobState, PostingFilter
from jobmeter.jobs.pages import flow as pages
from jobmeter.jobs.postings import flow as jobs
from jobmeter.wire.links import make_links


async def list_jobs(context: RequestContext) -> Response:
    """Filters: ``partnerId``, ``applicationId``, ``state``, ``externalId``; of one of the first two, ``search`` in the title.

    ``after`` continues, ``count`` is at most 200.
    """
    request, page = context.request, read_page(context.request)
    wanted = PostingFilter(
        partner_id=read_query_id(request, "partnerId"),
        application_id=read_query_id(request, "applicationId"),
        state=_read_state(request.query_params.get("state")),
        external_id=read_query_text(request, "externalId") or None,
        search=read_query_text(request, "search") or None,
    )
    if wanted.search is not None and not wanted.has_owner:
        raise Refused(Fault.PARAMETER_REQUIRED, name="partnerId")
    async with context.app.database.connection() as connection:
        found = await jobs.list_postings(connection, wanted, after=page.after, rows_max=page.rows_max + 1)
    return page_response(found, page, serialize=_serialize, key=lambda one: one.job_id)


async def list_member_jobs(context: RequestContext) -> Response:
    """Newest first; ``before`` is the ``nextBefore`` of the previous page, ``count`` is at most 200."""
    request, rows_max = context.request, read_page_size(context.request)
    before = read_query_id(request, "before")
    wanted = JobSearch(
        search=read_query_text(request, "search"),
        before=NEWEST if before is None else before,
        rows_max=rows_max + 1,
    )
    viewer = JobViewer(email=read_query_text(request, "email"))
    async with context.app.database.connection() as connection:
        found = await members.list_jobs(connection, viewer=viewer, wanted=wanted, now=context.now)
    shown = found[:rows_max]
    more = shown[-1].job.job_id if len(found) > rows_max else None
    return json_response({"elements": [_serialize_member_job(one) for one in shown], "nextBefore": more})


def _serialize_member_job(shown: MemberJob) -> dict[str, Any]:
    """``mayNot`` says for each action that the member may not do why."""
    job, powers = shown.job, shown.powers
    denials = {
        "edit": powers.against_edit,
        "close": powers.against_close,
        "renew": powers.against_renew,
    }
    return _serialize(shown.snapshot.status.posting) | {
        "posterEmail": job.poster_email or None,
        "kind": job.kind,
        "agency": job.agency,
        "payer": job.payer or None,
        "views": shown.figures.views,
        "applyClicks": shown.figures.apply_clicks,
        "mayNot": {name: job.explain(why) for name, why in denials.items() if why is not None},
    }


async def show_links(context: RequestContext) -> Response:
    """The job's page, its signed apply link and its view pixel; they change only if the secret key changes."""
    job_id = int(context.request.path_params["job_id"])
    async with context.app.database.connection() as connection:
        page = await pages.read_page(connection, job_id=job_id) if job_id < 2**63 else None
    if page is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    return json_response(
        make_links(context.app.settings.base_url, job_id, key=context.app.settings.secret_key)
    )


def _read_state(text: str | None) -> JobState | None:
    if not text:
        return None
    if text.upper() not in JobState.__members__:
        raise Refused(Fault.PARAMETER_INVALID, name="state")
    return JobState[text.upper()]


def _serialize(posting: JobPosting) -> dict[str, Any]:
    return {
        "id": posting.job_id,
        "jobPosting": posting.urn,
        "externalJobPostingId": posting.external_id,
        "application": f"{URN_APPLICATION}{posting.application_id}",
        "partnerContract": posting.partner_contract_id,
        "hiringContract": posting.hiring_contract_id,
        "title": posting.title,
        "companyName": posting.company_name,
        "location": posting.location,
        "state": posting.state,
        "listedAt": posting.listed_at.isoformat(),
        "expiresAt": posting.expires_at.isoformat(),
        "closedAt": format_time(posting.closed_at),
    }
