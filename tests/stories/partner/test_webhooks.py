"""Webhooks from a partner's view: registered, signed, retried, given up, replayed, and invisible to others."""

import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.notifications.rules import JITTER_SHARE, WAITS
from tests.support.sandbox_client import SandboxClient, bearer, open_sandbox_client
from tests.support.webhook_receiver import Receiver, open_mailbox, open_receiver

PATIENCE_SECONDS = 15


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as opened:
        yield opened


def call(
    sandbox_client: SandboxClient,
    method: str,
    path: str,
    body: Any = None,
    who: str = "child",
    **headers: str,
) -> Any:
    return sandbox_client.client.request(
        method, f"/partner/webhooks{path}", json=body, headers=bearer(sandbox_client.token(who)) | headers
    )


def register(sandbox_client: SandboxClient, url: str, *kinds: str, who: str = "child") -> dict[str, Any]:
    answer = call(
        sandbox_client, "POST", "", {"url": url, "kinds": list(kinds or ["JOB_POSTING_STATUS"])}, who
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def wait_for(condition: Callable[[], Any]) -> Any:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.05)
    return found


def signatures(request: tuple[dict[str, str], bytes], *secrets: str) -> list[str]:
    """Computes the signatures as a receiver does, according to Standard Webhooks."""
    headers, body = request
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    return ["v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]


ALL = "?from=2000-01-01"


def list_deliveries(sandbox_client: SandboxClient, webhook_id: int, more: str = "") -> list[dict[str, Any]]:
    return call(sandbox_client, "GET", f"/{webhook_id}/deliveries{more}").json()["elements"]


def test_a_notification_is_signed(sandbox_client, receiver):
    made = register(sandbox_client, receiver.url)

    assert call(sandbox_client, "POST", f"/{made['id']}/tests").status_code == 202
    wait_for(lambda: receiver.requests)

    headers, _ = receiver.requests[0]
    assert receiver.bodies[0]["type"] == "TEST"
    assert headers["webhook-signature"].split(" ") == signatures(receiver.requests[0], made["secret"])
    (delivery,) = wait_for(lambda: list_deliveries(sandbox_client, made["id"], "?state=DELIVERED"))
    assert (delivery["id"], delivery["attempts"]) == (headers["webhook-id"], 1)
    assert delivery["answer"] == {
        "status": 200,
        "text": "",
        "milliseconds": delivery["answer"]["milliseconds"],
    }
    # the secret is never shown again
    (listed,) = call(sandbox_client, "GET", "").json()["elements"]
    assert "secret" not in listed
    assert listed["url"] == receiver.url


def test_what_an_endpoint_answered_is_shown_cut_and_harmless(sandbox_client, receiver):
    made = register(sandbox_client, receiver.url)
    receiver.statuses = [400]
    receiver.text = b"\x1b[2J\0\x9b31m no: \xff" + b"x" * 5_000
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    (delivery,) = wait_for(
        lambda: [one for one in list_deliveries(sandbox_client, made["id"]) if one["attempts"]]
    )
    answer = delivery["answer"]
    assert (answer["status"], delivery["lastOutcome"]) == (400, "the endpoint answered 400")
    assert answer["text"].startswith("\\x1b[2J\\x00")
    assert answer["text"].isprintable()
    assert len(answer["text"]) == 2_048
    assert 0 <= answer["milliseconds"] < 10_000

    # an endpoint that returns what it was sent does not show how it is signed
    receiver.text, receiver.statuses = None, [200]
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    (other,) = wait_for(lambda: list_deliveries(sandbox_client, made["id"], "?state=DELIVERED"))
    assert (other["answer"]["status"], other["answer"]["text"]) == (200, "***")
    newest_first = list_deliveries(sandbox_client, made["id"], f"?to={sandbox_client.now.date()}")
    assert [one["id"] for one in newest_first] == [other["id"], delivery["id"]]
    for query in ("?from=x", "?to=2026-02-30", "?after=5", "?after=x-1"):
        assert call(sandbox_client, "GET", f"/{made['id']}/deliveries{query}").status_code == 400, query


def test_two_secrets_sign_until_the_older_one_is_retired(sandbox_client, receiver):
    made = register(sandbox_client, receiver.url)
    newer = call(sandbox_client, "POST", f"/{made['id']}/secrets").json()["secret"]
    assert call(sandbox_client, "POST", f"/{made['id']}/secrets").status_code == 400

    call(sandbox_client, "POST", f"/{made['id']}/tests")
    wait_for(lambda: receiver.requests)
    call(sandbox_client, "POST", f"/{made['id']}/retirements")
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    wait_for(lambda: len(receiver.requests) == 2)

    both, one = receiver.requests
    assert both[0]["webhook-signature"].split(" ") == signatures(both, made["secret"], newer)
    assert one[0]["webhook-signature"].split(" ") == signatures(one, newer)


def test_a_failed_delivery_is_retried_with_the_same_id(sandbox_client, receiver):
    receiver.statuses = [500, 302, 200]
    made = register(sandbox_client, receiver.url)
    call(sandbox_client, "POST", f"/{made['id']}/tests")

    for tries in (1, 2, 3):
        wait_for(lambda tries=tries: len(receiver.requests) == tries)
        wait_for(lambda tries=tries: list_deliveries(sandbox_client, made["id"])[0]["attempts"] == tries)
        sandbox_client.advance("10m")

    (delivery,) = wait_for(lambda: list_deliveries(sandbox_client, made["id"], "?state=DELIVERED"))
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {delivery["id"]}
    assert [headers["webhook-attempt"] for headers, _ in receiver.requests] == ["1", "2", "3"]


@pytest.mark.long
@pytest.mark.parametrize("sandbox_client", [{"chore_interval_ms": 100}], indirect=True, ids=["often"])
def test_dead_deliveries_are_listed_and_replayed(sandbox_client, receiver):
    receiver.statuses = [503]
    made = register(sandbox_client, receiver.url)
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    for tries, wait in enumerate((*WAITS, timedelta(days=7)), start=1):
        # The worker may see the clock halfway through a move: then one move causes two attempts.
        wait_for(lambda tries=tries: list_deliveries(sandbox_client, made["id"], ALL)[0]["attempts"] >= tries)
        sandbox_client.advance(f"{int(wait.total_seconds() * (1 + JITTER_SHARE)) + 1}s")

    (dead,) = wait_for(lambda: list_deliveries(sandbox_client, made["id"], f"{ALL}&state=DEAD"))
    assert dead["attempts"] == len(WAITS) + 1
    assert dead["lastOutcome"] == "the endpoint answered 503"
    assert dead["answer"]["status"] == 503
    assert list_deliveries(sandbox_client, made["id"]) == []  # of the last 7 days
    receiver.statuses, before = [200], len(receiver.requests)
    assert call(sandbox_client, "POST", f"/{made['id']}/replays", {}).json() == {"replayed": 1}
    wait_for(lambda: len(receiver.requests) > before)
    wait_for(lambda: list_deliveries(sandbox_client, made["id"], f"{ALL}&state=DELIVERED"))
    assert receiver.requests[-1][0]["webhook-id"] == dead["id"]
    # and again by id, although it was delivered
    assert call(sandbox_client, "POST", f"/{made['id']}/replays", {"ids": [dead["id"]]}).json() == {
        "replayed": 1
    }


def test_charges_are_notified_in_order_and_once(sandbox_client, receiver):
    mine = register(sandbox_client, receiver.url, "CHARGES")
    job_id = sandbox_client.post_job("notified-1")
    for round_number in range(3):
        sandbox_client.send_clicks(job_id, 2, prefix=f"r{round_number}-")
        wait_for(lambda n=round_number: _count_notified_clicks(receiver) == (n + 1) * 2)

    spans = [(int(body["after"]), int(body["cursor"])) for body in receiver.bodies]
    assert spans == sorted(spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    stream = sandbox_client.client.get("/partner/charges", headers=bearer(sandbox_client.token())).json()[
        "elements"
    ]
    notified = [entry for body in receiver.bodies for entry in body["elements"]]
    assert notified == [entry for entry in stream if int(entry["cursor"]) > spans[0][0]]
    assert mine["kinds"] == ["CHARGES"]


def _count_notified_clicks(receiver: Receiver) -> float:
    return sum(
        float(entry["amount"]["amount"]) / 1.5
        for body in receiver.bodies
        for entry in body["elements"]
        if entry["type"] == "CHARGE"
    )


def test_a_webhook_appears_not_to_exist_to_others(sandbox_client, receiver):
    made = register(sandbox_client, receiver.url)
    unknown = call(sandbox_client, "GET", "/987654/deliveries", who="parent")
    for method, path, body in [
        ("GET", "/deliveries", None),
        ("POST", "/tests", None),
        ("POST", "/replays", {}),
        ("POST", "/secrets", None),
        ("POST", "/retirements", None),
        ("DELETE", "", None),
        ("PUT", "", {"url": receiver.url, "kinds": ["CHARGES"]}),
    ]:
        answer = call(sandbox_client, method, f"/{made['id']}{path}", body, who="parent")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert answer.text.replace(str(made["id"]), "987654") == unknown.text
    assert call(sandbox_client, "GET", "", who="parent").json() == {"elements": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://example.com/x", "kinds": ["NO_SUCH"]}, "kinds"),
        ({"url": "http://example.com/x", "kinds": []}, "kinds"),
        ({"url": "http://example.com/x", "kinds": ["TEST"]}, "kinds"),
        ({"url": "http://example.com/x", "kinds": ["CHARGES", "CHARGES"]}, "kinds"),
        ({"url": "ftp://example.com/x", "kinds": ["CHARGES"]}, "url"),
        ({"url": "http://me@example.com/", "kinds": ["CHARGES"]}, "url"),
        ({"url": "http://[::1/", "kinds": ["CHARGES"]}, "url"),
        ({"url": "http://example.com:0/", "kinds": ["CHARGES"]}, "url"),
        ({"url": "", "kinds": ["CHARGES"]}, "url"),
        ({"email": "nobody", "kinds": ["BUDGET_ALERT"]}, "email"),
        ({"email": "a@example.com", "kinds": ["CHARGES"]}, "kinds"),
        ({"url": "http://example.com/x", "kinds": ["CHARGES"], "more": 1}, "more"),
    ],
)
def test_an_invalid_field_is_named(sandbox_client, body, field):
    answer = call(sandbox_client, "POST", "", body)
    assert answer.status_code == 400
    assert field in answer.json()["message"].partition(":")[0]
    assert call(sandbox_client, "GET", "").json() == {"elements": []}


def test_production_connects_to_public_addresses_over_tls_only(database_url, receiver):
    with open_sandbox_client(database_url, sandbox=False) as sandbox_client:
        assert (
            call(sandbox_client, "POST", "", {"url": receiver.url, "kinds": ["CHARGES"]}).status_code == 400
        )
        made = register(sandbox_client, "https://localhost:1/hook")
        call(sandbox_client, "POST", f"/{made['id']}/tests")
        delivery = wait_for(
            lambda: [one for one in list_deliveries(sandbox_client, made["id"]) if one["attempts"] == 1]
        )[0]
        assert delivery["lastOutcome"] == "the host is not on the public internet"
        assert receiver.requests == []


def test_a_removed_webhook_receives_nothing_more(sandbox_client, receiver):
    receiver.statuses = [500]
    made = register(sandbox_client, receiver.url)
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    wait_for(lambda: list_deliveries(sandbox_client, made["id"])[0]["attempts"] == 1)

    assert call(sandbox_client, "DELETE", f"/{made['id']}").status_code == 204
    sandbox_client.advance("1d")

    assert call(sandbox_client, "GET", f"/{made['id']}/deliveries").status_code == 404
    # A notification that is due later is sent: whatever was due before it would have been sent by then.
    receiver.statuses = [200]
    other = register(sandbox_client, receiver.url)
    call(sandbox_client, "POST", f"/{other['id']}/tests")
    wait_for(lambda: list_deliveries(sandbox_client, other["id"])[0]["attempts"] == 1)
    assert len(receiver.requests) == 2


def test_mail_is_sent_through_the_operator_s_server(database_url):
    with open_mailbox() as (url, mails), open_sandbox_client(database_url, smtp_url=url) as sandbox_client:
        made = call(
            sandbox_client, "POST", "", {"email": "jobs@example.com", "kinds": ["BUDGET_ALERT"]}
        ).json()
        call(sandbox_client, "POST", f"/{made['id']}/tests")
        wait_for(lambda: mails)
        assert "To: jobs@example.com" in mails[0]
        assert "Subject: A test of your webhook" in mails[0]
        assert f"Date: {sandbox_client.now:%a, %d %b %Y}" in mails[0]
        (delivery,) = wait_for(lambda: list_deliveries(sandbox_client, made["id"], "?state=DELIVERED"))
        assert f"<{delivery['id']}@jobmeter>" in mails[0]


def test_without_a_mail_server_the_delivery_fails_with_that_reason(sandbox_client):
    made = call(sandbox_client, "POST", "", {"email": "jobs@example.com", "kinds": ["BUDGET_ALERT"]}).json()
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    delivery = wait_for(
        lambda: [one for one in list_deliveries(sandbox_client, made["id"]) if one["attempts"]]
    )[0]
    assert delivery["lastOutcome"] == "no mail server is set: JOBMETER_SMTP_URL"


def test_a_webhook_that_is_gone_is_disabled_until_it_is_updated(sandbox_client, receiver):
    receiver.statuses = [410]
    made = register(sandbox_client, receiver.url)
    assert (made["disabledAt"], made["pausedUntil"]) == (None, None)
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    (listed,) = wait_for(
        lambda: [one for one in call(sandbox_client, "GET", "").json()["elements"] if one["disabledAt"]]
    )
    assert listed["url"] == receiver.url
    for path, body in (("tests", None), ("replays", {})):
        answer = call(sandbox_client, "POST", f"/{made['id']}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "WEBHOOK_DISABLED")

    receiver.statuses = [200]
    change = {"url": receiver.url, "kinds": ["JOB_POSTING_STATUS"]}
    changed = call(sandbox_client, "PUT", f"/{made['id']}", change)
    assert changed.json()["disabledAt"] is None
    assert call(sandbox_client, "POST", f"/{made['id']}/replays", {}).json() == {"replayed": 1}
    wait_for(lambda: len(receiver.requests) == 2)


def test_a_signature_has_the_machine_s_time_after_the_clock_has_moved(sandbox_client, receiver):
    sandbox_client.advance("3d")
    made = register(sandbox_client, receiver.url)
    call(sandbox_client, "POST", f"/{made['id']}/tests")
    wait_for(lambda: receiver.requests)
    sent_at = int(receiver.requests[0][0]["webhook-timestamp"])
    assert abs(sent_at - read_machine_clock().timestamp()) < 60


def test_registering_twice_with_one_idempotency_key_registers_once(sandbox_client, receiver):
    body = {"url": receiver.url, "kinds": ["CHARGES"]}
    first, again = (call(sandbox_client, "POST", "", body, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert len(call(sandbox_client, "GET", "").json()["elements"]) == 1
