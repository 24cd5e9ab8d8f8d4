"""``GET /partner/jobs``: the jobs of a partner or of one of its applications, with filters, search, order and facets; what was done with one."""

from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.clock import from_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB, URN_TASK
from jobmeter.base.money import format_amount
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import PAGE, read_page_size, read_query_id, read_query_text
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import format_time, json_response
from jobmeter.job_lists import flow as job_lists
from jobmeter.job_lists.model import (
    JobListPage,
    ListedJob,
    ListedKind,
    ListedState,
    ListFilter,
    ListOrder,
    ListPosition,
    ListQuestion,
)
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import JobAct, JobViewer
from jobmeter.jobs.status.model import NotPromotedReason

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

PARAMETERS = ("state", "kind", "application", "campaign", "search", "order", "direction", "before", *PAGE)
LAST = "end"  # as `before`: the last page
DIRECTIONS = ("ascending", "descending")


async def list_jobs(context: RequestContext) -> Response:
    """Pages continue at ``next`` (``after``) or ``previous`` (``before``); ``before=end`` is the last one.

    ``state`` and ``kind`` may list several values, separated by commas. ``order`` is ``posted``, ``spent``,
    ``clicks`` or ``title``. A parent application sees the jobs of its children, a child its own.
    """
    question = read_question(context)
    async with context.app.database.snapshot() as connection:
        page = await job_lists.list_jobs(connection, question)
    return json_response(serialize_page(page, question))


def read_question(context: RequestContext) -> ListQuestion:
    """Raises ``Refused(PARAMETER_INVALID)``."""
    request, application = context.request, context.application
    is_parent = application.parent_id is None
    wanted = ListFilter(
        partner_id=application.partner_id,
        application_id=read_query_id(request, "application") if is_parent else application.id,
        states=_read_choices(request, "state", ListedState),
        kinds=_read_choices(request, "kind", ListedKind),
        campaign=read_query_text(request, "campaign") or None,
        search=read_query_text(request, "search") or None,
    )
    order = (_read_choices(request, "order", ListOrder) or (ListOrder.POSTED,))[0]
    direction = request.query_params.get("direction") or DIRECTIONS[order is not ListOrder.TITLE]
    if direction not in DIRECTIONS:
        raise Refused(Fault.PARAMETER_INVALID, name="direction")
    name = "before" if request.query_params.get("before") else "after"
    return ListQuestion(
        wanted=wanted,
        order=order,
        is_descending=direction == DIRECTIONS[1],
        position=_read_position(request, name, order),
        is_before=name == "before",
        rows_max=read_page_size(request),
    )


def _read_choices(request: Request, name: str, kind: type[ChoiceT]) -> tuple[ChoiceT, ...] | None:
    texts = [text.strip().upper() for text in request.query_params.get(name, "").split(",") if text.strip()]
    if not set(texts) <= set(kind.__members__):
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return tuple(kind[text] for text in texts) or None


def _read_position(request: Request, name: str, order: ListOrder) -> ListPosition | None:
    text = request.query_params.get(name)
    if not text or (name == "before" and text == LAST):
        return None
    position = ListPosition.parse(text, order)
    if position is None:
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return position


def serialize_page(page: JobListPage, question: ListQuestion) -> dict[str, Any]:
    """``states`` are the facets: jobs in each state that the other filters select."""
    jobs, order = page.jobs, question.order
    return {
        "elements": [serialize_job(job) for job in jobs],
        "firstNumber": page.first_number,
        "total": page.jobs_total,
        "states": {one.state: one.jobs for one in page.states},
        "previous": jobs[0].position_in(order).to_text() if page.has_previous else None,
        "next": jobs[-1].position_in(order).to_text() if page.has_next else None,
        "figuresAt": format_time(page.counted_at),
    }


def serialize_job(job: ListedJob) -> dict[str, Any]:
    """Amounts are ``null`` for a job that is not paid by clicks."""
    is_paid = job.kind is ListedKind.P4P
    reason = NotPromotedReason.__members__.get(job.reason)
    return {
        "id": job.job_id,
        "jobPosting": f"{URN_JOB}{job.job_id}",
        "externalJobPostingId": job.external_id,
        "companyJobCode": job.company_job_code or None,
        "developerApplication": f"{URN_APPLICATION}{job.application_id}",
        "title": job.title,
        "companyName": job.company_name,
        "location": job.place,
        "partnerJobCampaign": job.campaign or None,
        "kind": job.kind,
        "state": job.state,
        "notPromotedReason": None if reason is None else reason.name,
        "message": None if reason is None else reason.message,
        "views": job.views,
        "applyClicks": job.clicks,
        "currencyCode": job.currency if is_paid else None,
        "spent": format_amount(job.spent_micros, job.currency) if is_paid else None,
        "totalBudget": format_amount(job.limit_micros, job.currency) if is_paid else None,
        "postedAt": from_ms(job.posted_ms).isoformat(),
    }


async def list_operations(context: RequestContext) -> Response:
    """Newest first, at most ``count``: the tasks of a job of any API, and what people changed of it. Raises ``Refused(JOB_UNKNOWN)``."""
    application = context.application
    viewer = (
        JobViewer(email="", partner_id=application.id)
        if application.parent_id is None
        else JobViewer(email="", application_ids=(application.id,))
    )
    rows_max = read_page_size(context.request)
    async with context.app.database.connection() as connection:
        job_id = context.request.path_params["job_id"]
        found = await members.find_job(connection, viewer=viewer, job_id=job_id, now=context.now)
        acts = await members.list_acts(connection, found.job, rows_max=rows_max)
    return json_response({"elements": [serialize_act(act) for act in acts]})


def serialize_act(act: JobAct) -> dict[str, Any]:
    return {
        "at": act.made_at.isoformat(),
        "operation": act.kind,
        "status": act.status,
        "detail": act.detail,
        "task": None if act.task_id is None else f"{URN_TASK}{act.task_id}",
        "changedBy": act.actor or None,
        "changedFields": list(act.changed_fields),
    }


# fmt: off
JOBS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/jobs", list_jobs, audience=Audience.PARTNER, quota="partner", parameters=PARAMETERS, may_be_stale=True,
             summary="List the caller's jobs with their figures, and count them by state"),
    Endpoint("GET", "/partner/jobs/{job_id:int}/operations", list_operations, audience=Audience.PARTNER, quota="partner", parameters=("count",),
             summary="List what was done with a job: the tasks of its partner's software, and what people changed"),
)
# fmt: on
