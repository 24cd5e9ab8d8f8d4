"""Owns refusals as pages, for people who open an address in a browser; every other caller gets JSON.

Does not own which refusal applies (``base.faults``).
"""

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.responses import plain_refusal, wants_page

TEMPLATES = Environment(
    loader=PackageLoader("jobmeter.api.candidate"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer-when-downgrade"}
# A page runs no script, even if a description contains one; the distributor's pixel may be on any host.
PAGE_HEADERS = NO_STORE | {
    "Content-Security-Policy": "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
RELOAD_SECONDS = 5
_TITLES = {
    Fault.ROUTE_UNKNOWN.row.status: (
        "Page not found",
        "There is nothing at this address. The link may be incomplete, or the page was removed.",
    ),
    Fault.METHOD_NOT_ALLOWED.row.status: ("Not possible here", "This address cannot be opened in a browser."),
    Fault.JOB_GONE.row.status: ("This job is over", "This job no longer accepts applications."),
    Fault.OVERLOADED.row.status: (
        "Try again in a moment",
        "The page cannot be shown right now. It reloads by itself in a few seconds.",
    ),
}
_OTHER = ("Something went wrong", "The page cannot be shown.")


def refuse_with_page(request: Request, refused: Refused) -> Response:
    """Returns the refusal as a page if the caller wants one, otherwise as JSON; status and headers are the same."""
    response = plain_refusal(refused)
    if not wants_page(request):
        return response
    row, is_temporary = refused.fault.row, refused.fault.is_temporary
    title, explanation = _TITLES.get(row.status, _OTHER)
    content = TEMPLATES.get_template("problem.html").render(
        language="en",
        direction="ltr",
        title=title,
        explanation=explanation,
        status=row.status,
        code=row.label or refused.fault.name,
        # A prefetched apply link is refused with 503 too; reloading it would count a click that nobody made.
        retry_seconds=RELOAD_SECONDS if is_temporary and "/apply/" not in request.scope["path"] else None,
    )
    kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
    return HTMLResponse(content, status_code=row.status, headers=PAGE_HEADERS | kept)


def refuse_unknown(request: Request, restli: Response) -> Response:
    """Returns the page for an address that no endpoint has; programs get the gateway's ``restli`` response."""
    return refuse_with_page(request, Refused(Fault.ROUTE_UNKNOWN)) if wants_page(request) else restli
