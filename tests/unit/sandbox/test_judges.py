"""Each rule is judged as shown by one small log, and as broken, or not shown, by another."""

from collections.abc import Callable
from datetime import date

import pytest

from jobmeter.certification.checklist.rules import JUDGES, RULES, assess_all
from jobmeter.certification.model import Finding, Role, Verdict
from jobmeter.certification.trace import Trace
from tests.unit.sandbox.request_logs import Log, job, onboarded

DAY, NEXT_MONTH = date(2026, 2, 27), date(2026, 1, 5)
PRIVATE, BASIC = {"availability": "PRIVATE_TO_ATS_INTEGRATION"}, {"budget": None, "listingType": "BASIC"}
WEBHOOK = {"url": "https://ats.example.com/hook", "kinds": ["CHARGES"]}
BUDGET_PATH = "/rest/partnerBudgetReports?partnerContractId=5"
CAMPAIGN = {"partnerJobCampaignId": "spring", "contract": "urn:li:contract:7", "startTime": 1}
OTHER = {"company": "urn:li:organization:1002"}


def operation(verb: str, name: str = "pilot", **changed: object) -> dict:
    return job(name, jobPostingOperationType=verb, **changed)


def child() -> Log:
    return onboarded("child")


def changed_kind(verb: str, created: dict) -> Log:
    """Created, live, changed, awaited, read."""
    log = child().live("child", **created).post("child", operation(verb))
    return log.task("child", "pilot", verb).status("child")


SHOWN: dict[str, Callable[[], Log]] = {
    "JD-001": lambda: onboarded("one", "two").live("one").live("two", **OTHER).find("one", found=True),
    "P4P-REPORTS": lambda: child().by_ids("child", DAY, DAY).budget(),
    "X-01": lambda: child().live("child"),
    "X-02": child,
    "X-03": lambda: child().live("child"),
    "X-04": lambda: child().live("child"),
    "X-05": lambda: child().live("child"),
    "X-06": lambda: (
        child()
        .post("child", job("a"))
        .task("child", "a", status="FAILED", message="Invalid Field: /city; ")
        .live("child", "a", location="York, England, United Kingdom")
    ),
    "X-07": lambda: (
        child().post("child", job()).task("child", "pilot", status="IN_PROGRESS").task("child", "pilot")
    ),
    "X-08": lambda: child().live("child").post("child", operation("CLOSE")).task("child", "pilot", "CLOSE"),
    "X-09": lambda: (
        child().post("child", job("a", title=None), job("b"), statuses=(422, 202)).live("child", "a")
    ),
    "X-10": lambda: child().live("child").status("child").wait(days=1).status("child"),
    "X-11": lambda: child().call("child", "POST", "/partner/webhooks", sent=WEBHOOK, status=201),
    "X-12": lambda: child().by_ids("child", DAY, DAY).budget(),
    "X-13": lambda: child().by_ids("child", DAY, DAY).by_ids("child", NEXT_MONTH, NEXT_MONTH),
    "X-14": lambda: child().by_range("child", DAY, total=3).by_range("child", DAY, start=2, total=3),
    "X-15": lambda: child().by_ids("child", DAY, date(2026, 3, 1)),
    "X-16": lambda: child().by_ids("child", DAY, DAY).wait(days=3).by_range("child", DAY),
    "X-17": lambda: child().post("child", job("rich"), statuses=(402,)).live("child"),
    "X-18": lambda: (
        child()
        .call("child", "POST", "/rest/jobCampaigns", sent=CAMPAIGN, status=202)
        .live("child", budget=None, partnerJobCampaignId="spring")
    ),
    "X-19": lambda: child().live("child"),
    "X-20": lambda: child().live("child").wait(minutes=31).token("child").status("child"),
    "X-21": lambda: child().live("child").live("child", "baker", **OTHER),
    "X-22": lambda: child().live("child", **PRIVATE),
    "X-23": lambda: (
        child()
        .live("child", **PRIVATE)
        .post("child", operation("UPDATE", availability="PUBLIC"))
        .task("child", "pilot", "UPDATE")
    ),
    "X-27": lambda: child().call("parent", "GET", BUDGET_PATH, status=429).budget(),
    "X-28": lambda: child().call("parent", "GET", BUDGET_PATH, status=503).budget(),
    "JP-A-01": lambda: Log().token("child"),
    "JP-A-02": lambda: Log().token("child").introspect("child"),
    "JP-A-03": lambda: (
        Log().token("child").wait(minutes=31).refused("child", "65602").token("child").budget("child")
    ),
    "JP-A-04": lambda: Log().token("child").refused("child", "65601").token("child").budget("child"),
    "JP-B-01": lambda: child().live("child"),
    "JP-B-02": lambda: child().new("child", status=409).find("child", found=True),
    "JP-B-03": lambda: child().live("child"),
    "JP-C-01": lambda: child().live("child"),
    "JP-C-02": lambda: child().live("child"),
    "JP-C-03": lambda: child().live("child", workplaceTypes=["Remote"], location="Germany"),
    "JP-C-04": lambda: child().live("child").status("child"),
    "JP-C-05": lambda: (
        child()
        .live("child")
        .post("child", operation("UPDATE", title="Another title"))
        .task("child", "pilot", "UPDATE")
    ),
    "JP-E-01": lambda: child().live("child").live("child", "basic", **BASIC),
    "JP-E-02": lambda: changed_kind("UPGRADE", BASIC),
    "JP-E-03": lambda: changed_kind("DOWNGRADE", {}),
}

