"""Owns what a board requires of the jobs of a feed, and what holds for those that do not say otherwise. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from jobmeter.base.readers.web_url import WEB_SCHEMES


class PosterEmail(StrEnum):
    """What a board demands of a feed's jobs about the poster's e-mail address."""

    REQUIRED = "required"
    WARNED = "warned"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDefaults:
    """What holds for the jobs of one feed that do not say otherwise; empty and ``None`` where nothing does."""

    company_name: str = ""
    company_id: int | None = None
    country: str = ""
    location: str = ""
    poster_email: str = ""
    apply_url_pattern: str = ""
    dates_day_first: bool | None = None
    is_complete: bool | None = None


@dataclass(frozen=True, slots=True)
class FeedRules:
    """What a job board requires of a feed beyond the format (xml spec 13); lengths are characters."""

    partner_job_id_characters_max: int = 200
    title_characters_max: int = 200
    description_characters_min: int = 100
    description_characters_max: int = 25_000
    postal_code_characters_max: int = 20
    codes_max: int = 3
    company_id_needed: bool = False
    poster_email: PosterEmail = PosterEmail.WARNED
    apply_url_schemes: tuple[str, ...] = WEB_SCHEMES
