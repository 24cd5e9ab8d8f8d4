"""Owns the kind ``budget``: what each customer's jobs used of each contract in the range, beside the contract's own budget.

The figures are sums of those that ``jobReports`` shows of the same range, so that the two always agree.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_CONTRACT
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.exports.kinds.job_reports import read_pages
from jobmeter.exports.kinds.sources import Sources
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportQuery, Scope, Table
from jobmeter.exports.rules import NUMBER_MAX, read_cursor
from jobmeter.partners.model import Application
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import BudgetReport, JobReport, read_days

ABOUT = "A row for each customer and contract of its jobs in the range; the sums are those of `jobReports`."
COLUMNS = (
    Column("partnerContract", ColumnType.TEXT, "URN of the partner's contract"),
    Column("developerApplication", ColumnType.TEXT, "URN of the customer's application"),
    Column("uniqueForeignId", ColumnType.TEXT, "the partner's id of the customer"),
    Column("serviceTermStartAt", ColumnType.TIME, "when the contract began"),
    Column("serviceTermEndAt", ColumnType.TIME, "when it ends"),
    Column("jobs", ColumnType.NUMBER, "jobs of the customer that were live in the range"),
    Column("viewCount", ColumnType.NUMBER, "their views in the range"),
    Column("applyClickCount", ColumnType.NUMBER, "their apply clicks that count"),
    Column("charge", ColumnType.AMOUNT, "what these cost"),
    Column(
        "serviceTermBudgetSpent",
        ColumnType.AMOUNT,
        "of all customers since the term began; with the partner's token only",
    ),
    Column(
        "serviceTermBudgetLimit",
        ColumnType.AMOUNT,
        "what the contract may cost; with the partner's token only",
    ),
    Column(CURRENCY, ColumnType.TEXT, "currency of the amounts (ISO 4217)"),
)
LARGEST = (NUMBER_MAX, NUMBER_MAX)


@dataclass(frozen=True, slots=True)
class Use:
    """What a customer's jobs used of one contract."""

    jobs: int = 0
    views: int = 0
    apply_clicks: int = 0
    charge_micros: int = 0

    def add(self, report: JobReport) -> "Use":
        days, _ = read_days([report.figures])
        return Use(
            jobs=self.jobs + 1,
            views=self.views + int(days["views"].sum()),
            apply_clicks=self.apply_clicks + int(days["apply_clicks"].sum()),
            charge_micros=self.charge_micros + int(days["charge_micros"].sum()),
        )


async def read_tables(sources: Sources, query: ExportQuery, scope: Scope) -> AsyncIterator[Table]:
    application_id, contract_id = read_cursor(query.after, first=(0, 0), largest=LARGEST)
    budgets = await _read_budgets(sources, query, scope)
    for child in scope.applications:
        if child.id < application_id:
            continue
        uses: dict[int, Use] = defaultdict(Use)
        async for page in read_pages(sources, query, replace(scope, applications=(child,))):
            for report in page.reports:
                contract = page.contract_ids[report.job.job_id]
                uses[contract] = uses[contract].add(report)
        least = contract_id if child.id == application_id else 0
        rows = [(one, uses[one.id]) for one in scope.contracts if one.id in uses and one.id > least]
        yield _make_table(child, rows, budgets)


async def _read_budgets(sources: Sources, query: ExportQuery, scope: Scope) -> dict[int, BudgetReport]:
    """The budget report of each contract that has begun. A customer sees none: it is the partner's."""
    found: dict[int, BudgetReport] = {}
    if query.caller.parent_id is not None:
        return found
    for contract in scope.contracts:
        async with sources.connect() as connection:
            try:
                found[contract.id] = await reports.report_budget(
                    connection, parent=query.caller, contract_id=contract.id, now=query.now
                )
            except Refused as refused:
                if refused.fault is not Fault.BUDGET_NOT_ACTIVE:
                    raise
    return found


def _make_table(
    child: Application, rows: list[tuple[PartnerContract, Use]], budgets: dict[int, BudgetReport]
) -> Table:
    known = [budgets.get(contract.id) for contract, _ in rows]
    return Table(
        (
            [f"{URN_CONTRACT}{contract.id}" for contract, _ in rows],
            [f"{URN_APPLICATION}{child.id}"] * len(rows),
            [child.unique_foreign_id] * len(rows),
            [contract.term_starts_at for contract, _ in rows],
            [contract.term_ends_at for contract, _ in rows],
            [use.jobs for _, use in rows],
            [use.views for _, use in rows],
            [use.apply_clicks for _, use in rows],
            [use.charge_micros for _, use in rows],
            [budget and budget.spent_micros for budget in known],
            [budget and budget.limit_micros for budget in known],
            [contract.currency for contract, _ in rows],
        ),
        [f"{child.id}-{contract.id}" for contract, _ in rows],
    )
