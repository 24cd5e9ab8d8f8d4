"""Each resource of the client against a sandbox in this process: applications, campaigns, statuses, invoices, XML jobs."""

import hashlib
from datetime import date, datetime, timedelta

import httpx2
import pytest

from jobmeter.base.clock import from_ms
from jobmeter.client import (
    AcceptedOperation,
    Fault,
    ItemError,
    JobPosting,
    Limits,
    Money,
    RefusedError,
    Task,
    UnreadableError,
    WaitEndedError,
)
from jobmeter.client.xml_jobs import XmlJobs
from jobmeter.wire.xml.job.fields import JobContent
from tests.client.doubles import URL, AppTransport, GivenResponses, make_client, open_given, read_charges
from tests.stories.operator.billing.scene import open_invoiced_partner
from tests.support.sandbox_client import make_event
from tests.support.xml_partner import POSTER, XmlPartner


@pytest.fixture
def child(sandbox_client):
    with make_client(sandbox_client) as client:
        yield client


@pytest.fixture
def parent(sandbox_client):
    with make_client(sandbox_client, "parent") as client:
        yield client


def test_an_application_is_created_found_changed_and_gets_another_secret(parent):
    assert parent.applications.find("harbour") is None
    new = parent.applications.create(
        unique_foreign_id="harbour",
        name="An ATS - Harbour",
        description="Pilots",
        js_domains=["https://ats.example"],
    )
    parent.applications.update(new.urn, description="All pilots", js_domains=[])
    found = parent.applications.find("harbour")
    assert (found.name, found.description, found.js_domains) == ("An ATS - Harbour", "All pilots", ())
    secret = parent.applications.roll_secret(new.urn)
    assert secret != new.client_secret
    other = parent.for_application(client_id=new.client_id, client_secret=secret)
    assert other.contracts.set_up().application_urn == new.urn
    parent.applications.retire_older_secret(new.urn)
    older = parent.for_application(client_id=new.client_id, client_secret=new.client_secret)
    with pytest.raises(RefusedError) as refused:
        older.contracts.set_up()
    assert refused.value.fault is Fault.CLIENT_AUTHENTICATION
    with pytest.raises(RefusedError) as refused:
        parent.applications.create(unique_foreign_id="harbour", name="Another", description="again")
    assert refused.value.fault is Fault.APPLICATION_CONFLICT
    assert new.client_secret not in repr(new)
    acts = [act for act in parent.audit.list(action="application") if act.subject_id in new.urn]
    assert [act.action.partition(".")[2] for act in acts] == ["retireSecret", "addSecret", "change", "create"]
    assert (acts[2].before["description"], acts[2].after["description"]) == ("Pilots", "All pilots")
    assert acts[2].who_kind == "APPLICATION"
    assert list(parent.audit.list(who="nobody", last=acts[0].at.date())) == []


def test_a_wrong_secret_is_an_error_with_its_code(parent, sandbox_client):
    keys = sandbox_client.credentials["child"]
    stranger = parent.for_application(client_id=keys["client_id"], client_secret="not the secret")
    with pytest.raises(RefusedError) as refused:
        stranger.contracts.set_up()
    assert (refused.value.code, refused.value.status) == (Fault.CLIENT_AUTHENTICATION.row.code, 401)


def test_operations_are_answered_one_by_one(child, sandbox_client):
    """A refused element hides nothing and is hidden by nothing; two operations on one job come in two batches."""
    good, flawed = sandbox_client.job_element("good"), sandbox_client.job_element("flawed", title="")
    closing = good | {"jobPostingOperationType": "CLOSE"}
    outcomes = list(child.jobs.submit([good, flawed, closing]))
    assert [type(outcome) for outcome in outcomes] == [AcceptedOperation, ItemError, AcceptedOperation]
    assert [outcome.external_id for outcome in outcomes] == ["good", "flawed", "good"]
    assert outcomes[1].error.status == 422
    assert "/title" in outcomes[1].error.message
    urns = [
        urn for outcome in outcomes if isinstance(outcome, AcceptedOperation) for urn in outcome.task_urns
    ]
    tasks = {task.urn: task for task in child.jobs.await_tasks(urns)}
    assert set(tasks) == set(urns)
    assert all(isinstance(task, Task) and not task.is_in_progress for task in tasks.values())


