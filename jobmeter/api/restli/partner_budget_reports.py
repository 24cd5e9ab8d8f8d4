"""``GET /rest/partnerBudgetReports``: a partner contract's spend and its limit (reports page; spec 8)."""

from jobmeter.api.restli.partner_job_reports import open_call_report, serialize_amount
from jobmeter.api.restli.resources import Call, Reply
from jobmeter.base.clock import to_ms
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.sources.flow import ReportKind


async def get_budget(call: Call) -> Reply:
    reports.check_budget_caller(call.application)
    async with open_call_report(call, ReportKind.BUDGET) as connection:
        report = await reports.report_budget(
            connection,
            parent=call.application,
            contract_id=call.read_optional_long("partnerContractId"),
            now=call.now,
        )
    budget = {
        "serviceTermBudgetSpent": serialize_amount(report.spent_micros, report.currency),
        "serviceTermBudgetLimit": serialize_amount(report.limit_micros, report.currency),
    }
    return Reply(
        {
            "serviceTermStartAt": to_ms(report.term_starts_at),
            "serviceTermEndAt": to_ms(report.term_ends_at),
            "partnerBudgetDetails": [budget],
        },
        is_tagged=True,
    )
