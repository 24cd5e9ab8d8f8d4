"""``/robots.txt``, ``/sitemap.xml`` and ``/sitemaps/{n}.xml``: what search engines may read, and the live jobs that are public."""

from collections.abc import AsyncIterator
from datetime import UTC

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_path_id
from jobmeter.job_lists.open_jobs import flow as open_jobs
from jobmeter.job_lists.open_jobs.model import SITEMAP_SPAN, SitemapJob

SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
MEDIA = "application/xml"
HEADERS = {"Cache-Control": "public, max-age=3600"}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
ALLOWED = ("/jobs$", "/jobs?", "/jobs/view/", "/sitemap.xml", "/sitemaps/")


async def show_robots(context: RequestContext) -> Response:
    """The pages of jobs may be read; of a sandbox, nothing."""
    return PlainTextResponse(write_robots(context.app.settings), headers=HEADERS)


def write_robots(settings: Settings) -> str:
    if settings.sandbox:
        return "User-agent: *\nDisallow: /\n"
    allowed = "".join(f"Allow: {path}\n" for path in ALLOWED)
    return f"User-agent: *\n{allowed}Disallow: /\n\nSitemap: {settings.base_url}/sitemap.xml\n"


async def list_sitemaps(context: RequestContext) -> Response:
    """Lists the files that have a job."""
    async with context.app.database.connection() as connection:
        numbers = await open_jobs.list_sitemaps(connection, now=context.now)
    base_url = context.app.settings.base_url
    files = "".join(f"<sitemap><loc>{base_url}/sitemaps/{number}.xml</loc></sitemap>\n" for number in numbers)
    body = f'{HEAD}<sitemapindex xmlns="{SCHEMA}">\n{files}</sitemapindex>\n'
    return Response(body, media_type=MEDIA, headers=HEADERS)


async def show_sitemap(context: RequestContext) -> Response:
    """Streams the addresses of a file's jobs, with the time of their last change."""
    number = read_path_id(context.request, "number", what="sitemap")
    if number >= 2**62 // SITEMAP_SPAN:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="sitemap", key=number)
    await context.app.database.check()  # after the response has started, an error can no longer be reported
    parts = open_jobs.stream_sitemap(context.app.database, number, now=context.now)
    first = await anext(parts, None)
    if first is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="sitemap", key=number)
    content = _write(first, parts, context.app.settings.base_url)
    return StreamingResponse(content, media_type=MEDIA, headers=HEADERS)


async def _write(
    first: list[SitemapJob], others: AsyncIterator[list[SitemapJob]], base_url: str
) -> AsyncIterator[str]:
    yield f'{HEAD}<urlset xmlns="{SCHEMA}">\n' + _write_part(first, base_url)
    async for part in others:
        yield _write_part(part, base_url)
    yield "</urlset>\n"


def _write_part(jobs: list[SitemapJob], base_url: str) -> str:
    return "".join(
        f"<url><loc>{base_url}/jobs/view/{job.job_id}</loc>"
        f"<lastmod>{job.changed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod></url>\n"
        for job in jobs
    )