BROKEN: dict[str, Callable[[], Log]] = {
    "JD-001": lambda: onboarded("one", "two").live("one").live("two").find("one", found=True),
    "X-01": lambda: Log().token("parent").new("child").token("child").live("child").setup("child"),
    "X-02": lambda: Log().token("parent").new("child").token("child").setup("child", named=None, status=400),
    "X-03": lambda: child().live("child", contract="urn:li:contract:8"),
    "X-04": lambda: child().live("child", budget={"payForPerformanceTotalBudget": {"amount": 30}}),
    "X-05": lambda: child().call("child", "POST", "/rest/jobCampaigns", sent=CAMPAIGN, status=202),
    "X-06": lambda: (
        child().post("child", job("a")).task("child", "a", status="FAILED", message="Invalid Field: /city; ")
    ),
    "X-07": lambda: child().post("child", job()).status("child"),
    "X-08": lambda: (
        child()
        .live("child")
        .post("child", operation("CLOSE"), statuses=(409,))
        .post("child", operation("CLOSE"), statuses=(409,))
    ),
    "X-09": lambda: (
        child()
        .post("child", job("a", title=None), statuses=(422,))
        .post("child", job("a", title=None), statuses=(422,))
    ),
    "X-11": lambda: (
        child()
        .call("child", "POST", "/partner/webhooks", sent=WEBHOOK, status=201)
        .call("child", "POST", "/partner/webhooks", sent=WEBHOOK, status=201)
    ),
    "X-12": lambda: child().budget("child", status=403, error="6001 no"),
    "X-13": lambda: child().by_ids("child", NEXT_MONTH, DAY, status=400, error="6011 no"),
    "X-14": lambda: child().by_range("child", DAY, total=3),
    "X-15": lambda: child().by_ids("child", DAY, date(2026, 3, 2), status=400, error="6010 no"),
    "X-17": lambda: (
        child()
        .post("child", job("rich"), statuses=(402,))
        .post("child", job("rich"), statuses=(402,))
        .post("child", job("rich"), statuses=(402,))
    ),
    "X-18": lambda: (
        child()
        .post("child", job(budget=None, partnerJobCampaignId="spring"))
        .task(
            "child",
            "pilot",
            status="FAILED",
            message="This job has a missing job campaign. [MISSING_JOB_CAMPAIGN]",
        )
    ),
    "X-19": lambda: child().post("child", job(), headers={"content-type": "application/json"}),
    "X-20": lambda: (
        Log().token("child").budget("child").token("child").budget("child").token("child").budget("child")
    ),
    "X-27": lambda: child().call("parent", "GET", BUDGET_PATH, status=429).budget(seconds=0.2),
    "X-28": lambda: child().call("parent", "GET", BUDGET_PATH, status=503).status("child"),
    "JP-A-01": lambda: Log().token("child", query="?client_secret=***"),
    "JP-A-03": lambda: (
        Log().token("child").refused("child", "65602").refused("child", "65602").refused("child", "65602")
    ),
    "JP-A-04": lambda: Log().token("child").refused("child", "65601").token("child").status("child"),
    "JP-B-01": lambda: onboarded("one", "two").live("one").live("two"),
    "JP-B-02": lambda: Log().token("parent").new("child", status=409),
    "JP-B-03": lambda: child().live("child", company=None),
    "JP-C-02": lambda: child().post("child", job(title=None), statuses=(422,)),
    "JP-C-03": lambda: child().post("child", job(workplaceTypes=["Remote", "Hybrid"]), statuses=(400,)),
    "JP-C-05": lambda: (
        child().live("child").post("child", operation("UPDATE", description=None), statuses=(422,))
    ),
    "JP-E-01": lambda: onboarded("one", "two").live("one").live("two", **BASIC),
    "JP-E-02": lambda: (
        child()
        .live("child", **BASIC)
        .post("child", operation("UPGRADE"))
        .status("child")
        .task("child", "pilot", "UPGRADE")
    ),
    "JP-E-03": lambda: child().post("child", job()).post("child", operation("DOWNGRADE")),
}

NOT_SHOWN: dict[str, Callable[[], Log]] = {
    "P4P-REPORTS": lambda: child().by_ids("child", DAY, DAY),
    "X-10": lambda: child().live("child").status("child").status("child"),
    "X-16": lambda: child().by_ids("child", DAY, DAY).wait(hours=47).by_ids("child", DAY, DAY),
    "X-21": lambda: child().live("child").live("child", "other"),
    "X-22": lambda: child().live("child"),
    "X-23": lambda: (
        child().live("child", **PRIVATE).post("child", operation("UPDATE", availability="PUBLIC"))
    ),
    "JP-A-02": lambda: Log().token("child").introspect("child", active=False),
    "JP-C-01": lambda: child().post("child", job()).task("child", "pilot", status="FAILED", message="no"),
    "JP-C-04": lambda: child().live("child").status("child", url=None),
}


