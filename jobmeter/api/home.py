"""``GET /``: what this server is and where to go, as a page for browsers and as JSON for programs."""

from starlette.responses import HTMLResponse, Response

from jobmeter import __version__
from jobmeter.api.candidate.problems import PAGE_HEADERS, TEMPLATES
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import json_response, wants_page


async def show_home(context: RequestContext) -> Response:
    """Returns the board's name, and links to the web pages, the endpoints' page, the OpenAPI document and the health check."""
    settings = context.app.settings
    name, is_sandbox = settings.board_name or "Jobmeter", settings.sandbox
    if wants_page(context.request):
        content = TEMPLATES.get_template("home.html").render(
            language="en", direction="ltr", version=__version__, board=name, is_sandbox=is_sandbox
        )
        return HTMLResponse(content, headers=PAGE_HEADERS | {"Vary": "Accept"})
    links = {"docs": "/docs", "openapi": "/openapi.json", "health": "/health", "portal": "/portal"}
    if is_sandbox:
        links |= {"demonstration": "/portal/login#demonstration", "sandbox": "/portal/sandbox"}
    return json_response(
        {"name": "Jobmeter", "board": name, "version": __version__, "sandbox": is_sandbox, "links": links},
        headers={"Vary": "Accept"},
    )
