"""Background work in a process of its own: for servers that only answer requests, on any machine."""

import asyncio
import signal

import pytest

from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from tests.deployment.serving import serve, start, wait_until
from tests.support.sandbox_client import bearer

RUNNING = "The background work is running."


async def make_partner(database_url):
    async with Database.opened(database_url, connections_max=1) as database:
        return await seed.make_partner(database, now=read_machine_clock())


def rest(client, partner):
    keys = {name: partner["child"][name] for name in ("client_id", "client_secret")}
    token = client.post("/oauth/v2/accessToken", data={"grant_type": "client_credentials", **keys}).json()
    headers = {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
    return bearer(token["access_token"]) | headers


def post_job(client, headers, partner, *, amount="30.00"):
    element = {
        "externalJobPostingId": "a",
        "jobPostingOperationType": "CREATE",
        "title": "Fitter",
        "description": "A fitter repairs what broke. " * 8,
        "companyApplyUrl": "https://careers.example.com/apply",
        "listedAt": to_ms(read_machine_clock()) - 1_000,
        "location": "Leeds, England, United Kingdom",
        "companyName": "Harbour Logistics",
        "contract": f"urn:li:contract:{partner['customer_contract_id']}",
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": amount}},
    }
    answer = client.post(
        "/rest/simpleJobPostings",
        headers=headers | {"X-RestLi-Method": "batch_create"},
        json={"elements": [element]},
    )
    (made,) = answer.json()["elements"]
    return made["id"]


def read_status(client, headers, task):
    ids = task.replace(":", "%3A")
    answer = client.get(f"/rest/simpleJobPostingTasks?ids=List({ids})", headers=headers)
    return answer.json()["results"][task]["status"]


def test_a_worker_carries_out_what_servers_without_chores_accept(database_url, tmp_path):
    partner, log = asyncio.run(make_partner(database_url)), tmp_path / "worker.log"
    with serve(database_url, tmp_path, JOBMETER_CHORES="false") as (_, client):
        headers = rest(client, partner)
        task = post_job(client, headers, partner)
        with start(["worker"], log, database_url) as worker:
            wait_until(lambda: RUNNING in log.read_text(), log)
            wait_until(lambda: read_status(client, headers, task) == "SUCCEEDED", log)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        assert "Traceback" not in log.read_text()


def test_without_a_worker_nothing_is_carried_out(database_url, tmp_path):
    """Otherwise the other test would prove nothing."""
    partner = asyncio.run(make_partner(database_url))
    with serve(database_url, tmp_path, JOBMETER_CHORES="false") as (_, client):
        headers = rest(client, partner)
        task = post_job(client, headers, partner)
        for _ in range(20):
            assert read_status(client, headers, task) == "IN_PROGRESS"


@pytest.mark.parametrize(
    "environment", [{"JOBMETER_SECRET_KEY": "short"}, {"JOBMETER_DATABASE_URL": "nonsense"}]
)
def test_a_worker_that_cannot_run_says_why_in_one_line(database_url, tmp_path, environment):
    log = tmp_path / "worker.log"
    with start(["worker"], log, database_url, **environment) as worker:
        assert worker.wait(60) == 1
    (line,) = log.read_text().splitlines()
    assert line.startswith("jobmeter: ")
