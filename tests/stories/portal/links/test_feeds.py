"""A partner's feeds on pages: runs, each error with its element, read now, and the safety stop, which a page of its own lifts."""

import re

import pytest

from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.links.scene import open_scene, read_file, wait_for_text
from tests.support.feed_documents import serialize_feed, serialize_job, serialize_jobs
from tests.support.sandbox_client import bearer

FEEDS = "/portal/partner/feeds"
READ = '</svg>Read</span> <span dir="auto">'  # the state of the last run


@pytest.fixture(scope="module")
def scene(cluster_url):
    made = make_database(cluster_url, TEMPLATE)
    yield from open_scene(next(made))
    made.close()


def register(scene, path):
    """Registers a file of the operator that is read on request only; returns its page."""
    body = {"applicationId": scene.number_of("child"), "path": str(path)}
    answer = scene.sandbox.client.post(
        "/operator/feeds", json=body, headers=bearer(scene.sandbox.credentials["operator_key"])
    )
    return f"{FEEDS}/{answer.json()['id']}"


def test_a_feed_is_read_on_request_and_its_errors_name_job_and_element(scene, tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(
        serialize_feed(
            [*serialize_jobs(2), serialize_job("bad &lt;b>", title="Fitter &amp; Co", description="short")]
        )
    )
    feed = register(scene, path)
    assert "It was never read." in scene.reader.get(feed).text
    assert scene.manager.post(f"{feed}/run").headers["location"] == f"{feed}?done=feed-due"
    page = wait_for_text(scene.reader, feed, "Read, with errors")
    assert "Fitter &amp; Co<" in page
    assert "bad &lt;b&gt;" in page
    assert "job/description" in page
    assert "Not posted" in page
    (row,) = read_file(scene.reader, f"{feed}/errors.csv")
    assert (row["position"], row["partnerJobId"], row["path"]) == ("3", "bad", "job/description")
    assert scene.stranger.get(f"{feed}/errors.csv").status_code == 404
    listed = scene.reader.get(FEEDS).text
    for text in (page, listed):
        assert str(path) not in text
        assert "a file of the operator" in text
    assert "on request only" in page
    assert scene.reader.get(f"{feed}?after=2").status_code == 200


def test_a_run_that_was_stopped_closes_what_is_missing_once_that_is_confirmed(scene, tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(serialize_feed(serialize_job(f"late-{at}") for at in range(3)))
    feed = register(scene, path)
    scene.manager.post(f"{feed}/run")
    wait_for_text(scene.reader, feed, READ)
    assert scene.manager.get(f"{feed}/close-all").headers["location"] == feed
    path.write_bytes(serialize_feed([]))
    scene.manager.post(f"{feed}/run")
    page = wait_for_text(scene.manager, feed, "3 jobs are missing in the feed and were not closed")
    assert "Stopped for safety" in page
    assert "close-all" not in scene.reader.get(feed).text
    asked = scene.manager.get(f"{feed}/close-all").text
    assert "The next run may close 3 jobs" in asked
    assert scene.manager.post(f"{feed}/close-all").headers["location"] == f"{feed}?done=feed-due"
    rows = re.findall(r"<tr>.*?</tr>", wait_for_text(scene.reader, feed, READ))
    assert [re.findall(r'num opt">(\d+)<', row)[-1] for row in rows[1:]] == ["3", "0", "0"]
    assert [act for act, *_ in scene.list_acts("feed.run")][-3:] == ["feed.run"] * 3


def test_a_file_of_the_operator_that_cannot_be_read_reveals_no_path(scene, tmp_path):
    feed = register(scene, tmp_path / "none.xml")
    scene.manager.post(f"{feed}/run")
    page = wait_for_text(scene.reader, feed, "The file cannot be read. Ask the operator.")
    assert "Not reachable" in page
    assert str(tmp_path) not in page


def test_a_reader_changes_nothing_and_another_partner_sees_nothing(scene, tmp_path):
    assert "There is no feed yet" in scene.stranger.get(FEEDS).text
    feed = register(scene, tmp_path / "other.xml")
    assert f'action="{feed}' not in scene.reader.get(feed).text
    for act in ("run", "close-all"):
        assert scene.reader.post(f"{feed}/{act}").status_code == 403
        assert scene.stranger.post(f"{feed}/{act}").status_code == 404
    assert scene.stranger.get(feed).status_code == 404
