"""Owns the public values of a job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


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

    @property
    def country(self) -> str:
        """The country that the posting names separately from its location, as XML postings do; else empty."""
        return str(self.content.get("country_code") or "").upper()

    @property
    def tracking_pixel_url(self) -> str | None:
        """The distributor's tracking pixel, under the name used by the posting's own protocol."""
        return self.content.get("trackingPixelUrl") or self.content.get("tracking_pixel_url")


@dataclass(frozen=True, slots=True)
class ApplyTarget:
    """The target of an apply link: always an address that the partner stored."""

    apply_url: str
    is_live: bool
