"""Owns the documented messages of tasks and job statuses (spec 4.4), and the ones the project adds.

Does not own when one applies (``postings.rules``, ``status.rules``). Pure.
"""

from jobmeter.jobs.model import FIELD_PROCESSORS, Operation

_CLIENT_SIDE = "Job processing failed due to a client-side error. Please check payload and integration setup. Error details: "
_DUPLICATE_ID = (
    "Trying to create a job with same partnerIdentifier already exists. It is duplicate creation request for a "
    "basic job or a non-draft premium job. Dropping the duplicate job posting creation request. LinkedIn job id: "
    "{job_id}, externalJobPostingId: {external_id} ErrorCode:2009"
)
# The placeholder is part of the documented message.
DUPLICATE_CONTENT = (
    "This job could not be published because there is a "
    "{:duplicateJobPostingUrl,anchor,text#duplicate job} posted on LinkedIn."
)
CAMPAIGN_INVALID = "This job has an invalid job campaign."
CAMPAIGN_MISSING = "This job has a missing job campaign. [MISSING_JOB_CAMPAIGN]"
# On demand in a sandbox only: which customers these are is not public.
FROM_FEED = "The jobs of this customer are still taken from its feed or its career site."


REQUIRED = "field is required but not found and has no default value"


def required_message(path: str) -> str:
    return f"ERROR :: {path} :: {REQUIRED}\n"


def duplicate_id_message(job_id: int, external_id: str) -> str:
    return _CLIENT_SIDE + _DUPLICATE_ID.format(job_id=job_id, external_id=external_id)


def job_missing_message(operation: Operation, partner_id: int, external_id: str) -> str:
    """UPDATE names the partner and the job; other operations do not."""
    text = f"{_CLIENT_SIDE}Operation type `{operation}` is not allowed for a non-existing job"
    if operation is Operation.UPDATE:
        return f"{text} of partner urn urn:li:jobPostingPartner:{partner_id}, partner job code ( `{external_id}`)"
    return text


def not_allowed_message(operation: Operation, what: str) -> str:
    """``what`` describes the job, such as ``"a closed job"``."""
    return f"{_CLIENT_SIDE}Operation type `{operation}` is not allowed for {what}"


def contract_changed_message(contract: str) -> str:
    return f"{_CLIENT_SIDE}The contract of a job cannot be changed to {contract}"


def location_missing_message(partner_id: int, external_id: str) -> str:
    fields = ("city", "postalCode", "state", "geoLocation")
    return _dropped_message(
        partner_id, external_id, "".join(f"Invalid Field: /{field}; \n" for field in fields)
    )


def field_processor_message(code: str, partner_id: int, external_id: str) -> str:
    """``code`` is one of ``FIELD_PROCESSORS``."""
    return _dropped_message(
        partner_id, external_id, f"Invalid Field: /{FIELD_PROCESSORS[code]}; \nReference code: {code}"
    )


def _dropped_message(partner_id: int, external_id: str, reason: str) -> str:
    job = f"{{partner=urn:li:jobPostingPartner:{partner_id}, partnerJobCode={external_id}}}"
    return f"Job {job} was dropped: true\n\n{reason}"
