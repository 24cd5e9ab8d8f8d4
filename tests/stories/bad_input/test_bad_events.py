"""Events that do not count are reported by index and reason and not kept, and other events are not affected."""

import pytest

from tests.support.databases.table_snapshots import nothing_written
from tests.support.sandbox_client import make_event


def refused_events(answer):
    body = answer.json()
    assert answer.status_code == 200
    assert body["accepted"] == 0
    return [(row["index"], row["reason"]) for row in body["rejections"]]


@pytest.mark.parametrize("job", [1, 0, -1, 2**63, 10**30, "urn:li:jobPosting:1", "x", "", "٣", "1" * 400])
def test_an_unknown_job_is_reported_and_not_kept(sandbox_client, job_id, database_url, job):
    with nothing_written(database_url):
        answer = sandbox_client.send([make_event(job, "e", sandbox_client.now_ms)])
    assert refused_events(answer) == [(0, "JOB_UNKNOWN")]


@pytest.mark.parametrize("application", [0, -1, 2**63, 10**30, "urn:li:developerApplication:1", "x"])
def test_an_unknown_application_is_reported_and_not_kept(sandbox_client, job_id, database_url, application):
    by_name = {"childApplication": application, "externalJobPostingId": "here-1"}
    with nothing_written(database_url):
        answer = sandbox_client.send([make_event(None, "e", sandbox_client.now_ms, **by_name)])
    assert refused_events(answer) == [(0, "JOB_UNKNOWN")]


def test_future_and_too_old_events_are_reported_and_not_kept(sandbox_client, job_id, database_url):
    sandbox_client.advance("4d")
    at = sandbox_client.now_ms
    hours = 3_600_000
    with nothing_written(database_url):
        answer = sandbox_client.send(
            [
                make_event(job_id, "soon", at + 10 * 60_000),
                make_event(job_id, "old", at - 48 * hours - 1_000),
                make_event(job_id, "ancient", 0),
                make_event(job_id, "far", (1 << 47) - 1),
            ]
        )
    assert refused_events(answer) == [(0, "IN_FUTURE"), (1, "TOO_OLD"), (2, "TOO_OLD"), (3, "IN_FUTURE")]
    kept = sandbox_client.send(
        [make_event(job_id, "just", at - 48 * hours + 60_000), make_event(job_id, "now", at)]
    )
    assert kept.json()["accepted"] == 2


FLAWED = [
    {"time": "yesterday"},
    {"time": "2024-01-01T00:00:00"},  # no offset
    {"time": "0001-01-01T00:00:00+14:00"},
    {"time": "9999-12-31T23:59:59-14:00"},
    {"time": -1},
    {"time": 10**30},
    {"time": 1.5},
    {"type": "impression"},
    {"id": ""},
    {"source": ""},
    {"id": 5},
    {"id": "i" * 513},
    {"id": "a\0b"},
    {"source": "a\0b"},
    {"visitor": "a\0b"},
    {"job": None},
    {"job": None, "childApplication": 100002},
    {"job": None, "childApplication": 100002, "externalJobPostingId": "a\0b"},
    {"job": None, "childApplication": 100002, "externalJobPostingId": "x" * 513},
    {"job": {"id": 5}},
    {"visitor": ["v"]},
]


@pytest.mark.parametrize("changed", FLAWED)
def test_a_malformed_event_is_reported_and_not_kept(sandbox_client, job_id, database_url, changed):
    with nothing_written(database_url):
        answer = sandbox_client.send([make_event(job_id, "flawed", sandbox_client.now_ms, **changed)])
    assert refused_events(answer) == [(0, "MALFORMED")]


def test_malformed_events_do_not_affect_others(sandbox_client, job_id):
    at = sandbox_client.now_ms
    events = [
        event
        for number, changed in enumerate(FLAWED)
        for event in (
            make_event(job_id, f"good-{number}", at),
            make_event(job_id, f"f-{number}", at, **changed),
        )
    ]
    reply = sandbox_client.send(events).json()
    assert (reply["accepted"], reply["rejected"]) == (len(FLAWED), len(FLAWED))
    assert [row["index"] for row in reply["rejections"]] == list(range(1, len(events), 2))
