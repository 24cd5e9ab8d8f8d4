"""Owns the statements of reports, one function each. Does not own when they run."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import RowMaker

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_columns, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.reports.job_reports.model import (
    DayRange,
    DaySum,
    EarlierFigures,
    JobListQuery,
    JobReport,
    ReportableJobs,
    ReportById,
    ReportedJob,
    RequestedIds,
    slice_days,
)

SQL = load_statements("jobmeter.reports.job_reports")


async def read_reports_by_ids(connection: Connection, requested: RequestedIds) -> list[ReportById]:
    """The reports of those ids that have an owner; each contains all days of its range's month."""
    cursor = connection.cursor(binary=True, row_factory=_report_by_id_row)
    return await (await cursor.execute(SQL["read_reports_by_ids"], requested.parameters())).fetchall()


async def read_reports(
    connection: Connection, *, shard: int, job_ids: list[int], days: DayRange, today: date
) -> list[JobReport]:
    values = {"shard": shard, "job_ids": job_ids, **vars_of(days), "today": today}
    cursor = connection.cursor(binary=True, row_factory=_report_row)
    reports = await (await cursor.execute(SQL["read_reports"], values)).fetchall()
    return [_cut(report, days) for report in reports]


async def read_figures_as_of(
    connection: Connection, *, shard: int, job_ids: list[int], days: DayRange, today: date, as_of: datetime
) -> list[EarlierFigures]:
    values = {"shard": shard, "job_ids": job_ids, **vars_of(days), "today": today, "as_of": as_of}
    return await list_rows(connection, _make_figures, SQL["read_figures_as_of"], values)


async def list_reportable_jobs(connection: Connection, query: JobListQuery) -> ReportableJobs:
    return await read_columns(connection, ReportableJobs, SQL["list_reportable_jobs"], vars_of(query))


async def sum_days(
    connection: Connection,
    *,
    shards: list[int],
    application_ids: list[int],
    days: DayRange,
    today: datetime,
) -> list[DaySum]:
    values = {"shards": shards, "application_ids": application_ids, **vars_of(days), "today": today}
    return await list_rows(connection, DaySum, SQL["sum_days"], values)


async def sum_days_as_of(
    connection: Connection,
    *,
    shards: list[int],
    application_ids: list[int],
    days: DayRange,
    today: datetime,
    as_of: datetime,
) -> list[DaySum]:
    values = {"shards": shards, "application_ids": application_ids, **vars_of(days), "today": today}
    return await list_rows(connection, DaySum, SQL["sum_days_as_of"], values | {"as_of": as_of})


async def sum_contract_spend(connection: Connection, *, contract_id: int, today: date) -> int:
    values = {"contract_id": contract_id, "today": today}
    return await read_scalar(connection, int, SQL["sum_contract_spend"], values)


# Hot path: the positions of the columns are looked up by name once per result, not once per row.
def _report_row(cursor: AsyncCursor[Any]) -> RowMaker[JobReport]:
    find_job, find_rest = _find(cursor, *ReportedJob._fields), _find(cursor, "figures", "spent_micros")

    def make(values: Sequence[Any]) -> JobReport:
        figures, spent_micros = find_rest(values)
        return JobReport(ReportedJob._make(find_job(values)), bytes(figures or b""), spent_micros)

    return make


def _report_by_id_row(cursor: AsyncCursor[Any]) -> RowMaker[ReportById]:
    make_report, find_request = _report_row(cursor), _find(cursor, "request_index", "asked_id")

    def make(values: Sequence[Any]) -> ReportById:
        request_index, asked_id = find_request(values)
        return ReportById(request_index, asked_id, make_report(values))

    return make


def _find(cursor: AsyncCursor[Any], *names: str) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """A function that returns these columns of a row; a cursor without a result has no rows to apply it to."""
    sent = [column.name for column in cursor.description or ()]
    return itemgetter(*map(sent.index, names)) if sent else tuple


def _make_figures(*, job_id: int, figures: bytes | None, spent_micros: int) -> EarlierFigures:
    return EarlierFigures(job_id, bytes(figures or b""), spent_micros)


def _cut(report: JobReport, days: DayRange) -> JobReport:
    return replace(report, figures=slice_days(report.figures, days))
