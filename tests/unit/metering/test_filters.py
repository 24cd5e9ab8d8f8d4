"""Filters over HTTP: policies, excluded visitors, clicks not charged, the last refused events, compressed bodies."""

import asyncio
import csv
import gzip
import io
import json
from typing import Any

import pytest
import zstandard

from jobmeter.http.admission import AdmissionControl, OverloadedError
from tests.support.sandbox_client import SandboxClient, bearer, make_event

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def click(sandbox_client: SandboxClient, job_id: int, name: str, **changed: Any) -> dict[str, Any]:
    values = {"type": "applyClick", "visitor": f"v-{name}"} | changed
    return make_event(job_id, name, sandbox_client.now_ms, **values)


def partner(
    sandbox_client: SandboxClient, method: str, path: str, body: Any = None, who: str = "child"
) -> Any:
    return sandbox_client.client.request(
        method, f"/partner/{path}", json=body, headers=bearer(sandbox_client.token(who))
    )


def operator(sandbox_client: SandboxClient, method: str, path: str, body: Any = None) -> Any:
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.request(method, f"/operator/{path}", json=body, headers=headers)


def reasons_of(answer: Any) -> list[str]:
    return [row["reason"] for row in answer.json()["rejections"]]


def test_clicks_not_charged_are_listed_by_reason(sandbox_client):
    job_id = sandbox_client.post_job("why")  # 20 clicks, in Leeds
    events = [click(sandbox_client, job_id, f"n{number}") for number in range(22)]
    events += [
        click(sandbox_client, job_id, "robot", userAgent=CRAWLER),
        click(sandbox_client, job_id, "declared", isCrawler=True),
        click(sandbox_client, job_id, "abroad", country="FR"),
        click(sandbox_client, job_id, "home", country="GB", visitor="v-n0"),
        make_event(job_id, "looked", sandbox_client.now_ms, country="FR"),
    ]
    answer = sandbox_client.send(events)
    assert sorted(reasons_of(answer)) == ["CRAWLER", "CRAWLER", "OUTSIDE_MARKET", "OUTSIDE_MARKET"]

    (row,) = partner(sandbox_client, "GET", "clicksNotCharged").json()["elements"]
    assert (row["externalJobPostingId"], row["received"], row["charged"]) == ("why", 26, 20)
    reasons = {entry["reason"]: entry["clicks"] for entry in row["notCharged"]}
    assert reasons == {"CRAWLER": 2, "OUTSIDE_MARKET": 1, "BEYOND_BUDGET": 3}
    assert row["received"] == row["charged"] + sum(reasons.values())

    sandbox_client.advance("4d")  # settled: the second click of a visitor is reversed
    (row,) = partner(sandbox_client, "GET", "clicksNotCharged").json()["elements"]
    reasons = {entry["reason"]: entry["clicks"] for entry in row["notCharged"]}
    assert reasons["REPEATED_CLICK"] == 1
    assert row["received"] == row["charged"] + sum(reasons.values()) == 26

    text = partner(sandbox_client, "GET", "clicksNotCharged?format=csv").text
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {line["reason"]: int(line["clicks"]) for line in lines} == reasons
    # the partner sees its customer's clicks, another customer does not
    assert partner(sandbox_client, "GET", "clicksNotCharged", who="parent").json()["elements"] == [row]


@pytest.mark.parametrize("query", ["from=x", "to=2026-02-30", "format=xml", "after=x", "after=5-x"])
def test_a_malformed_query_parameter_is_named(sandbox_client, query):
    answer = partner(sandbox_client, "GET", f"clicksNotCharged?{query}")
    assert (answer.status_code, query.partition("=")[0] in answer.json()["message"]) == (400, True)


def test_a_policy_applies_from_the_next_batch_on(sandbox_client):
    job_id = sandbox_client.post_job("policy")
    path = f"contracts/{sandbox_client.credentials['partner_contract_id']}/filters"
    assert reasons_of(sandbox_client.send([click(sandbox_client, job_id, "a", country="FR")])) == [
        "OUTSIDE_MARKET"
    ]

    shown = operator(sandbox_client, "PUT", path, {"refusesOtherMarkets": False, "lateWindowHours": 1})
    assert shown.json() == operator(sandbox_client, "GET", path).json()
    assert reasons_of(sandbox_client.send([click(sandbox_client, job_id, "b", country="FR")])) == []
    old = make_event(job_id, "old", sandbox_client.now_ms - 3_600_001)
    assert reasons_of(sandbox_client.send([old])) == ["TOO_OLD"]

    assert operator(sandbox_client, "PUT", path, {"lateWindowHours": 49}).status_code == 400
    assert operator(sandbox_client, "PUT", path, {"other": True}).status_code == 400
    assert operator(sandbox_client, "GET", "contracts/1/filters").status_code == 404


