"""Owns the advertisements that the sandbox posts: reads them from a CSV file with the EMSCAD columns.

Does not own posting them or the rules of a posting; it makes titles and descriptions that satisfy those
rules.
"""

import csv
import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TITLE_CHARS_MAX = 200
DESCRIPTION_CHARS_MIN = 100
DESCRIPTION_CHARS_MAX = 25_000

Row = Mapping[str, str]

_PACKAGED = Path(__file__).parent / "data" / "ads.csv"
_COLUMNS = frozenset(
    {
        *("job_id", "title", "location", "salary_range", "company_profile", "description", "requirements"),
        *("benefits", "telecommuting", "employment_type", "required_experience", "industry", "function"),
    }
)
_EMPLOYMENT_STATUSES = {
    "Full-time": "FULL_TIME",
    "Part-time": "PART_TIME",
    "Contract": "CONTRACT",
    "Internship": "INTERNSHIP",
    "Temporary": "TEMPORARY",
    "Volunteer": "VOLUNTEER",
}
_EXPERIENCE_LEVELS = {
    "Entry level": "ENTRY_LEVEL",
    "Mid-Senior level": "MID_SENIOR_LEVEL",
    "Director": "DIRECTOR",
    "Executive": "EXECUTIVE",
    "Internship": "INTERNSHIP",
    "Associate": "ASSOCIATE",
    "Not Applicable": "NOT_APPLICABLE",
}
_WORKPLACE_TYPES = {"1": "Remote", "hybrid": "Hybrid"}
# EMSCAD replaced links, mail addresses and telephone numbers by marks such as #URL_0a1b...#.
_MARK = re.compile(r"#(?:URL|EMAIL|PHONE)_[0-9a-f]+#")
_SALARY = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ad:
    """One advertisement; ``location`` is "City, State, Country", shorter when parts are unknown."""

    external_id: str
    title: str
    company_name: str
    location: str
    country_code: str
    description: str
    industry: str
    function: str
    employment_status: str | None
    experience_level: str | None
    workplace_type: str
    salary: tuple[int, int] | None


def read_ads(path: Path | None = None) -> tuple[Ad, ...]:
    """Reads the advertisements of a CSV file with the EMSCAD columns, or the packaged ones.

    A packaged file may have two more values: ``company_name``, and ``hybrid`` under ``telecommuting``.
    Without a name, ads with the same company profile share a neutral one. Ads without a country or a title,
    and ads with less than 100 characters of text, are skipped.
    """
    with (path or _PACKAGED).open(encoding="utf-8-sig", newline="") as file:
        rows = _read_rows(file)
    names = _name_companies(rows)
    ads = (_make_ad(row, name) for row, name in zip(rows, names, strict=True))
    return tuple(
        ad for ad in ads if ad.country_code and ad.title and len(ad.description) >= DESCRIPTION_CHARS_MIN
    )


def _read_rows(file: Iterable[str]) -> list[Row]:
    reader = csv.DictReader(file, restval="")
    missing = _COLUMNS.difference(reader.fieldnames or ())
    if missing:
        raise ValueError(f"the file of ads lacks the columns {', '.join(sorted(missing))}")
    return [{column: _clean(row[column]) for column in row if column is not None} for row in reader]


def _clean(text: str) -> str:
    return _MARK.sub("", html.unescape(text)).replace("\xa0", " ").strip()


def _name_companies(rows: list[Row]) -> list[str]:
    """Returns a name per row: the given one, or the most common industry of its group with a number."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_group_of(row)].append(row)
    numbers: Counter[str] = Counter()
    names: dict[tuple[str, ...], str] = {}
    for group, members in groups.items():
        industries = Counter(member["industry"] for member in members if member["industry"])
        kind = f"{industries.most_common(1)[0][0]} Group" if industries else "Employer"
        numbers[kind] += 1
        names[group] = f"{kind} {numbers[kind]}"
    return [row.get("company_name") or names[_group_of(row)] for row in rows]


def _group_of(row: Row) -> tuple[str, ...]:
    profile = row["company_profile"]
    return (profile,) if profile else ("", row["industry"], _split_location(row["location"])[0])


def _make_ad(row: Row, company_name: str) -> Ad:
    country, region, city = _split_location(row["location"])
    return Ad(
        external_id=f"ad-{row['job_id']}",
        title=" ".join(row["title"].split())[:TITLE_CHARS_MAX].strip(),
        company_name=company_name,
        location=", ".join(part for part in (city, region, country) if part),
        country_code=country,
        description=_join_description(row),
        industry=row["industry"],
        function=row["function"],
        employment_status=_EMPLOYMENT_STATUSES.get(row["employment_type"]),
        experience_level=_EXPERIENCE_LEVELS.get(row["required_experience"]),
        workplace_type=_WORKPLACE_TYPES.get(row["telecommuting"], "On-site"),
        salary=_read_salary(row["salary_range"]),
    )


def _join_description(row: Row) -> str:
    parts = (row[column] for column in ("company_profile", "description", "requirements", "benefits"))
    return "\n\n".join(part for part in parts if part)[:DESCRIPTION_CHARS_MAX].strip()


def _split_location(text: str) -> tuple[str, str, str]:
    """Returns country, region and city of "US, NY, New York". A purely numeric region is dropped."""
    country, region, city, *_ = [part.strip() for part in text.split(",")] + ["", "", ""]
    return country, "" if region.isdigit() else region, city


def _read_salary(text: str) -> tuple[int, int] | None:
    """Returns the stated range; ``None`` if it is empty, reversed, or was turned into a date by a spreadsheet."""
    match = _SALARY.fullmatch(text)
    if match is None:
        return None
    low, high = int(match[1]), int(match[2])
    return (low, high) if 0 < low <= high else None
