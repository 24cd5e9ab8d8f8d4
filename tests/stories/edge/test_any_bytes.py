"""Any bytes in path, query, headers or body of a Rest.li resource get a well-formed response below 500 in bounded time."""

import json
import os
import random
import time
from collections import Counter

import pytest

from jobmeter.api.restli.resources import group_resources
from jobmeter.api.routes import RESTLI
from tests.conftest import TEMPLATE, make_database
from tests.slow.fuzz.record import append, make_row
from tests.support.sandbox_client import open_sandbox_client

REQUESTS, REQUESTS_MANY = 1_000, 100_000
SEED = int(os.environ.get("JOBMETER_TESTS_FUZZ_SEED", "2"))
SECONDS_MAX_EACH = 5.0
GRAMMAR = b"(),:'%&=+List0aZ .[]{}\"\xc3\xa9\x00/?;$*!~@#"
WORDS = [
    b"ids=List(", b"ids=", b"q=dateRange", b"dateRange=(start:(year:2026", b"action=setup", b"fields=a:(", b"start=",
    b"count=-1", b"urn:li:simpleJobPostingTask:", b"urn%3Ali%3A", b"%28%29", b"&", b"=", b"''", b"ids[0]=", b"a.b[1].c=",
]  # fmt: skip
BODIES = [
    b"",
    b"{}",
    b'{"elements":[',
    b'{"patch":{"$set":',
    b"[[[[",
    b'{"partnerContractId":1e999}',
    b"\xff\xfe",
    b"--b\r\n",
]
TYPES = [
    b"",
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"multipart/mixed; boundary=b",
    b"text/plain",
]
METHODS = [b"", b"batch_get", b"FINDER", b"batch_create", b"action", b"\xff", b"partial_update"]
VERSIONS = [b"202504", b"", b"9" * 400, b"\x00", b"202603"]
RESOURCES = [(root, name) for root, named in group_resources(RESTLI).items() for name in named]
PATHS = [f"{root}/{name}".encode() for root, name in RESOURCES]


RANGE = b"dateRange=(start:(year:2026,month:1,day:1),end:(year:2026,month:1,day:2))"
# Valid requests whose bytes are partly changed, so that handlers are reached too.
GOOD = [
    ("GET", b"/rest/partnerJobReports", b"q=dateRange&" + RANGE + b"&start=0&count=5", b""),
    ("GET", b"/rest/partnerJobReports", b"ids=List(a,b%2C)&" + RANGE, b""),
    ("GET", b"/rest/partnerBudgetReports", b"fields=a:(b,c)", b""),
    ("GET", b"/rest/jobPostingStatus", b"ids=List(a,'')", b""),
    ("GET", b"/rest/jobPostingGeoLocations", b"q=search&location=Paris&locale=fr_FR", b""),
    ("GET", b"/v2/provisionedApplications", b"q=credentialsByUniqueForeignId&uniqueForeignId=a", b""),
    ("POST", b"/rest/provisionedHiringContracts", b"action=setup", b"{}"),
    ("POST", b"/rest/simpleJobPostings", b"", b'{"elements":[{"title":"a","budget":{},"listedAt":1}]}'),
    ("POST", b"/v2/provisionedApplications", b"", b'{"name":"a","description":"b","uniqueForeignId":"c"}'),
    ("POST", b"/rest/jobCampaigns", b"", b'{"name":"a","contract":"urn:li:contract:1","startTime":1}'),
]
UNLIMITED = ",".join(f"{name}=1000000000" for _, name in RESOURCES)


class RandomRequests:
    """Random requests from one seed: half use the grammar's characters and words, half any bytes."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def bytes(self, most=40):
        length = self.random.randrange(most)
        if self.random.random() < 0.5:
            return self.random.randbytes(length)
        parts = [
            self.random.choice(WORDS) if self.random.random() < 0.3 else bytes([self.random.choice(GRAMMAR)])
            for _ in range(length)
        ]
        return b"".join(parts)

    def change(self, text):
        """Returns the text with up to two of its bytes replaced, doubled or removed."""
        for _ in range(self.random.randrange(3)):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.bytes(4) + text[at + self.random.randrange(2) :]
        return text

    def request(self):
        """Returns verb, path, query and body."""
        pick = self.random.choice
        if self.random.random() < 0.5:
            verb, path, query, body = pick(GOOD)
            return verb, path, self.change(query), self.change(body)
        path = pick(PATHS) + (b"/" + self.bytes(12) if self.random.random() < 0.3 else b"")
        return (
            pick(["GET", "POST", "POST", "PUT", "DELETE"]),
            path,
            self.bytes(),
            pick(BODIES) + self.bytes(60),
        )

    def scope(self, authorization):
        """Returns an ASGI scope as the server passes it to the application, and the body."""
        pick = self.random.choice
        verb, path, query, body = self.request()
        headers = {
            b"authorization": authorization,
            b"linkedin-version": pick([VERSIONS[0], VERSIONS[0], *VERSIONS]),
            b"x-restli-method": b"batch_create" if path.endswith(b"Postings") else pick([b"", b"", *METHODS]),
            b"content-type": pick(TYPES),
            b"content-length": b"1",
            b"idempotency-key": pick([b"", b"", b"", self.bytes(8)]),
            b"x-restli-protocol-version": pick([b"", b"1.0.0", b"2.0.0", b"2.0.0", b"x"]),
            b"x-http-method-override": pick([b"", b"", b"GET", b"\xe9", b"POST"]),
        }
        kept = [(name, value) for name, value in headers.items() if value]
        scope = {
            "type": "http",
            "method": verb,
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": kept,
        }
        return scope, body


@pytest.fixture(scope="module")
def sandbox_client(cluster_url):
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url, rate_limits=UNLIMITED) as opened:
            yield opened


def send(sandbox_client, scope, body):
    """Calls the application directly, because the test client would normalize the bytes."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def answer(message):
        sent.append(message)

    sandbox_client.client.portal.call(sandbox_client.client.app, scope, receive, answer)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def feed(sandbox_client, seed, count, statuses):
    """Counts how many responses had each status."""
    rng = RandomRequests(seed)
    tokens = [sandbox_client.headers(who)["Authorization"].encode() for who in ("child", "parent")]
    for _ in range(count):
        scope, body = rng.scope(rng.random.choice(tokens))
        began = time.perf_counter()
        status, content = send(sandbox_client, scope, body)
        shown = (scope, body, content)
        assert time.perf_counter() - began < SECONDS_MAX_EACH, shown
        statuses[status] += 1
        assert status < 500, shown
        if status >= 400:
            refusal = json.loads(content)
            assert refusal["status"] == status, shown
            assert refusal["message"], shown


def test_random_requests_get_a_response(sandbox_client):
    statuses = Counter()
    feed(sandbox_client, 1, REQUESTS, statuses)
    assert set(statuses) >= {200, 400, 403, 404, 405}


@pytest.mark.slow
def test_very_many_random_requests_get_a_response(sandbox_client):
    statuses = Counter()
    try:
        feed(sandbox_client, SEED, REQUESTS_MANY, statuses)
    finally:
        append(make_row("random bytes to Rest.li resources", SEED, statuses))
