"""``GET /operator/jobs/{id}/links``: the addresses that a job board puts on its own pages."""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.context import AppContext
from jobmeter.api.http.responses import json_response
from jobmeter.api.operator.gateway import with_operator_key
from jobmeter.base.faults import Fault, Refused
from jobmeter.jobs.pages import flow as pages
from jobmeter.wire.links import make_links


@with_operator_key
async def show_links(request: Request, state: AppContext) -> Response:
    """The job's page, its signed apply link and its view pixel; they stay the same as long as the secret key does."""
    job_id = int(request.path_params["job_id"])
    async with state.database.connection() as connection:
        page = await pages.read_page(connection, job_id=job_id) if job_id < 2**63 else None
    if page is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    return json_response(make_links(state.settings.base_url, job_id, key=state.settings.secret_key))
