"""``GET /metrics``: what is counted, by which labels, by all processes of a server, and what is left of it during an outage. ``/livez``, ``/readyz``."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import psutil
import psycopg
import pytest

from jobmeter.base.days import FINAL_AFTER_DAYS
from jobmeter.database.pool import Database
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.metering.streams import flow as streams
from jobmeter.metering.streams.model import LoggedMessage, Portion
from jobmeter.telemetry.metrics.model import METRICS
from jobmeter.telemetry.metrics.processes import FOLDER_VARIABLE, PREFIX
from jobmeter.wire.messages import Message
from tests.deployment.serving import OPERATOR_KEY, serve, wait_until
from tests.support.databases.outage import allow
from tests.support.sandbox_client import bearer
from tests.support.server_process import WHOLE

SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read(text):
    return {
        (name, frozenset(LABEL.findall(labels or ""))): float(value)
        for name, labels, value in SERIES.findall(text)
    }


def of(metrics, name, **labels):
    """The sum of the series with these labels."""
    return sum(
        value for (found, has), value in metrics.items() if found == name and has >= frozenset(labels.items())
    )


@pytest.fixture
def scrape(sandbox_client):
    key = bearer(sandbox_client.credentials["operator_key"])

    def read_now():
        answer = sandbox_client.client.get("/metrics", headers=key)
        assert answer.status_code == 200, answer.text
        return read(answer.text)

    return read_now


@pytest.fixture
def gained(scrape):
    """The process of the tests counts on from test to test."""
    before = scrape()

    def read_gain(name, **labels):
        return of(scrape(), name, **labels) - of(before, name, **labels)

    return read_gain


def test_only_the_operator_and_its_readers_see_metrics(sandbox_client):
    client, key = sandbox_client.client, bearer(sandbox_client.credentials["operator_key"])
    made = {
        role: client.post("/operator/keys", headers=key, json={"name": role, "role": role}).json()["key"]
        for role in ("READER", "EVENTS")
    }
    asked = {
        "nobody": {},
        "partner": bearer(sandbox_client.token()),
        "board": bearer(sandbox_client.credentials["events_key"]),
        "board's key": bearer(made["EVENTS"]),
        "reader": bearer(made["READER"]),
    }
    seen = {who: client.get("/metrics", headers=headers).status_code for who, headers in asked.items()}
    assert seen == {"nobody": 401, "partner": 401, "board": 401, "board's key": 401, "reader": 200}


def test_every_metric_of_the_table_is_written_and_nothing_else(sandbox_client, scrape):
    sandbox_client.client.get("/jobs/view/1")
    sandbox_client.batch_create([sandbox_client.job_element("a")])
    sandbox_client.advance_to_midnight()
    names = {re.sub("_(bucket|count|sum)$", "", name) for name, _ in scrape()}
    known = {metric.name for metric in METRICS}
    assert names - known == set()
    # These have series once something fails, is archived, or is read from a log.
    assert known - names <= {
        *(
            "jobmeter_chore_failures_total",
            "jobmeter_chore_failed_timestamp_seconds",
            "jobmeter_archive_bytes",
            "jobmeter_stream_messages_waiting",
            "jobmeter_stream_seen_timestamp_seconds",
            "jobmeter_stream_events_total",
        )
    }


def test_requests_are_counted_by_the_row_of_their_endpoint(sandbox_client, gained):
    client = sandbox_client.client
    for number in (1, 2, 3):
        client.get(f"/jobs/view/{number}")
    route = "/jobs/view/{job_id:int}"
    assert gained("jobmeter_http_request_seconds_count", method="GET", route=route, status="404") == 3
    assert gained("jobmeter_http_request_seconds_sum", route=route) > 0
    assert gained("jobmeter_refusals_total", code="OPERATOR_UNKNOWN") == 3


def test_a_method_of_a_resource_is_named_as_in_the_table(sandbox_client, gained):
    sandbox_client.batch_create([sandbox_client.job_element("a")])
    route = "/rest/simpleJobPostings"
    count = "jobmeter_http_request_seconds_count"
    assert gained(count, method="BATCH_CREATE", route=route, status="200") == 1
    sandbox_client.client.get(route)  # without a token
    assert gained(count, method="(any)", route=route, status="401") == 1
    assert gained("jobmeter_refusals_total", code="TOKEN_EMPTY") == 1


def test_no_caller_makes_a_series_of_its_own(sandbox_client, scrape):
    client = sandbox_client.client

    def list_series_after(word):
        client.request(f"BREW{word}", "/health")
        client.get(f"/rest/nothing{word}")
        client.get(f"/nothing/{word}")
        client.get(f"/v1/jobs/partner-job-id={word}", headers=bearer(f"token {word}"))
        client.get(f"/jobs/apply/{word}?a={word}", headers={"X-RestLi-Protocol-Version": word})
        return {one for one in scrape() if one[0].startswith(("jobmeter_http", "jobmeter_refusals"))}

    list_series_after("A")
    before = list_series_after("B")  # with the answers to the first reading
    assert list_series_after("C") == before
    routes = {dict(labels).get("route") for _, labels in before}
    assert {"(none)", "/jobs/apply/{token}", "/v1/jobs/{key}"} <= routes


def test_events_are_counted_by_what_became_of_them(sandbox_client, gained):
    (made,) = sandbox_client.batch_create([sandbox_client.job_element("a")])
    sandbox_client.advance("1m")
    job_id = int(sandbox_client.task(made["id"])["jobPosting"].rsplit(":", 1)[-1])
    event = {
        "source": "a",
        "id": "1",
        "type": "applyClick",
        "time": sandbox_client.now_ms,
        "job": job_id,
        "visitor": "v",
    }
    answer = sandbox_client.client.post(
        "/events",
        headers=bearer(sandbox_client.credentials["events_key"]),
        json=[event, event, event | {"id": "2", "type": "wave"}],
    )
    assert answer.json()["accepted"] == 1, answer.text
    found = {
        outcome: gained("jobmeter_events_total", source="batch", outcome=outcome)
        for outcome in ("accepted", "duplicate", "rejected")
    }
    assert found == {"accepted": 1, "duplicate": 1, "rejected": 1}
    assert gained("jobmeter_batch_clicks_charged_total") == 1
    sandbox_client.client.get(f"/jobs/view/{job_id}")
    assert gained("jobmeter_events_total", source="page", outcome="accepted") == 1
    assert gained("jobmeter_ledger_number_total") >= 0


def test_a_day_that_is_due_is_late_until_it_is_final(sandbox_client, scrape, database_url):
    sandbox_client.advance("1m")
    final = scrape()
    assert (of(final, "jobmeter_settlement_due"), of(final, "jobmeter_settlement_late_seconds")) == (0, 0)
    with psycopg.connect(database_url, autocommit=True) as connection:
        (day,) = connection.execute("DELETE FROM settled_days RETURNING day").fetchone()
    late = scrape()
    passed = sandbox_client.now - datetime.combine(day, datetime.min.time(), UTC)
    assert of(late, "jobmeter_settlement_due") == 1
    assert of(late, "jobmeter_settlement_late_seconds") == pytest.approx(
        passed.total_seconds() - FINAL_AFTER_DAYS * 86_400, abs=60
    )


async def read_from_log(database_url, now):
    """What a consumer does that has read three messages, none of which is an event, of seven."""
    consumer, at = UUID(int=1), {"stream": "kafka/events", "now": now}
    messages = tuple(LoggedMessage(number, Message(b"nothing")) for number in range(3))
    portion = Portion(partition="0", first_offset=0, next_offset=3, messages=messages, messages_waiting=4)
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        await streams.claim(connection, consumer=consumer, partitions=["0"], starts={"0": 0}, **at)
        events, _ = await streams.read_events([one.message for one in messages])
        reply = await streams.record(
            database,
            connection,
            portion,
            events,
            consumer=consumer,
            known=IntakeCaches(),
            future_tolerance_seconds=300,
            **at,
        )
    assert reply.rejected == 3


def test_what_waits_in_a_log_is_written_as_a_consumer_saw_it(sandbox_client, scrape, database_url):
    now = sandbox_client.now
    asyncio.run(read_from_log(database_url, now))
    metrics, named = scrape(), {"stream": "kafka/events"}
    assert of(metrics, "jobmeter_stream_messages_waiting", partition="0", **named) == 4
    assert of(metrics, "jobmeter_stream_seen_timestamp_seconds", partition="0", **named) == now.timestamp()
    assert of(metrics, "jobmeter_stream_events_total", outcome="rejected", **named) == 3
    answer = sandbox_client.client.get(
        "/operator/health", headers=bearer(sandbox_client.credentials["operator_key"])
    )
    (shown,) = answer.json()["streams"]
    assert (shown["stream"], shown["partition"], shown["nextOffset"]) == ("kafka/events", "0", 3)
    assert (shown["messagesWaiting"], shown["rejected"], shown["seenAt"]) == (4, 3, now.isoformat())


# -- a server of two processes


def scrape_from(client):
    return read(client.get("/metrics", headers=bearer(OPERATOR_KEY)).text)


def test_a_server_without_its_database_lives_is_not_ready_and_writes_what_it_counted(
    cluster_url, database_url, tmp_path
):
    with serve(database_url, tmp_path) as (_, client):
        assert client.get("/readyz").json() == {"status": "ready"}
        allow(cluster_url, database_url, False)
        lives, refused = client.get("/livez"), client.get("/readyz")
        metrics = scrape_from(client)
        allow(cluster_url, database_url, True)
        assert (lives.status_code, refused.status_code, refused.json()["code"]) == (200, 503, "UNAVAILABLE")
        assert of(metrics, "jobmeter_database_up") == 0
        assert ("jobmeter_database_bytes", frozenset()) not in metrics
        assert of(metrics, "jobmeter_http_request_seconds_count", route="/livez") == 1


def test_all_processes_are_counted_also_one_that_was_killed(database_url, tmp_path):
    count = "jobmeter_http_request_seconds_count"
    with serve(database_url, tmp_path, program=WHOLE) as (server, client):
        # Each request over a connection of its own is accepted by either process.
        for _ in range(30):
            httpx2.get(f"{client.base_url}/livez", verify=False)
        assert of(scrape_from(client), count, route="/livez") == 30
        process = psutil.Process(server.pid)
        first = process.children()
        wait_until(lambda: of(scrape_from(client), "jobmeter_pool_connections"), tmp_path / "log")
        os.kill(first[0].pid, signal.SIGKILL)
        wait_until(lambda: len(set(process.children()) - set(first)) == 1, tmp_path / "log")
        with httpx2.Client(base_url=client.base_url, timeout=60) as other:
            found = wait_until(lambda: answer_or_nothing(other), tmp_path / "log")
            assert of(found, count, route="/livez") == 30
            # Those of the killed process are gone. Each process says once a second how many it has.
            wait_until(lambda: only_open_ones_are_counted(other, database_url), tmp_path / "log")
    assert list(tmp_path.glob(f"{PREFIX}*")) == []


def only_open_ones_are_counted(client, database_url):
    counted = of(scrape_from(client), "jobmeter_pool_connections")
    with psycopg.connect(database_url) as connection:
        (there,) = connection.execute(
            "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchone()
    return counted <= there


def answer_or_nothing(client):
    try:
        return scrape_from(client)
    except httpx2.TransportError:  # the killed process had accepted this connection
        return None


def test_the_folder_of_a_killed_server_is_deleted_by_the_next_one(database_url, tmp_path):
    with serve(database_url, tmp_path, program=WHOLE) as (server, _):
        (left,) = tmp_path.glob(f"{PREFIX}*")
        server.kill()
        server.wait()
    with serve(database_url, tmp_path):
        assert left not in tmp_path.glob(f"{PREFIX}*")


COUNT = """
import shutil, sys
from jobmeter.telemetry.metrics import flow
shutil.rmtree(sys.argv[1])
flow.count_answer(method="GET", route="/health", status=503, seconds=1.0, refusal="UNAVAILABLE")
with flow.time_chore("expire jobs") as worked:
    worked.append(1)
"""
# A process that begins to count after its folder is gone: the library closes the files of its parent, and finds no new ones.
COUNT_AS_A_CHILD = """
import os, shutil, sys
from jobmeter.telemetry.metrics import flow
shutil.rmtree(sys.argv[1])
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
for _ in range(3):
    flow.count_batch(accepted=1, duplicate=0, rejected=0, clicks_charged=1)
    flow.count_single_events(1)
"""


@pytest.mark.parametrize("code", [COUNT, COUNT_AS_A_CHILD], ids=["itself", "as a child"])
def test_a_process_whose_folder_is_gone_fails_nothing_for_that(tmp_path, code):
    """Its main process was killed, and the next one deletes what it left: requests of the last moments were answered with 500."""
    folder = tmp_path / "counts"
    folder.mkdir()
    environment = os.environ | {FOLDER_VARIABLE: str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
