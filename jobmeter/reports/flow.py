"""Owns the verbs of reports: job reports by ids and by date range, the budget report."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from jobmeter.base.days import day_of, end_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import REPORT_IDS_MAX
from jobmeter.contracts import flow as contracts
from jobmeter.contracts.model import PartnerContract
from jobmeter.partners.model import Application
from jobmeter.reports import rules, store
from jobmeter.reports.model import BudgetReport, DayRange, JobReport, RangePage, ReportedJob
from jobmeter.store.migrate import Connection


async def report_by_ids(
    connection: Connection,
    *,
    child: Application,
    ids: Sequence[str],
    first: date | None,
    last: date | None,
    contract_id: int | None,
    now: datetime,
) -> dict[str, JobReport]:
    """Reports by the id that was asked for; an id without a job is absent (spec 6).

    Raises ``Refused``: JOB_REPORT_CALLER for a parent application, those of ``rules.check_range`` and
    ``rules.check_one_month``, REPORT_IDS_TOO_MANY.
    """
    check_job_caller(child)
    days = rules.check_one_month(rules.check_range(first, last, now=now))
    if len(ids) > REPORT_IDS_MAX:
        raise Refused(Fault.REPORT_IDS_TOO_MANY)
    jobs = await store.find_reported_jobs(
        connection,
        shard=child.shard,
        application_id=child.id,
        ids=list(ids),
        contract_id=contract_id,
        today=start_of(day_of(now)),
    )
    reports = await _fill_reports(connection, child, jobs, days, now, with_spend=True)
    found = {}
    for asked in ids:
        mine = [report for report in reports if report.job.external_id == asked]
        coded = [report for report in reports if report.job.company_job_code == asked]
        if mine or coded:
            # An external id names one job; a job code may name several, of which the newest is meant.
            found[asked] = (mine or coded)[-1]
    return found


async def report_by_range(
    connection: Connection,
    *,
    child: Application,
    first: date | None,
    last: date | None,
    contract_id: int | None,
    start: int,
    count: int,
    now: datetime,
) -> RangePage:
    """One page of the jobs that were live in the range, in the order of their job ids (spec 7).

    Raises ``Refused``: JOB_REPORT_CALLER for a parent application, those of ``rules.check_range`` and
    ``rules.check_seven_days``.
    """
    check_job_caller(child)
    days = rules.check_seven_days(rules.check_range(first, last, now=now))
    today, starts_at, ends_at = start_of(day_of(now)), start_of(days.first), end_of(days.last)
    jobs = await store.list_range_jobs(
        connection,
        shard=child.shard,
        application_id=child.id,
        contract_id=contract_id,
        range_starts_at=starts_at,
        range_ends_at=ends_at,
        today=today,
        jobs_max=count,
        skipped=start,
    )
    total = await store.count_range_jobs(
        connection,
        shard=child.shard,
        application_id=child.id,
        contract_id=contract_id,
        range_starts_at=starts_at,
        range_ends_at=ends_at,
        today=today,
    )
    return RangePage(tuple(await _fill_reports(connection, child, jobs, days, now, with_spend=False)), total)


async def report_budget(
    connection: Connection, *, parent: Application, contract_id: int | None, now: datetime
) -> BudgetReport:
    """What a partner contract's jobs were charged up to yesterday, beside its limit (spec 8).

    Raises ``Refused``: BUDGET_REPORT_CALLER for a child application, BUDGET_NOT_FOUND for a contract that
    is not the partner's or when the partner has none, CONTRACT_NOT_CHOSEN when it has several.
    """
    if parent.parent_id is not None:
        raise Refused(Fault.BUDGET_REPORT_CALLER)
    contract = await _choose_budget(connection, parent, contract_id)
    spent = await store.sum_contract_spend(connection, contract_id=contract.id, today=day_of(now))
    return BudgetReport(
        contract.term_starts_at, contract.term_ends_at, contract.currency, spent, contract.limit_micros
    )


async def _choose_budget(
    connection: Connection, parent: Application, contract_id: int | None
) -> PartnerContract:
    mine = await contracts.list_partner_contracts(connection, partner_id=parent.id)
    matching = [contract for contract in mine if contract_id in {None, contract.id}]
    if not matching:
        raise Refused(Fault.BUDGET_NOT_FOUND)
    if len(matching) > 1:
        raise Refused(Fault.CONTRACT_NOT_CHOSEN, count=len(matching))
    return matching[0]


def check_job_caller(application: Application) -> None:
    if application.parent_id is None:
        raise Refused(Fault.JOB_REPORT_CALLER)


async def _fill_reports(
    connection: Connection,
    child: Application,
    jobs: Sequence[ReportedJob],
    days: DayRange,
    now: datetime,
    *,
    with_spend: bool,
) -> list[JobReport]:
    job_ids = [job.job_id for job in jobs]
    if not job_ids:
        return []
    figures = defaultdict(list)
    for row in await store.list_day_figures(
        connection, shard=child.shard, job_ids=job_ids, first=days.first, last=days.last
    ):
        figures[row.job_id].append(row)
    spent = {}
    if with_spend:
        spent = await store.sum_lifetime_spend(
            connection, shard=child.shard, job_ids=job_ids, today=day_of(now)
        )
    return [
        JobReport(job, tuple(figures[job.job_id]), spent.get(job.job_id, 0) if with_spend else None)
        for job in jobs
    ]
