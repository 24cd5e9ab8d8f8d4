"""Owns the verbs of reports: job reports by ids and by date range, the budget report.

Owns what a process remembers between them. An answer is as of the last UTC midnight: which jobs it shows, in which
order and with which contents. Only clicks and money that are not final yet change during the day.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from jobmeter.base.days import day_number, day_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import REPORT_IDS_MAX
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.arrays import BigintArray, DateArray, SmallintArray, TextArray
from jobmeter.database.connection import Connection
from jobmeter.partners.model import Application
from jobmeter.reports.job_reports import rules, store
from jobmeter.reports.job_reports.model import (
    BudgetReport,
    ByIdsRequest,
    DayRange,
    DaySum,
    JobListQuery,
    JobReport,
    RangePage,
    ReportableJobs,
    ReportQuery,
    RequestedIds,
    RequestedJobs,
    SumQuery,
    cut_report,
    make_slicer,
)

ANY_CONTRACT, NO_CONTRACT = 0, -1
JOBS_REMEMBERED_MAX = 3_000_000  # 32 bytes each
# What began before midnight may be committed after it, and belongs to the day before.
COMMIT_SECONDS_MAX = 60

_ListKey = tuple[int, date]


class JobListCache:
    """The lists used last, by application and UTC day."""

    def __init__(self, *, jobs_max: int = JOBS_REMEMBERED_MAX) -> None:
        self._jobs_max = jobs_max
        self._lists: OrderedDict[_ListKey, ReportableJobs] = OrderedDict()
        self._jobs = 0

    def find(self, key: _ListKey) -> ReportableJobs | None:
        found = self._lists.get(key)
        if found is not None:
            self._lists.move_to_end(key)
        return found

    def keep(self, key: _ListKey, jobs: ReportableJobs) -> None:
        if key in self._lists:
            return
        self._lists[key] = jobs
        self._jobs += len(jobs)
        while self._jobs > self._jobs_max and len(self._lists) > 1:
            _, dropped = self._lists.popitem(last=False)
            self._jobs -= len(dropped)


def parse_by_ids(query: ReportQuery, ids: Sequence[str]) -> ByIdsRequest:
    """What a report by ids asks for, checked (spec 6).

    Raises ``Refused``: JOB_REPORT_CALLER for a parent application, those of ``rules.check_range`` and
    ``rules.check_one_month``, REPORT_IDS_TOO_MANY.
    """
    check_job_caller(query.child)
    days = rules.check_one_month(rules.check_range(query.first, query.last, now=query.moment))
    if len(ids) > REPORT_IDS_MAX:
        raise Refused(Fault.REPORT_IDS_TOO_MANY)
    given = query.contract_id
    return ByIdsRequest(
        shard=query.child.shard,
        application_id=query.child.id,
        ids=tuple(ids),
        contract_id=ANY_CONTRACT if given is None else given if given > 0 else NO_CONTRACT,
        days=days,
        today=day_of(query.moment),
    )


async def report_by_ids(connection: Connection, asked: Sequence[ByIdsRequest]) -> list[dict[str, JobReport]]:
    """For each of ``asked``: its reports by the id that was asked for; an id without a job is absent (spec 6).

    An id is a job's external id, or else a partner job code.
    """
    found: list[dict[str, JobReport]] = [{} for _ in asked]
    slicers = [make_slicer(one.days) for one in asked]
    wanted = [(index, name) for index, one in enumerate(asked) for name in one.ids]
    for number, report in await store.read_reports_by_external_id(connection, _spread_ids(asked, wanted)):
        index, name = wanted[number - 1]
        reports = found[index]
        if name not in reports or reports[name].job.job_id < report.job.job_id:
            reports[name] = cut_report(report, slicers[index])
    unknown = [(index, name) for index, name in wanted if name not in found[index]]
    for index, name, report in await _report_by_codes(connection, asked, unknown) if unknown else ():
        found[index][name] = cut_report(report, slicers[index])
    return found


async def _report_by_codes(
    connection: Connection, asked: Sequence[ByIdsRequest], wanted: Sequence[tuple[int, str]]
) -> list[tuple[int, str, JobReport]]:
    """The reports of the jobs that partner job codes mean, each with the number of its request and its code."""
    meant = await store.find_jobs_by_code(connection, _spread_ids(asked, wanted))
    if not meant:
        return []
    places = [wanted[number - 1] for number, _ in meant]
    requested = _request_jobs(
        [
            (job_id, (one.shard, one.application_id), one.days, one.today)
            for (_, job_id), one in zip(meant, [asked[index] for index, _ in places], strict=True)
        ]
    )
    return [
        (*places[number - 1], report) for number, report in await store.read_reports(connection, requested)
    ]


def _request_jobs(wanted: Sequence[tuple[int, tuple[int, int], DayRange, date]]) -> RequestedJobs:
    """Of each job: its id, the shard and the id of its application, the days of its report, and the day it is asked on."""
    return RequestedJobs(
        job_ids=BigintArray([job_id for job_id, *_ in wanted]),
        shards=SmallintArray([shard for _, (shard, _), *_ in wanted]),
        application_ids=BigintArray([application_id for _, (_, application_id), *_ in wanted]),
        firsts=DateArray([day_number(days.first) for *_, days, _ in wanted]),
        lasts=DateArray([day_number(days.last) for *_, days, _ in wanted]),
        todays=DateArray([day_number(today) for *_, today in wanted]),
    )


def _spread_ids(asked: Sequence[ByIdsRequest], wanted: Sequence[tuple[int, str]]) -> RequestedIds:
    """The ids ``wanted``, each with the number of its request, whose values are repeated for each of them."""

    def spread(values: list[int]) -> list[int]:
        return [values[index] for index, _ in wanted]

    return RequestedIds(
        ids=TextArray([name for _, name in wanted]),
        shards=SmallintArray(spread([one.shard for one in asked])),
        application_ids=BigintArray(spread([one.application_id for one in asked])),
        contract_ids=BigintArray(spread([one.contract_id for one in asked])),
        firsts=DateArray(spread([day_number(one.days.first) for one in asked])),
        lasts=DateArray(spread([day_number(one.days.last) for one in asked])),
        todays=DateArray(spread([day_number(one.today) for one in asked])),
    )


async def report_by_ids_as_of(
    connection: Connection, query: ReportQuery, asked: ByIdsRequest
) -> dict[str, JobReport]:
    """The same as it was answered at the query's moment."""
    (found,) = await report_by_ids(connection, [asked])
    reports = await _restore_figures(connection, query, list(found.values()), asked.days)
    return dict(zip(found, reports, strict=True))


