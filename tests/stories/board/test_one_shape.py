"""A batch is answered and stored alike however it is written: all records in one shape, or one of them with an escape."""

import json
from typing import Any

import psycopg
import pytest

from jobmeter.metering.intake.shaped import BYTES_MIN
from tests.support.sandbox_client import SandboxClient, bearer, make_event

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# The key's first part is the time; the rest differs, because the jobs have a shard in common and so other sources.
STORED = (
    "SELECT left(event_key::text, 13) AS time, kind, verdict, visitor, address"
    " FROM events WHERE job_id = %s ORDER BY event_key"
)
HOUR_MS = 3_600_000


def make_events(job_id: int, at: int, source: str) -> list[dict[str, Any]]:
    """Clicks and views, among them a crawler's, one of no browser, an early, a late and a repeated one, and many plain views."""
    changes: list[dict[str, Any]] = [
        {},
        {"type": "view"},
        {"type": "view", "visitor": "", "address": "2001:db8::1"},
        {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"userAgent": "curl/8.0", "address": "::ffff:198.51.100.7"},
        {"userAgent": "", "address": ""},
        {"time": at - 50 * HOUR_MS},
        {"time": at + HOUR_MS},
        {"job": 1},
        {"id": "c-0", "time": at},
        {"country": "FR"},
        {"country": "nowhere"},
    ]
    full = {
        "source": source,
        "type": "applyClick",
        "userAgent": BROWSER,
        "address": "192.0.2.1",
        "country": "GB",
    }
    changes += [{"type": "view"}] * 700
    return [
        make_event(job_id, f"c-{number}", at + number, **(full | changed))
        for number, changed in enumerate(changes)
    ]


def read_refused(sandbox_client: SandboxClient, rows: int) -> list[dict[str, Any]]:
    key = bearer(sandbox_client.credentials["operator_key"])
    found = sandbox_client.client.get("/operator/lastRefusedEvents", headers=key).json()["elements"][:rows]
    return [
        {name: value for name, value in one.items() if name not in {"jobPosting", "source", "receivedAt"}}
        for one in found
    ]


@pytest.mark.parametrize("policy", [{}, {"refusesNonBrowsers": True, "countsAbsentAgents": False}])
def test_both_ways_have_the_same_answer_and_store_the_same(
    sandbox_client: SandboxClient, database_url: str, policy: dict[str, bool]
) -> None:
    if policy:
        contract = sandbox_client.credentials["partner_contract_id"]
        answer = sandbox_client.client.put(
            f"/operator/contracts/{contract}/filters",
            json=policy,
            headers=bearer(sandbox_client.credentials["operator_key"]),
        )
        assert answer.status_code == 200, answer.text
    by_shape, by_record = (sandbox_client.post_job(name) for name in ("by-shape", "by-record"))
    at = sandbox_client.now_ms
    compact = json.dumps(make_events(by_shape, at, "one"), separators=(",", ":")).encode()
    escaped = json.dumps(make_events(by_record, at, "two"), separators=(",", ":")).encode()
    escaped = escaped.replace(b'"c-1"', b'"\\u0063-1"')
    assert len(compact) > BYTES_MIN
    answers, refused = [], []
    for body in (compact, escaped):
        answer = sandbox_client.send(body)
        assert answer.status_code == 200, answer.text
        answers.append(answer.json())
        refused.append(read_refused(sandbox_client, answers[-1]["rejected"]))
    assert answers[0] == answers[1]
    assert answers[0]["accepted"] > 700
    assert {row["reason"] for row in answers[0]["rejections"]} >= {
        "CRAWLER",
        "TOO_OLD",
        "IN_FUTURE",
        "JOB_UNKNOWN",
    }
    assert refused[0] == refused[1]
    assert len(refused[0]) >= 3
    with psycopg.connect(database_url) as connection:
        stored = [connection.execute(STORED, [job]).fetchall() for job in (by_shape, by_record)]
    assert stored[0] == stored[1]
    assert len(stored[0]) > 705
    # Sent in the other way, each event is known by its key.
    for body in (compact.replace(b'"c-1"', b'"\\u0063-1"'), escaped.replace(b"\\u0063", b"c")):
        again = sandbox_client.send(body).json()
        assert (again["accepted"], again["duplicate"]) == (
            0,
            answers[0]["accepted"] + answers[0]["duplicate"],
        )