def test_each_location_of_a_job_has_a_task(child, sandbox_client):
    element = sandbox_client.job_element("several", alternateLocations=["Lyon, France", "Turin, Italy"])
    (outcome,) = child.jobs.submit([element])
    assert len(outcome.task_urns) == 3
    assert {task.status for task in child.jobs.await_tasks(outcome.task_urns)} == {"SUCCEEDED"}


def test_unknown_tasks_and_jobs_are_errors_of_their_own(child, sandbox_client):
    sandbox_client.post_job("live")
    urn = "urn:li:simpleJobPostingTask:00000000-0000-0000-0000-000000000000"
    (task,) = child.jobs.await_tasks([urn])
    assert (task.external_id, task.error.fault) == (urn, Fault.ENTITY_UNKNOWN)
    statuses = {one.external_id: one for one in child.jobs.read_statuses(["live", "weird,(id):'x' é"])}
    assert (statuses["live"].listing_status, statuses["live"].promotion_status) == ("LISTED", "PROMOTED")
    assert statuses["live"].company_name == "Harbour Logistics"
    assert statuses["live"].expires_at > statuses["live"].listed_at
    assert statuses["weird,(id):'x' é"].error.status == 404


def test_more_than_a_hundred_ids_are_several_requests(child):
    assert len(list(child.jobs.read_statuses(f"job-{number}" for number in range(250)))) == 250


def test_waiting_for_a_task_has_an_end_and_names_what_is_left():
    urn = "urn:li:simpleJobPostingTask:1"
    transport = GivenResponses(lambda _: {"results": {urn: {"status": "IN_PROGRESS"}}})
    with open_given(transport) as client, pytest.raises(WaitEndedError) as ended:
        list(client.jobs.await_tasks([urn], seconds_max=5))
    assert ended.value.pending == (urn,)
    assert len(transport.requests) == 4  # after 0, 2, 4 and 5 seconds


def test_a_time_without_its_zone_is_refused_before_anything_is_sent():
    transport = GivenResponses(lambda _: {})
    with open_given(transport) as client, pytest.raises(ValueError, match="time zone"):
        client.campaigns.create(
            partner_campaign_id="a",
            name="b",
            contract_urn="c",
            starts_at=datetime.fromisoformat("2026-03-02"),
        )
    assert transport.requests == []


def test_a_budget_in_a_currency_that_only_the_server_knows_is_sent():
    posting = JobPosting(
        external_id="a",
        title="b",
        description="c",
        apply_url="d",
        listed_at=from_ms(0),
        location="e",
        contract_urn="f",
        total_budget=Money(5_000_000, "ZZZ"),
        more={"workplaceTypes": ["Remote"]},
    )
    element = posting.make_element("CREATE")
    assert element["budget"] == {"payForPerformanceTotalBudget": {"currencyCode": "ZZZ", "amount": "5.00"}}
    assert element["workplaceTypes"] == ["Remote"]
    assert "company" not in element


def test_a_campaign_is_created_paused_resumed_and_closed(child, sandbox_client):
    starts_at = from_ms(sandbox_client.now_ms)
    contract = f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}"
    urn = child.campaigns.create(
        partner_campaign_id="spring", name="Spring", contract_urn=contract, starts_at=starts_at
    )
    sandbox_client.advance("1m")
    child.campaigns.update(urn, name="Late spring", ends_at=starts_at + timedelta(days=9))
    read = child.campaigns.read(urn)
    assert (read.name, read.contract_urn, read.starts_at) == ("Late spring", contract, starts_at)
    assert read.ends_at == starts_at + timedelta(days=9)
    assert [child.campaigns.pause(urn).status, child.campaigns.resume(urn).status] == ["PAUSED", "ACTIVE"]
    assert child.campaigns.close(urn).status in {"CLOSED", "CLOSING"}


