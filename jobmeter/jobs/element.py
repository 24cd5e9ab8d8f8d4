"""Owns the reading of a job posting element: field by field, all errors of an element in one refusal.

Does not own rules that need a contract, the clock or other jobs (``rules`` and ``flow``).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from jobmeter.base.clock import from_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money, parse_positive_amount
from jobmeter.jobs.model import JobDraft, Operation

EXTERNAL_ID_CHARACTERS_MAX = 200
TITLE_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS = (100, 25_000)
SKILLS_CHARACTERS_MAX = 4_000
URL_CHARACTERS_MAX = 2_083

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_CHARACTERS_MAX)]
# 253402300799999 is the last millisecond of the year 9999.
Milliseconds = Annotated[int, Field(ge=0, le=253_402_300_799_999)]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=to_camel, frozen=True)


class MoneyAmount(_Record):
    currency_code: str
    amount: str


class Budget(_Record):
    pay_for_performance_total_budget: MoneyAmount | None = None


class Element(_Record):
    """The fields of spec 4.1 under their wire names."""

    external_job_posting_id: Annotated[
        str, StringConstraints(min_length=1, max_length=EXTERNAL_ID_CHARACTERS_MAX)
    ]
    job_posting_operation_type: Literal["CREATE", "CLOSE"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=TITLE_CHARACTERS_MAX)]
    description: Annotated[
        str, StringConstraints(min_length=DESCRIPTION_CHARACTERS[0], max_length=DESCRIPTION_CHARACTERS[1])
    ]
    company_apply_url: Url
    listed_at: Milliseconds
    location: Text
    alternate_locations: list[Text] = []
    company: Text | None = None
    integration_context: Text | None = None
    company_page_url: Url | None = None
    company_name: Text | None = None
    contract: Text | None = None
    budget: Budget | None = None
    listing_type: Literal["BASIC", "PREMIUM"] = "BASIC"
    company_job_code: Text | None = None
    workplace_types: list[Text] = []
    employment_status: (
        Literal["FULL_TIME", "PART_TIME", "CONTRACT", "INTERNSHIP", "TEMPORARY", "VOLUNTEER", "OTHER"] | None
    ) = None
    experience_level: (
        Literal[
            "ENTRY_LEVEL",
            "MID_SENIOR_LEVEL",
            "DIRECTOR",
            "EXECUTIVE",
            "INTERNSHIP",
            "ASSOCIATE",
            "NOT_APPLICABLE",
        ]
        | None
    ) = None
    industries: list[Text] = []
    categories: Annotated[list[Text], Field(max_length=3)] = []
    skills_description: Annotated[str, StringConstraints(max_length=SKILLS_CHARACTERS_MAX)] | None = None
    compensation: dict[str, Any] | None = None
    expire_at: Milliseconds | None = None
    poster_email: Text | None = None
    show_poster_info: bool | None = None
    availability: Literal["PUBLIC", "INTERNAL", "PRIVATE_TO_ATS_INTEGRATION"] | None = None
    tracking_pixel_url: Url | None = None
    partner_requisition_id: Text | None = None
    onsite_apply_configuration: dict[str, Any] | None = None
    partner_job_campaign_id: Text | None = None


def read_element(element: dict[str, Any], *, now: datetime) -> JobDraft:
    """The draft that ``element`` holds.

    Raises ``Refused(JOB_FIELDS_INVALID)`` whose lines name every field that is wrong (spec 4.2 and 12.3).
    """
    lines = [_line(path, "the character U+0000 is not allowed") for path in _find_nul(element, "")]
    try:
        read = Element.model_validate(element)
    except ValidationError as error:
        lines += [_say(detail) for detail in error.errors(include_url=False)]
        raise Refused(Fault.JOB_FIELDS_INVALID, lines="".join(lines)) from error
    budget = _read_budget(read, lines)
    if from_ms(read.listed_at) > now:
        lines.append(_line("/listedAt", f"{read.listed_at} is in the future"))
    if lines:
        raise Refused(Fault.JOB_FIELDS_INVALID, lines="".join(lines))
    return _make_draft(read, budget, element)


def _find_nul(value: object, path: str) -> Iterator[str]:
    """Paths of the texts and names that hold U+0000, which no store takes."""
    if isinstance(value, str):
        if "\0" in value:
            yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find_nul(item, f"{path}/{index}")
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = f"{path}/{name}"
            if "\0" in name:
                yield inner
            yield from _find_nul(item, inner)


def _read_budget(read: Element, lines: list[str]) -> Money | None:
    amount = read.budget.pay_for_performance_total_budget if read.budget else None
    if amount is None:
        return None
    try:
        money = parse_positive_amount(amount.amount, amount.currency_code)
    except Refused as refused:
        lines.append(_line("/budget/payForPerformanceTotalBudget", refused.message))
        return None
    return money


def _make_draft(read: Element, budget: Money | None, element: dict[str, Any]) -> JobDraft:
    return JobDraft(
        operation=Operation(read.job_posting_operation_type),
        external_id=read.external_job_posting_id,
        title=read.title,
        description=read.description,
        company_apply_url=read.company_apply_url,
        listed_at=from_ms(read.listed_at),
        location=read.location,
        company=read.company or read.integration_context,
        company_page_url=read.company_page_url,
        company_name=read.company_name,
        contract=read.contract,
        total_budget=budget,
        listing_type=read.listing_type,
        company_job_code=read.company_job_code,
        job_function=read.categories[0] if read.categories else "",
        experience_level=read.experience_level or "",
        alternate_locations=tuple(read.alternate_locations),
        workplace_types=tuple(read.workplace_types),
        expire_at=None if read.expire_at is None else from_ms(read.expire_at),
        content=element,
    )


_COERCIONS = {
    "int_type": "Long",
    "int_parsing": "Long",
    "string_type": "String",
    "bool_type": "Boolean",
    "list_type": "Array",
    "model_type": "Record",
    "dict_type": "Map",
}


def _say(detail: ErrorDetails) -> str:
    path = "/" + "/".join(str(part) for part in detail["loc"])
    kind, given = detail["type"], detail["input"]
    if kind == "missing":
        return _line(path, "field is required but not found and has no default value")
    if kind == "extra_forbidden":
        return _line(path, "unrecognized field found but not allowed")
    if kind == "literal_error":
        return _line(path, f'"{_show(given)}" is not an enum symbol')
    if kind in _COERCIONS:
        return _line(path, f"{_show(given)} cannot be coerced to {_COERCIONS[kind]}")
    return _line(path, detail["msg"][:1].lower() + detail["msg"][1:])


def _show(given: object) -> str:
    return ("null" if given is None else str(given))[:100]


def _line(path: str, text: str) -> str:
    return f"ERROR :: {path} :: {text}\n"
