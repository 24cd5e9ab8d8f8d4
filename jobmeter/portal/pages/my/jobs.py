"""``/portal/my/jobs``: the jobs of a member or a customer, and each with its figures by day."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.charts.inline import Meter
from jobmeter.http.parameters import read_query_id, read_query_text
from jobmeter.jobs.members import flow as members
from jobmeter.jobs.members.model import NEWEST, JobKind, JobSearch, MemberJob
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.my.days import read_days
from jobmeter.portal.pages.my.owned import choose_chip, explain, find_job, find_list, find_viewer, name_kind

PAGE_ROWS = 50
STATES = {"open": True, "over": False, "all": None}


async def list_jobs(visit: Visit) -> Response:
    request, now = visit.context.request, visit.context.now
    state = request.query_params.get("state", "open")
    state = state if state in STATES else "open"
    search = read_query_text(request, "q")
    before = read_query_id(request, "before")
    wanted = JobSearch(
        search=search,
        is_open=STATES[state],
        before=NEWEST if before is None else before,
        rows_max=PAGE_ROWS + 1,
    )
    async with visit.app.database.connection() as connection:
        found = await members.list_jobs(connection, viewer=find_viewer(visit), wanted=wanted, now=now)
    shown = found[:PAGE_ROWS]
    query = {"q": search, "state": state}
    following = query | {"before": str(shown[-1].job.job_id)} if len(found) > PAGE_ROWS else None
    return visit.show(
        "member/jobs.html",
        jobs=[describe(visit, one) for one in shown],
        jobs_path=find_list(visit),
        search=search,
        state=state,
        states=tuple(STATES),
        is_customer=find_viewer(visit).is_customer,
        first=f"?{urlencode(query)}" if before is not None else "",
        following=f"?{urlencode(following)}" if following is not None else "",
    )


def describe(visit: Visit, shown: MemberJob) -> dict[str, Any]:
    """Returns what every page of a job shows of it."""
    job, powers, limit = shown.job, shown.powers, shown.snapshot.limit
    return {
        "job": job,
        "jobs_path": find_list(visit),
        "chip_of": choose_chip(shown, visit.context.now),
        "kind": name_kind(visit, job),
        "figures": shown.figures,
        "limit": limit if job.kind is JobKind.CLICKS else None,
        "meter_of": Meter(
            limit=limit.limit_micros,
            final=limit.spent_micros - shown.figures.estimated_micros,
            estimated=shown.figures.estimated_micros,
        ),
        "is_open": job.is_open(visit.context.now),
        "may_edit": powers.against_edit is None,
        "may_close": powers.against_close is None,
        "may_renew": powers.against_renew is None,
        "why_not_edit": explain(visit, powers.against_edit, job),
        "why_not_renew": explain(visit, powers.against_renew, job),
        "posting": shown.snapshot.status.posting,
    }


async def show_job(visit: Visit) -> Response:
    """With ``?show=`` the chart shows another figure."""
    found = await find_job(visit)
    figures = await read_days(visit, found)
    return visit.show("member/job.html", **describe(visit, found), **figures)
