"""A rolling restart under load, as docs/how-to/upgrade.md does it: no request fails, no event is lost or charged twice."""

import asyncio
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.sandbox import seed
from tests.deployment.processes.service_manager import manage_services
from tests.deployment.processes.test_worker import make_partner, post_job, read_status, rest
from tests.deployment.serving import KEYS, start, wait_until
from tests.slow.crash.installation import free_port
from tests.support.missing_part import find_programs
from tests.support.paths import ROOT
from tests.support.sandbox_client import bearer, make_event

pytestmark = pytest.mark.slow

GUIDE = ROOT / "docs" / "how-to" / "upgrade.md"
BATCH_ROWS = 400
# Its workers would otherwise be of a user who may not enter the folder.
AS_ROOT = "user root;\n" if os.geteuid() == 0 else ""
CLICK_EVERY = 20
RESTARTS = 3
ANSWERS_BETWEEN = 20  # of each client, before and after each step of a restart
BUDGET = "9000.00"
JSON_TYPE = {"Content-Type": "application/json"}
READER_PAUSES_SECONDS = 0.02
CLIENTS = ("first sender", "second sender", "reader")


@dataclass(frozen=True, slots=True)
class Load:
    """Two senders and a reader, each with a connection that is kept alive, as the simplest client does: it does not look whether the
    connection was closed meanwhile, and sends no request again.
    """

    base_url: str
    job_id: int
    report: str
    headers: dict[str, str]
    is_over: threading.Event = field(default_factory=threading.Event)
    answered: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def run(self, name: str) -> None:
        act, parts = self.read if name == "reader" else self.send, urlsplit(self.base_url)
        with closing(HTTPConnection(parts.hostname, parts.port, timeout=60)) as connection:
            while not self.is_over.is_set():
                try:
                    act(connection, name)
                    answer = connection.getresponse()
                    text = answer.read()
                except (HTTPException, OSError) as error:
                    self.failures.append(f"{name}: {type(error).__name__} {error}")
                    connection.close()
                    continue
                if answer.status != 200:
                    self.failures.append(f"{name}: {answer.status} {text}")
                self.answered[name] += 1

    def send(self, connection, name):
        number, at = self.answered[name], to_ms(read_machine_clock())
        events = [
            make_event(
                self.job_id,
                f"{name} {number} {row}",
                at,
                type="view" if row % CLICK_EVERY else "applyClick",
            )
            for row in range(BATCH_ROWS)
        ]
        connection.request(
            "POST", "/events", json.dumps(events), bearer(KEYS["JOBMETER_EVENTS_KEY"]) | JSON_TYPE
        )

    def read(self, connection, _):
        time.sleep(READER_PAUSES_SECONDS)
        connection.request("GET", self.report, headers=self.headers)

    def wait_for_answers(self, log) -> None:
        """Waits until each client has received some more answers, or one has failed."""
        before = self.answered.copy()
        wait_until(
            lambda: (
                self.failures
                or all(self.answered[name] - before[name] >= ANSWERS_BETWEEN for name in CLIENTS)
            ),
            log,
        )


@contextmanager
def play(load):
    threads = [threading.Thread(target=load.run, args=(name,)) for name in CLIENTS]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.is_over.set()
        for thread in threads:
            thread.join()


def prepare(base_url, partner, log):
    """Posts the job that is clicked, and returns the load."""
    with httpx2.Client(base_url=base_url, timeout=60) as client:
        headers = rest(client, partner)
        task = post_job(client, headers, partner, amount=BUDGET)
        wait_until(lambda: read_status(client, headers, task) == "SUCCEEDED", log)
        shown = client.get("/operator/jobs", headers=bearer(KEYS["JOBMETER_OPERATOR_KEY"])).json()
        parent = rest(client, {"child": partner["parent"]})
    report = f"/rest/partnerBudgetReports?partnerContractId={partner['partner_contract_id']}"
    (job,) = shown["elements"]
    return Load(base_url=base_url, job_id=job["id"], report=report, headers=parent)


