"""``Idempotency-Key``: the same key and body get the same response, another body is refused, a crash loses nothing."""

import threading
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from psycopg.errors import DeadlockDetected
from starlette.responses import Response

from jobmeter.app import open_state
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.http.idempotency import DEADLOCKS_MAX, run_once, run_unique
from jobmeter.request_control.model import Request
from tests.support.databases.dying_database import Died
from tests.support.sandbox_client import bearer, make_event

ROLL = "/v2/developerApplicationsSecurity?action=rollDeveloperApplicationSecret"
NOW = read_machine_clock()
WEBHOOK = {"kinds": ["BUDGET_ALERT"], "url": "https://partner.example/hook"}


def draft(name="Acme"):
    return {"uniqueForeignId": name, "name": f"Partner - {name}", "description": "A customer"}


def writes(sandbox_client):
    """Every kind of write that is not idempotent by itself, as (name, path, headers, body)."""
    operator = bearer(sandbox_client.credentials["operator_key"])
    click = make_event(1, "e-1", sandbox_client.now_ms)
    return [
        ("provisioning", "/v2/provisionedApplications", sandbox_client.headers("parent"), draft()),
        ("secret", ROLL, sandbox_client.headers("parent"), {}),
        ("contract", "/rest/provisionedHiringContracts?action=setup", sandbox_client.headers(), {}),
        (
            "jobs",
            "/rest/simpleJobPostings",
            sandbox_client.headers(**{"X-RestLi-Method": "batch_create"}),
            {"elements": [sandbox_client.job_element("once-1")]},
        ),
        ("partner", "/operator/partners", operator, {"name": "Another"}),
        ("events", "/events", bearer(sandbox_client.credentials["events_key"]), [click]),
        ("webhook", "/partner/webhooks", sandbox_client.headers(), WEBHOOK),
        ("clock", "/sandbox/clock", operator, {"advance": "1h"}),
    ]


def send(sandbox_client, path, headers, body, key="k-1"):
    return sandbox_client.client.post(path, headers=headers | {"Idempotency-Key": key}, json=body)


def content_of(answer):
    return (
        answer.status_code,
        answer.content,
        answer.headers.get("Location"),
        answer.headers.get("X-RestLi-Id"),
    )


def test_the_same_key_and_body_get_the_same_response(sandbox_client):
    for name, path, headers, body in writes(sandbox_client):
        first, second = (send(sandbox_client, path, headers, body) for _ in range(2))
        assert content_of(first) == content_of(second), name
        assert first.status_code in {200, 201}, name
        assert "Idempotency-Replayed" not in first.headers, name
        assert second.headers["Idempotency-Replayed"] == "true", name


