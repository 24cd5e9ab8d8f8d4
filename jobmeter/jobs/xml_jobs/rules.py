"""Owns the decisions about jobs of the XML API: required content, allowed changes, the cost of a run. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.credits.model import PaidRun
from jobmeter.contracts.hiring.model import HiringContract, Role
from jobmeter.jobs.model import JobState
from jobmeter.jobs.xml_jobs.model import DocumentColumns, JobPolicy, XmlJob
from jobmeter.wire.xml.job.fields import Flaw, JobContent, JobDocument, merge_content, path_of, refuse_flaws

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def check_post(content: JobContent, contract: HiringContract, policy: JobPolicy) -> JobContent:
    """Returns the content that a posting stores (credits page, parameter table; xml spec 16, rows 10 and 25).

    Raises ``Refused(JOB_DOCUMENT_INVALID)``: for a reseller without a poster or with a tracking pixel, for a
    distributor whose poster has no seat.
    """
    checked = _drop_pixel(content, contract, policy)
    refuse_flaws(_find_flaws(checked, contract, is_poster_new=True))
    return checked


def check_edit(job: XmlJob, document: JobDocument, contract: HiringContract, policy: JobPolicy) -> JobContent:
    """Returns the content of ``job`` after the edit; its ids stay. Raises as ``check_post``; the title may be
    frozen.
    """
    asked = replace(document, content=_drop_pixel(document.content, contract, policy))
    merged = merge_content(job.content, asked)
    kept = replace(merged, partner_job_id=job.partner_job_id, contract_id=job.content.contract_id)
    flaws = _find_flaws(kept, contract, is_poster_new=kept.poster_email != job.content.poster_email)
    if policy.title_is_frozen and kept.title != job.content.title:
        flaws.append(Flaw(path_of("title"), "cannot be changed after posting"))
    refuse_flaws(flaws)
    return kept


def _drop_pixel(content: JobContent, contract: HiringContract, policy: JobPolicy) -> JobContent:
    if contract.role is Role.RESELLER and policy.reseller_pixel_is_ignored:
        return replace(content, tracking_pixel_url=None)
    return content


def _find_flaws(content: JobContent, contract: HiringContract, *, is_poster_new: bool) -> list[Flaw]:
    flaws = []
    poster = poster_of(content, contract)
    if contract.role is Role.RESELLER:
        if not poster:
            flaws.append(Flaw(path_of("poster_email"), "is required"))
        if content.tracking_pixel_url is not None:
            flaws.append(Flaw(path_of("tracking_pixel_url"), "is not supported for resellers"))
    elif is_poster_new and poster not in {*contract.seats, contract.default_poster_email}:
        flaws.append(Flaw(path_of("poster_email"), "is not a seat on the contract"))
    return flaws


def poster_of(content: JobContent, contract: HiringContract) -> str:
    """Returns the poster's e-mail in lower case; only a slots contract has a default poster."""
    fallback = contract.default_poster_email if contract.role is Role.DISTRIBUTOR else ""
    return (content.poster_email or fallback).lower()


def check_named_contract(job: XmlJob, document: JobDocument, contract: HiringContract) -> None:
    """Checks the job's ids in an edit or a renewal (credits page, parameter table; xml spec 16, rows 11 and 12).

    A reseller must name the contract, and a contract that is named must be the job's. Raises ``Refused``:
    JOB_DOCUMENT_INVALID, HIRING_CONTRACT_DENIED.
    """
    named = document.content
    if named.partner_job_id not in {None, job.partner_job_id}:
        refuse_flaws([Flaw(path_of("partner_job_id"), "differs from the job that the URL names")])
    if named.contract_id is None:
        if contract.role is Role.RESELLER:
            refuse_flaws([Flaw(path_of("contract_id"), "is required")])
    elif not contract.is_called(named.contract_id):
        raise Refused(Fault.HIRING_CONTRACT_DENIED, contract=named.contract_id)


def check_state(job: XmlJob, document: JobDocument) -> None:
    """A renewal does not reopen a job; an expired job can be edited only while it is renewed (xml spec 8).

    Raises ``Refused``: JOB_CLOSED, JOB_EXPIRED.
    """
    if job.state is JobState.CLOSED:
        raise Refused(Fault.JOB_CLOSED)
    if job.state is JobState.EXPIRED and not document.renewal:
        raise Refused(Fault.JOB_EXPIRED)


def costs_unit(job: XmlJob, contract: HiringContract) -> bool:
    """Whether a renewal takes a unit: always a credit, a slot only when the run has ended (xml spec 16, row 17)."""
    return contract.role is Role.RESELLER or job.state is JobState.EXPIRED


def run_of(job: XmlJob, *, is_renewal: bool) -> PaidRun:
    """Returns the run that the job begins, as it is invoiced."""
    columns = DocumentColumns.of(job.content)
    return PaidRun(
        job_id=job.job_id,
        run_number=job.run_number,
        application_id=job.application_id,
        is_renewal=is_renewal,
        external_id=job.partner_job_id,
        title=columns.title,
        company_name=columns.company_name,
        customer_job_code=columns.company_job_code or "",
        poster_email=job.poster_email,
    )


def run_until(start: datetime, contract: HiringContract) -> datetime:
    """Returns when a run that starts at ``start`` ends (xml spec 16, row 15)."""
    return start + min(timedelta(days=contract.run_days), _END_OF_TIME - start)


def renew_until(job: XmlJob, contract: HiringContract, now: datetime) -> datetime:
    """A renewal extends the run from the later of now and the expiry (xml spec 16, row 16)."""
    return run_until(max(now, job.expires_at), contract)


def list_changed_fields(before: JobContent, after: JobContent) -> list[str]:
    return [name for name in JobContent.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
