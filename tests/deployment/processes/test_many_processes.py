"""Two servers of two processes each and two workers on one database: each process sees what another one wrote, and nothing is done twice."""

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlencode

import psycopg
import pytest

from bench.serving import RunningServer
from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.cli.law_checks import check_database
from jobmeter.database.pool import Database
from jobmeter.ledger.model import Purpose
from tests.deployment.processes.test_worker import RUNNING, make_partner
from tests.deployment.serving import KEYS, OPERATOR_KEY, serve, start, wait_until
from tests.support.sandbox_client import bearer
from tests.support.scenario import make_clicks, set_up
from tests.support.scenario import make_event as make_scenario_event
from tests.support.server_process import WHOLE

WORKERS = 2
OPERATOR, BOARD = bearer(OPERATOR_KEY), bearer(KEYS["JOBMETER_EVENTS_KEY"])
RESTLI = {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
OLD_CLICKS, REPEATED_CLICKS = 5, 3


@dataclass(frozen=True)
class Process:
    """A process of a server, whatever else listens at its port."""

    server: RunningServer
    share: int

    def ask(self, method, path, body=None, headers=None):
        """Returns the status and the JSON of the answer."""
        connection = self.server.connect(self.share)
        form = isinstance(body, dict) and "client_id" in body
        content = urlencode(body) if form else None if body is None else json.dumps(body)
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        try:
            connection.request(method, path, content, {"Content-Type": kind} | (headers or {}))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        is_json = (answer.getheader("content-type") or "").startswith("application/json")
        return answer.status, json.loads(text) if text and is_json else text.decode()


@dataclass(frozen=True)
class Installation:
    """``processes`` are those of both servers; ``workers`` the processes of background work."""

    url: str
    processes: tuple[Process, ...]
    workers: tuple
    partner: dict
    old_day: object
    log: object

    def everywhere(self, *request, **more):
        return [process.ask(*request, **more) for process in self.processes]

    def make_token(self, process):
        status, answer = process.ask(
            "POST", "/oauth/v2/accessToken", {"grant_type": "client_credentials", **self.keys}
        )
        assert status == 200, answer
        return answer["access_token"]

    @property
    def keys(self):
        return {name: self.partner["child"][name] for name in ("client_id", "client_secret")}

    def query(self, statement, *values):
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement, values or None).fetchall()

    def post(self, process, external_id, *, amount="30.00", operation="CREATE"):
        """Returns the number of the job once it is live, or closed."""
        headers = RESTLI | bearer(self.make_token(process)) | {"X-RestLi-Method": "batch_create"}
        element = {
            "externalJobPostingId": external_id,
            "jobPostingOperationType": operation,
            "title": f"Fitter {external_id}",
            "description": "A fitter repairs what broke. " * 8,
            "companyApplyUrl": "https://careers.example.com/apply",
            "listedAt": to_ms(read_machine_clock()) - 1_000,
            "location": "Leeds, England, United Kingdom",
            "companyName": "Harbour Logistics",
            "contract": f"urn:li:contract:{self.partner['customer_contract_id']}",
            "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": amount}},
        }
        status, answer = process.ask("POST", "/rest/simpleJobPostings", {"elements": [element]}, headers)
        assert (status, answer["elements"][0]["status"]) == (200, 202), answer
        wanted = "LIVE" if operation == "CREATE" else "CLOSED"
        statement = "SELECT job_id FROM job_postings WHERE external_id = %s AND state = %s"
        return wait_until(lambda: self.query(statement, external_id, wanted), self.log)[0][0]

    def send(self, process, events):
        status, answer = process.ask("POST", "/events", events, BOARD)
        assert status == 200, answer
        return answer


def make_events(job_id, count, prefix):
    at = to_ms(read_machine_clock())
    return [
        {
            "source": "board",
            "id": f"{prefix}{number}",
            "type": "applyClick",
            "job": job_id,
            "time": at + number,
            "visitor": f"{prefix} {number}",
        }
        for number in range(count)
    ]


async def make_old_day(url):
    """A day that is due to be settled, on which one visitor clicked again and again; returns it."""
    now = read_machine_clock()
    at = datetime.combine(now.date() - timedelta(days=5), datetime.min.time(), UTC) + timedelta(hours=9)
    async with Database.opened(url, connections_max=2) as database:
        scenario = await set_up(database, 10_000_000_000, begins=at)
        job_id = await scenario.post("old", now=at, budget_micros=100_000_000)
        await scenario.open_day(at)
        again = [
            make_scenario_event(job_id, f"again {n}", at + timedelta(seconds=n), visitor="ada")
            for n in range(REPEATED_CLICKS)
        ]
        later = at + timedelta(minutes=1)
        reply = await scenario.ingest([*make_clicks(job_id, OLD_CLICKS, at), *again], later)
        assert reply.clicks_charged == OLD_CLICKS + REPEATED_CLICKS
    return at.date()


@pytest.fixture
def installation(database_url, tmp_path):
    partner, old_day = asyncio.run(make_partner(database_url)), asyncio.run(make_old_day(database_url))
    folders = [tmp_path / name for name in ("a", "b")]
    logs = [tmp_path / name for name in ("worker a", "worker b")]
    with ExitStack() as stack:
        servers = []
        for folder in folders:
            folder.mkdir()
            process, client = stack.enter_context(serve(database_url, folder, program=WHOLE))
            servers.append(RunningServer(client.base_url.port, process.pid))
        workers = tuple(
            stack.enter_context(start(["worker"], log, database_url, program=WHOLE)) for log in logs
        )
        for log in logs:
            wait_until(lambda log=log: RUNNING in log.read_text(), log)
        yield Installation(
            url=database_url,
            processes=tuple(Process(server, share) for share in range(WORKERS) for server in servers),
            workers=workers,
            partner=partner,
            old_day=old_day,
            log=folders[0] / "log",
        )
    text = "".join(log.read_text() for log in (*(folder / "log" for folder in folders), *logs))
    assert "Traceback" not in text, text


