"""Owns the values of reports."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from jobmeter.base.days import day_number
from jobmeter.database.arrays import Column
from jobmeter.database.columns import Bigint, Columns, Date, Integer, Smallint, Text
from jobmeter.partners.model import Application


@dataclass(frozen=True, slots=True)
class DayRange:
    """From ``first`` to ``last``, both included."""

    first: date
    last: date


class ReportedJob(NamedTuple):
    """A job that a report shows. ``limit_micros`` is its total budget."""

    job_id: int
    external_id: str
    title: str
    company_name: str
    company_page: str | None
    apply_url: str
    closed_at: datetime | None
    currency: str
    limit_micros: int
    partner_job_campaign: str | None


class DayFigures(NamedTuple):
    """``day`` counts days since 1970."""

    day: int
    views: int
    apply_clicks: int
    charge_micros: int


_PACKED_DAY = struct.Struct("!iiiq")
# The same as a row of numpy's, for many days at once.
_DAY_ROW = np.dtype([("day", ">i4"), ("views", ">i4"), ("apply_clicks", ">i4"), ("charge_micros", ">i8")])
_DAY_NUMBER = struct.Struct("!i")


def unpack_days(packed: bytes) -> list[DayFigures]:
    return list(map(DayFigures._make, _PACKED_DAY.iter_unpack(packed)))


def read_days(packed: Sequence[bytes]) -> tuple[Column, Column]:
    """The days of several reports, one after the other, by the names of ``DayFigures``; and how many each has."""
    rows = np.frombuffer(b"".join(packed), dtype=_DAY_ROW)
    counts = np.array([len(one) // _DAY_ROW.itemsize for one in packed], dtype=np.int64)
    return rows, counts


def slice_days(packed: bytes, days: DayRange) -> bytes:
    """Of packed days, which are in order, those of the range."""
    size = _PACKED_DAY.size
    start, end = 0, len(packed)
    first, last = day_number(days.first), day_number(days.last)
    while start < end and _DAY_NUMBER.unpack_from(packed, start)[0] < first:
        start += size
    while end > start and _DAY_NUMBER.unpack_from(packed, end - size)[0] > last:
        end -= size
    return packed[start:end]


@dataclass(frozen=True, slots=True)
class JobReport:
    """``figures`` are the days of the range with any activity, packed as the database sends them."""

    job: ReportedJob
    figures: bytes
    spent_micros: int


@dataclass(frozen=True, slots=True)
class ReportableJobs(Columns):
    """What a day's reports can show of an application, in order of job id.

    ``closed_ms`` is beyond all time for a job that was not over when the day began.
    """

    job_ids: Bigint
    contract_ids: Bigint
    created_ms: Bigint
    closed_ms: Bigint


@dataclass(frozen=True, slots=True)
class JobListQuery:
    """Whose reportable jobs are listed, and when the day began of whose reports they are."""

    shard: int
    application_id: int
    today: datetime


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What a job report is asked for. ``as_of`` is an earlier moment, whose answer is given again.

    Which jobs an answer shows, and their contents, are those of the midnight before its moment; its money and
    clicks are those of the moment.
    """

    child: Application
    first: date | None
    last: date | None
    contract_id: int | None
    now: datetime
    as_of: datetime | None = None

    @property
    def moment(self) -> datetime:
        """The moment that the answer speaks of."""
        return self.now if self.as_of is None else self.as_of


@dataclass(frozen=True, slots=True)
class ByIdsRequest:
    """Days that were checked, of jobs of one application. ``contract_id`` of 0 is any contract."""

    shard: int
    application_id: int
    ids: tuple[str, ...]
    contract_id: int
    days: DayRange
    today: date


@dataclass(frozen=True, slots=True)
class RequestedIds(Columns):
    """The ids that a group of requests asks for, a row each; ``request_indexes`` says which request it is of."""

    request_indexes: Integer
    ids: Text
    shards: Smallint
    application_ids: Bigint
    contract_ids: Bigint
    firsts: Date
    lasts: Date
    todays: Date


class ReportById(NamedTuple):
    """The report of what a request calls ``asked_id``."""

    request_index: int
    asked_id: str
    report: JobReport


class EarlierFigures(NamedTuple):
    """What a report said of a job at an earlier moment; packed as in ``JobReport``."""

    job_id: int
    figures: bytes
    spent_micros: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SumQuery:
    """Whose report days are summed: of a partner's child applications. ``as_of`` is an earlier moment, as in ``ReportQuery``."""

    children: tuple[Application, ...]
    first: date
    last: date
    now: datetime
    as_of: datetime | None = None

    @property
    def moment(self) -> datetime:
        return self.now if self.as_of is None else self.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """The sum of the reports of a day, of all jobs in one currency."""

    currency: str
    day: date
    views: int
    apply_clicks: int
    charge_micros: int
    is_final: bool