def judge(rule: str, log: Log) -> Finding:
    return JUDGES[rule](Trace(log.records))


def test_every_rule_has_a_judge_and_logs() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert set(ids) == set(JUDGES) == set(SHOWN) == set(BROKEN) | set(NOT_SHOWN)
    assert not set(BROKEN) & set(NOT_SHOWN)


@pytest.mark.parametrize("rule", SHOWN)
def test_a_log_that_shows_a_rule(rule: str) -> None:
    finding = judge(rule, SHOWN[rule]())
    assert finding.verdict is Verdict.SHOWN, finding.why
    assert finding.evidence
    assert set(finding.evidence) <= {one.number for one in SHOWN[rule]().records}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_log_that_breaks_a_rule(rule: str) -> None:
    finding = judge(rule, BROKEN[rule]())
    assert finding.verdict is Verdict.WRONG, finding.why
    assert finding.evidence


@pytest.mark.parametrize("rule", NOT_SHOWN)
def test_a_log_that_does_not_reach_a_rule(rule: str) -> None:
    assert judge(rule, NOT_SHOWN[rule]()).verdict is Verdict.NOT_SHOWN


@pytest.mark.parametrize("rule", JUDGES)
def test_nothing_is_shown_by_no_requests(rule: str) -> None:
    assert judge(rule, Log()).verdict is Verdict.NOT_SHOWN


@pytest.mark.parametrize("rule", JUDGES)
def test_bodies_that_cannot_be_read_prove_nothing_and_fail_nothing(rule: str) -> None:
    log = Log()
    for target in (
        "/rest/simpleJobPostings",
        "/v2/provisionedApplications",
        "/rest/jobCampaigns",
        "/partner/webhooks",
    ):
        for sent in ("", "{", "[1]", '{"elements":[1,{"budget":5}]}', '"text"', "null"):
            log.call("child", "POST", target, sent=sent, returned=[7])
    for path in ("/rest/simpleJobPostingTasks", "/v2/jobPostingStatus", "/rest/partnerJobReports"):
        for query in ("", "?ids=", "?ids=List(", "?dateRange=(start:(year:2026,month:99,day:1))&q=dateRange"):
            log.call("child", "GET", path + query, returned={"results": {"a": 1}, "paging": 3})
    assert judge(rule, log).verdict in Verdict


def test_what_is_declared_or_of_another_role_does_not_apply() -> None:
    results = {
        one.rule.id: one.finding.verdict
        for one in assess_all(child().live("child").records, role=Role.CAMPAIGN, declared=["X-11", "X-08"])
    }
    assert [results[rule] for rule in ("X-11", "X-08", "X-04", "X-05", "JD-001")] == [
        Verdict.NOT_APPLICABLE
    ] * 5
    assert results["X-18"] is Verdict.NOT_SHOWN
    assert results["JP-C-01"] is Verdict.NEEDS_PERSON


def test_no_number_of_a_rule_is_invented() -> None:
    public = {"JD-001"} | {one for one in SHOWN if one.startswith("JP-")}
    assert {one.id for one in RULES if one.id.startswith(("JD-", "JP-", "RAA-"))} == public
    assert len([one for one in public if one.startswith("JP-")]) == 15


def test_a_tunnelled_request_is_read_like_any_other() -> None:
    log = child().post("child", job())
    task = log.tasks["child", "pilot", "CREATE"]
    log.call(
        "child",
        "POST",
        "/rest/simpleJobPostingTasks",
        sent=f"ids=List({task})",
        returned={"results": {task: {"id": task, "status": "SUCCEEDED"}}},
        headers={"content-type": "application/x-www-form-urlencoded", "x-http-method-override": "GET"},
    )
    assert judge("JP-C-01", log).verdict is Verdict.SHOWN


@pytest.mark.parametrize(
    "query", ["ids=a%20b&ids=c%2Cd", "ids=List(a%20b,c%2Cd)", "ids[0]=a%20b&ids[1]=c%2Cd"]
)
def test_ids_are_read_in_either_protocol(query: str) -> None:
    (call,) = Trace(Log().call("child", "GET", f"/v2/jobPostingStatus?{query}").records).calls
    assert call.list_ids() == ["a b", "c,d"]


@pytest.mark.parametrize(
    "query",
    [
        "dateRange=(start:(year:2026,month:2,day:1),end:(year:2026,month:2,day:27))",
        "dateRange=(end:(day:27,month:2,year:2026),start:(day:1,month:2,year:2026))",
        "&".join(
            f"dateRange.{side}.year=2026&dateRange.{side}.month=2&dateRange.{side}.day={day}"
            for side, day in (("start", 1), ("end", 27))
        ),
    ],
)
def test_days_are_read_in_either_protocol(query: str) -> None:
    (call,) = Trace(Log().call("child", "GET", f"/rest/partnerJobReports?{query}").records).calls
    assert call.read_range() == (date(2026, 2, 1), date(2026, 2, 27))
