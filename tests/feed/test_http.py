"""Feeds over HTTP: registered by the operator, read by the worker, reported to their owner and to nobody else."""

import http.server
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from jobmeter.jobs.model_feed import Feed
from jobmeter.worker import feeds
from tests.board import bearer
from tests.feed.documents import draw_feed, draw_job, draw_jobs

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Site(http.server.ThreadingHTTPServer):
    """A partner's web site. ``body`` is its feed, under a version that changes with it."""

    body = b""
    asked: list[str]

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
            self.end_headers()
            self.wfile.write(self.server.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), Answers) as opened:
        opened.asked = []
        thread = threading.Thread(target=opened.serve_forever)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def operator(board):
    return bearer(board.credentials["operator_key"])


def child_id(board) -> int:
    key = board.credentials["child"]
    return int(str(key["urn"]).rsplit(":", 1)[-1])


def register(board, **place):
    body = {"applicationId": child_id(board), "intervalMinutes": 60} | place
    return board.client.post("/operator/feeds", json=body, headers=operator(board))


def wait_for_run(board, feed_id, outcome):
    for _ in range(500):
        found = board.client.get(f"/operator/feeds/{feed_id}/report", headers=operator(board)).json()
        if found["lastRun"] and found["lastRun"]["outcome"] == outcome:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no run came to {outcome}: {found}")


def test_the_owner_reads_what_came_of_a_feed_and_others_do_not(board, site):
    site.body = draw_feed([*draw_jobs(3), draw_job("bad", description="short")])
    answer = register(board, url=site.url)
    assert answer.status_code == 201, answer.text
    feed_id = answer.json()["id"]
    wait_for_run(board, feed_id, "DONE")

    own = board.client.get(f"/partner/feeds/{feed_id}/report", headers=bearer(board.token("child")))
    other = board.client.get(f"/partner/feeds/{feed_id}/report", headers=bearer(board.token("parent")))
    nobody = board.client.get(f"/partner/feeds/{feed_id}/report")

    assert own.status_code == 200
    assert (own.json()["lastRun"]["created"], own.json()["lastRun"]["failed"]) == (3, 1)
    assert [(error["position"], error["partnerJobId"]) for error in own.json()["errors"]] == [(3, "bad")]
    assert (other.status_code, nobody.status_code) == (404, 401)


def test_a_feed_is_asked_for_by_its_version_and_read_anew_when_it_is_asked_for(board, site):
    site.body = draw_feed(draw_jobs(3))
    feed_id = register(board, url=site.url).json()["id"]
    wait_for_run(board, feed_id, "DONE")
    board.advance("61m")
    wait_for_run(board, feed_id, "NOT_CHANGED")
    assert [bool(version) for version in site.asked] == [False, True]

    site.body = draw_feed([])
    board.client.post(f"/operator/feeds/{feed_id}/runs", json={}, headers=operator(board))
    assert wait_for_run(board, feed_id, "DONE")["lastRun"]["closed"] == 3


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
def test_places_that_are_none_are_refused(board, place):
    assert register(board, **place).status_code == 400


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
def test_production_reads_public_https_alone(url, why):
    with pytest.raises(feeds.FeedNotFetchedError, match=why):
        feeds.fetch(make_feed(url), is_sandbox=False, now=NOW)


def test_a_redirect_does_not_lead_to_a_file(site):
    with pytest.raises(feeds.FeedNotFetchedError, match="only https"):
        feeds.fetch(make_feed(site.url.replace("feed.xml", "moved")), is_sandbox=True, now=NOW)


def test_an_endless_body_is_cut_off(site):
    site.body = b"x" * 100_000
    with pytest.raises(feeds.FeedNotFetchedError, match="more than 99,999 bytes"):
        feeds.fetch(make_feed(site.url), is_sandbox=True, now=NOW, bytes_max=99_999)


def make_feed(url: str) -> Feed:
    return Feed(1, 1, url, None, None, may_close_all=False, etag="", last_modified="", read_at=None)
