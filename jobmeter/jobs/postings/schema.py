"""Owns the fields of a job posting element under their wire names, each with its limit (spec 4.1).

Does not own how a violated limit is reported (``element``). Pure.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from jobmeter.base.readers.text import trim_text

TITLE_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS = (100, 25_000)
SKILLS_CHARACTERS_MAX = 4_000
URL_CHARACTERS_MAX = 2_083
CATEGORIES_MAX = 3
EXTERNAL_ID_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 500

EMPLOYMENT_STATUSES = ("FULL_TIME", "PART_TIME", "CONTRACT", "INTERNSHIP", "TEMPORARY", "VOLUNTEER", "OTHER")
INDUSTRY_PATTERN = r"^urn:li:industry:[1-9][0-9]{0,4}$"

# In the body of the official collections of 2021 to 2023; ignored since 2024 (clients 2.6).
DROPPED_FIELDS = frozenset({"state", "city", "country", "postalCode", "workRemoteAllowed", "poster"})


def _trim(given: object) -> object:
    return trim_text(given) if isinstance(given, str) else given


Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
Trimmed = BeforeValidator(_trim)
Place = Annotated[Text, Trimmed]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=EXTERNAL_ID_CHARACTERS_MAX)]
OperationName = Literal["CREATE", "UPDATE", "RENEW", "CLOSE", "UPGRADE", "DOWNGRADE"]
Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_CHARACTERS_MAX)]
OrganizationUrn = Annotated[str, StringConstraints(pattern=r"^urn:li:(organization|company):[0-9]{1,18}$")]
# 253402300799999 is the last millisecond of the year 9999.
Milliseconds = Annotated[int, Field(ge=0, le=253_402_300_799_999)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=to_camel, frozen=True)


class MoneyAmount(_Record):
    currency_code: str
    amount: str


class Budget(_Record):
    pay_for_performance_total_budget: MoneyAmount | None = None
    pay_for_performance_daily_budget: MoneyAmount | None = None


class MoneyRange(_Record):
    start: MoneyAmount | None = None
    end: MoneyAmount | None = None


class CompensationValue(_Record):
    """A range or an exact amount; the official Java client sends the bounds of the range without the range itself."""

    range: MoneyRange | None = None
    exact_amount: MoneyAmount | None = None
    start: MoneyAmount | None = None
    end: MoneyAmount | None = None


class Compensation(_Record):
    period: Literal["YEARLY", "MONTHLY", "SEMIMONTHLY", "BIWEEKLY", "WEEKLY", "DAILY", "HOURLY"] | None = None
    type: (
        Literal[
            "BASE_SALARY",
            "TIPS",
            "COMMISSION",
            "PROFIT_SHARING",
            "STOCK_OPTIONS",
            "STOCK",
            "BONUS",
            "SIGN_ON_BONUS",
            "OVER_TIME",
            "OTHER",
        ]
        | None
    ) = None
    value: CompensationValue | None = None


class Compensations(_Record):
    compensations: list[Compensation]


class KeyElement(BaseModel):
    """An element of which only the key is read."""

    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel, frozen=True)

    external_job_posting_id: ExternalId
    job_posting_operation_type: OperationName


class FundedElement(KeyElement):
    contract: Text | None = None
    budget: Budget | None = None


class Element(_Record):
    external_job_posting_id: ExternalId
    job_posting_operation_type: OperationName
    title: Annotated[str, StringConstraints(min_length=1, max_length=TITLE_CHARACTERS_MAX), Trimmed]
    description: Annotated[
        str, StringConstraints(min_length=DESCRIPTION_CHARACTERS[0], max_length=DESCRIPTION_CHARACTERS[1])
    ]
    company_apply_url: Url
    listed_at: Milliseconds
    location: Place
    alternate_locations: list[Place] = []
    company: OrganizationUrn | None = None
    integration_context: OrganizationUrn | None = None
    company_page_url: Url | None = None
    company_name: Text | None = None
    contract: Text | None = None
    budget: Budget | None = None
    listing_type: Literal["BASIC", "PREMIUM"] = "BASIC"
    company_job_code: Text | None = None
    workplace_types: list[Text] = []
    # What has no counterpart among the known values is sent as it is written in the partner's own system.
    employment_status: Text | None = None
    experience_level: Text | None = None
    industries: list[Text] = []
    categories: Annotated[list[Text], Field(max_length=CATEGORIES_MAX)] = []
    skills_description: Annotated[str, StringConstraints(max_length=SKILLS_CHARACTERS_MAX)] | None = None
    compensation: Compensations | None = None
    expire_at: Milliseconds | None = None
    poster_email: Text | None = None
    show_poster_info: bool | None = None
    availability: Literal["PUBLIC", "INTERNAL", "PRIVATE_TO_ATS_INTEGRATION"] | None = None
    tracking_pixel_url: Url | None = None
    partner_requisition_id: Text | None = None
    onsite_apply_configuration: dict[str, Any] | None = None
    partner_job_campaign_id: Text | None = None
