"""Owns the list of all rules with their judges, what is not known, and the verdict on each rule. Pure."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from jobmeter.certification.checklist.rules_p4p import OWN_RULES, P4P_RULES
from jobmeter.certification.checklist.rules_posting import POSTING_RULES
from jobmeter.certification.judges import applications, authentication, jobs, premium, reports
from jobmeter.certification.model import Finding, Recorded, Result, Role, Rule, Verdict
from jobmeter.certification.trace import Trace

RULES: tuple[Rule, ...] = (*P4P_RULES, *POSTING_RULES, *OWN_RULES)

JUDGES: dict[str, Callable[[Trace], Finding]] = {
    "JD-001": applications.assess_customers,
    "P4P-REPORTS": reports.assess_reports,
    "X-01": applications.assess_setup,
    "X-02": applications.assess_named_contract,
    "X-03": applications.assess_used_contract,
    "X-04": jobs.assess_budget,
    "X-05": jobs.assess_no_campaigns,
    "X-06": jobs.assess_location,
    "X-07": jobs.assess_tasks,
    "X-08": jobs.assess_close,
    "X-09": jobs.assess_errors,
    "X-10": jobs.assess_statuses,
    "X-11": premium.assess_webhooks,
    "X-12": reports.assess_callers,
    "X-13": reports.assess_by_ids,
    "X-14": reports.assess_by_range,
    "X-15": reports.assess_days,
    "X-16": reports.assess_restatements,
    "X-17": jobs.assess_exhaustion,
    "X-18": premium.assess_campaigns,
    "X-19": jobs.assess_headers,
    "X-20": authentication.assess_sharing,
    "X-21": applications.assess_several_companies,
    "X-22": premium.assess_private,
    "X-23": premium.assess_made_public,
    "X-27": premium.assess_throttling,
    "X-28": premium.assess_server_errors,
    "JP-A-01": authentication.assess_token_request,
    "JP-A-02": authentication.assess_token_checks,
    "JP-A-03": authentication.assess_expiry,
    "JP-A-04": authentication.assess_invalidation,
    "JP-B-01": applications.assess_one_application,
    "JP-B-02": applications.assess_existing,
    "JP-B-03": applications.assess_company_ids,
    "JP-C-01": jobs.assess_creation,
    "JP-C-02": jobs.assess_fields,
    "JP-C-03": jobs.assess_workplace,
    "JP-C-04": jobs.assess_page,
    "JP-C-05": jobs.assess_update,
    "JP-E-01": premium.assess_both_kinds,
    "JP-E-02": premium.assess_upgrade,
    "JP-E-03": premium.assess_downgrade,
}

# What the public pages have and nobody without access could read. No number of such a rule is invented.
UNKNOWN = (
    "Pay for performance, individual promotion: every rule after JD-001, and the end of JD-001's expected result",
    "Pay for performance, campaign partners: all rules",
    "Job posting, module 2: the rules after JP-B-03",
    "Job posting, module 3: the rules after JP-C-05",
    "Job posting, module 5: the rules after JP-E-03",
)
NOT_OFFERED = "Job posting, module 4: the premium onboarding widget runs in a browser at LinkedIn; pay for performance does not use it"


def assess_all(records: Sequence[Recorded], *, role: Role, declared: Collection[str] = ()) -> list[Result]:
    """Returns the verdict on each rule, in the order of the table. ``declared`` names the rules that do not apply."""
    trace = Trace(records)
    return [Result(rule, _judge(rule, trace, role, declared)) for rule in RULES]


def _judge(rule: Rule, trace: Trace, role: Role, declared: Collection[str]) -> Finding:
    if rule.id in declared:
        return Finding(verdict=Verdict.NOT_APPLICABLE, why="Declared by the partner.")
    if rule.role not in {None, role}:
        return Finding(
            verdict=Verdict.NOT_APPLICABLE, why=f"A rule for the role {rule.role.value}." if rule.role else ""
        )
    finding = JUDGES[rule.id](trace)
    if rule.by_hand and finding.verdict is Verdict.SHOWN:
        return replace(finding, verdict=Verdict.NEEDS_PERSON)
    return finding


def is_gap(result: Result) -> bool:
    """Whether a rule is not shown although every partner has to show it."""
    return result.finding.verdict is Verdict.NOT_SHOWN and not result.rule.is_optional
