"""Owns parsing a job posting element field by field; all errors of an element are reported in one refusal.

Does not own the fields (``schema``) or rules that need a contract or other jobs (``rules`` and ``flow``).
Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jobmeter.base.clock import from_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money, parse_amount, parse_positive_amount
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.text import trim_text
from jobmeter.base.readers.web_url import check_url
from jobmeter.contracts.partner.model import EXPERIENCE_LEVELS
from jobmeter.jobs.messages import REQUIRED, required_message
from jobmeter.jobs.model import FundedOperation, JobDraft, JobOperation, Operation
from jobmeter.jobs.postings.rules import LOCATIONS_MAX
from jobmeter.jobs.postings.schema import (
    DESCRIPTION_CHARACTERS,
    DROPPED_FIELDS,
    EMPLOYMENT_STATUSES,
    EXTERNAL_ID_CHARACTERS_MAX,
    INDUSTRY_PATTERN,
    TEXT_CHARACTERS_MAX,
    Budget,
    Compensation,
    Element,
    FundedElement,
    KeyElement,
    MoneyAmount,
)

POSTER_EMAIL_SINCE = "20250601"
SHORT_EXTERNAL_ID_SINCE = "20260301"
SHORT_EXTERNAL_ID_CHARACTERS_MAX = 75
WORKPLACES = frozenset({"on-site", "hybrid", "remote"})
EXPIRY_DAYS_MAX = 365
NUL = "the character U+0000 is not allowed, nor is half of a surrogate pair"
LISTED_AHEAD_SECONDS_MAX = 300  # the clocks of partners differ; events and signatures have the same
SECONDS_MIN, MILLISECONDS_MIN = 10**9, 10**11
KEY_OPERATIONS = (Operation.CLOSE, Operation.RENEW, Operation.DOWNGRADE)
PREMIUM_EXPIRY_DAYS_MAX = 90


# A valid value for each required field; CLOSE, since most rules apply to new jobs only.
_PLACEHOLDERS: dict[str, Any] = {
    "externalJobPostingId": "x",
    "jobPostingOperationType": Operation.CLOSE.value,
    "title": "x",
    "description": "x" * DESCRIPTION_CHARACTERS[0],
    "companyApplyUrl": "x",
    "listedAt": 0,
    "location": "x",
}


Fields = TypeVar("Fields", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The context of an element: the endpoint it was sent to and the API version."""

    is_tolerant: bool
    needs_poster_email: bool
    external_id_characters_max: int


def dialect_of(version: str | None) -> Dialect:
    """``version`` is that of ``/rest`` as eight digits, ``None`` under ``/v2`` (clients 2.6, spec 4.1)."""
    if version is None:
        return Dialect(
            is_tolerant=True,
            needs_poster_email=False,
            external_id_characters_max=EXTERNAL_ID_CHARACTERS_MAX,
        )
    return Dialect(
        is_tolerant=False,
        needs_poster_email=version >= POSTER_EMAIL_SINCE,
        external_id_characters_max=SHORT_EXTERNAL_ID_CHARACTERS_MAX
        if version >= SHORT_EXTERNAL_ID_SINCE
        else EXTERNAL_ID_CHARACTERS_MAX,
    )


def read_element(element: dict[str, Any], *, now: datetime, version: str | None = None) -> JobOperation:
    """Parses ``element`` into what its operation needs: CREATE and UPDATE a whole draft, UPGRADE what pays, the others
    the key alone, whatever else the element holds.

    Raises ``Refused(JOB_FIELDS_INVALID)`` with a line for every invalid field (spec 4.2 and 12.3).
    """
    dialect = dialect_of(version)
    if dialect.is_tolerant:
        kept = {field: value for field, value in element.items() if field not in DROPPED_FIELDS}
        element = {"jobPostingOperationType": Operation.CREATE.value} | kept
    operation = element.get("jobPostingOperationType")
    if operation in KEY_OPERATIONS:
        return _read_key(element)
    if operation == Operation.UPGRADE:
        return _read_funded(element)
    return _read_draft(element, now, dialect)


