"""Libraries that know no product of ours, unmodified: OAuth clients, Standard Webhooks and CloudEvents, in Python and
JavaScript.
"""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook, WebhookVerificationError

from tests.compat.js_clients import drive, install_clients
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.server_process import start_sandbox_server
from tests.support.webhook_receiver import Receiver, open_receiver

PATIENCE_SECONDS = 20
TOKEN_SECONDS = 1_800


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as opened:
        yield opened


def wait_for_requests(receiver: Receiver, count: int) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(receiver.requests) < count:
        assert time.monotonic() < give_up_at, "no notification came"
        time.sleep(0.05)


def notify_twice(client: Any, headers: dict[str, str], receiver: Receiver) -> list[str]:
    """Sends a test with one secret, and one with two; returns the secrets."""
    body = {"url": receiver.url, "kinds": ["CHARGES"]}
    made = client.post("/partner/webhooks", json=body, headers=headers).json()
    own = f"/partner/webhooks/{made['id']}"
    client.post(f"{own}/tests", headers=headers)
    wait_for_requests(receiver, 1)
    newer = client.post(f"{own}/secrets", headers=headers).json()["secret"]
    client.post(f"{own}/tests", headers=headers)
    wait_for_requests(receiver, 2)
    return [made["secret"], newer]


def test_standard_webhooks_verifies_after_the_clock_has_moved(
    sandbox_client: SandboxClient, receiver: Receiver
) -> None:
    sandbox_client.advance("3d")
    older, newer = notify_twice(sandbox_client.client, bearer(sandbox_client.token()), receiver)

    first, second = receiver.requests
    for secret, (headers, body) in ((older, first), (older, second), (newer, second)):
        assert Webhook(secret).verify(body, headers)["type"] == "TEST"
    with pytest.raises(WebhookVerificationError):
        Webhook(newer).verify(first[1], first[0])
    with pytest.raises(WebhookVerificationError):
        Webhook(older).verify(first[1] + b" ", first[0])


def make_cloud_event(job_id: int, event_id: str, moment: datetime) -> CloudEvent:
    attributes = {
        "source": "board",
        "id": event_id,
        "type": "com.example.applyClick",
        "time": moment,
        "subject": str(job_id),
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes=attributes, data={"visitor": event_id})


def make_batch(events: list[CloudEvent]) -> HTTPMessage:
    bodies = [json.loads(to_structured_event(event).body) for event in events]
    headers = {"content-type": "application/cloudevents-batch+json"}
    return HTTPMessage(headers=headers, body=json.dumps(bodies).encode())


def test_the_python_sdk_of_cloudevents_sends_events(sandbox_client: SandboxClient) -> None:
    job_id, moment = sandbox_client.post_job("cloud"), sandbox_client.now
    events = [make_cloud_event(job_id, f"py-{n}", moment) for n in range(4)]
    messages = [to_structured_event(events[0]), to_binary_event(events[1]), make_batch(events[2:])]
    for message, accepted in zip(messages, (1, 1, 2), strict=True):
        answer = sandbox_client.send(message.body, headers=dict(message.headers))
        assert answer.json() | {"rejections": []} == {
            "accepted": accepted,
            "duplicate": 0,
            "rejected": 0,
            "rejections": [],
        }, answer.text


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("js")) / "foreign.mjs"


@pytest.mark.slow
def test_the_javascript_libraries_see_no_difference(
    driver: Path, database_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    with (
        start_sandbox_server(database_url, tmp_path) as credentials,
        httpx2.Client(base_url=credentials["base_url"], timeout=30) as client,
    ):
        sandbox = SandboxClient(client, credentials)
        job_id = sandbox.post_job("js-cloud")
        events = [{"id": f"js-{n}", "time": sandbox.now.isoformat(), "job": job_id} for n in range(4)]
        sent = drive(
            driver, credentials | {"events": events, "modes": ["structured", "binary", "batch"]}, "events"
        )
        sandbox.advance("3d")
        tokens = drive(driver, credentials, "tokens")
        secret, _ = notify_twice(client, bearer(sandbox.token()), receiver)
        notifications = [{"headers": headers, "body": body.decode()} for headers, body in receiver.requests]
        verified = drive(driver, {"secret": secret, "notifications": notifications}, "verify")

    assert [reply["accepted"] for reply in sent.values()] == [1, 1, 2], sent
    expected = {"type": "bearer", "seconds": TOKEN_SECONDS, "active": [True, False]}
    assert tokens == {
        "post": expected,
        "basic": expected,
        "clientOAuth2": {"type": "bearer", "status": 200},
    }
    assert [body["type"] for body in verified] == ["TEST", "TEST"]
