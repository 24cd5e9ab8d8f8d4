"""Owns the response to a job look-up: its value, the tree of all fields, the default fields.

Does not own who may see the job, nor the serialization of trees (``xml.writer``).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from jobmeter.wire.xml.code_tables import (
    COUNTRIES,
    EXPERIENCE_LEVELS,
    INDUSTRIES,
    JOB_FUNCTIONS,
    JOB_TYPES,
    POSTER_ROLES,
    CodeTable,
)
from jobmeter.wire.xml.html import plain_text
from jobmeter.wire.xml.job.fields import JobContent
from jobmeter.wire.xml.job.selectors import apply_selector, check_selector, parse_selector
from jobmeter.wire.xml.tree import Items, Tree
from jobmeter.wire.xml.writer import write_json, write_xml

SNIPPET_CHARACTERS: Final = 400


@dataclass(frozen=True, slots=True)
class JobPoster:
    """The member shown as the poster of a job; ``member_id`` is the public key of the profile."""

    member_id: str
    first_name: str
    last_name: str
    headline: str = ""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its owner sees it; times are milliseconds since 1970 UTC."""

    job_id: int
    active: bool
    posted_at_ms: int
    expires_at_ms: int
    content: JobContent
    site_job_url: str = ""
    poster: JobPoster | None = None


_KNOWN = parse_selector(
    ":(id,partner-job-id,contract-id,customer-job-code,active,posting-date:(year,month,day),"
    "expiration-date:(year,month,day),company:(id,name,description),description,description-snippet,"
    "position:(title,description,skills-and-experience,location:(country:(code,name),postal-code,name),"
    "job-functions:(job-function:(code,name)),industries:(industry:(code,name)),job-type:(code,name),"
    "experience-level:(code,name)),skills-and-experience,expiration-timestamp,"
    "job-poster:(id,first-name,last-name,headline),location-description,posting-timestamp,salary,"
    "site-job-request:(url),site-job-url,referral-bonus,poster:(display,role:(code,name),email-address),"
    "how-to-apply:(application-url),tracking-pixel-url)"
)
# Without a selector the response contains the posted content and the state (xml spec 16 #30), each text once.
_DEFAULT = {
    name: None
    for name in _KNOWN
    if name not in {"description", "description-snippet", "skills-and-experience", "site-job-request"}
}


def render_job_xml(view: JobView, *, selector: str = "") -> bytes:
    """Renders the ``<job>`` of a look-up. Raises ``Refused``: JOB_SELECTOR_INVALID, JOB_SELECTOR_UNKNOWN."""
    return write_xml("job", select_fields(view, selector))


def render_job_json(view: JobView, *, selector: str = "") -> bytes:
    """Renders the look-up as JSON. Raises what ``render_job_xml`` raises."""
    return write_json(select_fields(view, selector))


def select_fields(view: JobView, selector: str) -> Tree:
    """Returns the fields in ``selector``, in its order; without a selector the default fields."""
    if not selector:
        return apply_selector(dict(_DEFAULT), show_job(view))
    asked = parse_selector(selector)
    check_selector(asked, _KNOWN)
    return apply_selector(asked, show_job(view))


def show_job(view: JobView) -> Tree:
    """Returns all fields of a look-up (xml spec 9), without those that the job does not have."""
    content = view.content
    shown = {
        "id": view.job_id,
        "partner-job-id": content.partner_job_id,
        "contract-id": content.contract_id,
        "customer-job-code": content.customer_job_code,
        "active": view.active,
        "posting-date": _show_date(view.posted_at_ms),
        "expiration-date": _show_date(view.expires_at_ms),
        "company": {
            "id": content.company_id,
            "name": content.company_name,
            "description": content.company_description,
        },
        "description": content.description,
        "description-snippet": make_snippet(content.description or ""),
        "position": _show_position(content),
        "skills-and-experience": content.skills_and_experience,
        "expiration-timestamp": view.expires_at_ms,
        "job-poster": _show_poster(view.poster),
        "location-description": content.location_name,
        "posting-timestamp": view.posted_at_ms,
        "salary": content.salary,
        "site-job-request": {"url": view.site_job_url},
        "site-job-url": view.site_job_url,
        "referral-bonus": content.referral_bonus,
        "poster": {
            "display": content.poster_display,
            "role": _show_code(POSTER_ROLES, content.poster_role),
            "email-address": content.poster_email,
        },
        "how-to-apply": {"application-url": content.application_url},
        "tracking-pixel-url": content.tracking_pixel_url,
    }
    return _drop_empty(shown)


def make_snippet(description: str) -> str:
    """Returns the first 400 characters, without tags."""
    return plain_text(description)[:SNIPPET_CHARACTERS]


def _show_position(content: JobContent) -> dict[str, Any]:
    return {
        "title": content.title,
        "description": content.description,
        "skills-and-experience": content.skills_and_experience,
        "location": {
            "country": _show_code(COUNTRIES, content.country_code),
            "postal-code": content.postal_code,
            "name": content.location_name,
        },
        "job-functions": _show_codes("job-function", JOB_FUNCTIONS, content.job_functions),
        "industries": _show_codes("industry", INDUSTRIES, content.industries),
        "job-type": _show_code(JOB_TYPES, content.job_type),
        "experience-level": _show_code(EXPERIENCE_LEVELS, content.experience_level),
    }


def _show_code(table: CodeTable, code: str | None) -> dict[str, Any]:
    return {} if code is None else {"code": code, "name": table.names.get(code)}


def _show_codes(name: str, table: CodeTable, codes: tuple[str, ...] | None) -> Items | None:
    return Items(name, tuple(_show_code(table, code) for code in codes)) if codes else None


def _show_date(moment_ms: int) -> dict[str, Any]:
    day: date = datetime.fromtimestamp(moment_ms // 1000, tz=UTC).date()
    return {"year": day.year, "month": day.month, "day": day.day}


def _show_poster(poster: JobPoster | None) -> dict[str, Any]:
    if poster is None:
        return {}
    return {
        "id": poster.member_id,
        "first-name": poster.first_name,
        "last-name": poster.last_name,
        "headline": poster.headline,
    }


def _drop_empty(tree: dict[str, Any]) -> dict[str, Any]:
    kept = {name: _drop_empty(part) if isinstance(part, dict) else part for name, part in tree.items()}
    # Not `if part`: false and zero are values.
    return {name: part for name, part in kept.items() if part is not None and part not in ("", {})}
