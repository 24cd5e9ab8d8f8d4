"""Owns the fields of a job in the XML API: the table of their paths, kinds and lengths, and their parsed values.

Does not own the parsing (``request``), nor rules that depend on the contract.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from jobmeter.base.faults import Fault, Refused
from jobmeter.wire.xml.code_tables import (
    COUNTRIES,
    EXPERIENCE_LEVELS,
    INDUSTRIES,
    JOB_FUNCTIONS,
    JOB_TYPES,
    POSTER_ROLES,
    CodeTable,
)

FLAWS_SHOWN_MAX = 50


class Kind(Enum):
    TEXT = auto()
    MARKUP = auto()
    NUMBER = auto()
    TRUTH = auto()
    EMAIL = auto()
    URL = auto()
    CODE = auto()
    CODES = auto()


@dataclass(frozen=True, slots=True)
class JobContent:
    """The posted content of a job; absent fields are ``None``. Contains only plain values, so it can be stored as JSON."""

    partner_job_id: str | None = None
    contract_id: int | None = None
    customer_job_code: str | None = None
    company_id: int | None = None
    company_name: str | None = None
    company_description: str | None = None
    title: str | None = None
    description: str | None = None
    skills_and_experience: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    location_name: str | None = None
    job_functions: tuple[str, ...] | None = None
    industries: tuple[str, ...] | None = None
    job_type: str | None = None
    experience_level: str | None = None
    salary: str | None = None
    referral_bonus: str | None = None
    poster_display: bool | None = None
    poster_role: str | None = None
    poster_email: str | None = None
    application_url: str | None = None
    tracking_pixel_url: str | None = None


@dataclass(frozen=True, slots=True)
class JobDocument:
    """A parsed ``<job>``. Each field is given (in ``content``), cleared (in ``cleared``) or absent. ``ignored`` are the
    paths of elements that no job has.
    """

    content: JobContent
    cleared: frozenset[str] = frozenset()
    renewal: bool = False
    ignored: tuple[str, ...] = ()


class Field(NamedTuple):
    """One row of the table. ``size`` limits the characters of a text or the items of a list."""

    name: str
    path: str
    kind: Kind
    size: tuple[int, int] = (1, 255)
    table: CodeTable | None = None
    needed: bool = False


# In the order of LinkedIn's sample document; lengths as in xml spec 6 and 16 #4.
FIELDS: tuple[Field, ...] = (
    Field("partner_job_id", "partner-job-id", Kind.TEXT, (1, 50), needed=True),
    Field("contract_id", "contract-id", Kind.NUMBER, needed=True),
    Field("customer_job_code", "customer-job-code", Kind.TEXT, (1, 50)),
    Field("company_id", "company/id", Kind.NUMBER),
    Field("company_name", "company/name", Kind.TEXT, (1, 255)),
    Field("company_description", "company/description", Kind.MARKUP, (1, 4_000)),
    Field("title", "position/title", Kind.TEXT, (1, 200), needed=True),
    Field("description", "position/description", Kind.MARKUP, (1, 25_000), needed=True),
    Field("skills_and_experience", "position/skills-and-experience", Kind.MARKUP, (1, 4_000)),
    Field("country_code", "position/location/country/code", Kind.CODE, table=COUNTRIES, needed=True),
    Field("postal_code", "position/location/postal-code", Kind.TEXT, (1, 20)),
    Field("location_name", "position/location/name", Kind.TEXT, (1, 255)),
    Field("job_functions", "position/job-functions/job-function/code", Kind.CODES, (1, 3), JOB_FUNCTIONS),
    Field("industries", "position/industries/industry/code", Kind.CODES, (1, 3), INDUSTRIES),
    Field("job_type", "position/job-type/code", Kind.CODE, table=JOB_TYPES),
    Field("experience_level", "position/experience-level/code", Kind.CODE, table=EXPERIENCE_LEVELS),
    Field("salary", "salary", Kind.TEXT, (1, 255)),
    Field("referral_bonus", "referral-bonus", Kind.TEXT, (1, 255)),
    Field("poster_display", "poster/display", Kind.TRUTH),
    Field("poster_role", "poster/role/code", Kind.CODE, table=POSTER_ROLES),
    Field("poster_email", "poster/email-address", Kind.EMAIL, (3, 254)),
    Field("application_url", "how-to-apply/application-url", Kind.URL, (1, 2_083)),
    Field("tracking_pixel_url", "tracking-pixel-url", Kind.URL, (1, 2_083)),
)

# An early draft of the protocol's documentation used this path for the salary (xml spec 6).
ALIASES = {"compensation/salary/description": "salary"}
RENEWALS = frozenset({"renewal", "renew"})
REPEATED = frozenset({"position/job-functions/job-function", "position/industries/industry"})

# Further elements of a look-up (xml spec 9), because clients may send back what they have read.
READ_ONLY = frozenset({
    "id",
    "active",
    "posting-date",
    "expiration-date",
    "posting-timestamp",
    "expiration-timestamp",
    "description",
    "description-snippet",
    "skills-and-experience",
    "location-description",
    "position/location/description",
    "job-poster",
    "site-job-request",
    "site-job-url",
    "position/location/country/name",
    "position/job-functions/job-function/name",
    "position/industries/industry/name",
    "position/industries/industry/id",
    "position/job-type/name",
    "position/experience-level/name",
    "poster/role/name",
})  # fmt: skip

# Further elements of the published schema, which class libraries write wherever they occur: they say nothing of a job.
PASSED_OVER = frozenset({
    "is-current",
    "is-headquarters",
    "is-active",
    "start-date",
    "end-date",
    "summary",
    "address",
})  # fmt: skip


class Flaw(NamedTuple):
    """An invalid element and the reason; ``path`` begins with ``job``."""

    path: str
    why: str


def refuse_flaws(flaws: Iterable[Flaw]) -> None:
    """Raises ``Refused(JOB_DOCUMENT_INVALID)`` that lists all ``flaws``, if there are any."""
    lines = [f"{flaw.path}: {flaw.why}" for flaw in flaws]
    if not lines:
        return
    shown = lines[:FLAWS_SHOWN_MAX]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} more")
    raise Refused(Fault.JOB_DOCUMENT_INVALID, lines="; ".join(shown))


def path_of(name: str) -> str:
    """Returns the path of a field as used in errors: for ``title``, ``job/position/title``."""
    return f"job/{next(field.path for field in FIELDS if field.name == name)}"


def set_sizes(**sizes: tuple[int, int]) -> tuple[Field, ...]:
    """Returns the table with other sizes, by field name: ``set_sizes(description=(100, 25_000))``."""
    assert sizes.keys() <= {field.name for field in FIELDS}
    return tuple(field._replace(size=sizes.get(field.name, field.size)) for field in FIELDS)


def merge_content(kept: JobContent, edit: JobDocument) -> JobContent:
    """Returns the content after an edit: given fields are replaced, lists as a whole, cleared fields removed (xml spec 16 #21)."""
    given = {field.name: getattr(edit.content, field.name) for field in FIELDS}
    changes = {name: value for name, value in given.items() if value is not None}
    return replace(kept, **changes, **dict.fromkeys(edit.cleared, None))
