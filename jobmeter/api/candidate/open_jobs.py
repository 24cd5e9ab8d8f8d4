"""``GET /jobs``: the list of open jobs, for a board that has no pages of its own; with ``jobId``, the way to one job."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from jobmeter.api.candidate.problems import PAGE_HEADERS, TEMPLATES
from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import IDS_MAX, read_query_id, read_query_text
from jobmeter.job_lists.open_jobs import flow as open_jobs
from jobmeter.job_lists.open_jobs.model import OpenJob

PAGE_ROWS = 50
JOB_ID_DIGITS_MAX = 18
# The search is a form, which sends to this page.
LIST_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    )
}


async def list_jobs(context: RequestContext) -> Response:
    """Redirects ``jobId``, the published form of a job's address, to the job's page. Without it, returns the list if it
    is switched on; ``search`` finds a part of title, company, place, id or code; ``before`` and ``after`` are job ids.
    """
    settings, query = context.app.settings, context.request.query_params
    if "jobId" in query or not settings.open_jobs_page:
        return _redirect(query.get("jobId", ""))
    search = read_query_text(context.request, "search")
    before = read_query_id(context.request, "before") or IDS_MAX
    after = read_query_id(context.request, "after")
    async with context.app.database.connection() as connection:
        found = await open_jobs.list_open_jobs(
            connection,
            search=search or None,
            before=before,
            after=after,
            rows_max=PAGE_ROWS + 1,
            now=context.now,
        )
    jobs = found[-PAGE_ROWS:] if after is not None else found[:PAGE_ROWS]
    is_more = len(found) > PAGE_ROWS
    content = TEMPLATES.get_template("jobs.html").render(
        language="en",
        direction="ltr",
        url=f"{settings.base_url}/jobs",
        search=search,
        jobs=jobs,
        is_first=before == IDS_MAX and after is None,
        **_link_pages(
            jobs,
            search,
            has_older=is_more or after is not None,
            has_newer=before < IDS_MAX if after is None else is_more,
        ),
    )
    return HTMLResponse(content, headers=LIST_HEADERS)


def _redirect(job_id: str) -> Response:
    if not (job_id.isascii() and job_id.isdigit() and len(job_id) <= JOB_ID_DIGITS_MAX):
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id[:60])
    return RedirectResponse(f"/jobs/view/{int(job_id)}", status_code=302)


def _link_pages(jobs: list[OpenJob], search: str, *, has_older: bool, has_newer: bool) -> dict[str, Any]:
    kept = {"search": search} if search else {}
    return {
        "older": f"/jobs?{urlencode(kept | {'before': jobs[-1].job_id})}" if jobs and has_older else None,
        "newer": f"/jobs?{urlencode(kept | {'after': jobs[0].job_id})}" if jobs and has_newer else None,
    }
