"""Owns the requests sent to a release before its database is kept, and the queries compared afterwards.

Uses only public interfaces, so that every release accepts the same requests. Does not own any expectation.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from tests.support.sandbox_client import SandboxClient, bearer, make_event, range_text
from tests.support.xml_partner import POSTER, XmlPartner

LIVE, SPENT, CLOSED, CAMPAIGN = "kept-live", "kept-spent", "kept-closed", "kept-campaign"


class Filled(NamedTuple):
    """The values that the queries need: the first day with traffic, and the jobs by their external ids."""

    first_day: date
    today: date
    jobs: dict[str, int]


class Question(NamedTuple):
    """``who`` is an application, or the operator."""

    who: str
    path: str


def operate(sandbox_client: SandboxClient, method: str, path: str, body: Any) -> Any:
    headers = bearer(sandbox_client.credentials["operator_key"])
    answer = sandbox_client.client.request(method, f"/operator/{path}", headers=headers, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def ask(sandbox_client: SandboxClient, question: Question) -> Any:
    """Returns the response: JSON, or text."""
    headers = (
        bearer(sandbox_client.credentials["operator_key"])
        if question.who == "operator"
        else sandbox_client.headers(question.who)
    )
    answer = sandbox_client.client.get(question.path, headers=headers)
    assert answer.status_code == 200, (question, answer.text)
    return answer.json() if "json" in answer.headers["content-type"] else answer.text


def fill(sandbox_client: SandboxClient) -> Filled:
    """Jobs of each kind, and traffic on six days, of which three are settled."""
    # A report covers one month, so the story begins early in one.
    month = (sandbox_client.now.replace(day=1) + timedelta(days=32)).date().replace(day=2)
    sandbox_client.set_clock(datetime.combine(month, time(9), UTC))
    prepare(sandbox_client)
    jobs = post_jobs(sandbox_client)
    first_day = sandbox_client.now.date()
    send_traffic(sandbox_client, jobs, "first", visitor="tester")
    sandbox_client.advance_to_midnight()
    send_traffic(sandbox_client, jobs, "second")
    sandbox_client.close_job(CLOSED)
    sandbox_client.advance_to_midnight(days=4)
    give_credit(sandbox_client, jobs[LIVE])
    send_traffic(sandbox_client, {name: job for name, job in jobs.items() if name != CLOSED}, "today")
    sandbox_client.advance("1m")
    return Filled(first_day, sandbox_client.now.date(), jobs)


def prepare(sandbox_client: SandboxClient) -> None:
    """Prices, filters, exclusions, a webhook without a receiver."""
    credentials = sandbox_client.credentials
    contract = f"contracts/{credentials['partner_contract_id']}"
    price = {"clickPrice": "0.90", "country": "FR", "validFrom": sandbox_client.now.isoformat()}
    operate(sandbox_client, "POST", f"{contract}/prices", price)
    operate(sandbox_client, "POST", f"{contract}/topUps", {"amount": "500.00", "reference": "invoice 1"})
    operate(sandbox_client, "PUT", f"{contract}/filters", {"lateWindowHours": 24})
    operate(sandbox_client, "POST", "exclusions", {"visitor": "tester", "note": "QA"})
    operate(sandbox_client, "PUT", "networks/clouds", {"networks": ["198.51.100.0/24"]})
    headers = bearer(sandbox_client.token())
    for path, body in (
        ("webhooks", {"url": "http://127.0.0.1:1/hook", "kinds": ["JOB_POSTING_STATUS", "CHARGES"]}),
        ("excludedVisitors", {"visitor": "employee-17", "note": "staff"}),
    ):
        answer = sandbox_client.client.post(f"/partner/{path}", headers=headers, json=body)
        assert answer.status_code == 201, answer.text


def post_jobs(sandbox_client: SandboxClient) -> dict[str, int]:
    """P4P jobs, one of them in a campaign, and the two kinds of XML jobs."""
    contract = f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}"
    campaign = {
        "partnerJobCampaignId": "spring",
        "name": "Spring",
        "contract": contract,
        "startTime": sandbox_client.now_ms,
    }
    made = sandbox_client.client.post("/rest/jobCampaigns", headers=sandbox_client.headers(), json=campaign)
    assert made.status_code == 202, made.text
    sandbox_client.advance("1m")
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "4.00"}}
    partner = XmlPartner(sandbox_client)
    for name, contract_id, poster in (
        ("kept-slot", partner.slots, ""),
        ("kept-credit", partner.credits, POSTER),
    ):
        answer = partner.post(name, contract_id, poster=poster)
        assert answer.is_success, answer.text
    return {
        LIVE: sandbox_client.post_job(LIVE, location="Lyon, France"),
        SPENT: sandbox_client.post_job(SPENT, budget=budget),
        CLOSED: sandbox_client.post_job(CLOSED),
        CAMPAIGN: sandbox_client.post_job(CAMPAIGN, partnerJobCampaignId="spring"),
    }


def send_traffic(
    sandbox_client: SandboxClient, jobs: dict[str, int], prefix: str, visitor: str | None = None
) -> None:
    """Views and clicks of each job, some of them repeated, refused at intake, or reversed at settlement."""
    at, events = sandbox_client.now_ms, []
    for job_id in jobs.values():
        name = f"{prefix}-{job_id}"
        events += [make_event(job_id, f"{name}-v{n}", at + n) for n in range(4)]
        events += [make_event(job_id, f"{name}-c{n}", at + n, type="applyClick") for n in range(3)]
        events += [
            make_event(job_id, f"{name}-bot", at, type="applyClick", isCrawler=True),
            make_event(job_id, f"{name}-cloud", at + 5, type="applyClick", address="198.51.100.9"),
            make_event(job_id, f"{name}-staff", at, type="applyClick", visitor="employee-17"),
        ]
        if visitor is not None:
            events.append(make_event(job_id, f"{name}-tester", at + 6, type="applyClick", visitor=visitor))
    assert sandbox_client.send(events).status_code == 200
    assert sandbox_client.send(events[:5]).json()["duplicate"] == 5


def give_credit(sandbox_client: SandboxClient, job_id: int) -> None:
    headers = bearer(sandbox_client.credentials["operator_key"])
    shown = sandbox_client.client.get(f"/operator/explain/jobs/{job_id}", headers=headers).json()
    charge = next(posting for posting in shown["postings"] if posting["purpose"] == "CHARGE")
    operate(
        sandbox_client,
        "POST",
        f"charges/{charge['reference']}/credits",
        {"amount": "0.50", "reference": "complaint 1"},
    )


def list_questions(sandbox_client: SandboxClient, filled: Filled) -> list[Question]:
    credentials = sandbox_client.credentials
    listed = f"ids=List({','.join(filled.jobs)})"
    wanted = f"dateRange={range_text(filled.first_day, filled.today - timedelta(days=1))}"
    contract = f"/operator/contracts/{credentials['partner_contract_id']}"
    hiring = [row["id"] for row in credentials["hiring_contracts"]]
    return [
        Question("child", f"/rest/partnerJobReports?{listed}&{wanted}"),
        Question("child", f"/rest/partnerJobReports?q=dateRange&{wanted}"),
        Question(
            "parent", f"/rest/partnerBudgetReports?partnerContractId={credentials['partner_contract_id']}"
        ),
        Question("child", f"/rest/jobPostingStatus?{listed}"),
        Question("child", f"/partner/clicksNotCharged?from={filled.first_day}&to={filled.today}"),
        Question("child", "/partner/charges"),
        Question("child", "/partner/lastRefusedEvents"),
        Question("child", "/partner/excludedVisitors"),
        Question("child", "/partner/webhooks"),
        Question("parent", "/v1/jobs/partner-job-id=kept-slot"),
        Question("parent", "/v1/jobs/partner-job-id=kept-credit"),
        Question("operator", contract),
        Question("operator", f"{contract}/prices"),
        Question("operator", f"{contract}/filters"),
        *(Question("operator", f"/operator/hiringContracts/{number}") for number in hiring),
        Question("operator", "/operator/exclusions"),
        Question("operator", "/operator/settlementRules"),
        *(Question("operator", f"/operator/explain/jobs/{job_id}") for job_id in filled.jobs.values()),
        *(
            Question("operator", f"/operator/explain/jobs/{job_id}/days/{filled.first_day}")
            for job_id in filled.jobs.values()
        ),
    ]
