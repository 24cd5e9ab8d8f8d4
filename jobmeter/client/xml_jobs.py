"""Owns XML jobs (``/v1/jobs``): post, read, edit, renew and close. Needs lxml: ``pip install 'jobmeter[xml]'``.

Does not own the document (``wire.xml.job``). Import it beside the client: ``from jobmeter.client.xml_jobs import XmlJobs``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jobmeter.base.faults import Refused
from jobmeter.client.client import Client
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import read_time
from jobmeter.client.http.transport import Answer
from jobmeter.wire.xml.job.fields import JobContent, JobDocument
from jobmeter.wire.xml.job.keys import write_partner_key
from jobmeter.wire.xml.job.request_writer import write_draft

try:
    from jobmeter.wire.xml.reader import Node, read_document
except ModuleNotFoundError as error:
    raise ImportError("XML jobs need lxml, which is not installed: pip install 'jobmeter[xml]'") from error

PATH = "/v1/jobs"
XML = {"Content-Type": "text/xml; charset=UTF-8", "Accept": "text/xml"}
RESPONSE_BYTES_MAX = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlJob:
    """A job as its owner reads it."""

    job_id: int
    partner_job_id: str
    contract_id: int | None
    is_active: bool
    title: str
    company_name: str
    posted_at: datetime | None
    expires_at: datetime | None
    url: str


class XmlJobs:
    """The XML jobs of the client's application, by their partner job ids."""

    def __init__(self, client: Client) -> None:
        self._session = client.session

    def post(self, content: JobContent) -> int:
        """Posts a job and returns its id."""
        url = f"{self._session.transport.server.api_url}{PATH}"
        return self._session.write(
            "POST", url, write_draft(JobDocument(content)), headers=XML, read=_read_created
        )

    def edit(self, partner_job_id: str, content: JobContent, *, cleared: Iterable[str] = ()) -> None:
        """Replaces the fields that ``content`` has, and removes those that ``cleared`` names."""
        self._change(partner_job_id, JobDocument(content, frozenset(cleared)))

    def renew(self, partner_job_id: str, *, contract_id: int | None = None) -> None:
        """Begins another run of the job, on the same contract or on another."""
        self._change(partner_job_id, JobDocument(JobContent(contract_id=contract_id), renewal=True))

    def close(self, partner_job_id: str) -> None:
        url = self._locate(partner_job_id)
        self._session.write("DELETE", url, b"", headers=XML, read=_read_nothing)

    def read(self, partner_job_id: str) -> XmlJob:
        path = f"{PATH}/{write_partner_key(partner_job_id)}"
        return self._session.fetch(path, headers=XML, read=_read_job)

    def _change(self, partner_job_id: str, document: JobDocument) -> None:
        url = self._locate(partner_job_id)
        self._session.write("PUT", url, write_draft(document), headers=XML, read=_read_nothing)

    def _locate(self, partner_job_id: str) -> str:
        return f"{self._session.transport.server.api_url}{PATH}/{write_partner_key(partner_job_id)}"


def _read_nothing(_: Answer) -> None:
    return None


def _read_created(answer: Answer) -> int:
    key = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
    if not key.isascii() or not key.isdigit():
        raise UnreadableError("the response does not name the job")
    return int(key)


def _read_job(answer: Answer) -> XmlJob:
    try:
        root = read_document(
            answer.body,
            content_type=answer.headers.get("content-type", ""),
            bytes_max=RESPONSE_BYTES_MAX,
        )
    except Refused as refused:
        raise UnreadableError(f"the response cannot be read: {refused.message}") from refused
    contract = _find_text(root, "contract-id")
    return XmlJob(
        job_id=_read_number(_find_text(root, "id")),
        partner_job_id=_find_text(root, "partner-job-id"),
        contract_id=_read_number(contract) if contract else None,
        is_active=_find_text(root, "active") == "true",
        title=_find_text(root, "position", "title"),
        company_name=_find_text(root, "company", "name"),
        posted_at=_read_optional_time(_find_text(root, "posting-timestamp")),
        expires_at=_read_optional_time(_find_text(root, "expiration-timestamp")),
        url=_find_text(root, "site-job-url"),
    )


def _find_text(node: Node, *path: str) -> str:
    """Returns the text of the element at the path; an empty text if there is none."""
    for name in path:
        found = next((child for child in node.children if child.name == name), None)
        if found is None:
            return ""
        node = found
    return node.text


def _read_number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UnreadableError(f"{text[:80]!r} is not a number")
    return int(text)


def _read_optional_time(text: str) -> datetime | None:
    return read_time(_read_number(text)) if text else None
