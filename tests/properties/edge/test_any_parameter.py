"""Every parameter of every route with values that libraries convert before or instead of us: no response above 499.

A parameter is a segment of the path, a parameter of the query, a header or a field of the body.
"""

import copy
import json
import random
import re
from dataclasses import replace
from urllib.parse import quote

import pytest

from jobmeter.api.routes import RESTLI
from jobmeter.http.endpoints import Audience
from jobmeter.sandbox.endpoints import ENDPOINTS as SANDBOX
from tests.stories.edge import matrix
from tests.stories.edge.test_tenants import owned  # noqa: F401 -- a fixture
from tests.support.sandbox_client import bearer

PARTS = 24
REQUESTS_FEW = 700
VALUES = [
    "%00",
    "a%00b",
    "9" * 5_000,
    "0" * 4_900 + "7",
    "-1",
    str(2**31),
    str(2**63),
    str(2**64),
    str(-(2**63) - 1),
    "1e999",
    "NaN",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01",
    "9999-12-31",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "%ED%A0%80",
    "%FF",
    "%D9%A1%D9%A2",  # digits of another script
    "",
    "%2F",
    "..",
    "x" * 3_000,
    "urn:li:jobPosting:" + "9" * 4_000,
    "(year:1,month:1,day:1)",
    "(start:(year:1,month:1,day:1),end:(year:9999,month:12,day:31))",
    "(start:(year:99999999999,month:1,day:1),end:(year:2026,month:1,day:1))",
]
# Parameters that handlers of plain routes read.
QUERY = (
    "after", "postingsAfter", "limit", "wait", "from", "to", "format", "externalJobPostingId", "state", "source", "id",
    "time", "oauth2_access_token",
)  # fmt: skip
RESTLI_QUERY = (
    "start",
    "count",
    "fields",
    "asOf",
    "ids",
    "q",
    "action",
    "dateRange",
    "partnerContractId",
    "location",
)
HEADERS = (
    "LinkedIn-Version", "X-RestLi-Protocol-Version", "X-RestLi-Method", "X-HTTP-Method-Override", "Idempotency-Key",
    "Content-Type", "Content-Encoding", "If-None-Match", "X-Forwarded-For", "Accept", "Cookie", "x-li-format", "Authorization",
)  # fmt: skip
FIELD_VALUES = [
    "\0", "9" * 5_000, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 1e308, 10**400, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "0001-01-01", "9999-12-31", "", None, [], {}, True, "\ud800", "x" * 3_000, [[]], {"": ""},
]  # fmt: skip
SAMPLES = {
    "NewPartner": {"name": "n"},
    "/operator/partners/{partner_id:int}/contracts": {
        "currency": "USD", "limit": "5.00", "clickPrice": "0.50", "termStartsAt": "2026-01-01T00:00:00Z",
        "termEndsAt": "2027-01-01T00:00:00Z",
    },
    "/operator/contracts/{contract_id:int}/prices": {
        "clickPrice": "1.20", "country": "DE", "validFrom": "2026-06-01T00:00:00Z",
    },
    "/operator/contracts/{contract_id:int}/topUps": {"amount": "1.00", "reference": "r"},
    "/operator/exclusions": {"day": "2026-01-01", "note": "n"},
    "/operator/networks/{name}": {"networks": ["10.0.0.0/8"]},
    "/operator/hiringContracts": {"kind": "SLOTS", "name": "n", "units": 1, "startsAt": "2026-01-01T00:00:00Z"},
    "/operator/charges/{reference:uuid}/credits": {"amount": "1.00", "reference": "r"},
    "/operator/applications/{application_id:int}/tokens": {"areAllowed": True},
    "/sandbox/clock": {"advance": "1m"},
}  # fmt: skip


def list_asks(sandbox_client, day, names):
    """Returns one request for each route, with the credentials that it needs."""
    credentials = sandbox_client.credentials
    secrets = {
        Audience.PARTNER: [sandbox_client.token("child"), sandbox_client.token("parent")],
        Audience.OPERATOR: [credentials["operator_key"]],
        Audience.BOARD: [credentials["events_key"]],
        Audience.PUBLIC: [""],
        Audience.CLIENT: [""],
    }
    found = {}
    for audience, keys in secrets.items():
        for ask in matrix.list_plain_requests(audience, day, names):
            body = SAMPLES.get(ask.route.partition(" ")[2], ask.body)
            found.setdefault(
                ask.route, [(replace(ask, body=None if ask.verb == "GET" else body), bearer(keys[0]))]
            )
    for ask in (*matrix.list_restli_requests(sandbox_client, day, names), *matrix.list_xml_requests(names)):
        found.setdefault(ask.route, [(ask, bearer(token)) for token in secrets[Audience.PARTNER]])
    return [one for asks in found.values() for one in asks]


