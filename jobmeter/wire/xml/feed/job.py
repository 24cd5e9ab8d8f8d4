"""Owns one job of a feed: its raw fields, their fingerprint, and their validation.

Does not own the stream (``stream``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

import msgspec
import xxhash
from lxml import etree
from lxml.etree import tostring

from jobmeter.base.readers.countries import read_country
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.text import BLANKS, trim_text
from jobmeter.base.readers.times import read_day
from jobmeter.base.readers.web_url import check_url
from jobmeter.wire.xml.code_tables import EXPERIENCE_LEVELS, INDUSTRIES, JOB_FUNCTIONS, CodeTable
from jobmeter.wire.xml.html import FEED_TAGS, clean_markup
from jobmeter.wire.xml.validators import read_number

RawJob: TypeAlias = dict[str, str]
"""The stripped text of each field, empty if absent.

A list is its XML at first, and after ``read_lists`` its rows joined by ``ROW``, with the parts of a row joined by ``PART``.
"""

# These characters are not allowed in XML, so they cannot occur in the texts that they separate.
_FIELD, ROW, PART = "\x1f", "\x1e", "\x1d"

WORKPLACE_TYPES: Final = ("On-site", "Hybrid", "Remote")
JOB_TYPES: Final = (
    "FULL_TIME",
    "PART_TIME",
    "CONTRACT",
    "INTERNSHIP",
    "TEMPORARY",
    "VOLUNTEER",
    "OTHER",
)
_PERIODS = (
    "YEARLY",
    "SEMIANNUAL",
    "QUARTERLY",
    "MONTHLY",
    "SEMIMONTHLY",
    "BIWEEKLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "ONCE",
)
_SALARY_PARTS = (
    "lowEnd/amount",
    "lowEnd/currencyCode",
    "highEnd/amount",
    "highEnd/currencyCode",
    "period",
    "type",
)
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DAY = re.compile(r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})")

TEXT_FIELDS = (
    "partnerJobId",
    "company",
    "title",
    "description",
    "applyUrl",
    "companyId",
    "location",
    "city",
    "state",
    "country",
    "postalCode",
    "isRemote",
    "experienceLevel",
    "jobtype",
    "listDate",
    "expirationDate",
    "posterEmail",
)
LIST_FIELDS = ("workplaceTypes", "industryCodes", "jobFunctions", "salaries")
_LISTS = frozenset(LIST_FIELDS)
_EMPTY: RawJob = dict.fromkeys(TEXT_FIELDS + LIST_FIELDS, "")


@dataclass(frozen=True, slots=True)
class FeedRules:
    """What a job board requires of a feed beyond the format (xml spec 13); lengths are characters."""

    partner_job_id_characters_max: int = 40
    title_characters_max: int = 200
    description_characters_min: int = 100
    description_characters_max: int = 25_000
    codes_max: int = 3
    company_id_needed: bool = False
    poster_email_needed: bool = True
    apply_url_schemes: tuple[str, ...] = ("https",)


class FeedSalary(msgspec.Struct, frozen=True):
    """A salary as sent: amounts are decimal texts, absent fields are empty."""

    low_amount: str
    low_currency: str
    high_amount: str
    high_currency: str
    period: str
    kind: str


class FeedJob(msgspec.Struct, frozen=True):
    """A valid job. Codes and symbols are checked; ``country`` is in lower case."""

    index: int
    partner_job_id: str
    fingerprint: bytes
    company: str
    company_id: int | None
    title: str
    description: str
    apply_url: str
    location: str
    city: str
    state: str
    country: str
    postal_code: str
    workplace_type: str
    industries: tuple[str, ...]
    job_functions: tuple[str, ...]
    experience_level: str
    job_type: str
    salaries: tuple[FeedSalary, ...]
    list_date: date | None
    expiration_date: date | None
    poster_email: str


class FieldFlaw(Exception):  # noqa: N818 -- an invalid field of the feed, not a failure of the program
    """The first invalid field of a feed job."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = f"job/{path}"
        self.why = why