async def _restore_figures(
    connection: Connection, query: ReportQuery, reports: list[JobReport], days: DayRange
) -> list[JobReport]:
    """The reports with the clicks and the money of the query's earlier moment, if it names one."""
    if query.as_of is None:
        return reports
    earlier = await store.read_figures_as_of(
        connection,
        shard=query.child.shard,
        job_ids=list({report.job.job_id for report in reports}),
        days=days,
        today=day_of(query.moment),
        as_of=query.as_of,
    )
    by_job = {one.job_id: one for one in earlier}
    found = [(report, by_job[report.job.job_id]) for report in reports]
    return [report._replace(figures=one.figures, spent_micros=one.spent_micros) for report, one in found]


async def report_by_range(
    connection: Connection, query: ReportQuery, *, start: int, count: int, lists: JobListCache
) -> RangePage:
    """One page of the jobs that were live in the range, in the order of their job ids (spec 7).

    All pages of a day are cut from one list: it is that of midnight, and remembered in ``lists``. Raises ``Refused``:
    JOB_REPORT_CALLER for a parent application, those of ``rules.check_range`` and ``rules.check_seven_days``.
    """
    check_job_caller(query.child)
    days = rules.check_seven_days(rules.check_range(query.first, query.last, now=query.moment))
    jobs = await _list_jobs(connection, query, lists)
    job_ids = jobs.job_ids[rules.find_live(jobs, days, query.contract_id)]
    wanted = job_ids[start : start + count].tolist()
    return RangePage(tuple(await report_jobs(connection, query, wanted, days)), len(job_ids))


