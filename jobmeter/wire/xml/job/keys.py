"""Owns the keys of jobs in a path, ``/v1/jobs/{tail}``: a number, ``id=`` or ``partner-job-id=``, with a selector.

Does not own whether the job exists.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.validators import UNCARRIED, read_number

TAIL_CHARACTERS_MAX: Final = 4_000
PARTNER_JOB_ID_CHARACTERS_MAX: Final = 50

# Brackets may be percent-encoded, because some clients do so; a colon within a key must be encoded.
_TAIL = re.compile(r"([^:]*)(?::((?:\(|%28).*))?", re.DOTALL | re.IGNORECASE)
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class JobKey:
    """The key of a job in a path: exactly one of the two ids is set. ``selector`` is the field selector as text, or empty."""

    job_id: int | None
    partner_job_id: str | None
    selector: str = ""


def read_job_key(tail: str) -> JobKey:
    """Parses the raw path after ``/v1/jobs/``: splits it, then percent-decodes the parts (xml spec 5 and 16 #2).

    Raises ``Refused(JOB_KEY_INVALID)``.
    """
    if len(tail) > TAIL_CHARACTERS_MAX:
        raise _invalid(f"at most {TAIL_CHARACTERS_MAX} characters are allowed")
    found = _TAIL.fullmatch(tail)
    if found is None:
        raise _invalid("only a field selector is allowed after the key")
    key, selector = found[1], f":{_decode(found[2])}" if found[2] else ""
    name, equals, value = key.partition("=")
    if not equals:
        return JobKey(_read_job_id(_decode(key)), None, selector)
    name = _decode(name)
    if name == "id":
        return JobKey(_read_job_id(_decode(value)), None, selector)
    if name != "partner-job-id":
        raise _invalid(f"{name[:40]!r} is neither id nor partner-job-id")
    return JobKey(None, _read_partner_job_id(_decode(value)), selector)


def write_partner_key(partner_job_id: str) -> str:
    """Returns the path segment that identifies a job by its partner job id."""
    return f"partner-job-id={quote(partner_job_id, safe='')}"


def _read_job_id(text: str) -> int:
    number = read_number(text)
    if number is None:
        raise _invalid(f"{text[:40]!r} is not a job id")
    return number


def _read_partner_job_id(text: str) -> str:
    if not 0 < len(text) <= PARTNER_JOB_ID_CHARACTERS_MAX or UNCARRIED.search(text):
        raise _invalid(f"a partner-job-id has 1 to {PARTNER_JOB_ID_CHARACTERS_MAX} characters")
    return text


def _decode(text: str) -> str:
    if _BROKEN.search(text):
        raise _invalid("a percent sign is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise _invalid("it is not UTF-8") from error


def _invalid(why: str) -> Refused:
    return Refused(Fault.JOB_KEY_INVALID, why=why)