def read_raw(job: etree._Element) -> RawJob:
    """Returns all fields of a ``<job>`` by name, in a fixed order, without unknown elements. Raises ``FieldFlaw``."""
    raw = _EMPTY.copy()
    for child in job:
        name = child.tag
        before = raw.get(name)
        if before is None:
            continue
        if before:
            raise FieldFlaw(name, "occurs more than once")
        if not len(child):
            text = child.text
            if text:
                raw[name] = text.strip(
                    BLANKS
                )  # `trim_text` without the call, which a feed makes a million times
        elif name in _LISTS:
            # Kept as XML: walking the lists of all jobs would cost as much as everything else together.
            raw[name] = "".join(tostring(child, encoding="unicode", with_tail=False).split())
        else:
            raise FieldFlaw(name, "must be text, with markup in a CDATA section")
    return raw


def read_lists(job: etree._Element, raw: RawJob) -> RawJob:
    """Returns the fields with each list split into its rows."""
    lists: RawJob = {}
    for child in job:
        if child.tag in _LISTS and len(child):
            if child.tag == "salaries":
                rows = [_read_salary(salary) for salary in child]
            else:
                rows = [trim_text(row.text or "") for row in child]
            lists[child.tag] = ROW.join(rows)
    return raw | lists


def _read_salary(salary: etree._Element) -> str:
    # Walked by hand, because a search by path is several times as slow.
    parts = dict.fromkeys(_SALARY_PARTS, "")
    for part in salary:
        if len(part):
            parts |= {f"{part.tag}/{inner.tag}": trim_text(inner.text or "") for inner in part}
        else:
            parts[part.tag] = trim_text(part.text or "")
    return PART.join([parts[path] for path in _SALARY_PARTS])


def compute_fingerprint(raw: RawJob) -> bytes:
    """Returns a 128-bit hash of the content, independent of the order of elements and the white space between them."""
    return xxhash.xxh3_128_digest(_FIELD.join(raw.values()).encode())


def make_job(raw: RawJob, fingerprint: bytes, *, index: int, rules: FeedRules) -> FeedJob:
    """Validates ``raw`` and returns the job. Raises ``FieldFlaw`` for the first invalid field."""
    description = clean_markup(_need(raw, "description"), tags=FEED_TAGS)
    _check_size(
        "description", description, (rules.description_characters_min, rules.description_characters_max)
    )
    location, city, state, country = _read_place(raw)
    apply_url = _need(raw, "applyUrl")
    _check_size("applyUrl", apply_url, (1, 2_083))
    _refuse("applyUrl", check_url(apply_url, schemes=rules.apply_url_schemes))
    return FeedJob(
        index=index,
        partner_job_id=_read_text(raw, "partnerJobId", rules.partner_job_id_characters_max),
        fingerprint=fingerprint,
        company=_read_text(raw, "company", 255),
        company_id=_read_company_id(raw, needed=rules.company_id_needed),
        title=_read_text(raw, "title", rules.title_characters_max),
        description=description,
        apply_url=apply_url,
        location=location,
        city=city,
        state=state,
        country=country,
        postal_code=raw["postalCode"],
        workplace_type=_read_workplace(raw),
        industries=_read_codes(raw, "industryCodes", INDUSTRIES, rules.codes_max),
        job_functions=_read_codes(raw, "jobFunctions", JOB_FUNCTIONS, rules.codes_max),
        experience_level=_read_symbol(raw, "experienceLevel", tuple(EXPERIENCE_LEVELS.successors.values())),
        job_type=_read_symbol(raw, "jobtype", JOB_TYPES),
        salaries=_make_salaries(raw["salaries"]),
        list_date=_read_day(raw, "listDate"),
        expiration_date=_read_day(raw, "expirationDate"),
        poster_email=_read_poster(raw, needed=rules.poster_email_needed),
    )


def _refuse(name: str, why: str | None) -> None:
    if why:
        raise FieldFlaw(name, why)


def _check_size(name: str, text: str, size: tuple[int, int]) -> None:
    # The characters need no check, because they come from an XML document.
    least, most = size
    if not least <= len(text) <= most:
        raise FieldFlaw(name, f"has {len(text)} characters, {least} to {most} are allowed")