def restart_without_a_pause(manager, load, main, *, number=signal.SIGTERM):
    """A second server joins, the first one is restarted, the second one leaves."""
    log = manager.log_of("main")
    load.wait_for_answers(log)
    standby = manager.start("standby")
    load.wait_for_answers(log)
    manager.stop(main, number)
    load.wait_for_answers(log)
    main = manager.start("main")
    load.wait_for_answers(log)
    manager.stop(standby, number)
    load.wait_for_answers(log)
    return main


def read_stored(database_url):
    with psycopg.connect(database_url) as connection:
        events = connection.execute("SELECT count(*), count(DISTINCT event_key) FROM events").fetchone()
        sums = connection.execute(
            "SELECT sum(views)::int, sum(apply_clicks)::int, sum(clicks_charged)::int, sum(charge_micros)::bigint"
            " FROM job_day_sums"
        ).fetchone()
    return events, sums


async def list_broken_laws(database_url):
    async with Database.opened(database_url, connections_max=2) as database, database.connection() as one:
        return [check for check in await check_laws(one) if check.breaches]


def test_no_request_fails_and_no_event_is_lost_or_charged_twice(database_url, tmp_path):
    partner = asyncio.run(make_partner(database_url))
    with manage_services(tmp_path, database_url) as manager:
        main = manager.start("main")
        load = prepare(manager.base_url, partner, manager.log_of("main"))
        with play(load):
            for _ in range(RESTARTS):
                main = restart_without_a_pause(manager, load, main)
        manager.stop(main)
    check(load, database_url)


def check(load, database_url):
    """No request has failed, every event is stored and charged once, and the laws hold."""
    assert load.failures == []
    batches = load.answered["first sender"] + load.answered["second sender"]
    clicks = batches * BATCH_ROWS // CLICK_EVERY
    charged = min(clicks, 9_000_000_000 // seed.CLICK_PRICE_MICROS)
    events, sums = read_stored(database_url)
    assert events == (batches * BATCH_ROWS, batches * BATCH_ROWS)
    assert sums == (
        batches * BATCH_ROWS - clicks,
        clicks,
        charged,
        charged * seed.CLICK_PRICE_MICROS,
    )
    assert asyncio.run(list_broken_laws(database_url)) == []


@contextmanager
def serve_at(port, database_url, log):
    """Starts a server with a socket of its own, and ends it with the block."""
    with start(["serve", "--port", str(port)], log, database_url, TMPDIR=str(log.parent)) as server:
        wait_until(lambda: "listening at" in log.read_text(), log)
        yield server


@contextmanager
def run_proxy(folder, ports):
    """Runs nginx with the configuration of the guide before servers at these ports; yields its URL."""
    (nginx,), port = find_programs("nginx"), free_port()
    (block,) = re.findall(r"```nginx\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for documented, used in zip(("8700", "8701"), ports, strict=True):
        block = block.replace(f":{documented}", f":{used}")
    block = block.replace("server {\n    location", f"server {{\n    listen 127.0.0.1:{port};\n    location")
    file = folder / "nginx.conf"
    file.write_text(
        f"{AS_ROOT}daemon off;\npid {folder}/pid;\nerror_log {folder}/nginx.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\nclient_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n{block}\n}}\n"
    )
    proxy = subprocess.Popen([nginx, "-c", str(file)])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        proxy.terminate()
        proxy.wait(30)


def test_no_request_fails_behind_a_proxy_with_two_servers(database_url, tmp_path):
    partner, ports = asyncio.run(make_partner(database_url)), [free_port(), free_port()]
    logs = [tmp_path / f"{port}.log" for port in ports]
    with ExitStack() as opened:
        running = [ExitStack(), ExitStack()]
        for port, log, one in zip(ports, logs, running, strict=True):
            opened.push(one)
            one.enter_context(serve_at(port, database_url, log))
        base_url = opened.enter_context(run_proxy(tmp_path, ports))
        load = prepare(base_url, partner, logs[0])
        with play(load):
            for port, log, one in zip(ports, logs, running, strict=True):
                load.wait_for_answers(log)
                one.close()
                load.wait_for_answers(log)
                one.enter_context(serve_at(port, database_url, log))
                load.wait_for_answers(log)
    check(load, database_url)
