"""Behind pgbouncer in transaction mode everything works: a connection is lent for one transaction and keeps nothing after it."""

import asyncio
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from bench.pooler import open_pooler
from jobmeter.base.days import month_after
from jobmeter.database.connection import Tenant
from jobmeter.database.embedded import start_embedded
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.database.rows import list_scalars
from jobmeter.people.model import Role
from tests.deployment.processes.test_worker import RUNNING, make_partner, post_job, read_status, rest
from tests.deployment.serving import KEYS, OPERATOR_KEY, serve, start, wait_until
from tests.stories.operator.billing.conftest import BUYER, SELLER
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.feed_documents import serialize_feed, serialize_jobs
from tests.support.missing_part import find_programs
from tests.support.sandbox_client import bearer, make_event, open_sandbox_client
from tests.support.server_process import WHOLE

CONNECTIONS = 3
FEED_JOBS = 3
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
# What would still be there after a transaction.
LEFT = """
SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
       (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'),
       (SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid())
"""


WHO = """
SELECT concat_ws(' ', current_user, current_setting('jobmeter.application', true), current_setting('jobmeter.partner', true))
"""


@dataclass(frozen=True)
class Pooled:
    """The URL of a database through the pooler, and past it."""

    url: str
    direct_url: str

    @property
    def settings(self):
        return {
            "database_url": self.url,
            "direct_database_url": self.direct_url,
            "prepared_statements": False,
        }

    @property
    def environment(self):
        return {"JOBMETER_DIRECT_DATABASE_URL": self.direct_url, "JOBMETER_PREPARED_STATEMENTS": "false"}

    def read_left(self):
        with psycopg.connect(self.direct_url) as connection:
            return connection.execute(LEFT).fetchone()


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A database server, and the URL of a pooler before it."""
    (program,), folder = find_programs("pgbouncer"), tmp_path_factory.mktemp("pooled")
    server = start_embedded(folder / "data", durable=False)
    try:
        with open_pooler(program, server.url, folder, connections=CONNECTIONS) as url:
            yield server.url, url
    finally:
        server.stop()


@pytest.fixture
def pooled(servers, request):
    """A new database with the schema."""
    direct_url, url = servers
    name = f"test_{abs(hash(request.node.name))}"
    with psycopg.connect(direct_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    opened = Pooled(
        url=url.removesuffix("postgres") + name, direct_url=direct_url.replace("/postgres?", f"/{name}?")
    )
    asyncio.run(upgrade_database(opened.direct_url))
    return opened


@pytest.fixture
def sandbox_client(pooled):
    with open_sandbox_client(pooled.direct_url, **pooled.settings) as opened:
        yield opened


def operate(sandbox_client, method, path, body=None):
    answer = sandbox_client.client.request(
        method, f"/operator/{path}", json=body, headers=bearer(sandbox_client.credentials["operator_key"])
    )
    assert answer.is_success, answer.text
    return answer.json()


def bill(sandbox_client):
    """The contract is invoiced from this month on."""
    operate(sandbox_client, "PUT", "billing/seller", SELLER)
    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER}
    account = operate(sandbox_client, "POST", "billing/accounts", draft)["id"]
    rate = {"category": "S", "ratePercent": "21"}
    operate(sandbox_client, "POST", f"billing/accounts/{account}/taxRates", rate)
    contract = sandbox_client.credentials["partner_contract_id"]
    operate(sandbox_client, "PUT", f"billing/accounts/{account}/agreements/{contract}", {})
    return account


def click_link(sandbox_client, job_id):
    link = operate(sandbox_client, "GET", f"jobs/{job_id}/links")["apply"]
    answer = sandbox_client.client.get(link, headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 302


def load_feed(sandbox_client, folder):
    """Its lock is held while it is read."""
    (folder / "feed.xml").write_bytes(serialize_feed(serialize_jobs(FEED_JOBS)))
    child = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    draft = {"applicationId": child, "intervalMinutes": 60, "path": str(folder / "feed.xml")}
    return operate(sandbox_client, "POST", "feeds", draft)["id"]


def test_the_main_story(pooled, sandbox_client, tmp_path):
    account, feed = bill(sandbox_client), load_feed(sandbox_client, tmp_path)
    job_id, day, at = sandbox_client.post_job("fitter"), sandbox_client.now.date(), sandbox_client.now_ms
    clicks = [make_event(job_id, f"c{n}", at + n, type="applyClick", visitor="ada") for n in range(3)]
    assert sandbox_client.send(clicks).json()["accepted"] == 3
    click_link(sandbox_client, job_id)
    again = sandbox_client.send([*clicks, make_event(job_id, "new", at + 9, type="applyClick")]).json()
    assert (again["accepted"], again["duplicate"]) == (1, 3)

    sandbox_client.advance_to_midnight(days=3)  # two clicks of one visitor are reversed
    report = sandbox_client.report_by_ids("fitter", days=(day, day)).json()["results"]["fitter"]
    (row,) = report["jobPerformanceMetrics"]
    assert (row["applyClickCount"], row["charge"]["amount"]) == (3, "4.50")
    assert operate(sandbox_client, "GET", f"feeds/{feed}/report")["lastRun"]["outcome"] == "DONE"
    assert len(operate(sandbox_client, "GET", "jobs")["elements"]) == 1 + FEED_JOBS
    assert sandbox_client.close_job("fitter")["status"] == 202

    billed_on = month_after(day.replace(day=1)).replace(day=4)
    sandbox_client.set_clock(datetime.combine(billed_on, datetime.min.time(), UTC))
    invoices = operate(sandbox_client, "GET", f"invoices?account={account}")["elements"]
    assert [one["net"] for one in invoices] == ["4.50"]
    exported = sandbox_client.client.get(
        "/partner/exports/jobReports?format=csv", headers=bearer(sandbox_client.token())
    )
    assert exported.status_code == 200
    grant = list_grants(sandbox_client.credentials)[Role.PARTNER_READER]
    browser = open_browser(sandbox_client, log_in(pooled.direct_url, grant))
    assert "fitter" in browser.get(f"/portal/partner/jobs/{job_id}").text
    assert "All laws hold" in check(pooled)
    # Background work takes a lock now and then, and keeps none.
    wait_until(lambda: pooled.read_left()[:2] == (0, 0), tmp_path / "feed.xml")
    assert pooled.read_left()[2] <= CONNECTIONS


def check(pooled):
    done = subprocess.run(
        [*WHOLE, "db", "check"],
        env=KEYS | {"JOBMETER_DATABASE_URL": "postgresql://127.0.0.1:1/none"} | pooled.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_servers_and_a_worker_share_the_connections(pooled, tmp_path):
    partner = asyncio.run(make_partner(pooled.direct_url))
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        serve(pooled.url, folders[0], JOBMETER_CHORES="false", **pooled.environment) as (_, one),
        serve(pooled.url, folders[1], JOBMETER_CHORES="false", **pooled.environment) as (_, two),
        start(["worker"], tmp_path / "log", pooled.url, **pooled.environment),
    ):
        wait_until(lambda: RUNNING in (tmp_path / "log").read_text(), tmp_path / "log")
        headers = rest(one, partner)
        task = post_job(one, headers, partner)
        wait_until(lambda: read_status(two, headers, task) == "SUCCEEDED", tmp_path / "log")
        links = {"Authorization": f"Bearer {OPERATOR_KEY}"}
        (job,) = one.get("/operator/jobs", headers=links).json()["elements"]
        path = one.get(f"/operator/jobs/{job['id']}/links", headers=links).json()["apply"]
        answers = [client.get(path, headers=BROWSER).status_code for _ in range(20) for client in (one, two)]
        assert answers == [302] * 40
        _, _, opened = pooled.read_left()
        assert opened <= CONNECTIONS
    logs = "".join((folder / "log").read_text() for folder in folders) + (tmp_path / "log").read_text()
    assert "Traceback" not in logs
    assert "All laws hold" in check(pooled)


async def test_a_tenant_s_role_ends_with_each_transaction(pooled):
    """The next transaction on the same connection may be anybody's."""
    database = await Database.open(
        pooled.url, connections_max=1, direct_url=pooled.direct_url, prepares=False
    )
    of_tenant = database.of_tenant(Tenant(application_id=7, partner_id=8))
    for lend in (of_tenant.connection, of_tenant.transaction, of_tenant.snapshot, of_tenant.pipeline):
        async with lend() as connection:
            assert await list_scalars(connection, str, WHO) == ["jobmeter_tenant 7 8"], lend
        async with database.connection() as connection:
            (left,) = await list_scalars(connection, str, WHO)
        assert left.split() == ["postgres"]
    await database.close()


async def test_prepared_statements_would_fail(pooled):
    """Otherwise the other tests would prove nothing."""
    name = conninfo_to_dict(pooled.url)["dbname"]
    async with Database.opened(pooled.url, connections_max=8, direct_url=pooled.direct_url) as database:
        with pytest.raises(psycopg.errors.Error, match="prepared statement"):
            await asyncio.gather(*(repeat_statement(database, name) for _ in range(8)))


async def repeat_statement(database, name):
    for _ in range(20):
        async with database.connection() as connection:
            await connection.execute("SELECT %s::text, pg_sleep(0.002)", [name])
