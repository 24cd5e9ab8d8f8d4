"""``GET /``: what this server is and where to go, as a page for browsers and as JSON for programs."""

from starlette.responses import HTMLResponse, Response

from jobmeter import __version__
from jobmeter.api.candidate.problems import PAGE_HEADERS, TEMPLATES
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import json_response, wants_page


async def show_home(context: RequestContext) -> Response:
    """Returns links to the endpoints' page, the OpenAPI document and the health check."""
    is_sandbox = context.app.settings.sandbox
    if wants_page(context.request):
        content = TEMPLATES.get_template("home.html").render(
            language="en", direction="ltr", version=__version__, is_sandbox=is_sandbox
        )
        return HTMLResponse(content, headers=PAGE_HEADERS | {"Vary": "Accept"})
    links = {"docs": "/docs", "openapi": "/openapi.json", "health": "/health", "portal": "/portal"}
    return json_response(
        {"name": "Jobmeter", "version": __version__, "sandbox": is_sandbox, "links": links},
        headers={"Vary": "Accept"},
    )
