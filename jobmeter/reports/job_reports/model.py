"""Owns the values of reports."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import add
from typing import NamedTuple

import numpy as np

from jobmeter.base.days import day_number
from jobmeter.database.arrays import BigintArray, Column, DateArray, SmallintArray, TextArray
from jobmeter.database.columns import Bigint, Columns
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


_PACKED_DAY = struct.Struct("!iiiq")
# The same as a row of numpy's, for many days at once.
_DAY_ROW = np.dtype([("day", ">i4"), ("views", ">i4"), ("apply_clicks", ">i4"), ("charge_micros", ">i8")])
_DAY_NUMBER = struct.Struct("!i")


class DayColumns(NamedTuple):
    """The days of a report, in order: their numbers since 1970, and what was counted on each."""

    numbers: tuple[int, ...]
    views: tuple[int, ...]
    apply_clicks: tuple[int, ...]
    charge_micros: tuple[int, ...]


def split_days(packed: bytes) -> DayColumns:
    values = struct.unpack("!" + "iiiq" * (len(packed) // _PACKED_DAY.size), packed)
    return DayColumns(
        numbers=values[::4], views=values[1::4], apply_clicks=values[2::4], charge_micros=values[3::4]
    )


def read_days(packed: Sequence[bytes]) -> tuple[Column, Column]:
    """The days of several reports, one after the other, with columns by name; and how many each has."""
    rows = np.frombuffer(b"".join(packed), dtype=_DAY_ROW)
    counts = np.array([len(one) // _DAY_ROW.itemsize for one in packed], dtype=np.int64)
    return rows, counts


def make_slicer(days: DayRange) -> Callable[[bytes], bytes]:
    """Returns a function that returns, of packed days, which are in order, those of the range."""
    size = _PACKED_DAY.size
    first, last = (_DAY_NUMBER.pack(day_number(day)) for day in (days.first, days.last))

    def cut(packed: bytes) -> bytes:
        if packed[:4] >= first and packed[-size : 4 - size] <= last:
            return packed  # as those of a whole month are
        start, end = 0, _find_end(packed, last)
        while start < end and packed[start : start + 4] < first:
            start += size
        return packed[start:end]

    return cut


def _find_end(packed: bytes, last: bytes) -> int:
    """Where the days up to ``last`` end. Numbers of one length are in the order of their bytes."""
    size, end = _PACKED_DAY.size, len(packed)
    while end and packed[end - size : end - size + 4] > last:
        end -= size
    return end


class JobReport(NamedTuple):
    """``figures`` are the days of the range with any activity, packed as the database sends them."""

    job: ReportedJob
    figures: bytes
    spent_micros: int


def cut_report(report: JobReport, cut: Callable[[bytes], bytes]) -> JobReport:
    """The report of the days that ``cut`` leaves."""
    figures = cut(report.figures)
    return report if figures is report.figures else report._replace(figures=figures)


def join_days(parts: tuple[bytes | None, bytes | None], live: bytes | None) -> bytes:
    """Packed days, of which those of the second part are later; ``live`` is one day more, or a part of one of them."""
    kept, later = parts
    packed = (kept or b"") + (later or b"")
    return packed if live is None else _add_day(packed, live)


def _add_day(packed: bytes, part: bytes) -> bytes:
    """Adds a day in its place, or its counts to those of the same day."""
    size, day = _PACKED_DAY.size, part[:4]
    start = end = _find_end(packed, day)
    if end and packed[end - size : end - size + 4] == day:
        start -= size
        number, *counts = _PACKED_DAY.unpack_from(packed, start)
        _, *more = _PACKED_DAY.unpack(part)
        part = _PACKED_DAY.pack(number, *map(add, counts, more))
    return packed[:start] + part + packed[end:]


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
class RequestedIds:
    """The ids that a group of requests asks for; of each also what else its request names."""

    ids: TextArray
    shards: SmallintArray
    application_ids: BigintArray
    contract_ids: BigintArray
    firsts: DateArray
    lasts: DateArray
    todays: DateArray


@dataclass(frozen=True, slots=True)
class RequestedJobs:
    """The same of jobs that were found."""

    job_ids: BigintArray
    shards: SmallintArray
    application_ids: BigintArray
    firsts: DateArray
    lasts: DateArray
    todays: DateArray


class NumberedReport(NamedTuple):
    """The report of a job, and the number of what was asked for, counted from 1; with all days of the months."""

    asked_number: int
    report: JobReport


class JobByCode(NamedTuple):
    """The job that a code means, and the number of the code among the ids that were asked for, counted from 1."""

    asked_number: int
    job_id: int


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