def change_ask(ask):
    """Yields the request with one of its parameters replaced by each value."""
    path, _, query = ask.target.partition("?")
    segments = path.split("/")
    for at in range(2, len(segments)):
        for value in VALUES:
            changed = "/".join([*segments[:at], value, *segments[at + 1 :]])
            yield replace(ask, target=f"{changed}?{query}" if query else changed), {}
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    names = {name for name, _ in pairs} | set(RESTLI_QUERY if ask.method else QUERY)
    for name in sorted(names):
        others = [f"{one}={text}" for one, text in pairs if one != name]
        for value in VALUES:
            yield replace(ask, target=f"{path}?{'&'.join([*others, f'{name}={value}'])}"), {}
    for name in HEADERS:
        for value in VALUES:
            yield ask, {name: value}
    for body in change_body(ask.body):
        yield replace(ask, body=body), {}


def change_body(body):
    if isinstance(body, str):
        for value in ("9" * 5_000, str(2**64), "0001-01-01", "\x01", "&#0;", "x" * 3_000):
            yield re.sub(r">[^<]+<", f">{value}<", body)
        return
    for path in list_paths(body):
        for value in FIELD_VALUES:
            changed = copy.deepcopy(body)
            inner = changed
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = value
            yield changed


def list_paths(value, path=()):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield (*path, step)
        yield from list_paths(one, (*path, step))


def send(sandbox_client, ask, credentials, headers):
    try:
        body = json.dumps(ask.body) if isinstance(ask.body, (dict, list)) else ask.body
    except (TypeError, ValueError):
        return None
    more = {"X-RestLi-Method": "batch_create"} if ask.method == "BATCH_CREATE" else {}
    more |= {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"} if ask.method else {}
    kind = matrix.XML_TYPE if isinstance(ask.body, str) else "application/json"
    given = credentials | more | ({} if body is None else {"Content-Type": kind}) | headers
    raw = {name: quote(text, safe=":, /=*;'\"").encode() for name, text in given.items()}
    content = None if body is None else body.encode(errors="surrogatepass")
    return sandbox_client.client.request(
        ask.verb, ask.target, content=content, headers=raw, follow_redirects=False
    )


@pytest.mark.parametrize(
    "part", ["some", *(pytest.param(part, marks=pytest.mark.slow) for part in range(PARTS))]
)
def test_no_value_of_a_parameter_is_an_internal_error(sandbox_client, owned, part):  # noqa: F811 -- a fixture
    """All of them are 200,000 requests, an hour of one process."""
    names, day = owned
    asks = list_asks(sandbox_client, day, names)
    assert {ask.route for ask, _ in asks} >= {
        f"{row.path.removesuffix('/{key}')} {row.method}" for row in RESTLI
    }
    assert {f"{row.verb} {row.path}" for row in SANDBOX} <= {ask.route for ask, _ in asks}
    requests = [
        (changed, credentials, headers) for ask, credentials in asks for changed, headers in change_ask(ask)
    ]
    requests = random.Random().sample(requests, REQUESTS_FEW) if part == "some" else requests[part::PARTS]
    failed = []
    for ask, credentials, headers in requests:
        answer = send(sandbox_client, ask, credentials, headers)
        if answer is not None and answer.status_code >= 500 and not is_meant(ask, answer):
            failed.append(
                (answer.status_code, ask.verb, ask.target[:150], str(headers)[:80], str(ask.body)[:150])
            )
    assert failed == [], (len(requests), len(failed))


def is_meant(ask, answer):
    """A day of many months takes longer than a report may; the sandbox is asked to fail by a header or an id."""
    return (
        answer.status_code == 503
        and "Retry-After" in answer.headers
        and ask.route.startswith("GET /jobs/apply")
    )
