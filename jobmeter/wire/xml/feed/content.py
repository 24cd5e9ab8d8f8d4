"""Owns the conversion of a feed job to the content of a posted job (xml spec 14.5).

Does not own the contract of the job.
"""

from jobmeter.wire.xml.code_tables import EXPERIENCE_LEVELS, JOB_TYPES
from jobmeter.wire.xml.feed.job import FeedJob, FeedSalary
from jobmeter.wire.xml.job.fields import JobContent

_OTHER_JOB_TYPE = "O"


def make_content(job: FeedJob) -> JobContent:
    """Returns the content in the form of the XML API; job types that the API does not have become "other"."""
    place = ", ".join(part for part in (job.city, job.state) if part)
    job_type = JOB_TYPES.find_code(job.job_type) or _OTHER_JOB_TYPE if job.job_type else None
    return JobContent(
        partner_job_id=job.partner_job_id,
        company_id=job.company_id,
        company_name=job.company,
        title=job.title,
        description=job.description,
        country_code=job.country or None,
        postal_code=job.postal_code or None,
        location_name=job.location or place or None,
        job_functions=job.job_functions or None,
        industries=job.industries or None,
        job_type=job_type,
        experience_level=EXPERIENCE_LEVELS.find_code(job.experience_level) if job.experience_level else None,
        salary="; ".join(map(_show_salary, job.salaries)) or None,
        poster_email=job.poster_email or None,
        application_url=job.apply_url,
    )


def _show_salary(salary: FeedSalary) -> str:
    amounts = dict.fromkeys(amount for amount in (salary.low_amount, salary.high_amount) if amount)
    parts = ("-".join(amounts), salary.low_currency or salary.high_currency, salary.period)
    return " ".join(part for part in parts if part)