@pytest.mark.slow
def test_all_processes_see_each_write_and_nothing_is_done_twice(installation):
    one, two, three, four = installation.processes
    check_settlement(installation)
    check_revocations(installation, one, four)
    check_prices(installation, two)
    check_budget(installation)
    installation.workers[0].kill()  # the other one and the servers carry on
    check_closing(installation, three)
    check_nothing_twice(installation)


def check_settlement(installation):
    """All six processes found the day due; the visitor's second and third click are reversed once."""
    wait_until(
        lambda: installation.query("SELECT FROM settled_days WHERE day = %s", installation.old_day),
        installation.log,
    )
    ((reversed_clicks, left),) = installation.query(
        "SELECT sum(clicks_reversed), sum(clicks_charged) FROM job_days WHERE day = %s", installation.old_day
    )
    assert (reversed_clicks, left) == (REPEATED_CLICKS - 1, OLD_CLICKS + 1)


def check_revocations(installation, one, four):
    token = installation.make_token(one)
    ask = ("GET", "/partner/jobs")
    assert [status for status, _ in installation.everywhere(*ask, headers=bearer(token))] == [200] * 4
    status, _ = four.ask("POST", "/oauth/v2/revoke", {"token": token, **installation.keys})
    assert status == 200
    assert [status for status, _ in installation.everywhere(*ask, headers=bearer(token))] == [401] * 4

    status, made = one.ask("POST", "/operator/keys", {"name": "ada", "role": "READER"}, OPERATOR)
    assert status == 201, made
    ask, key = ("GET", "/operator/partners"), bearer(made["key"])
    assert [status for status, _ in installation.everywhere(*ask, headers=key)] == [200] * 4
    status, _ = four.ask("DELETE", "/operator/keys/ada", headers=OPERATOR)
    assert status in {200, 204}
    assert {status for status, _ in installation.everywhere(*ask, headers=key)} <= {401, 403}


def check_prices(installation, two):
    contract = installation.partner["partner_contract_id"]
    for number, process in enumerate(installation.processes):
        installation.post(process, f"before {number}")
    price = {"clickPrice": "2.50", "validFrom": read_machine_clock().isoformat()}
    status, answer = two.ask("POST", f"/operator/contracts/{contract}/prices", price, OPERATOR)
    assert status in {200, 201}, answer
    for number, process in enumerate(installation.processes):
        job_id = installation.post(process, f"after {number}")
        other = installation.processes[number - 1]
        assert installation.send(other, make_events(job_id, 2, f"priced {number} "))["accepted"] == 2
    prices = installation.query(
        "SELECT external_id, click_price_micros, spent_micros FROM job_postings JOIN job_budgets USING (shard, job_id)"
        " WHERE external_id LIKE 'before%' OR external_id LIKE 'after%' ORDER BY 1"
    )
    assert prices == [(f"after {n}", 2_500_000, 5_000_000) for n in range(4)] + [
        (f"before {n}", 1_500_000, 0) for n in range(4)
    ]


def check_budget(installation):
    """Each process receives every event, in another order, at the same time: ten are paid for."""
    job_id = installation.post(installation.processes[0], "tight", amount="25.00")
    events = make_events(job_id, 40, "tight ")

    def send_all(number):
        mine = Random(number).sample(events, len(events))
        process = installation.processes[number]
        return sum(
            installation.send(process, mine[first : first + 7])["accepted"] for first in range(0, 40, 7)
        )

    with ThreadPoolExecutor(4) as senders:
        assert sum(senders.map(send_all, range(4))) == len(events)
    ((spent, budget),) = installation.query(
        "SELECT spent_micros, budget_micros FROM job_budgets WHERE job_id = %s", job_id
    )
    assert (spent, budget) == (25_000_000, 25_000_000)


def check_closing(installation, three):
    """Each process knows when the job was live, and accepts nothing once another one has closed it."""
    job_id = installation.post(installation.processes[0], "closed")
    for number, process in enumerate(installation.processes):
        assert installation.send(process, make_events(job_id, 1, f"live {number} "))["accepted"] == 1
    installation.post(three, "closed", operation="CLOSE")
    for number, process in enumerate(installation.processes):
        reply = installation.send(process, make_events(job_id, 1, f"late {number} "))
        assert [one["reason"] for one in reply["rejections"]] == ["JOB_NOT_LIVE"]


def check_nothing_twice(installation):
    """One job for each that was posted, one reservation for each job, and every law of the money."""
    posted = installation.query("SELECT external_id FROM job_postings")
    assert Counter(posted).most_common(1)[0][1] == 1
    assert len(posted) == 1 + 8 + 2
    ((reservations, jobs),) = installation.query(
        "SELECT count(*), count(DISTINCT destination_id) FROM ledger_bookings WHERE purpose = %s",
        Purpose.RESERVE,
    )
    assert reservations == jobs == len(posted)
    checked = asyncio.run(check_database(installation.url, []))
    assert [law.law for law in checked.laws if law.breaches] == []
    assert len(checked.laws) > 50
