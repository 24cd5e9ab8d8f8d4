"""Feeds over HTTP: registered by the operator, read by the worker, reported to their owner only."""

import asyncio
import contextlib
import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from jobmeter.jobs.feeds import flow as feeds_flow
from jobmeter.jobs.feeds.model import Feed
from jobmeter.worker import feeds
from tests.support.feed_documents import TEXT, serialize_feed, serialize_job, serialize_jobs
from tests.support.sandbox_client import bearer
from tests.support.scenario import START, open_scenario
from tests.support.webhook_receiver import POLLING

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Site(http.server.ThreadingHTTPServer):
    """A partner's web site. ``body`` is its feed; its entity tag changes with it."""

    body = b""
    content_type = "application/xml"
    asked: list[str]
    reached: threading.Event  # set by a request
    gate: threading.Event  # while closed, the body is not sent

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/feed.xml"


class Answers(http.server.BaseHTTPRequestHandler):
    server: Site

    def do_GET(self):
        version = f'"{hash(self.server.body)}"'
        self.server.asked.append(self.headers.get("If-None-Match", ""))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        elif self.headers.get("If-None-Match") == version:
            self.send_response(304)
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("ETag", version)
            self.send_header("Content-Type", self.server.content_type)
            self.end_headers()
            self.server.reached.set()
            self.server.gate.wait(60)
            self.wfile.write(self.server.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), Answers) as opened:
        opened.asked = []
        opened.reached, opened.gate = threading.Event(), threading.Event()
        opened.gate.set()
        thread = threading.Thread(target=opened.serve_forever, kwargs=POLLING)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def operator(sandbox_client):
    return bearer(sandbox_client.credentials["operator_key"])


def child_id(sandbox_client) -> int:
    key = sandbox_client.credentials["child"]
    return int(str(key["urn"]).rsplit(":", 1)[-1])


def register(sandbox_client, **place):
    body = {"applicationId": child_id(sandbox_client), "intervalMinutes": 60} | place
    return sandbox_client.client.post("/operator/feeds", json=body, headers=operator(sandbox_client))


def wait_for_run(sandbox_client, feed_id, outcome):
    for _ in range(500):
        found = sandbox_client.client.get(
            f"/operator/feeds/{feed_id}/report", headers=operator(sandbox_client)
        ).json()
        if found["lastRun"] and found["lastRun"]["outcome"] == outcome:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no run came to {outcome}: {found}")


def test_only_the_owner_reads_the_report_of_a_feed(sandbox_client, site):
    site.body = serialize_feed([*serialize_jobs(3), serialize_job("bad", description="short")])
    answer = register(sandbox_client, url=site.url)
    assert answer.status_code == 201, answer.text
    feed_id = answer.json()["id"]
    wait_for_run(sandbox_client, feed_id, "DONE")

    own = sandbox_client.client.get(
        f"/partner/feeds/{feed_id}/report", headers=bearer(sandbox_client.token("child"))
    )
    other = sandbox_client.client.get(
        f"/partner/feeds/{feed_id}/report", headers=bearer(sandbox_client.token("parent"))
    )
    nobody = sandbox_client.client.get(f"/partner/feeds/{feed_id}/report")

    assert own.status_code == 200
    assert (own.json()["lastRun"]["created"], own.json()["lastRun"]["failed"]) == (3, 1)
    assert [(error["position"], error["partnerJobId"]) for error in own.json()["errors"]] == [(3, "bad")]
    assert (other.status_code, nobody.status_code) == (404, 401)


def test_the_company_and_the_page_of_a_feed_job_are_in_its_status(sandbox_client, site):
    site.body = serialize_feed(serialize_jobs(1))
    wait_for_run(sandbox_client, register(sandbox_client, url=site.url).json()["id"], "DONE")
    answer = sandbox_client.client.get("/v2/jobPostingStatus?ids=j0", headers=bearer(sandbox_client.token()))
    status = answer.json()["results"]["j0"]
    assert status["jobPostingInfo"]["companyDetails"]["name"] == "Harbour Logistics"
    page = sandbox_client.client.get(status["jobPostingUrl"])
    assert (page.status_code, "Harbour Logistics" in page.text) == (200, True)


def test_an_unchanged_feed_is_not_sent_again_unless_a_run_is_requested(sandbox_client, site):
    site.body = serialize_feed(serialize_jobs(3))
    feed_id = register(sandbox_client, url=site.url).json()["id"]
    wait_for_run(sandbox_client, feed_id, "DONE")
    sandbox_client.advance("61m")
    wait_for_run(sandbox_client, feed_id, "NOT_CHANGED")
    assert [bool(version) for version in site.asked] == [False, True]

    site.body = serialize_feed([])
    runs = f"/operator/feeds/{feed_id}/runs"
    sandbox_client.client.post(runs, json={}, headers=operator(sandbox_client))
    assert wait_for_run(sandbox_client, feed_id, "STOPPED")["lastRun"]["heldBack"] == 3
    sandbox_client.client.post(runs, json={"mayCloseAll": True}, headers=operator(sandbox_client))
    assert wait_for_run(sandbox_client, feed_id, "DONE")["lastRun"]["closed"] == 3
    listed = sandbox_client.client.get(f"{runs}?count=3", headers=operator(sandbox_client)).json()
    assert [run["outcome"] for run in listed["elements"]] == ["DONE", "NOT_CHANGED", "STOPPED"]
    rest = sandbox_client.client.get(f"{runs}?after={listed['nextAfter']}", headers=operator(sandbox_client))
    assert [run["closed"] for run in rest.json()["elements"]] == [3]


