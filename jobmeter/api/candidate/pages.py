"""The candidate's endpoints: ``GET /jobs/view/{id}``, ``/jobs/apply/{token}`` and ``/jobs/pixel/{token}.gif``.

A response is sent once its view or click is durable. A link names a job and is signed; it redirects to the address
that the partner stored, and nothing in a request can change that address.
"""

import base64
import secrets
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec
import psycopg
from markupsafe import Markup
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jobmeter.api.candidate.facts import list_facts, name_host, summarize
from jobmeter.api.candidate.language import STATUSES, find_direction, find_language, find_words
from jobmeter.api.candidate.problems import NO_STORE, PAGE_HEADERS, TEMPLATES
from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.web_url import to_ascii_url
from jobmeter.base.settings import Settings
from jobmeter.geo.lookup import parse_address
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_path_id
from jobmeter.jobs.pages import flow as pages
from jobmeter.jobs.pages.model import ApplyTarget, JobPage
from jobmeter.metering.intake.flow import TAKEN_BACK
from jobmeter.wire.events import Event
from jobmeter.wire.links import make_link_token, read_link_token
from jobmeter.wire.xml.html import clean_markup, plain_text

SOURCE = "jobmeter"
VISITOR_COOKIE = "jobmeter_visitor"
VISITOR_SECONDS = 86_400
VISITOR_COOKIE_FORMAT = (
    f"{VISITOR_COOKIE}=%s; HttpOnly; Max-Age={VISITOR_SECONDS}; Path=/; SameSite=lax".encode()
)
VISITOR_COOKIE_SECURE_FORMAT = VISITOR_COOKIE_FORMAT + b"; Secure"
# What browsers and mail programs say when they load a page that nobody has opened yet.
PURPOSE_HEADERS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
AHEAD_PURPOSES = (b"prefetch", b"prerender", b"preview")
LOCATION_CHARACTERS = ":/%#?=@[]!$&'()*+,;"  # that stay as they are, as in Starlette's redirects
OK = 200
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# The words of schema.org, where they are not those of the API.
# What a partner wrote in its own words has no name in schema.org.
SCHEMA_EMPLOYMENT_TYPES = dict(zip(STATUSES, STATUSES, strict=True)) | {
    "CONTRACT": "CONTRACTOR",
    "INTERNSHIP": "INTERN",
}


async def show_job(context: RequestContext) -> Response:
    """Returns the job's page and counts a view; a live job's page has schema.org data and the distributor's pixel.

    The page of a job that is over is sent with 410, by which search engines drop it.
    """
    request, app = context.request, context.app
    job_id = read_path_id(request, "job_id", what="job")
    async with app.database.connection() as connection:
        page = await pages.read_page(connection, job_id=job_id)
    if page is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    visitor = read_visitor(request)
    if page.is_live and not is_check(request):
        await count_event(context, job_id, "view", visitor)
    content = render_job(page, settings=app.settings)
    status = OK if page.is_live else Fault.JOB_GONE.row.status
    return set_visitor_cookie(context, HTMLResponse(content, status, headers=PAGE_HEADERS), visitor)


def render_job(page: JobPage, *, settings: Settings) -> str:
    """Renders the page in the language of the job's own text."""
    text, description = plain_text(page.content["description"]), clean_markup(page.content["description"])
    language = find_language(f"{page.title} {text}")
    token = make_link_token(page.job_id, purpose="apply", key=settings.secret_key)
    return TEMPLATES.get_template("job.html").render(
        page=page,
        language=language,
        direction=find_direction(language),
        words=find_words(language),
        facts=list_facts(page, language),
        url=f"{settings.base_url}/jobs/view/{page.job_id}",
        summary=summarize(text, details=page.details),
        apply_path=f"/jobs/apply/{token}" if token else None,
        apply_host=name_host(page.apply_url),
        description=Markup(description),  # noqa: S704 -- sanitized here
        is_plain="<" not in description,
        structured=Markup(structured_data(page, description)),  # noqa: S704 -- escaped for a script element
        pixel_url=page.tracking_pixel_url,
    )


async def follow_apply_link(context: RequestContext) -> Response:
    """Counts an apply click, then redirects (302) to the address that the partner stored for the job; HEAD is not counted."""
    request = context.request
    job_id = read_token(context, "apply")
    if is_prefetch(request):
        raise Refused(Fault.OVERLOADED)
    visitor = read_visitor(request)
    if is_head(request):
        async with context.app.database.connection() as connection:
            target = await pages.read_apply_target(connection, job_id=job_id)
    else:
        target = await count_event(context, job_id, "applyClick", visitor)
    if target is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    if not target.is_live:
        raise Refused(Fault.JOB_GONE)
    if not target.apply_url:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="apply address for job", key=job_id)
    headers = NO_STORE | {"location": write_target(target.apply_url)}
    return set_visitor_cookie(context, Response(status_code=302, headers=headers), visitor)