def test_xml_jobs_are_posted_read_edited_renewed_and_closed(parent, sandbox_client):
    jobs, contract = XmlJobs(parent), XmlPartner(sandbox_client).slots
    content = JobContent(
        partner_job_id="xml 1/é",
        contract_id=contract,
        company_name="Harbour & Sons",
        title="Fitter <senior>",
        description="Repairs what broke.",
        country_code="gb",
    )
    job_id = jobs.post(content)
    jobs.edit("xml 1/é", JobContent(description="Repairs what broke, and what did not."))
    read = jobs.read("xml 1/é")
    assert (read.job_id, read.partner_job_id, read.contract_id) == (job_id, "xml 1/é", contract)
    assert (read.title, read.company_name, read.is_active) == ("Fitter <senior>", "Harbour & Sons", True)
    assert read.expires_at > read.posted_at
    jobs.renew("xml 1/é", contract_id=contract)
    jobs.close("xml 1/é")
    assert not jobs.read("xml 1/é").is_active
    with pytest.raises(RefusedError) as refused:
        jobs.read("none")
    assert (refused.value.status, refused.value.message) == (404, "Job not found.")
    with pytest.raises(RefusedError) as refused:
        jobs.post(JobContent(partner_job_id="flawed", contract_id=contract))
    assert (refused.value.status, refused.value.fault) == (400, None)
    assert "job/position/title: is required" in refused.value.message


def test_invoices_are_listed_opened_and_downloaded(parent, sandbox_client):
    partner = open_invoiced_partner(sandbox_client)
    partner.use_credits("one", "two")
    (known,) = partner.end_month()
    (invoice,) = parent.invoices.list()
    assert (invoice.id, invoice.number, str(known["total"])) == (known["id"], known["number"], "200.00")
    assert invoice.total.amount_micros == 200_000_000
    due = next(need for need in parent.lists.overview().needs if need.kind == "INVOICE_DUE")
    assert (due.subject, due.amount) == (invoice.number, invoice.total)
    assert list(parent.invoices.list(month="2020-01")) == []
    assert parent.invoices.read(invoice.id).fields["buyer"]["legalName"] == "Partner B.V."
    lines = list(parent.invoices.list_lines(invoice.id))
    assert sum(line.net.amount_micros for line in lines) == invoice.net.amount_micros
    file = parent.invoices.download(invoice.id, "csv")
    assert hashlib.sha256(file.content).hexdigest() == file.sha256
    assert file.name.endswith(".csv")
    assert POSTER.encode() not in repr(file).encode()
    with pytest.raises(RefusedError) as refused:
        parent.invoices.read(invoice.id + 1)
    assert refused.value.status == 404


def test_jobs_are_listed_in_pages_and_the_overview_has_typed_amounts(parent, sandbox_client):
    jobs = [sandbox_client.post_job(f"pilot-{number}") for number in range(3)]
    sandbox_client.send_clicks(jobs[1], 2)
    sandbox_client.advance("2m")
    listed = list(parent.lists.jobs(order="spent"))
    assert [job.job_id for job in listed] == [jobs[1], jobs[2], jobs[0]]
    assert (listed[0].state, listed[0].apply_clicks) == ("PROMOTED", 2)
    assert listed[0].spent.amount_micros > 0
    assert parent.lists.count_jobs(search="pilot-1") == {"PROMOTED": 1}
    (meter,) = parent.lists.overview().contracts
    parts = (meter.spent_final, meter.spent_estimated, meter.reserved, meter.free)
    assert sum(part.amount_micros for part in parts) == meter.limit.amount_micros
    assert meter.spent_estimated == listed[0].spent


@pytest.mark.parametrize(
    "page", [{}, {"elements": [{}], "states": {}, "next": None}], ids=["empty", "a job without its fields"]
)
def test_a_list_in_another_shape_is_unreadable(page):
    client = open_given(GivenResponses(lambda _: page), limits=Limits(attempts_max=2))
    with pytest.raises(UnreadableError):
        list(client.lists.jobs())
    with pytest.raises(UnreadableError):
        client.lists.overview()


def test_the_stream_of_charges_continues_after_a_cursor(child, sandbox_client):
    job_id = sandbox_client.post_job("charged")
    for name in "abc":
        sandbox_client.send_clicks(job_id, 1, prefix=name)
    charges = read_charges(child, 3 * 1_500_000)
    assert [charge.amount.amount_micros for charge in charges] == [1_500_000] * 3
    assert [charge.kind for charge in charges] == ["CHARGE"] * 3
    assert list(child.charges.follow(charges[0].cursor)) == charges[1:]
    assert list(child.charges.follow(charges[-1].cursor)) == []


