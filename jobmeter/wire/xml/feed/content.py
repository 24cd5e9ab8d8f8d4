"""Owns the conversion of a feed job to the content of a posted job (xml spec 14.5).

Does not own the contract of the job.
"""

import msgspec

from jobmeter.wire.xml.code_tables import EXPERIENCE_LEVELS, JOB_TYPES
from jobmeter.wire.xml.feed.job import FeedJob

_OTHER_JOB_TYPE = "O"


class FeedContent(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a feed has of the content of a job of the XML API, under the names of ``JobContent``, and what only feeds and the
    JSON API have, under the names of the latter. Absent fields are ``None`` and are not stored.

    ``job_type`` is the code of the XML API, which has fewer types; ``employmentStatus`` is the type as sent.
    """

    partner_job_id: str
    title: str
    description: str
    application_url: str
    company_id: int | None = None
    company_name: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    location_name: str | None = None
    job_functions: tuple[str, ...] | None = None
    industries: tuple[str, ...] | None = None
    job_type: str | None = None
    experience_level: str | None = None
    salary: str | None = None
    poster_email: str | None = None
    employmentStatus: str | None = None  # noqa: N815 -- as postings of the JSON API are stored
    workplaceTypes: tuple[str, ...] | None = None  # noqa: N815
    alternateLocations: tuple[str, ...] | None = None  # noqa: N815
    availability: str | None = None


def make_content(job: FeedJob) -> FeedContent:
    """Returns the content in the form of the XML API, with what only a feed has beside it."""
    job_type = JOB_TYPES.find_code(job.job_type) or _OTHER_JOB_TYPE if job.job_type else None
    return FeedContent(
        partner_job_id=job.partner_job_id,
        company_id=job.company_id,
        company_name=job.company or None,
        title=job.title,
        description=job.description,
        country_code=job.country or None,
        postal_code=job.postal_code or None,
        location_name=job.location or None,
        job_functions=job.job_functions or None,
        industries=job.industries or None,
        job_type=job_type,
        experience_level=EXPERIENCE_LEVELS.find_code(job.experience_level) if job.experience_level else None,
        salary=job.salary or None,
        poster_email=job.poster_email or None,
        application_url=job.apply_url,
        employmentStatus=job.job_type or None,
        workplaceTypes=(job.workplace_type,) if job.workplace_type else None,
        alternateLocations=job.other_places or None,
        availability=job.availability or None,
    )
