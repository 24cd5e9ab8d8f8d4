"""Owns the values of reports."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class DayRange:
    """From ``first`` to ``last``, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class ReportedJob:
    """A job that a report shows, with its money up to yesterday (UTC)."""

    shard: int
    job_id: int
    external_id: str
    company_job_code: str | None
    title: str
    company_name: str
    company_page: str | None
    apply_url: str
    closed_at: datetime | None
    currency: str
    budget_micros: int
    partner_job_campaign: str | None


@dataclass(frozen=True, slots=True)
class DayFigures:
    job_id: int
    day: date
    views: int
    apply_clicks: int
    charge_micros: int


@dataclass(frozen=True, slots=True)
class JobReport:
    job: ReportedJob
    days: tuple[DayFigures, ...]
    spent_micros: int | None


@dataclass(frozen=True, slots=True)
class RangePage:
    """One page of a date-range report; ``total`` counts the jobs of all pages."""

    reports: tuple[JobReport, ...]
    total: int


@dataclass(frozen=True, slots=True)
class BudgetReport:
    term_starts_at: datetime
    term_ends_at: datetime
    currency: str
    spent_micros: int
    limit_micros: int


@dataclass(frozen=True, slots=True)
class LawCheck:
    """One law: how many rows were looked at, how many break it, and the first of those in words."""

    law: str
    checked: int
    breaches: int
    example: str | None