def test_clicks_that_were_not_charged_are_listed_by_job_day_and_reason(child, sandbox_client):
    jobs = [sandbox_client.post_job(name) for name in ("robots", "people")]
    at = sandbox_client.now_ms
    robot = {"type": "applyClick", "userAgent": "Googlebot/2.1"}
    events = [make_event(jobs[0], f"r{number}", at + number, **robot) for number in range(3)]
    assert sandbox_client.send([*events, make_event(jobs[1], "p", at, type="applyClick")]).is_success
    today = sandbox_client.now.date()
    (row,) = [one for one in child.charges.not_charged(today, today) if one.reasons]
    assert (row.external_id, row.job_id, row.day, dict(row.reasons)) == (
        "robots",
        jobs[0],
        today,
        {"CRAWLER": 3},
    )
    assert row.received - row.clicks_charged == 3
    assert list(child.charges.not_charged(today - timedelta(days=9), today - timedelta(days=1))) == []


def make_job_day(job, day="2026-03-02"):
    return {
        "externalJobPostingId": f"job-{job}",
        "jobPosting": f"urn:li:jobPosting:{job}",
        "developerApplication": "urn:li:developerApplication:1",
        "day": day,
        "received": 1,
        "charged": 0,
        "notCharged": [{"reason": "CRAWLER", "clicks": 1, "message": "A crawler"}],
    }


def test_pages_of_clicks_that_were_not_charged_are_followed():
    pages = [
        {"elements": [make_job_day(1), make_job_day(2)], "nextAfter": "2-2026-03-02"},
        {"elements": [make_job_day(3)], "nextAfter": None},
    ]
    transport = GivenResponses(lambda _: pages.pop(0))
    day = date(2026, 3, 2)
    assert [row.job_id for row in open_given(transport).charges.not_charged(day, day)] == [1, 2, 3]
    assert transport.targets == [
        "/partner/clicksNotCharged?from=2026-03-02&to=2026-03-02",
        "/partner/clicksNotCharged?from=2026-03-02&to=2026-03-02&after=2-2026-03-02",
    ]


@pytest.mark.parametrize(
    "page",
    [
        {"elements": [make_job_day(2), make_job_day(1)]},
        {"elements": [make_job_day(1, "2026-03-03")]},
        {"elements": [make_job_day(1)], "nextAfter": "7-2026-03-02"},
        {"elements": [], "nextAfter": "7-2026-03-02"},
        {"elements": [make_job_day("x")]},
        {"elements": [make_job_day(1, "soon")]},
    ],
)
def test_a_page_of_clicks_that_does_not_follow_the_one_before_is_unreadable(page):
    client = open_given(GivenResponses(lambda _: page), limits=Limits(attempts_max=2))
    with pytest.raises(UnreadableError):
        list(client.charges.not_charged(date(2026, 3, 2), date(2026, 3, 2)))


def test_webhooks_are_as_documented(parent, sandbox_client):
    """The client only lists deliveries: its transport is used, which compares responses with the document."""
    headers = sandbox_client.headers("parent")
    with httpx2.Client(transport=AppTransport(sandbox_client), base_url=URL, headers=headers) as http:
        body = {"url": "https://example.com/hook", "kinds": ["CHARGES"]}
        made = http.post("/partner/webhooks", json=body).json()
        own = f"/partner/webhooks/{made['id']}"
        assert http.put(own, json=body).json()["kinds"] == ["CHARGES"]
        assert http.post(f"{own}/secrets").json()["secret"] != made["secret"]
        http.post(f"{own}/tests").raise_for_status()
        (delivery,) = http.get(f"{own}/deliveries").json()["elements"]
        assert delivery["kind"] == "TEST"
        (sent,) = parent.webhooks.list_deliveries(made["id"])
        assert (sent.id, sent.kind, sent.answer_status) == (delivery["id"], "TEST", None)
        first = sent.created_at.date()
        assert list(parent.webhooks.list_deliveries(made["id"], state="DEAD", first=first, last=first)) == []
        (listed,) = http.get("/partner/webhooks").json()["elements"]
        assert "secret" not in listed
