"""Owns the public values of a job, under the one name that they have in the postings of every API and feed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobmeter.wire.xml.code_tables import EXPERIENCE_LEVELS, JOB_TYPES, POSTER_ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """``content`` is the posting as the partner sent it."""

    job_id: int
    title: str
    company_name: str
    company_page: str | None
    location: str
    apply_url: str
    is_live: bool
    listed_at: datetime
    expires_at: datetime
    content: dict[str, Any]
    poster_email: str = ""

    @property
    def poster(self) -> str:
        """Who is shown as the poster, if the posting asks for that: the e-mail, and the role if it has one."""
        if not (self.content.get("poster_display") or self.content.get("showPosterInfo")):
            return ""
        email = self.poster_email or str(self.content.get("posterEmail") or "")
        role = POSTER_ROLES.names.get(self.content.get("poster_role") or "", "")
        return ", ".join(filter(None, (email, role)))

    @property
    def country(self) -> str:
        """The country that the posting names separately from its location, as XML postings do; else empty."""
        return str(self.content.get("country_code") or "").upper()

    @property
    def employment_type(self) -> str:
        """The symbol of the JSON API; empty if the posting has none."""
        return self.content.get("employmentStatus") or JOB_TYPES.successors.get(
            self.content.get("job_type") or "", ""
        )

    @property
    def experience_level(self) -> str:
        return self.content.get("experienceLevel") or EXPERIENCE_LEVELS.successors.get(
            self.content.get("experience_level") or "", ""
        )

    @property
    def workplace(self) -> str:
        """On-site, Hybrid or Remote, however it was written; empty if the posting names none or several."""
        named = {str(text).capitalize() for text in self.content.get("workplaceTypes") or ()}
        return named.pop() if len(named) == 1 else ""

    @property
    def is_remote(self) -> bool:
        return self.workplace == "Remote"

    @property
    def other_places(self) -> tuple[str, ...]:
        return tuple(self.content.get("alternateLocations") or ())

    @property
    def where(self) -> tuple[str, ...]:
        """The employer and all places, for the line below the title."""
        return tuple(text for text in (self.company_name, self.location, *self.other_places) if text)

    @property
    def details(self) -> tuple[str, ...]:
        """What a candidate reads below the title: type, workplace, level and salary, where the posting has them."""
        words = (self.employment_type, self.workplace, self.experience_level)
        shown = [word.replace("_", " ").capitalize() for word in words]
        return tuple(text for text in (*shown, str(self.content.get("salary") or "")) if text)

    @property
    def tracking_pixel_url(self) -> str | None:
        """The distributor's tracking pixel, under the name used by the posting's own protocol."""
        return self.content.get("trackingPixelUrl") or self.content.get("tracking_pixel_url")


@dataclass(frozen=True, slots=True)
class ApplyTarget:
    """The target of an apply link: always an address that the partner stored, of a page or of the poster's mailbox."""

    apply_url: str
    is_live: bool
