"""``/v1/jobs``: post, read, edit, renew and close a job with an XML document or its JSON equivalent (xml spec 5)."""

from typing import Final
from urllib.parse import quote

from jobmeter.api.xml.gateway import XmlCall, XmlReply
from jobmeter.base.clock import to_ms
from jobmeter.base.settings import Settings
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs import flow as jobs
from jobmeter.jobs.xml_jobs.model import JobPolicy, XmlJob
from jobmeter.wire.xml.job.fields import FIELDS, JobDocument, set_sizes
from jobmeter.wire.xml.job.keys import JobKey, read_job_key
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.job.response import JobView, render_job_json, render_job_xml
from jobmeter.wire.xml.reader import read_document

ROOT: Final = "/v1/jobs"
IGNORED_HEADER: Final = "X-Jobmeter-Ignored"
IGNORED_BYTES_MAX: Final = 1_000
DESCRIPTION_CHARACTERS_MAX: Final = next(row.size[1] for row in FIELDS if row.name == "description")


async def post_job(call: XmlCall) -> XmlReply:
    """Responds 201 with the job's address."""
    policy = _policy_of(call.app.settings)
    document = _read_document(call, DocumentKind.POST, policy)
    async with call.app.database.transaction() as connection:
        job = await jobs.post_job(
            connection, application=call.application, document=document, now=call.now, policy=policy
        )
    location = {"Location": f"{call.base_url}{ROOT}/{job.job_id}"}
    return XmlReply(201, headers=location | _list_ignored(document))


async def show_job(call: XmlCall) -> XmlReply:
    key = _read_key(call)
    async with call.app.database.connection() as connection:
        job = await jobs.find_job(connection, application=call.application, key=key, now=call.now)
    view = JobView(
        job_id=job.job_id,
        active=job.state is JobState.LIVE,
        posted_at_ms=to_ms(job.listed_at),
        expires_at_ms=to_ms(job.expires_at),
        content=job.content,
        site_job_url=_site_url(call, job),
    )
    render = render_job_json if call.is_json else render_job_xml
    return XmlReply(200, render(view, selector=key.selector))


async def change_job(call: XmlCall) -> XmlReply:
    """Edits the job, renews it, or both; responds 200."""
    key = _read_key(call)
    policy = _policy_of(call.app.settings)
    document = _read_document(call, DocumentKind.EDIT, policy)
    async with call.app.database.transaction() as connection:
        await jobs.change_job(
            connection,
            application=call.application,
            key=key,
            document=document,
            now=call.now,
            policy=policy,
        )
    return XmlReply(200, headers=_list_ignored(document))


async def close_job(call: XmlCall) -> XmlReply:
    """Responds 204; a body, which some clients send, is ignored."""
    key = _read_key(call)
    async with call.app.database.transaction() as connection:
        await jobs.close_job(connection, application=call.application, key=key, now=call.now)
    return XmlReply(204)


def _read_key(call: XmlCall) -> JobKey:
    return read_job_key(call.path.removeprefix(f"{ROOT}/").removesuffix("/"))


def _read_document(call: XmlCall, purpose: DocumentKind, policy: JobPolicy) -> JobDocument:
    root = read_document(call.body, content_type=call.content_type)
    return read_job(root, purpose, fields=policy.fields)


def _list_ignored(document: JobDocument) -> dict[str, str]:
    """The header that names the elements that were ignored, so that a misspelt one is noticed."""
    names, size = [], 0
    for path in document.ignored:
        name = quote(path, safe="/[]")
        size += len(name) + 2
        if size > IGNORED_BYTES_MAX:
            break
        names.append(name)
    return {IGNORED_HEADER: "; ".join(names)} if names else {}


def _policy_of(settings: Settings) -> JobPolicy:
    return JobPolicy(
        fields=set_sizes(description=(settings.xml_description_characters_min, DESCRIPTION_CHARACTERS_MAX)),
        title_is_frozen=settings.xml_title_is_frozen,
        reseller_pixel_is_ignored=settings.xml_reseller_pixel_is_ignored,
    )


def _site_url(call: XmlCall, job: XmlJob) -> str:
    return f"{call.base_url}/jobs?viewJob=&jobId={job.job_id}"
