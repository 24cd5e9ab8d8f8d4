"""``GET /operator/jobs/{id}/links``: the URLs that a job board puts on its own pages."""

from starlette.responses import Response

from jobmeter.api.http.context import RequestContext
from jobmeter.api.http.responses import json_response
from jobmeter.base.faults import Fault, Refused
from jobmeter.jobs.pages import flow as pages
from jobmeter.wire.links import make_links


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