def test_a_feed_is_read_with_its_defaults_and_the_charset_of_its_header(sandbox_client, site):
    text = f"<jobs><job id='1'><name>Schlosser für Öl</name><description>{TEXT}</description></job></jobs>"
    site.body, site.content_type = gzip.compress(text.encode("latin-1")), "text/xml; charset=ISO-8859-1"
    defaults = {
        "companyName": "Acme",
        "location": "Köln",
        "country": "Deutschland",
        "applyUrlPattern": "https://www.example.com/{id}",
    }
    answer = register(sandbox_client, url=site.url, defaults=defaults)
    assert answer.json()["defaults"] == defaults | {"country": "DE"}
    feed_id = answer.json()["id"]
    report = wait_for_run(sandbox_client, feed_id, "DONE")
    assert (report["lastRun"]["created"], report["lastRun"]["shape"]) == (1, "jobs/job")
    # Registering it again without defaults keeps them; with others every job is read again.
    assert register(sandbox_client, url=site.url).json()["defaults"]["companyName"] == "Acme"
    register(sandbox_client, url=site.url, defaults=defaults | {"companyName": "Other"})
    for _ in range(500):
        last = sandbox_client.client.get(
            f"/operator/feeds/{feed_id}/report", headers=operator(sandbox_client)
        ).json()["lastRun"]
        if last["updated"] == 1:
            break
        time.sleep(0.02)
    assert last["updated"] == 1


@pytest.mark.parametrize(
    ("defaults", "field"),
    [
        ({"country": "Atlantis"}, "defaults.country"),
        ({"posterEmail": "jo"}, "defaults.posterEmail"),
        ({"applyUrlPattern": "https://www.example.com/"}, "applyUrlPattern"),
        ({"companyId": 0}, "companyId"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_defaults_that_cannot_hold_are_refused(sandbox_client, defaults, field):
    answer = register(sandbox_client, url="https://www.example.com/jobs.xml", defaults=defaults)
    assert answer.status_code == 400
    assert field in answer.text


def test_a_slow_feed_does_not_delay_jobs(sandbox_client, site):
    """A server that sent a byte a second once kept all partners' jobs in progress for a quarter of an hour."""
    site.gate.clear()
    site.body = serialize_feed(serialize_jobs(3))
    feed_id = register(sandbox_client, url=site.url).json()["id"]
    try:
        assert site.reached.wait(20)
        assert sandbox_client.post_job("beside")
        found = sandbox_client.client.get(
            f"/operator/feeds/{feed_id}/report", headers=operator(sandbox_client)
        ).json()
        assert found["lastRun"] is None
    finally:
        site.gate.set()
    wait_for_run(sandbox_client, feed_id, "DONE")


async def test_the_run_of_a_killed_process_is_taken_over(database_url):
    """It once counted as done: the next run came an interval later, and a requested run never."""

    async with open_scenario(database_url) as scenario, scenario.database.connection() as connection:
        feed = await feeds_flow.register_feed(
            connection,
            application=scenario.customers[0].child,
            location="https://a.example/f",
            interval_minutes=None,
            now=START,
        )
        assert await feeds_flow.claim_due_feed(connection, now=START) is None
        await feeds_flow.request_run(connection, feed=feed, may_close_all=False, now=START)
        first = await feeds_flow.claim_due_feed(connection, now=START)
        at_once = await feeds_flow.claim_due_feed(connection, now=START + timedelta(seconds=30))
        again = await feeds_flow.claim_due_feed(connection, now=START + timedelta(minutes=2))
        await feeds_flow.end_turn(connection, feed=again, now=START + timedelta(minutes=2))
        over = await feeds_flow.claim_due_feed(connection, now=START + timedelta(days=2))
    assert first.id == again.id
    assert at_once is None
    assert over is None


async def test_a_run_requested_during_another_run_follows_it(database_url):
    async with open_scenario(database_url) as scenario, scenario.database.connection() as connection:
        registered = {
            "application": scenario.customers[0].child,
            "location": "https://a.example/f",
            "interval_minutes": 60,
        }
        feed = await feeds_flow.register_feed(connection, **registered, now=START)
        turn = await feeds_flow.claim_due_feed(connection, now=START)
        asked_at = START + timedelta(seconds=5)
        await feeds_flow.request_run(connection, feed=feed, may_close_all=True, now=asked_at)
        await feeds_flow.end_turn(connection, feed=turn, now=START)
        second = await feeds_flow.claim_due_feed(connection, now=START + timedelta(seconds=9))
        await feeds_flow.end_turn(connection, feed=second, now=START + timedelta(seconds=9))
        after = await feeds_flow.find_feed(connection, feed_id=feed.id)
    assert second.may_close_all
    assert after.due_at == START + timedelta(seconds=9, minutes=60)


@pytest.mark.parametrize("sandbox_client", [{"chores": False}], indirect=True)
def test_a_moved_clock_reads_every_feed_that_is_due_and_posts_its_jobs(sandbox_client, tmp_path):
    for name in ("north", "south", "west"):
        path = tmp_path / f"{name}.xml"
        path.write_bytes(serialize_feed([serialize_job(f"feed-{name}")]))
        assert register(sandbox_client, path=str(path)).status_code == 201
    sandbox_client.advance("1m")
    listed = sandbox_client.client.get("/operator/jobs", headers=operator(sandbox_client)).json()["elements"]
    assert sorted((job["externalJobPostingId"], job["state"]) for job in listed) == [
        ("feed-north", "LIVE"),
        ("feed-south", "LIVE"),
        ("feed-west", "LIVE"),
    ]


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"url": "https://a.example/f", "path": "/f"},
        {"url": "file:///etc/hostname"},
        {"url": "ftp://a.example/f"},
        {"url": "https://user@a.example/f"},
        {"path": "f.xml"},
    ],
)
def test_invalid_locations_are_refused(sandbox_client, place):
    assert register(sandbox_client, **place).status_code == 400


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://127.0.0.1/feed.xml", "not on the public internet"),
        ("https://10.1.2.3/feed.xml", "not on the public internet"),
        ("https://169.254.169.254/latest", "not on the public internet"),
        ("https://[::1]/feed.xml", "not on the public internet"),
        ("https://[::ffff:127.0.0.1]/feed.xml", "not on the public internet"),
        ("http://93.184.215.14/feed.xml", "only https"),
    ],
)
async def test_production_reads_public_https_only(url, why):
    with pytest.raises(feeds.FeedNotFetchedError, match=why):
        await feeds.fetch(make_feed(url), is_sandbox=False, now=NOW)