@lru_cache(maxsize=16_384)  # some hundred bytes each
def write_target(apply_url: str) -> str:
    """The address as a redirect spells it, with what has no place in a URL encoded."""
    scheme, found, address = apply_url.partition("mailto:")
    if found and not scheme:
        return f"mailto:{quote(address, safe='@')}"
    return quote(to_ascii_url(apply_url), safe=LOCATION_CHARACTERS)


async def count_by_pixel(context: RequestContext) -> Response:
    """Returns a 1x1 GIF and counts a view, for job boards that render their own pages."""
    job_id = read_token(context, "pixel")
    visitor = read_visitor(context.request)
    if not is_check(context.request):
        await count_event(context, job_id, "view", visitor)
    return set_visitor_cookie(context, Response(PIXEL, media_type="image/gif", headers=NO_STORE), visitor)


async def count_event(context: RequestContext, job_id: int, kind: str, visitor: str) -> ApplyTarget | None:
    """Records one event through the process's batcher. Raises ``Refused`` when it cannot be made durable."""
    event = Event(
        source=SOURCE,
        id=secrets.token_hex(12),
        type=kind,
        time=to_ms(context.now),
        job=job_id,
        visitor=visitor,
        user_agent=context.request.headers.get("user-agent"),
        address=context.app.proxies.find_address(context.request),
    )
    try:
        return await context.app.singles.submit(event)
    except TAKEN_BACK as error:
        raise Refused(Fault.OVERLOADED) from error
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise context.app.database.refuse(error) from error


def is_head(request: Request) -> bool:
    """Whether the request only checks where a link leads: that is neither a view nor a click."""
    return request.method == "HEAD"


def is_prefetch(request: Request) -> bool:
    """Whether a browser prefetches the link. If that is refused, the browser requests it again on the real click."""
    # In one pass, also of several with the same name; the server passes names in lower case.
    said = b" ".join(text for name, text in request.scope["headers"] if name in PURPOSE_HEADERS).lower()
    return any(purpose in said for purpose in AHEAD_PURPOSES)


def is_check(request: Request) -> bool:
    """Whether nobody looks at the response."""
    return is_head(request) or is_prefetch(request)


def read_token(context: RequestContext, purpose: str) -> int:
    token = context.request.path_params["token"]
    job_id = read_link_token(token, purpose=purpose, key=context.app.settings.secret_key)
    if job_id is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="link", key=token[:60])
    return job_id


def read_visitor(request: Request) -> str:
    """The candidate's identifier for one day: the cookie's value, or a new one."""
    return request.cookies.get(VISITOR_COOKIE, "")[:64] or secrets.token_hex(12)


def set_visitor_cookie(context: RequestContext, response: Response, visitor: str) -> Response:
    """The cookie is only sent over TLS where candidates reach the server over TLS, usually through a proxy."""
    write_visitor_cookie(response, visitor, is_secure=context.app.settings.base_url.startswith("https:"))
    return response


def write_visitor_cookie(response: Response, visitor: str, *, is_secure: bool) -> None:
    if visitor.isascii() and visitor.isalnum():
        # As below, in a sixth of the time, which is a tenth of a click's.
        cookie = VISITOR_COOKIE_SECURE_FORMAT if is_secure else VISITOR_COOKIE_FORMAT
        response.raw_headers.append((b"set-cookie", cookie % visitor.encode()))
        return
    # A value that was not set here: it has to be quoted.
    response.set_cookie(
        VISITOR_COOKIE, visitor, max_age=VISITOR_SECONDS, httponly=True, samesite="lax", secure=is_secure
    )


def structured_data(page: JobPage, description: str) -> str:
    """Returns a schema.org JobPosting as JSON that is safe inside a script element."""
    shown: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": page.title,
        "description": description,
        "datePosted": page.listed_at.date().isoformat(),
        "validThrough": page.expires_at.isoformat(),
        "hiringOrganization": {"@type": "Organization", "name": page.company_name},
        "jobLocation": _serialize_places(page),
        "identifier": {"@type": "PropertyValue", "name": "Jobmeter", "value": str(page.job_id)},
        "directApply": False,
    }
    if page.employment_type:
        shown["employmentType"] = SCHEMA_EMPLOYMENT_TYPES.get(page.employment_type, "OTHER")
    if page.company_page:
        shown["hiringOrganization"]["sameAs"] = page.company_page
    if page.is_remote:
        shown["jobLocationType"] = "TELECOMMUTE"
    text = msgspec.json.encode(shown).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _serialize_places(page: JobPage) -> dict[str, Any] | list[dict[str, Any]]:
    first = {"@type": "Place", "address": serialize_address(page.location, page.country)}
    others = [{"@type": "Place", "address": serialize_address(place, "")} for place in page.other_places]
    return [first, *others] if others else first


def serialize_address(location: str, country: str) -> dict[str, str]:
    """Returns a schema.org PostalAddress; search engines require the country as a code."""
    address = parse_address(location, country=country)
    parts = {
        "addressLocality": address.locality,
        "addressRegion": address.region,
        "addressCountry": address.country,
    }
    return {"@type": "PostalAddress"} | {name: text for name, text in parts.items() if text}
