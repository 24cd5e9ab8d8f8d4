"""What is tried again, how long the client waits, and that each wait has an end: with time and randomness passed in."""

import threading
from datetime import timedelta
from email.utils import format_datetime

import httpx2
import pytest

from jobmeter.client import (
    LINKEDIN,
    Fault,
    Limits,
    NoResponseError,
    RefusedError,
    ThrottledError,
    UnreadableError,
    jobmeter_at,
)
from tests.client.doubles import START, TOKEN, URL, FakeTime, GivenResponses, open_given, refuse

BUDGET = {
    "partnerBudgetDetails": [
        {
            "serviceTermBudgetSpent": {"currencyCode": "USD", "amount": "21.84"},
            "serviceTermBudgetLimit": {"currencyCode": "USD", "amount": "100000"},
        }
    ]
}
THROTTLED = {"serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS", "message": Fault.THROTTLED.row.message}
SET_UP = {"value": {"key": "urn:li:developerApplication:1", "contract": "urn:li:contract:2"}}
IN_USE = {"code": "IDEMPOTENCY_KEY_IN_USE", "message": Fault.IDEMPOTENCY_KEY_IN_USE.row.message}
EXPIRED = {"serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN", "message": "expired"}


def in_turn(*answers):
    """Returns each answer once, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


TEMPORARY = [
    refuse(500, message="Internal Server Error"),
    refuse(503, message="busy"),
    refuse(504, message="Gateway Timeout"),
    refuse(429, **THROTTLED),
    httpx2.Response(502, content=b"<html>bad gateway</html>"),
    httpx2.Response(200, content=b'{"partnerBudgetDetails": [{"serviceTerm'),
    httpx2.Response(200, content=b"\xff\xfe"),
    httpx2.Response(200, json={"partnerBudgetDetails": "of another shape"}),
    httpx2.ConnectError("refused"),
    httpx2.ReadTimeout("slow"),
    httpx2.ReadError("reset"),
    httpx2.RemoteProtocolError("peer closed connection without sending complete message body"),
]


@pytest.mark.parametrize("failure", TEMPORARY, ids=str)
def test_a_reading_request_is_tried_again_after_an_error_that_may_pass(failure):
    world, transport = FakeTime(), GivenResponses(in_turn(failure, failure, BUDGET))
    with open_given(transport, world=world) as client:
        assert client.reports.budget(7).spent.amount_micros == 21_840_000
    assert len(transport.requests) == 3
    assert len(world.waits) == 2


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, {"serviceErrorCode": 6011, "message": Fault.RANGE_TWO_MONTHS.row.message}, Fault.RANGE_TWO_MONTHS),
        (403, {"serviceErrorCode": 100, "code": "ACCESS_DENIED",
               "message": "Not enough permissions to access: partnerBudgetReports.GET.20250401"}, Fault.ACCESS_DENIED),
        (404, {"message": "nothing of ours"}, None),
        (501, {"code": "EXTRA_MISSING", "message": "This server cannot make a PDF: pip install 'jobmeter[billing]'"},
         Fault.EXTRA_MISSING),
    ],
)  # fmt: skip
def test_a_refusal_is_raised_at_once_with_its_row_of_the_table(status, body, fault):
    world, transport = FakeTime(), GivenResponses(lambda _: refuse(status, **body))
    with open_given(transport, world=world) as client, pytest.raises(RefusedError) as refused:
        client.reports.budget(7)
    assert (refused.value.status, refused.value.fault, world.waits) == (status, fault, [])
    assert refused.value.code == (None if fault is None else fault.row.code)
    assert body["message"] in str(refused.value)


def test_waits_double_up_to_a_limit_and_have_an_end():
    limits = Limits(first_wait_seconds=1, longest_wait_seconds=8, attempts_max=20, wait_seconds_max=40)
    world, transport = FakeTime(), GivenResponses(lambda _: httpx2.ReadTimeout("slow"))
    with open_given(transport, world=world, limits=limits) as client, pytest.raises(NoResponseError):
        client.reports.budget(7)
    longest = [1, 2, 4, 8, 8, 8, 8, 8, 8]
    assert all(top / 2 <= wait <= top for wait, top in zip(world.waits, longest, strict=False))
    assert sum(world.waits) <= 40
    assert len({round(wait, 6) for wait in world.waits[3:]}) > 1, "no jitter"


def test_attempts_have_an_end_too():
    limits = Limits(attempts_max=3, wait_seconds_max=10**6)
    transport = GivenResponses(lambda _: refuse(503, message="busy"))
    with open_given(transport, limits=limits) as client, pytest.raises(RefusedError):
        client.reports.budget(7)
    assert len(transport.requests) == 3


@pytest.mark.parametrize("retry_after", ["20", format_datetime(START + timedelta(seconds=20), usegmt=True)])
def test_retry_after_is_respected_as_a_number_and_as_a_date(retry_after):
    storm = httpx2.Response(429, headers={"Retry-After": retry_after}, json=THROTTLED)
    world, transport = FakeTime(), GivenResponses(in_turn(storm, BUDGET))
    with open_given(transport, world=world) as client:
        client.reports.budget(7)
    (wait,) = world.waits
    assert 20 <= wait <= 20 + Limits().first_wait_seconds


def test_a_quota_that_returns_tomorrow_is_reported_at_once():
    storm = httpx2.Response(429, headers={"Retry-After": "54000"}, json=THROTTLED)
    world, transport = FakeTime(), GivenResponses(lambda _: storm)
    with open_given(transport, world=world) as client, pytest.raises(ThrottledError) as throttled:
        client.reports.budget(7)
    assert (throttled.value.retry_after_seconds, throttled.value.fault) == (54_000, Fault.THROTTLED)
    assert world.waits == []


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [
        (refuse(500, message="Internal Server Error"), 1),
        (httpx2.ReadTimeout("slow"), 1),
        (httpx2.ReadError("reset"), 1),
        (httpx2.WriteError("broken pipe"), 1),
        (httpx2.Response(200, content=b'{"value": {"key"'), 1),
        (refuse(429, **THROTTLED), 2),
        (httpx2.ConnectError("refused"), 2),
        (httpx2.ConnectTimeout("slow"), 2),
        (httpx2.PoolTimeout("busy"), 2),
    ],
    ids=str,
)
def test_a_write_at_linkedin_is_repeated_only_if_it_was_not_executed(failure, attempts):
    transport = GivenResponses(in_turn(failure, SET_UP))
    client = open_given(transport, server=LINKEDIN)
    if attempts == 1:
        with pytest.raises((RefusedError, NoResponseError, UnreadableError)) as raised:
            client.contracts.set_up(5)
        assert raised.value.may_have_happened
    else:
        assert client.contracts.set_up(5).urn == "urn:li:contract:2"
    assert len(transport.requests) == attempts


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ReadError("reset"),
        refuse(500, message="x"),
        refuse(409, **IN_USE),
        httpx2.Response(200, content=b"{"),
    ],
    ids=str,
)
def test_a_write_at_jobmeter_is_repeated_under_the_same_key(failure):
    transport = GivenResponses(in_turn(failure, SET_UP))
    with open_given(transport) as client:
        client.contracts.set_up(5)
        client.contracts.set_up(5)
    keys = [request.headers["idempotency-key"] for request in transport.requests]
    assert keys[0] == keys[1] != keys[2]
    assert all(keys)


def test_every_write_has_a_key_and_no_reading_request_has_one():
    transport = GivenResponses(lambda request: BUDGET if request.method == "GET" else SET_UP)
    with open_given(transport) as client:
        client.reports.budget()
        client.contracts.set_up()
    assert ["idempotency-key" in request.headers for request in transport.requests] == [False, True]


def test_a_token_that_the_server_no_longer_accepts_is_replaced_once():
    transport = GivenResponses(in_turn(refuse(401, **EXPIRED), BUDGET))
    with open_given(transport) as client:
        client.reports.budget()
    used = [request.headers["authorization"] for request in transport.requests]
    assert used == ["Bearer token-1", "Bearer token-2"]


def test_a_server_that_accepts_no_token_ends_with_its_error():
    transport = GivenResponses(lambda _: refuse(401, **EXPIRED))
    with open_given(transport) as client, pytest.raises(RefusedError) as refused:
        client.reports.budget()
    assert refused.value.fault is Fault.TOKEN_EXPIRED
    assert len(transport.requests) == 2


def test_a_write_whose_token_was_not_accepted_is_sent_again_at_linkedin():
    transport = GivenResponses(in_turn(refuse(401, **EXPIRED), SET_UP))
    assert open_given(transport, server=LINKEDIN).contracts.set_up(5).urn == "urn:li:contract:2"


@pytest.mark.parametrize(("lifetime", "usable"), [(1800, 1770), (3600, 3570), (60, 30), (20, 10)])
def test_a_token_is_used_until_shortly_before_its_end(lifetime, usable):
    world, transport = FakeTime(), GivenResponses(lambda _: BUDGET, token_seconds=lifetime)
    with open_given(transport, world=world) as client:
        for seconds in (0, usable - 1, 1):
            world.now += timedelta(seconds=seconds)
            client.reports.budget()
    used = [request.headers["authorization"] for request in transport.requests]
    assert used == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def run_in_threads(act, count):
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_threads_share_one_token_and_renew_it_once():
    world, transport = FakeTime(), GivenResponses(lambda _: BUDGET)
    client = open_given(transport, world=world)
    barrier = threading.Barrier(16)

    def read():
        barrier.wait()
        for _ in range(5):
            client.reports.budget()

    run_in_threads(read, 16)
    assert (transport.tokens, len(transport.requests)) == (1, 80)
    world.now += timedelta(hours=1)
    run_in_threads(read, 16)
    assert (transport.tokens, len(transport.requests)) == (2, 160)


def test_many_threads_whose_token_was_revoked_replace_it_once():
    def answer(request):
        is_revoked = request.headers["authorization"] == "Bearer token-1"
        return refuse(401, **EXPIRED) if is_revoked else BUDGET

    transport = GivenResponses(answer)
    client = open_given(transport)
    run_in_threads(client.reports.budget, 16)
    assert transport.tokens == 2


class BrokenTokens(httpx2.BaseTransport):
    """A token endpoint that refuses, after all threads have come to it."""

    def __init__(self, threads):
        self.arrived = threading.Event()
        self.threads = threads
        self.tokens = 0

    def handle_request(self, request):
        assert request.url.path == TOKEN
        self.tokens += 1
        self.arrived.wait(5)
        return httpx2.Response(
            401, json={"error": "invalid_client", "error_description": "Client authentication failed"}
        )


def test_an_error_of_the_token_is_shared_and_nothing_is_sent_without_one():
    transport = BrokenTokens(8)
    client, errors = open_given(transport), []

    def read():
        try:
            client.reports.budget()
        except RefusedError as error:
            errors.append((error.fault, error.may_have_happened))

    threading.Timer(0.2, transport.arrived.set).start()
    run_in_threads(read, 8)
    assert errors == [(Fault.CLIENT_AUTHENTICATION, False)] * 8
    assert transport.tokens <= 8


def test_the_token_request_has_the_form_of_the_official_clients():
    sent = []

    def answer(request):
        sent.append(request)
        return httpx2.Response(200, json={"access_token": "AQV8", "expires_in": "1800"})

    client = open_given(httpx2.MockTransport(lambda request: answer(request) if request.url.path == TOKEN else
                                             httpx2.Response(200, json=BUDGET)), server=LINKEDIN)  # fmt: skip
    client.reports.budget()
    (request,) = sent
    assert str(request.url) == "https://www.linkedin.com/oauth/v2/accessToken"
    assert request.content.decode() == (
        "grant_type=client_credentials&client_id=cid&client_secret=sec%26r%3Dt%25%2B%C3%A9"
    )


class Dripping(httpx2.SyncByteStream):
    """A body that arrives a byte at a time, each a minute after the other."""

    def __init__(self, world):
        self.world = world

    def __iter__(self):
        for _ in range(1_000):
            self.world.now += timedelta(minutes=1)
            yield b" "


def test_a_response_that_arrives_byte_by_byte_does_not_hold_the_caller():
    world = FakeTime()
    transport = GivenResponses(lambda _: httpx2.Response(200, stream=Dripping(world)))
    limits = Limits(attempts_max=2, request_seconds=120)
    with open_given(transport, world=world, limits=limits) as client, pytest.raises(NoResponseError):
        client.reports.budget()
    assert world.now - START < timedelta(minutes=10)


def test_a_base_url_may_have_a_slash_and_a_path():
    transport = GivenResponses(lambda _: BUDGET)
    with open_given(transport, server=jobmeter_at(f"{URL}/board/")) as client:
        client.reports.budget(7)
    assert transport.targets == ["/board/rest/partnerBudgetReports?partnerContractId=7"]


@pytest.mark.parametrize(
    "answer",
    [
        refuse(400, message="no"),
        httpx2.Response(200, content=b'{"credentials": {"client_secret": "hidden", "'),
    ],
    ids=str,
)
def test_no_error_shows_a_secret(answer):
    client = open_given(GivenResponses(lambda _: answer))
    with pytest.raises((RefusedError, UnreadableError)) as raised:
        client.applications.create(unique_foreign_id="a", name="b", description="c")
    for secret in ("sec&r", "hidden", "token-1"):
        assert secret not in repr(client) + repr(raised.value) + str(raised.value)