def _read_key(element: dict[str, Any]) -> JobOperation:
    lines: list[str] = []
    key, wrong = _read_fields(KeyElement, element, lines)
    _refuse([*lines, *(line for line in _check_key(key) if _field_of(line) not in wrong)])
    return JobOperation(**_repeat_key(key, element))


def _read_funded(element: dict[str, Any]) -> FundedOperation:
    lines: list[str] = []
    read, wrong = _read_fields(FundedElement, element, lines)
    found = list(_check_key(read))
    amounts = read.budget or Budget()
    total = _read_budget(amounts.pay_for_performance_total_budget, "Total", found)
    daily = _read_budget(amounts.pay_for_performance_daily_budget, "Daily", found)
    _refuse([*lines, *(line for line in found if _field_of(line) not in wrong)])
    return FundedOperation(
        **_repeat_key(read, element), contract=read.contract, total_budget=total, daily_budget=daily
    )


def _repeat_key(key: KeyElement, element: dict[str, Any]) -> dict[str, Any]:
    """The key and, as far as they can be read, the places, which tasks repeat."""
    others = element.get("alternateLocations")
    places = [_read_place(place) for place in others[:LOCATIONS_MAX]] if isinstance(others, list) else []
    return {
        "operation": Operation(key.job_posting_operation_type),
        "external_id": key.external_job_posting_id,
        "location": _read_place(element.get("location")),
        "alternate_locations": tuple(filter(None, places)),
    }


def _read_place(given: object) -> str:
    """The place, or an empty text for what is none."""
    place = trim_text(given) if isinstance(given, str) else ""
    return "" if "\0" in place or len(place) > TEXT_CHARACTERS_MAX else place


def _check_key(key: KeyElement | Element) -> Iterator[str]:
    if not key.external_job_posting_id.strip():
        yield _line("/externalJobPostingId", "the id is blank")
    if "\0" in key.external_job_posting_id:
        yield _line("/externalJobPostingId", NUL)


def _refuse(lines: Sequence[str]) -> None:
    """Raises ``Refused(JOB_FIELDS_INVALID)`` with all ``lines``, if there are any."""
    if lines:
        raise Refused(Fault.JOB_FIELDS_INVALID, lines="".join(lines))


def _read_draft(element: dict[str, Any], now: datetime, dialect: Dialect) -> JobDraft:
    lines = [_line(path, NUL) for path in _find_nul(element, "") if path != "/externalJobPostingId"]
    read, wrong = _read_fields(Element, element, lines)
    lines += _check_raw(element, dialect)
    found = list(_check_values(read, now))
    amounts = read.budget or Budget()
    budget = _read_budget(amounts.pay_for_performance_total_budget, "Total", found)
    daily = _read_budget(amounts.pay_for_performance_daily_budget, "Daily", found)
    # Errors in placeholder values are not the partner's.
    _refuse([*lines, *(line for line in found if _field_of(line) not in wrong)])
    return _make_draft(read, budget, daily, element)


def _read_fields(
    model: type[Fields], element: dict[str, Any], lines: list[str]
) -> tuple[Fields, frozenset[str]]:
    """Validates the element; appends a line for each malformed field and substitutes a placeholder for it.

    The remaining fields are still checked, so that a partner sees all errors of an element at once.
    """
    try:
        return model.model_validate(element), frozenset()
    except ValidationError as error:
        details = error.errors(include_url=False)
    lines += [_say(detail) for detail in details]
    wrong = frozenset(str(detail["loc"][0]) for detail in details)
    kept = {field: value for field, value in element.items() if field not in wrong}
    return model.model_validate(_PLACEHOLDERS | kept), wrong


def _field_of(line: str) -> str:
    return line.removeprefix("ERROR :: /").partition(" ")[0].partition("/")[0]


def _find_nul(value: object, path: str) -> Iterator[str]:
    """Yields the paths of strings and names that contain U+0000, which PostgreSQL cannot store."""
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