def test_the_same_key_with_another_body_is_refused(sandbox_client):
    for name, path, headers, body in writes(sandbox_client):
        assert send(sandbox_client, path, headers, body).is_success, name
        answer = send(
            sandbox_client, path, headers, {"childDeveloperApplication": "urn:li:developerApplication:1"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED"), name


def test_without_a_key_nothing_is_kept(sandbox_client, database_url):
    for _, path, headers, body in writes(sandbox_client):
        sandbox_client.client.post(path, headers=headers, json=body)
    assert count_claims(database_url) == 0


def test_a_key_belongs_to_its_sender_its_method_and_its_path(sandbox_client, neighbour):
    # given one key for different things
    answers = [
        send(sandbox_client, "/v2/provisionedApplications", sandbox_client.headers("parent"), draft()),
        send(sandbox_client, "/v2/provisionedApplications", neighbour.headers("parent"), draft()),
        send(sandbox_client, ROLL, sandbox_client.headers("parent"), {}),
        send(sandbox_client, ROLL, neighbour.headers("parent"), {}),
    ]

    # then each runs separately
    assert [answer.status_code for answer in answers] == [201, 201, 200, 200]
    assert len({answer.content for answer in answers}) == 4


def test_a_new_token_of_the_same_application_gets_the_stored_response(sandbox_client):
    first = send(sandbox_client, ROLL, sandbox_client.headers("parent"), {})
    assert content_of(send(sandbox_client, ROLL, sandbox_client.headers("parent"), {})) == content_of(first)


def test_a_refusal_is_stored_too(sandbox_client):
    headers = sandbox_client.headers("parent")
    bad = draft() | {"name": "x" * 60}
    first, second = (send(sandbox_client, "/v2/provisionedApplications", headers, bad) for _ in range(2))
    assert first.status_code == 422
    assert content_of(first) == content_of(second)
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_caller_with_a_wrong_key_gets_no_stored_response(sandbox_client, database_url):
    body = {"name": "Another"}
    path = "/operator/partners"
    assert (
        send(sandbox_client, path, bearer(sandbox_client.credentials["operator_key"]), body).status_code
        == 201
    )
    assert send(sandbox_client, path, bearer("guess"), body).status_code == 401
    assert send(sandbox_client, path, {}, body).status_code == 401
    assert count_claims(database_url) == 1


def test_reading_ignores_the_key(sandbox_client, database_url):
    headers = sandbox_client.headers("parent") | {"Idempotency-Key": "k"}
    for _ in range(2):
        assert sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers).status_code == 200
    assert count_claims(database_url) == 0


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 256])
def test_an_invalid_key_is_refused(sandbox_client, key):
    answer = send(sandbox_client, ROLL, sandbox_client.headers("parent"), {}, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")


def test_a_response_is_stored_for_a_day(sandbox_client):
    # given two keys, each used once
    assert send(sandbox_client, ROLL, sandbox_client.headers("parent"), {}).status_code == 200
    first = send(sandbox_client, "/v2/provisionedApplications", sandbox_client.headers("parent"), draft())

    # when it is almost a day later, the stored response is still returned
    sandbox_client.advance("23h59m")
    assert content_of(
        send(sandbox_client, "/v2/provisionedApplications", sandbox_client.headers("parent"), draft())
    ) == content_of(first)

    # and after a day the request runs again
    sandbox_client.advance("2m")
    again = send(sandbox_client, "/v2/provisionedApplications", sandbox_client.headers("parent"), draft())
    assert again.status_code == 409


def test_the_database_holds_no_secret_of_a_stored_response(sandbox_client, database_url):
    secret = send(sandbox_client, ROLL, sandbox_client.headers("parent"), {}).json()["value"]["client_secret"]
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT claim_hash || sealed_answer FROM repeat_claims").fetchone()[0]
    assert secret.encode() not in bytes(kept)


def test_concurrent_identical_requests_run_once(sandbox_client):
    headers, answers = sandbox_client.headers("parent"), []

    def act():
        answers.append(send(sandbox_client, "/v2/provisionedApplications", headers, draft()))

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


def count_claims(database_url):
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT count(*) FROM repeat_claims").fetchone()[0]


# -- what happens when a process dies, without a server


@pytest.fixture
async def state(database_url):
    async with open_state(Settings(database_url=database_url, chores=False, secret_key="s-1")) as opened:
        yield opened


ASKED = Request(sender="operator", method="POST", path="/operator/partners", key="k", body=b"{}")


async def die(_):
    raise Died


async def fail(_):
    raise RuntimeError("no luck")


async def answer_done(_):
    return Response(b"done", headers={"Location": "/x"})


@pytest.mark.parametrize("end", [die, fail])
async def test_a_request_that_did_not_end_runs_again_at_once(state, database_url, end):
    with pytest.raises((Died, RuntimeError)):
        await run_once(state, ASKED, now=NOW, run=end)
    assert count_claims(database_url) == 0
    again = [await run_once(state, ASKED, now=NOW, run=run) for run in (answer_done, die)]
    assert [(answer.body, answer.headers["location"]) for answer in again] == [(b"done", "/x")] * 2


@pytest.mark.parametrize("seconds", [pytest.param(1, marks=pytest.mark.slow), 61])  # it waits five seconds
async def test_a_write_that_is_harmless_to_repeat_runs_again_after_a_crash(state, seconds):
    with pytest.raises(Died):
        await run_unique(state, ASKED, now=NOW, run=die)
    later = await run_unique(state, ASKED, now=NOW + timedelta(seconds=seconds), run=answer_done)
    again = await run_unique(state, ASKED, now=NOW + timedelta(seconds=62), run=die)
    assert (later.body, again.body, again.headers["location"]) == (b"done", b"done", "/x")


@pytest.mark.slow  # it waits five seconds
async def test_the_claim_that_an_older_release_left_is_taken_over_after_a_minute(state):
    with pytest.raises(Died):
        await run_unique(state, ASKED, now=NOW, run=die)  # it committed its claim before the work
    with pytest.raises(Refused) as soon:
        await run_once(state, ASKED, now=NOW + timedelta(seconds=60), run=answer_done)
    later = await run_once(state, ASKED, now=NOW + timedelta(seconds=61), run=answer_done)
    assert (soon.value.fault, later.body) == (Fault.IDEMPOTENCY_KEY_IN_USE, b"done")


async def test_the_claim_of_a_failed_write_that_is_not_one_transaction_is_released(state):
    with pytest.raises(RuntimeError):
        await run_unique(state, ASKED, now=NOW, run=fail)
    assert (await run_unique(state, ASKED, now=NOW, run=answer_done)).body == b"done"


async def test_a_request_that_lost_its_claim_stores_no_response(state):
    async def slow(_):
        # given a request so slow that another one takes its claim over
        await run_unique(state, ASKED, now=NOW + timedelta(minutes=2), run=answer_done)
        return Response(b"late")

    await run_unique(state, ASKED, now=NOW, run=slow)
    assert (await run_unique(state, ASKED, now=NOW + timedelta(minutes=3), run=die)).body == b"done"


@pytest.mark.parametrize("run_request", [run_once, run_unique])
async def test_a_server_error_is_not_stored(state, run_request):
    async def respond_to_failure(_):
        return Response(status_code=Fault.INTERNAL.row.status)

    assert (await run_request(state, ASKED, now=NOW, run=respond_to_failure)).status_code == 500
    assert (await run_request(state, ASKED, now=NOW, run=answer_done)).body == b"done"


async def test_a_request_that_meets_a_deadlock_runs_again(state):
    ran = []

    async def run(app):
        async with app.database.transaction() as connection:
            ran.append(connection)
            if len(ran) <= DEADLOCKS_MAX:
                raise DeadlockDetected
        return Response(b"done")

    assert (await run_once(state, ASKED, now=NOW, run=run)).body == b"done"
    ran.clear()
    with pytest.raises(DeadlockDetected):
        await run_once(state, replace(ASKED, key="k-2"), now=NOW, run=fail_in_deadlock)


async def fail_in_deadlock(_):
    raise DeadlockDetected


async def test_the_worker_is_woken_after_the_commit(state, database_url):
    counted = []
    woken = replace(state, wake_worker=lambda: counted.append(count_claims(database_url)))

    async def run(app):
        app.wake_worker()
        return Response(b"done")

    await run_once(woken, ASKED, now=NOW, run=run)
    assert counted == [1]


# -- the seal of a stored response


def with_key(state, secret_key):
    return replace(state, settings=replace(state.settings, secret_key=secret_key))


@pytest.mark.parametrize(
    ("sealed_under", "opened_under", "is_opened"),
    [
        ("s-1", "s-1", True),
        ("s-1", "s-2,s-1", True),  # rotated
        ("s-2,s-1", "s-2", True),
        ("s-2,s-1", "s-1", False),
        ("s-1", "s-2", False),
        ("s-1", "", False),  # a copy of the database, with a guessed Idempotency-Key
        ("", "", True),
        ("", "s-1", True),  # also the responses that release 0.2.0 stored
    ],
)
@pytest.mark.parametrize("run_request", [run_once, run_unique])
async def test_a_stored_response_is_sealed_under_the_secret_key(
    state, run_request, sealed_under, opened_under, is_opened
):
    await run_request(with_key(state, sealed_under), ASKED, now=NOW, run=answer_done)
    opened = with_key(state, opened_under)
    if is_opened:
        assert (await run_request(opened, ASKED, now=NOW, run=die)).body == b"done"
        return
    with pytest.raises(Refused) as refused:
        await run_request(opened, ASKED, now=NOW, run=die)
    assert refused.value.fault is Fault.IDEMPOTENCY_ANSWER_SEALED
