"""Owns the statements of reports, one function each. Does not own when they run."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows, read_columns, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.ledger.model import AccountKind
from jobmeter.reports.job_reports.model import (
    DayRange,
    EarlierFigures,
    JobListQuery,
    JobReport,
    ReportableJobs,
    ReportById,
    ReportedJob,
    RequestedIds,
    slice_days,
)

SQL = load_statements("jobmeter.reports.job_reports", enums=(AccountKind,))


async def read_reports_by_ids(connection: Connection, requested: RequestedIds) -> list[ReportById]:
    """The reports of those ids that are somebody's; each holds all days of its range's month."""
    return await list_rows(
        connection, _make_report_by_id, SQL["read_reports_by_ids"], requested.parameters(), binary=True
    )


async def read_reports(
    connection: Connection, *, shard: int, job_ids: list[int], days: DayRange, today: date
) -> list[JobReport]:
    values = {"shard": shard, "job_ids": job_ids, **vars_of(days), "today": today}
    reports = await list_rows(connection, _make_report, SQL["read_reports"], values, binary=True)
    return [_cut(report, days) for report in reports]


async def read_figures_as_of(
    connection: Connection, *, shard: int, job_ids: list[int], days: DayRange, today: date, as_of: datetime
) -> list[EarlierFigures]:
    values = {"shard": shard, "job_ids": job_ids, **vars_of(days), "today": today, "as_of": as_of}
    return await list_rows(connection, _make_figures, SQL["read_figures_as_of"], values, binary=True)


async def list_reportable_jobs(connection: Connection, query: JobListQuery) -> ReportableJobs:
    return await read_columns(connection, ReportableJobs, SQL["list_reportable_jobs"], vars_of(query))


async def sum_contract_spend(connection: Connection, *, contract_id: int, today: date) -> int:
    values = {"contract_id": contract_id, "today": today}
    return await read_scalar(connection, int, SQL["sum_contract_spend"], values)


def _make_report_by_id(*, request_index: int, asked_id: str, **report: Any) -> ReportById:
    return ReportById(request_index, asked_id, _make_report(**report))


def _make_report(*, figures: bytes | None, spent_micros: int, **job: Any) -> JobReport:
    return JobReport(ReportedJob(**job), bytes(figures or b""), spent_micros)


def _make_figures(*, job_id: int, figures: bytes | None, spent_micros: int) -> EarlierFigures:
    return EarlierFigures(job_id, bytes(figures or b""), spent_micros)


def _cut(report: JobReport, days: DayRange) -> JobReport:
    return replace(report, figures=slice_days(report.figures, days))