def _check_raw(element: dict[str, Any], dialect: Dialect) -> Iterator[str]:
    """Checks that depend on the API version; reported together with all other errors."""
    if dialect.needs_poster_email and element.get("posterEmail") is None:
        yield required_message("/posterEmail")
    external_id, characters_max = element.get("externalJobPostingId"), dialect.external_id_characters_max
    if isinstance(external_id, str) and characters_max < len(external_id) <= EXTERNAL_ID_CHARACTERS_MAX:
        yield _line("/externalJobPostingId", _too_long_message(external_id, characters_max))


def _check_values(read: Element, now: datetime) -> Iterator[str]:
    if _read_listed_at(read) > now + timedelta(seconds=LISTED_AHEAD_SECONDS_MAX):
        yield _line("/listedAt", f"{read.listed_at} is in the future")
    yield from _check_key(read)
    if read.poster_email is not None and check_email(read.poster_email):
        yield _line("/posterEmail", f'"{_show(read.poster_email)}" is not an e-mail address')
    urls = {"companyPageUrl": read.company_page_url, "trackingPixelUrl": read.tracking_pixel_url}
    for field, url in urls.items():
        if url is not None and check_url(url):
            yield _line(f"/{field}", f'"{_show(url)}" is not a web address')
    for index, workplace in enumerate(read.workplace_types):
        if workplace.lower() not in WORKPLACES:
            yield _line(f"/workplaceTypes/{index}", f'"{_show(workplace)}" is not an enum symbol')
    yield from _check_expiry(read, now)
    for index, compensation in enumerate(read.compensation.compensations if read.compensation else ()):
        yield from _check_compensation(f"/compensation/compensations/{index}/value", compensation)


def _check_expiry(read: Element, now: datetime) -> Iterator[str]:
    """Checks of new jobs only: later operations repeat the element unchanged (spec 4.3)."""
    if read.expire_at is None or read.job_posting_operation_type != Operation.CREATE:
        return
    days_max = PREMIUM_EXPIRY_DAYS_MAX if read.listing_type == "PREMIUM" else EXPIRY_DAYS_MAX
    span = from_ms(read.expire_at) - now
    if span <= timedelta(days=1):
        yield _line("/expireAt", f"{read.expire_at} is not more than 24 hours from now")
    elif span > timedelta(days=days_max):
        yield _line("/expireAt", f"{read.expire_at} is more than {days_max} days from now")


def _check_compensation(path: str, compensation: Compensation) -> Iterator[str]:
    value = compensation.value
    if value is None:
        return
    found: dict[str, Money] = {}
    places = {"exactAmount": value.exact_amount, "start": value.start, "end": value.end}
    if value.range is not None:
        places |= {"range/start": value.range.start, "range/end": value.range.end}
    for name, amount in places.items():
        if amount is None:
            continue
        try:
            found[name] = _read_salary(amount)
        except Refused as refused:
            yield _line(f"{path}/{name}", refused.message)
    for prefix in ("", "range/"):
        start, end = found.get(f"{prefix}start"), found.get(f"{prefix}end")
        if start and end and (start.currency != end.currency or start.amount_micros > end.amount_micros):
            yield _line(f"{path}/{prefix}end", "the range ends before it starts or in another currency")


def _read_salary(amount: MoneyAmount) -> Money:
    """Zero is a valid amount: it marks unpaid work."""
    money = parse_amount(amount.amount, amount.currency_code)
    if money.amount_micros < 0:
        raise Refused(Fault.AMOUNT_NOT_POSITIVE, amount=amount.amount[:40])
    return money


def _read_budget(amount: MoneyAmount | None, which: str, lines: list[str]) -> Money | None:
    if amount is None:
        return None
    try:
        money = parse_positive_amount(amount.amount, amount.currency_code)
    except Refused as refused:
        lines.append(_line(f"/budget/payForPerformance{which}Budget", refused.message))
        return None
    return money


