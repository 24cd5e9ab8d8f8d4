"""Owns the values of jobs of the XML API: a job with its content, who changes it, what its owner may do on the site."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jobmeter.jobs.model import JobState
from jobmeter.wire.xml.job.fields import FIELDS, Field, JobContent


class XmlJobChange(StrEnum):
    POST = "POST"
    EDIT = "EDIT"
    RENEW = "RENEW"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """What an installation may set otherwise (xml spec 16, rows 4, 10 and 22)."""

    fields: tuple[Field, ...] = field(default=FIELDS)
    title_is_frozen: bool = False
    reseller_pixel_is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class PortalPowers:
    """What a signed-in member may do with a job on the site."""

    may_view: bool = False
    may_edit: bool = False
    may_close: bool = False
    may_renew: bool = False
