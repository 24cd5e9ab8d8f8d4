"""``kill -9`` of server and database in the middle of intake: no accepted event is lost, none is charged twice."""

import asyncio
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx2
import psycopg
import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.sandbox import seed as sandbox_seed
from tests.support.databases.table_snapshots import read_tables
from tests.support.sandbox_client import SandboxClient, make_event

PRICE_MICROS = sandbox_seed.CLICK_PRICE_MICROS
BUDGETS = {"big-1": 9_000, "big-2": 9_000, "soon-spent": 300, "spent-at-once": 3}  # whole units
BATCHES = 40
BATCH_ROWS = 1_500
SENDERS = 2
KILLS = 5


@dataclass(frozen=True, slots=True)
class Mail:
    """The batches of two senders, and the responses. A batch is sent until it is acknowledged, then never again."""

    batches: list[list[list[dict]]]
    replies: list[dict] = field(default_factory=list)
    failures: Counter = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def send(self, number, sandbox_client):
        for batch in self.batches[number]:
            while not self.stop.is_set():
                try:
                    answer = sandbox_client.send(batch)
                except httpx2.HTTPError as error:
                    self.failures[type(error).__name__] += 1
                else:
                    if answer.status_code == 200:
                        self.replies.append(answer.json())
                        break
                    self.failures[answer.status_code] += 1
                time.sleep(0.05)


def make_batches(chooser, job_ids, at):
    """Each batch repeats some events of earlier ones; none of its events should be refused."""
    sent, batches = [], [[] for _ in range(SENDERS)]
    for number in range(BATCHES):
        fresh = [
            make_event(
                chooser.choice(job_ids),
                f"e-{number}-{n}",
                at - chooser.randrange(1_000),
                type=chooser.choice(["view", "applyClick"]),
            )
            for n in range(BATCH_ROWS)
        ]
        repeated = chooser.sample(sent, min(len(sent), 50))
        sent += fresh
        batches[number % SENDERS].append(fresh + repeated)
    return batches


async def make_partner(url):
    async with Database.opened(url, connections_max=2) as database:
        return await sandbox_seed.make_partner(database, now=read_machine_clock())


async def broken_laws(url):
    async with Database.opened(url, connections_max=2) as database, database.connection() as connection:
        return [check for check in await check_laws(connection) if check.breaches]


def kill_and_restart(chooser, installation):
    """Kills the server, the database, or both in either order, and restarts the dead ones."""
    victims = chooser.choice([["server"], ["database"], ["server", "database"], ["database", "server"]])
    for victim in victims:
        if victim == "server":
            installation.kill_server()
        else:
            installation.kill_database()
    if "database" in victims:
        installation.start_database()
    if "server" in victims:
        installation.start_server()
    return victims


def send_through_kills(chooser, mail, sandbox_client, installation):
    """Kills at moments that the generator picks: after some number of acknowledged batches, and a little later."""
    threads = [threading.Thread(target=mail.send, args=(number, sandbox_client)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    killed = []
    try:
        for wanted in sorted(chooser.sample(range(1, BATCHES - 4), KILLS)):
            give_up_at = time.monotonic() + 120
            while len(mail.replies) < wanted:
                assert time.monotonic() < give_up_at, mail.failures
                time.sleep(0.001)
            time.sleep(chooser.uniform(0, 0.06))
            killed.append(kill_and_restart(chooser, installation))
        for thread in threads:
            thread.join(timeout=120)
            assert not thread.is_alive(), mail.failures
    finally:
        mail.stop.set()
    return killed


def read_stored(url):
    """Returns the number of events, and for each job its views, clicks, clicks charged and charge."""
    with psycopg.connect(url) as connection:
        events = connection.execute("SELECT count(*), count(DISTINCT event_key) FROM events").fetchone()
        jobs = connection.execute(
            "SELECT job_id, sum(views)::int, sum(apply_clicks)::int, sum(clicks_charged)::int,"
            " sum(charge_micros)::bigint FROM job_day_sums GROUP BY job_id"
        ).fetchall()
        spent = connection.execute("SELECT job_id, spent_micros FROM job_budgets").fetchall()
    return events, {row[0]: row[1:] for row in jobs}, dict(spent)


def expected_jobs(mail, budgets):
    distinct = {event["id"]: event for sender in mail.batches for batch in sender for event in batch}
    counts = Counter((event["job"], event["type"]) for event in distinct.values())
    jobs = {}
    for job_id, budget_micros in budgets.items():
        clicks = counts[job_id, "applyClick"]
        charged = min(clicks, budget_micros // PRICE_MICROS)
        jobs[job_id] = (counts[job_id, "view"], clicks, charged, charged * PRICE_MICROS)
    return len(distinct), jobs


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_charged_twice(installation, seed):
    # given a running installation with jobs whose budgets do and do not suffice
    chooser = random.Random(seed)
    credentials = asyncio.run(make_partner(installation.start_database())) | installation.keys
    installation.start_server()
    with httpx2.Client(base_url=installation.base_url, timeout=30) as client:
        sandbox_client = SandboxClient(client, credentials)
        budgets = {}
        for name, units in BUDGETS.items():
            budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": f"{units}.00"}}
            budgets[sandbox_client.post_job(name, budget=budget)] = units * 1_000_000
        time.sleep(1.1)  # so that every event's time is within the jobs' run
        mail = Mail(make_batches(chooser, list(budgets), sandbox_client.now_ms))

        # when two senders send while server and database are killed, each batch until it is acknowledged
        killed = send_through_kills(chooser, mail, sandbox_client, installation)

        # then every acknowledged event is stored once
        url = installation.database.url
        distinct, jobs = expected_jobs(mail, budgets)
        assert mail.failures, killed
        assert len(mail.replies) == BATCHES
        assert sum(reply["rejected"] for reply in mail.replies) == 0
        events, stored, spent = read_stored(url)
        assert events == (distinct, distinct)
        assert stored == jobs
        assert spent == {job_id: charge for job_id, (_, _, _, charge) in jobs.items()}
        assert asyncio.run(broken_laws(url)) == []

        # and sending everything again changes nothing
        tables = read_tables(url)
        again = [sandbox_client.send(batch).json() for sender in mail.batches for batch in sender]
        assert sum(reply["accepted"] for reply in again) == 0
        assert read_tables(url) == tables
