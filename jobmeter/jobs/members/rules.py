"""Owns the decisions about members' jobs: who sees a job, what is allowed and why not, what an edit changes. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.text import trim_text
from jobmeter.jobs.members.model import (
    XML,
    Denial,
    EditableTexts,
    JobKind,
    JobViewer,
    OwnedJob,
    PortalPowers,
    TextEdit,
)
from jobmeter.jobs.model import JobPosting, JobState, Operation
from jobmeter.wire.xml.job.fields import JobDocument
from jobmeter.wire.xml.job.request import DocumentKind, read_job
from jobmeter.wire.xml.reader import Node

_ENDS = {
    JobState.CLOSED: Denial.CLOSED,
    JobState.FAILED: Denial.FAILED,
    JobState.EXPIRED: Denial.EXPIRED,
}
# The elements of a document and the fields of an element for each editable text.
_PATHS = {
    "title": ("position", "title"),
    "location": ("position", "location", "name"),
    "description": ("position", "description"),
    "apply_url": ("how-to-apply", "application-url"),
}
_FIELDS = {
    "title": "title",
    "location": "location",
    "description": "description",
    "apply_url": "companyApplyUrl",
}


def is_visible(job: OwnedJob, viewer: JobViewer) -> bool:
    """Whether the person sees the job (credits page, job access).

    People of a partner see all its jobs, a customer all jobs of its applications and contracts. A member sees the jobs posted with its e-mail; those on
    a client's slots belong to the client's seats.
    """
    if viewer.partner_id is not None:
        return job.partner_id == viewer.partner_id
    if viewer.is_customer:
        return (
            job.application_id in viewer.application_ids
            or job.hiring_contract_id in viewer.hiring_contract_ids
        )
    if job.kind is JobKind.SLOT and viewer.member_email in job.seats:
        return bool(viewer.member_email)
    if job.kind is JobKind.SLOT and job.channel == XML:
        return False
    return bool(viewer.member_email) and viewer.member_email == job.poster_email


def find_powers(job: OwnedJob, viewer: JobViewer, now: datetime) -> PortalPowers:
    """Returns what the person, who sees the job, may do with it.

    The poster of a reseller's job edits and closes it but never renews it, to keep billing correct; the money of a job
    that is paid per click is its partner's. A distributor's job can be fully managed by the client.
    """
    if job.kind is JobKind.FEED:
        from_feed = Denial.FROM_FEED
        return PortalPowers(against_edit=from_feed, against_close=from_feed, against_renew=from_feed)
    end = _ENDS.get(job.state) or (None if job.is_open(now) else Denial.EXPIRED)
    ended = Denial.CONTRACT_ENDED if job.hiring_ends_at is not None and job.hiring_ends_at <= now else None
    # An expired job of the XML API can be closed, to free its id, and renewed.
    lasting = None if end is Denial.EXPIRED and job.channel == XML else end
    return PortalPowers(
        against_edit=end or ended,
        against_close=lasting,
        against_renew=lasting or _find_payer(job, viewer) or ended,
    )


def _find_payer(job: OwnedJob, viewer: JobViewer) -> Denial | None:
    if job.kind is JobKind.FREE:
        return Denial.AGENCY_RENEWS
    is_own = viewer.is_customer or viewer.member_email in job.seats
    return None if job.kind is JobKind.SLOT and is_own else Denial.PAYER_RENEWS


def check_allowed(denial: Denial | None, job: OwnedJob) -> None:
    """Raises ``Refused(JOB_ACTION_DENIED)`` with the reason, also as the parameter ``denial``."""
    if denial is not None:
        raise Refused(Fault.JOB_ACTION_DENIED, why=job.explain(denial), denial=denial)


def check_edit(job: OwnedJob, edit: TextEdit) -> EditableTexts:
    """Returns the texts after the edit. A form sends other ends of lines than a job may have: these change nothing.

    Raises ``Refused(JOB_CHANGED_MEANWHILE)`` with the parameters ``current`` and ``wanted``, if the texts are not those that
    the editor saw and differ from what it wants: nothing of either version is lost.
    """
    current = job.texts
    wanted = EditableTexts(
        **{name: _choose(getattr(current, name), getattr(edit.texts, name)) for name in _FIELDS}
    )
    if wanted != current and edit.seen != current.mark:
        raise Refused(Fault.JOB_CHANGED_MEANWHILE, job=job.job_id, current=current, wanted=wanted)
    return wanted


def _choose(current: str, wanted: str) -> str:
    return current if _unify(current) == _unify(wanted) else _unify(wanted)


def _unify(text: str) -> str:
    return trim_text(text.replace("\r\n", "\n"))


def list_changes(before: EditableTexts, after: EditableTexts) -> dict[str, str]:
    """Returns the texts that differ, by name."""
    return {name: getattr(after, name) for name in _FIELDS if getattr(before, name) != getattr(after, name)}


def make_element(content: dict[str, Any], changes: dict[str, str]) -> dict[str, Any]:
    """Returns the element of an UPDATE: the job's own with the changes."""
    changed = {_FIELDS[name]: value for name, value in changes.items()}
    return content | changed | {"jobPostingOperationType": Operation.UPDATE.value}


def make_content(posting: JobPosting) -> dict[str, Any]:
    """Returns the element of a job that was posted before elements were stored, without its text."""
    return {
        "externalJobPostingId": posting.external_id,
        "title": posting.title,
        "location": posting.location,
        "companyName": posting.company_name,
        "companyApplyUrl": posting.apply_url,
        "listedAt": to_ms(posting.listed_at),
    }


def make_document(changes: dict[str, str]) -> JobDocument:
    """Returns the document of an edit, read as one that a partner sends. Raises ``Refused(JOB_DOCUMENT_INVALID)``."""
    root = Node("job", "")
    for name, value in changes.items():
        root = _add(root, _PATHS[name], value)
    return read_job(root, DocumentKind.EDIT)


def _add(node: Node, path: tuple[str, ...], text: str) -> Node:
    if not path:
        return replace(node, text=text)
    inner = next((child for child in node.children if child.name == path[0]), Node(path[0], ""))
    others = tuple(child for child in node.children if child is not inner)
    return replace(node, children=(*others, _add(inner, path[1:], text)))