def test_excluded_visitors_do_not_count_until_they_are_included_again(sandbox_client):
    job_id = sandbox_client.post_job("staff")
    added = partner(sandbox_client, "POST", "excludedVisitors", {"visitor": "tester", "note": "QA"}).json()
    partner(sandbox_client, "POST", "excludedVisitors", {"address": "203.0.113.9"})
    events = [
        click(sandbox_client, job_id, "a", visitor="tester"),
        click(sandbox_client, job_id, "b", visitor="somebody"),
        click(sandbox_client, job_id, "c", visitor="other", address="203.0.113.77"),
    ]
    assert reasons_of(sandbox_client.send(events)) == ["EXCLUDED_VISITOR", "EXCLUDED_VISITOR"]

    listed = partner(sandbox_client, "GET", "excludedVisitors").json()["elements"]
    assert [one["note"] for one in listed] == ["QA", ""]
    assert "tester" not in json.dumps(listed)
    # not to other applications
    assert partner(sandbox_client, "GET", "excludedVisitors", who="parent").json() == {
        "elements": [],
        "nextAfter": None,
    }
    assert (
        partner(sandbox_client, "DELETE", f"excludedVisitors/{added['id']}", who="parent").status_code == 404
    )

    assert partner(sandbox_client, "DELETE", f"excludedVisitors/{added['id']}").status_code == 204
    assert reasons_of(sandbox_client.send([click(sandbox_client, job_id, "d", visitor="tester")])) == []
    for body in ({}, {"visitor": "a", "address": "1.2.3.4"}, {"address": "here"}, {"visitor": ""}):
        assert partner(sandbox_client, "POST", "excludedVisitors", body).status_code == 400


def test_a_partner_s_exclusion_applies_to_its_customers(sandbox_client):
    job_id = sandbox_client.post_job("covered")
    partner(sandbox_client, "POST", "excludedVisitors", {"visitor": "auditor"}, who="parent")
    assert reasons_of(sandbox_client.send([click(sandbox_client, job_id, "a", visitor="auditor")])) == [
        "EXCLUDED_VISITOR"
    ]


def test_the_last_fifty_refused_events_are_listed(sandbox_client):
    job_id = sandbox_client.post_job("last")
    sandbox_client.send(
        [
            click(sandbox_client, job_id, f"r{number}", isCrawler=True, address="192.0.2.1")
            for number in range(60)
        ]
    )
    sandbox_client.send([{"source": "board", "id": "broken", "type": "sale", "time": 1, "job": job_id}, 17])

    mine = partner(sandbox_client, "GET", "lastRefusedEvents").json()["elements"]
    everything = operator(sandbox_client, "GET", "lastRefusedEvents").json()["elements"]

    assert len(mine) == len(everything) == 50
    assert (mine[0]["id"], mine[1]["id"]) == ("broken", "r59")
    assert "neither view nor applyClick" in mine[0]["message"]
    assert [event["reason"] for event in everything[:2]] == ["MALFORMED", "MALFORMED"]
    assert "192.0.2" not in json.dumps(everything)
    assert "visitor" not in mine[0]
    assert partner(sandbox_client, "GET", "lastRefusedEvents", who="parent").json() == {"elements": []}


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity", "GZIP"])
def test_a_compressed_batch_is_read(sandbox_client, encoding):
    job_id = sandbox_client.post_job("packed")
    body = json.dumps([click(sandbox_client, job_id, "a")]).encode()
    packers = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}
    packed = packers.get(encoding.lower(), bytes)(body)
    answer = sandbox_client.send(
        packed, headers={"Content-Encoding": encoding, "Content-Type": "application/json"}
    )
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_batch_compressed_in_several_members_is_read_whole(sandbox_client, encoding):
    """As ``cat one.gz two.gz`` makes it. Everything after the first member was once lost without an error."""
    job_id = sandbox_client.post_job("parts")
    pack = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}[encoding]
    lines = [json.dumps(click(sandbox_client, job_id, name)).encode() + b"\n" for name in "abc"]
    headers = {"Content-Encoding": encoding, "Content-Type": "application/x-ndjson"}
    assert sandbox_client.send(b"".join(map(pack, lines)), headers=headers).json()["accepted"] == 3

    # the last member is truncated between two of its lines: nothing is recorded
    unfinished = zstandard.ZstdCompressor().compressobj()
    cut = unfinished.compress(lines[0]) + unfinished.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    body = pack(lines[1]) + (cut if encoding == "zstd" else pack(lines[0])[:-8])
    assert sandbox_client.send(body, headers=headers).json()["code"] == "MALFORMED_ENCODING"
    assert (
        sandbox_client.send(pack(lines[1]) + b"junk", headers=headers).json()["code"] == "MALFORMED_ENCODING"
    )


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"", "gzip", 400),
        (b"", "zstd", 400),
        (b"[]", "br", 415),
        (b"[]", "gzip, gzip", 415),
        (b"[]", "gzip", 400),
        (b"[]", "zstd", 400),
        (gzip.compress(b"[" + b" " * 1_000 + b"]", mtime=0)[:-9], "gzip", 400),
        (gzip.compress(b" " * 60_000_000, mtime=0), "gzip", 413),
        (zstandard.ZstdCompressor().compress(b" " * 60_000_000), "zstd", 413),
    ],
)
def test_a_body_that_cannot_be_decompressed_or_expands_too_much_is_refused(
    sandbox_client, body, encoding, status
):
    answer = sandbox_client.send(
        body, headers={"Content-Encoding": encoding, "Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text


async def test_too_many_waiting_batches_are_refused_at_once():
    gate, reasons = AdmissionControl(at_once=1, waiting_max=2), []
    may_go = asyncio.Event()

    async def take(name: str) -> None:
        try:
            async with gate.enter():
                await may_go.wait()
                reasons.append(name)
        except OverloadedError:
            reasons.append(f"{name} later")

    tasks = [asyncio.create_task(take(name)) for name in "abcde"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    may_go.set()
    await asyncio.gather(*tasks)
    assert reasons == ["d later", "e later", "a", "b", "c"]