def _need(raw: Mapping[str, str], name: str) -> str:
    text = raw[name]
    if not text:
        raise FieldFlaw(name, "is required")
    return text


def _read_text(raw: RawJob, name: str, characters_max: int) -> str:
    text = _need(raw, name)
    _check_size(name, text, (1, characters_max))
    return text


def _read_company_id(raw: RawJob, *, needed: bool) -> int | None:
    text = _need(raw, "companyId") if needed else raw["companyId"]
    number = read_number(text)
    if text and number is None:
        raise FieldFlaw("companyId", "is not a positive integer")
    return number


def _read_place(raw: RawJob) -> tuple[str, str, str, str]:
    location, city, state = raw["location"], raw["city"], raw["state"]
    country = read_country(raw["country"]).lower()
    if not location and not (city and state and raw["country"]):
        raise FieldFlaw("location", "is required unless city, state and country are given")
    if raw["country"] and not country:
        raise FieldFlaw("country", f"{raw['country'][:40]!r} is not a valid country code")
    for name, text in (("location", location), ("city", city), ("state", state)):
        _check_size(name, text, (0, 255))
    return location, city, state, country


def _read_workplace(raw: RawJob) -> str:
    text = raw["workplaceTypes"]
    if not text:
        return "Remote" if raw["isRemote"].lower() == "yes" else ""
    return _read_symbol(raw, "workplaceTypes", WORKPLACE_TYPES)


def _read_symbol(raw: RawJob, name: str, symbols: tuple[str, ...]) -> str:
    text = raw[name]
    if text and text not in symbols:
        raise FieldFlaw(name, f"{text[:40]!r} is not one of {', '.join(symbols)}")
    return text


def _read_codes(raw: RawJob, name: str, table: CodeTable, codes_max: int) -> tuple[str, ...]:
    text = raw[name]
    codes = tuple(dict.fromkeys(text.split(ROW))) if text else ()
    for code in codes:
        if code not in table:
            raise FieldFlaw(name, f"{code[:40]!r} is not a valid {table.what} code")
    if len(codes) > codes_max:
        raise FieldFlaw(name, f"has {len(codes)} codes, at most {codes_max} are allowed")
    return codes


def _make_salaries(text: str) -> tuple[FeedSalary, ...]:
    rows = [row.split(PART) for row in text.split(ROW)] if text else []
    salaries = tuple(FeedSalary(**dict(zip(FeedSalary.__struct_fields__, row, strict=True))) for row in rows)
    for salary in salaries:
        if salary.period and salary.period not in _PERIODS:
            raise FieldFlaw("salaries/salary/period", f"{salary.period[:40]!r} is not a period")
        if salary.kind not in {"", "BASE_SALARY", "TOTAL_ADDITIONAL"}:
            raise FieldFlaw("salaries/salary/type", f"{salary.kind[:40]!r} is not a type of salary")
        ends = (
            ("lowEnd", salary.low_amount, salary.low_currency),
            ("highEnd", salary.high_amount, salary.high_currency),
        )
        for end, amount, currency in ends:
            if amount and not _AMOUNT.fullmatch(amount):
                raise FieldFlaw(f"salaries/salary/{end}/amount", f"{amount[:40]!r} is not an amount")
            if (amount or currency) and not _CURRENCY.fullmatch(currency):
                raise FieldFlaw(f"salaries/salary/{end}/currencyCode", f"{currency[:40]!r} is not a currency")
    return salaries


def _read_day(raw: RawJob, name: str) -> date | None:
    text = raw[name]
    if not text:
        return None
    found = _DAY.fullmatch(text)
    day = read_day(text if found is None else f"{found['y']}-{found['m']:0>2}-{found['d']:0>2}")
    if day is None:
        raise FieldFlaw(name, f"{text[:40]!r} is not a date in the format MM/DD/YYYY")
    return day


def _read_poster(raw: RawJob, *, needed: bool) -> str:
    text = _need(raw, "posterEmail") if needed else raw["posterEmail"]
    if text:
        _check_size("posterEmail", text, (3, 254))
        _refuse("posterEmail", check_email(text))
    return text
