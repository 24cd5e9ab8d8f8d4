"""The log of a server as JSON: each line an object of its request or chore, and nothing in it that was sent."""

import asyncio
import json
import re

import psycopg
import pytest

from jobmeter.api.routes import CANDIDATE, DOCUMENTS, PLAIN, RESTLI, XML_JOBS
from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.database.pool import Database
from jobmeter.portal.routes import PAGES
from jobmeter.sandbox import seed
from tests.deployment.serving import KEYS, OPERATOR_KEY, serve, start, wait_until
from tests.support.sandbox_client import bearer

LOGGED = {"JOBMETER_LOG_FORMAT": "json", "JOBMETER_ACCESS_LOG": "true"}
SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")
# What is in each request, or in the settings. No line may contain any of them.
VISITOR, EMAIL, ADDRESS, TOKEN = "visitor-7f3a91", "ann.7f3a91@example.com", "203.0.113.91", "AQV7f3a91"
PASSWORD, NAME, COOKIE = "pass7f3a91word", "Ann7f3a91 Smith", "cookie7f3a91"
SENT = (VISITOR, EMAIL, ADDRESS, TOKEN, PASSWORD, NAME, COOKIE, "7f3a91", *KEYS.values())
# A function that quotes the whole row, as a careless one would, makes every write of these tables fail.
BROKEN = ("login_requests", "excluded_visitors", "job_feeds", "events", "settlement_exclusions")
BREAK = """
CREATE FUNCTION quote_row() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'cannot store %', NEW; END $$;
"""


async def make_partner(database_url):
    async with Database.opened(database_url, connections_max=1) as database:
        return await seed.make_partner(database, now=read_machine_clock())


def read_lines(log):
    """All lines but those that are printed for people."""
    printed = ("Jobmeter is listening", "The background work is running")
    lines = [line for line in log.read_text().splitlines() if not line.startswith(printed)]
    return [json.loads(line) for line in lines]