async def _list_jobs(connection: Connection, query: ReportQuery, lists: JobListCache) -> ReportableJobs:
    child, day = query.child, day_of(query.moment)
    jobs = lists.find((child.id, day))
    if jobs is None:
        jobs = await store.list_reportable_jobs(
            connection, JobListQuery(child.shard, child.id, start_of(day))
        )
        if query.now - start_of(day) >= timedelta(seconds=COMMIT_SECONDS_MAX):
            lists.keep((child.id, day), jobs)
    return jobs


async def _read_reports(
    connection: Connection, query: ReportQuery, job_ids: list[int], days: DayRange
) -> list[JobReport]:
    if not job_ids:
        return []
    owner, today, cut = (query.child.shard, query.child.id), day_of(query.moment), make_slicer(days)
    requested = _request_jobs([(job_id, owner, days, today) for job_id in job_ids])
    reports = [cut_report(report, cut) for _, report in await store.read_reports(connection, requested)]
    return await _restore_figures(connection, query, reports, days)


async def list_live_jobs(
    connection: Connection, query: ReportQuery, days: DayRange, *, lists: JobListCache
) -> ReportableJobs:
    """All jobs that reports of the range show, for a caller that has checked the range; in the order of their ids."""
    jobs = await _list_jobs(connection, query, lists)
    return jobs.select(rules.find_live(jobs, days, query.contract_id))


async def report_jobs(
    connection: Connection, query: ReportQuery, job_ids: list[int], days: DayRange
) -> list[JobReport]:
    """The reports of some of those jobs, in the order of their ids."""
    reports = await _read_reports(connection, query, job_ids, days)
    return sorted(reports, key=lambda report: report.job.job_id)


async def sum_days(connection: Connection, query: SumQuery) -> list[DaySum]:
    """Sums what the reports of all jobs of applications show, by currency and day; days without activity are left out.

    The range may be longer than that of a report. Raises ``Refused`` as ``rules.check_range`` does.
    """
    days = rules.check_range(query.first, query.last, now=query.moment)
    shards = [child.shard for child in query.children]
    application_ids = [child.id for child in query.children]
    today = start_of(day_of(query.moment))
    if query.as_of is None:
        return await store.sum_days(
            connection, shards=shards, application_ids=application_ids, days=days, today=today
        )
    return await store.sum_days_as_of(
        connection,
        shards=shards,
        application_ids=application_ids,
        days=days,
        today=today,
        as_of=query.as_of,
    )


async def report_budget(
    connection: Connection, *, parent: Application, contract_id: int | None, now: datetime
) -> BudgetReport:
    """What a partner contract's jobs were charged up to yesterday, and its limit (spec 8).

    Raises ``Refused``: BUDGET_REPORT_CALLER for a child application, BUDGET_CALLER_KIND for a parent without any
    pay-for-performance contract, BUDGET_NOT_FOUND for a contract that is not the partner's, BUDGET_NOT_ACTIVE for
    one whose term has not begun, CONTRACT_NOT_CHOSEN when it has several.
    """
    check_budget_caller(parent)
    contract = await _choose_budget(connection, parent, contract_id, now)
    spent = await store.sum_contract_spend(connection, contract_id=contract.id, today=day_of(now))
    return BudgetReport(
        contract.term_starts_at, contract.term_ends_at, contract.currency, spent, contract.limit_micros
    )


async def _choose_budget(
    connection: Connection, parent: Application, contract_id: int | None, now: datetime
) -> PartnerContract:
    mine = await contracts.list_partner_contracts(connection, partner_id=parent.id)
    if not mine:
        raise Refused(Fault.BUDGET_CALLER_KIND)
    matching = [contract for contract in mine if contract_id in {None, contract.id}]
    if not matching:
        raise Refused(Fault.BUDGET_NOT_FOUND)
    # A term that is over has its report still; one that has not begun has none yet.
    begun = [contract for contract in matching if contract.term_starts_at <= now]
    if not begun:
        raise Refused(Fault.BUDGET_NOT_ACTIVE)
    if len(begun) > 1:
        raise Refused(Fault.CONTRACT_NOT_CHOSEN, count=len(begun))
    return begun[0]


def check_budget_caller(application: Application) -> None:
    if application.parent_id is not None:
        raise Refused(Fault.BUDGET_REPORT_CALLER)


def check_job_caller(application: Application) -> None:
    if application.parent_id is None:
        raise Refused(Fault.JOB_REPORT_CALLER)
