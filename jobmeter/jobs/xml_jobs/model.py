"""Owns the values of jobs of the XML API: a job and its content, the settings of an installation."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from jobmeter.jobs.model import JobState
from jobmeter.wire.xml.job.fields import FIELDS, Field, JobContent


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlJob:
    """``run_number`` counts postings and renewals; ``revision`` counts changes. The e-mail is in lower case."""

    shard: int
    job_id: int
    application_id: int
    partner_job_id: str
    hiring_contract_id: int
    poster_email: str
    run_number: int
    revision: int
    state: JobState
    content: JobContent
    listed_at: datetime
    expires_at: datetime
    closed_at: datetime | None

    @property
    def partner_contract_id(self) -> int | None:
        """Jobs of this API are paid per slot or credit, never per click."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentColumns:
    """The columns of a posting that come from its document, written by both a posting and an edit."""

    company_job_code: str | None
    title: str
    company_name: str
    apply_url: str
    location: str
    document: dict[str, Any]

    @classmethod
    def of(cls, content: JobContent) -> Self:
        return cls(
            company_job_code=content.customer_job_code,
            title=content.title or "",
            company_name=content.company_name or "",
            apply_url=content.application_url or "",
            location=content.location_name or content.postal_code or (content.country_code or "").upper(),
            document={name: value for name, value in asdict(content).items() if value is not None},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPolicy:
    """The settings of an installation (xml spec 16, rows 4, 10 and 22)."""

    fields: tuple[Field, ...] = field(default=FIELDS)
    title_is_frozen: bool = False
    reseller_pixel_is_ignored: bool = False