def break_tables(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(BREAK)
        for table in BROKEN:
            connection.execute(
                f"CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION quote_row()"
            )


def fill(path):
    typed = {"int": "7", "uuid": "00000000-0000-4000-8000-000000000001"}
    return SLOT.sub(lambda slot: typed.get(slot[2], VISITOR), path)


def list_requests():
    """Each endpoint and page once, with values that nobody may read in a log."""
    query = f"ids=List({VISITOR})&q=dateRange&visitor={VISITOR}&email={EMAIL}&token={TOKEN}&signature={TOKEN}"
    body = {"email": EMAIL, "visitor": VISITOR, "address": ADDRESS, "password": PASSWORD, "name": NAME}
    for row in (*PLAIN, *CANDIDATE, *DOCUMENTS, *RESTLI, *XML_JOBS):
        yield row.verb, f"{fill(row.path)}?{query}", body
    for page in PAGES:
        yield page.method, f"/portal{fill(page.path)}?{query}", body


def list_credentials():
    yield {}
    yield bearer(OPERATOR_KEY)
    yield bearer(TOKEN)


def send_all(client):
    common = {"X-Forwarded-For": ADDRESS, "Cookie": f"jobmeter_session={COOKIE}", "User-Agent": NAME}
    common |= {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
    for headers in list_credentials():
        for verb, target, body in list_requests():
            content = {} if verb in {"GET", "DELETE"} else {"json": body}
            client.request(verb, target, headers=common | headers, **content)


def send_what_fails(client, job_id):
    """Writes with valid credentials, each of which ends in an error that quotes it."""
    operator, sender = bearer(OPERATOR_KEY), bearer(KEYS["JOBMETER_EVENTS_KEY"])
    event = {"source": NAME, "id": VISITOR, "type": "applyClick", "visitor": VISITOR, "address": ADDRESS}
    event |= {"time": to_ms(read_machine_clock()), "job": job_id}
    return [
        client.post("/events", json=[event], headers=sender),
        client.post("/operator/exclusions", json={"visitor": VISITOR, "note": NAME}, headers=operator),
    ]


@pytest.fixture
def partner(database_url):
    return asyncio.run(make_partner(database_url))


def post_job(client, partner):
    """A job whose every text is one of those that nobody may read in a log."""
    keys = {name: partner["child"][name] for name in ("client_id", "client_secret")}
    form = {"grant_type": "client_credentials", **keys}
    token = client.post("/oauth/v2/accessToken", data=form).json()["access_token"]
    headers = bearer(token) | {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
    element = {
        "externalJobPostingId": VISITOR,
        "jobPostingOperationType": "CREATE",
        "title": NAME,
        "description": f"Write to {EMAIL}. " * 12,
        "companyApplyUrl": f"https://careers.example.com/apply?token={TOKEN}",
        "listedAt": to_ms(read_machine_clock()) - 1_000,
        "location": "Leeds, England, United Kingdom",
        "companyName": NAME,
        "contract": f"urn:li:contract:{partner['customer_contract_id']}",
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
    }
    created = {"X-RestLi-Method": "batch_create"}
    answer = client.post("/rest/simpleJobPostings", headers=headers | created, json={"elements": [element]})
    assert answer.status_code == 200, answer.text


def find_job(database_url):
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT job_id FROM job_postings").fetchone()
    return found and found[0]


def test_no_line_contains_what_was_sent(database_url, tmp_path, partner):
    log, smtp = tmp_path / "log", f"smtp://{VISITOR}:{PASSWORD}@127.0.0.1:1"
    with serve(database_url, tmp_path, JOBMETER_SMTP_URL=smtp, **LOGGED) as (_, client):
        post_job(client, partner)
        job_id = wait_until(lambda: find_job(database_url), log)
        break_tables(database_url)
        failed = send_what_fails(client, job_id)
        send_all(client)
        wait_until(lambda: failed[-1].headers["x-li-request-id"] in log.read_text(), log)
    assert {answer.status_code for answer in failed} == {500}
    lines, text = read_lines(log), log.read_text()
    assert [value for value in SENT if value in text] == []
    # The search would find something: errors were logged, with their kinds and places, and every endpoint answered.
    traces = [line["exception"] for line in lines if "exception" in line]
    assert any("P0001 raised by quote_row" in trace and "flow.py" in trace for trace in traces)
    answered = [line for line in lines if line["logger"] == "jobmeter.access"]
    assert {line["route"] for line in answered} >= {row.path for row in (*PLAIN, *CANDIDATE, *XML_JOBS)}
    assert {line["status"] for line in answered} >= {200, 400, 401, 404, 500}
    assert all(line["milliseconds"] > 0 and line["method"] for line in answered)


def test_a_line_names_its_request_as_the_response_does(database_url, tmp_path, partner):
    log = tmp_path / "log"
    with serve(database_url, tmp_path, **LOGGED) as (_, client):
        sent = [
            client.get("/health"),
            client.get("/jobs/view/7"),
            client.get("/rest/partnerJobReports?ids=List(a)"),
            client.get("/v1/jobs/7"),
            client.get("/portal/login"),
            client.get("/operator/partners", headers=bearer(OPERATOR_KEY)),
        ]
        ids = [answer.headers["x-li-request-id"] for answer in sent]
        wait_until(lambda: ids[-1] in log.read_text(), log)
    answered = {line["requestId"]: line for line in read_lines(log) if line["logger"] == "jobmeter.access"}
    assert [answered[one]["status"] for one in ids] == [answer.status_code for answer in sent]
    assert [answered[one]["route"] for one in ids] == [
        "/health",
        "/jobs/view/{job_id:int}",
        "/rest/partnerJobReports",
        "/v1/jobs/{key}",
        "/portal/login",
        "/operator/partners",
    ]


def test_a_chore_that_fails_is_named(database_url, tmp_path, partner):
    log = tmp_path / "worker.log"
    with serve(database_url, tmp_path, JOBMETER_CHORES="false") as (_, client):
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(BREAK)
            connection.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON job_tasks FOR EACH ROW EXECUTE FUNCTION quote_row()"
            )
        post_job(client, partner)
        with start(["worker"], log, database_url, JOBMETER_LOG_FORMAT="json"):
            wait_until(lambda: "a chore failed" in log.read_text(), log)
    line = next(line for line in read_lines(log) if "exception" in line)
    assert line["chore"] == "carry out tasks"
    assert line["logger"] == "jobmeter.worker"
    assert NAME not in log.read_text()


def test_without_a_setting_the_log_is_text_and_answers_are_not_in_it(database_url, tmp_path):
    with serve(database_url, tmp_path) as (_, client):
        assert client.get("/health").status_code == 200
    assert "/health" not in (tmp_path / "log").read_text()


def test_warnings_of_the_settings_have_the_same_form(database_url, tmp_path):
    with serve(database_url, tmp_path, JOBMETER_WORKRES="2", **LOGGED):
        pass
    lines = read_lines(tmp_path / "log")
    (line,) = [line for line in lines if "JOBMETER_WORKRES is not a setting" in line["message"]]
    assert line["level"] == "WARNING"
