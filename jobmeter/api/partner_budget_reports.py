"""``GET /rest/partnerBudgetReports``: a partner contract's spend beside its limit (reports page; spec 8)."""

from jobmeter.api.edge import Call, Reply
from jobmeter.api.partner_job_reports import draw_amount
from jobmeter.base.clock import to_ms
from jobmeter.reports import flow as reports


async def get_budget(call: Call) -> Reply:
    async with call.state.database.connection() as connection:
        report = await reports.report_budget(
            connection,
            parent=call.application,
            contract_id=call.read_optional_long("partnerContractId"),
            now=call.now,
        )
    budget = {
        "serviceTermBudgetSpent": draw_amount(report.spent_micros, report.currency),
        "serviceTermBudgetLimit": draw_amount(report.limit_micros, report.currency),
    }
    return Reply(
        {
            "serviceTermStartAt": to_ms(report.term_starts_at),
            "serviceTermEndAt": to_ms(report.term_ends_at),
            "partnerBudgetDetails": [budget],
        },
        is_tagged=True,
    )