def _make_draft(
    read: Element, budget: Money | None, daily: Money | None, element: dict[str, Any]
) -> JobDraft:
    return JobDraft(
        operation=Operation(read.job_posting_operation_type),
        external_id=read.external_job_posting_id,
        title=read.title,
        description=read.description,
        company_apply_url=read.company_apply_url,
        listed_at=_read_listed_at(read),
        location=read.location,
        company=read.company or read.integration_context,
        company_page_url=read.company_page_url,
        company_name=read.company_name,
        contract=read.contract,
        total_budget=budget,
        daily_budget=daily,
        listing_type=read.listing_type,
        company_job_code=read.company_job_code,
        poster_email=(read.poster_email or "").lower(),
        job_function=read.categories[0] if read.categories else "",
        experience_level=read.experience_level or "",
        alternate_locations=tuple(read.alternate_locations),
        workplace_types=tuple(read.workplace_types),
        expire_at=None if read.expire_at is None else from_ms(read.expire_at),
        partner_job_campaign=read.partner_job_campaign_id,
        content=element,
        warnings=tuple(_find_remarks(read)),
    )


def _read_listed_at(read: Element) -> datetime:
    """The time in seconds is what some clients send, and what the published samples show."""
    return from_ms(read.listed_at * (1_000 if _is_in_seconds(read.listed_at) else 1))


def _is_in_seconds(listed_at: int) -> bool:
    """Whether it would be a time before March 1973 in milliseconds, and is none before 2001 in seconds."""
    return SECONDS_MIN <= listed_at < MILLISECONDS_MIN


def _find_remarks(read: Element) -> Iterator[str]:
    if _is_in_seconds(read.listed_at):
        yield f"/listedAt :: {read.listed_at} was read as seconds since 1970; send milliseconds"
    mapped = {
        "/employmentStatus": (read.employment_status, EMPLOYMENT_STATUSES),
        "/experienceLevel": (read.experience_level, EXPERIENCE_LEVELS),
    }
    for path, (value, known) in mapped.items():
        if value is not None and value not in known:
            yield f'{path} :: "{_show(value)}" is not a known value and is kept as text'
    for index, industry in enumerate(read.industries):
        if not re.match(INDUSTRY_PATTERN, industry):
            yield f'/industries/{index} :: "{_show(industry)}" is not a known value and is kept as text'


_COERCIONS = {
    "int_type": "Long",
    "int_parsing": "Long",
    "int_from_float": "Long",
    "string_type": "String",
    "bool_type": "Boolean",
    "list_type": "Array",
    "model_type": "Record",
    "dict_type": "Map",
}
_TEXTS = {
    "missing": REQUIRED,
    "extra_forbidden": "unrecognized field found but not allowed",
    "enum_is_no_text": "enum type is not backed by a String",
    "literal_error": '"{given}" is not an enum symbol',
    "string_too_short": "the text may not be empty",
    "string_too_long": 'length of "{given}" is greater than {max_length}',
    "description_too_short": "The description length should be at least {min_length} characters",
    "too_long": "the array has {actual_length} items, at most {max_length}",
    "string_pattern_mismatch": '"{given}" is not a valid URN here',
} | {kind: f"{{given}} cannot be coerced to {name}" for kind, name in _COERCIONS.items()}


def _say(detail: ErrorDetails) -> str:
    path = "/" + "/".join(str(part) for part in detail["loc"])
    kind, given = detail["type"], detail["input"]
    if kind == "literal_error" and not isinstance(given, str):
        kind = "enum_is_no_text"
    if kind == "string_too_short" and path == "/description":
        kind = "description_too_short"
    text = _TEXTS.get(kind, "{given} is out of range")
    return _line(path, text.format(given=_show(given), **detail.get("ctx", {})))


def _too_long_message(given: object, characters_max: int) -> str:
    return f'length of "{_show(given)}" is greater than {characters_max}'


def _show(given: object) -> str:
    return ("null" if given is None else str(given))[:100]


def _line(path: str, text: str) -> str:
    return f"ERROR :: {path} :: {text}\n"
