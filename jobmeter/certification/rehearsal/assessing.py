"""Owns the verdicts on the requests of a sandbox's own log, as a page shows them while an integration runs.

Does not own the verdicts themselves (``checklist``).
"""

from collections.abc import Sequence
from dataclasses import replace

from jobmeter.certification.checklist.rules import assess_all
from jobmeter.certification.model import Recorded, Result, Role
from jobmeter.certification.rehearsal.recording import record_row
from jobmeter.request_log.model import LoggedRequest
from jobmeter.sandbox.traffic.client import AGENT
from jobmeter.sandbox_controls.model import Assessment

HEADER = "x-jobmeter-fail"


def assess_requests(requests: Sequence[LoggedRequest], has_campaigns: bool) -> list[Assessment]:
    """Returns a verdict on each rule, in the order of the table. Requests of our own commands prove nothing."""
    records = [_record(row) for row in requests]
    own = [one for one in records if one.headers.get("user-agent") != AGENT]
    results = assess_all(own, role=Role.CAMPAIGN if has_campaigns else Role.INDIVIDUAL)
    return [_describe(one) for one in results]


def _record(row: LoggedRequest) -> Recorded:
    found = record_row(row, number=row.number)
    code = found.headers.get(HEADER) or found.response_headers.get(HEADER)
    return replace(found, forced=f"X-Jobmeter-Fail: {code}") if code else found


def _describe(result: Result) -> Assessment:
    rule, finding = result.rule, result.finding
    return Assessment(
        rule=rule.id,
        group=rule.group.value,
        title=rule.title,
        show=rule.show,
        by_hand=rule.by_hand,
        is_optional=rule.is_optional,
        verdict=finding.verdict.name,
        why=finding.why,
        evidence=finding.evidence,
        remarks=finding.remarks,
    )