async def test_a_redirect_to_a_file_is_not_followed(site):
    with pytest.raises(feeds.FeedNotFetchedError, match="only https"):
        await feeds.fetch(make_feed(site.url.replace("feed.xml", "moved")), is_sandbox=True, now=NOW)


async def test_an_endless_body_is_aborted(site):
    site.body = b"x" * 100_000
    with pytest.raises(feeds.FeedNotFetchedError, match="more than 99,999 bytes"):
        await feeds.fetch(make_feed(site.url), is_sandbox=True, now=NOW, bytes_max=99_999)


@pytest.mark.parametrize("part", ["nothing", "status line", "headers", "body"])
async def test_a_server_that_drips_is_given_up_at_the_deadline(part):
    """Each byte once started the wait again: two such feeds held both readers forever."""
    start = {
        "nothing": b"",
        "status line": b"HTTP/1.1 2",
        "headers": b"HTTP/1.1 200 OK\r\nX-A: ",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<",
    }[part]

    connections = []

    async def drip(reader, writer):
        connections.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        with contextlib.suppress(OSError):
            while not reader.at_eof():
                writer.write(b"" if part == "nothing" else b"0")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    begun_at = time.monotonic()
    with pytest.raises(feeds.FeedNotFetchedError, match=r"not finished within 0\.3 seconds"):
        await feeds.fetch(
            make_feed(f"http://127.0.0.1:{port}/feed.xml"), is_sandbox=True, now=NOW, seconds_max=0.3
        )
    assert time.monotonic() - begun_at < 5
    await asyncio.gather(*connections)
    server.close()
    await server.wait_closed()


async def test_an_application_reads_one_feed_at_a_time(database):
    """Its slow feeds do not take the readers of all others."""
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO applications (id, shard, client_id, name, description, created_at)"
            " SELECT n, 1, n::text, 'Partner', '', now() FROM generate_series(1, 2) AS n"
        )
        await connection.execute(
            "INSERT INTO job_feeds (application_id, location, due_at, created_at)"
            " SELECT app, app || '-' || n, %s - n * interval '1 hour', now()"
            "   FROM generate_series(1, 2) AS app, generate_series(1, 3) AS n",
            [NOW],
        )

    async def claim(now):
        async with database.transaction() as connection:
            return await feeds_flow.claim_due_feed(connection, now=now)

    claimed = await asyncio.gather(*(claim(NOW) for _ in range(4)))
    taken = [feed for feed in claimed if feed is not None]
    assert sorted(feed.application_id for feed in taken) == [1, 2]
    async with database.transaction() as connection:
        await feeds_flow.end_turn(connection, feed=taken[0], now=NOW)
    again = await claim(NOW)
    assert again.application_id == taken[0].application_id


def make_feed(url: str) -> Feed:
    return Feed(
        id=1,
        application_id=1,
        location=url,
        interval_minutes=None,
        due_at=None,
        may_close_all=False,
        etag="",
        last_modified="",
        read_at=None,
    )
