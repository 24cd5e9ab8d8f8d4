"""Deliveries under crashes and concurrency: at least once with one id, and not more often than necessary."""

import asyncio
import itertools
import socket
from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.dispatch.flow import NotificationDispatcher
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.flow import CLAIM_SECONDS
from jobmeter.notifications.model import NotificationEndpoint, NotificationKind
from jobmeter.notifications.rules import JITTER_SHARE, WAITS, next_try
from jobmeter.worker.charge_notifications import notify_charges
from tests.support.scenario import START, Scenario, make_clicks, open_scenario
from tests.support.webhook_receiver import open_receiver

SETTINGS = Settings(sandbox=True, secret_key="a key of the test")
LATER = START + timedelta(seconds=CLAIM_SECONDS + 1)


async def deliver_due(database: Database, settings: Settings, *, now: datetime, rng: Random) -> int:
    """Attempts every due delivery once and waits for the results; returns how many were attempted."""
    dispatcher, done = NotificationDispatcher(database, settings, rng), 0
    try:
        while started := await dispatcher.start_due(now=now):
            await dispatcher.wait()
            done += started
    finally:
        await dispatcher.close()
    return done


async def register(scenario: Scenario, url: str, kind: NotificationKind) -> NotificationEndpoint:
    async with scenario.database.transaction() as connection:
        endpoint, _ = await endpoints.register_endpoint(
            connection,
            application=scenario.customers[0].child,
            url=url,
            email="",
            kinds=[kind],
            secret_key=SETTINGS.secret_key,
            now=START,
        )
    return endpoint


async def post(scenario: Scenario, count: int) -> None:
    async with scenario.database.transaction() as connection:
        for number in range(count):
            endpoints = await notifications.enqueue_notification(
                connection,
                application_id=scenario.customers[0].child.id,
                kind=NotificationKind.JOB_POSTING_STATUS,
                subject=f"job {number}",
                body={"n": number},
                now=START,
            )
            assert endpoints == 1


async def test_a_delivery_that_was_not_recorded_is_sent_again_with_its_id(database_url: str) -> None:
    with open_receiver() as receiver:
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, NotificationKind.JOB_POSTING_STATUS)
            await post(scenario, 1)
            # given a process that claims the notification and is killed
            async with scenario.database.transaction() as connection:
                (attempt,) = await notifications.claim_delivery_attempts(
                    connection, rows_max=9, secret_key=SETTINGS.secret_key, now=START
                )
            assert await deliver_due(scenario.database, SETTINGS, now=START, rng=Random(1)) == 0
            assert await deliver_due(scenario.database, SETTINGS, now=LATER, rng=Random(1)) == 1
            assert [headers["webhook-id"] for headers, _ in receiver.requests] == [str(attempt.delivery.id)]


async def test_two_processes_deliver_to_an_endpoint_in_order_and_once(database_url: str) -> None:
    """Each process once claimed what the other had not, and a job was reported closed before it was reported listed."""

    with open_receiver() as receiver:
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, NotificationKind.JOB_POSTING_STATUS)
            await post(scenario, 70)
            other = await Database.open(database_url, connections_max=3)
            done = await asyncio.gather(
                deliver_due(scenario.database, SETTINGS, now=START, rng=Random(1)),
                deliver_due(other, SETTINGS, now=START, rng=Random(2)),
            )
            await other.close()
            assert sum(done) == 70
            assert [body["n"] for body in receiver.bodies] == list(range(70))


async def test_deliveries_of_an_expired_claim_are_sent_in_order(database_url: str) -> None:
    with open_receiver() as receiver:
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, NotificationKind.JOB_POSTING_STATUS)
            await post(scenario, 3)
            # given a worker task that runs out of time before it sends anything
            dispatcher = NotificationDispatcher(
                scenario.database, SETTINGS, Random(1), endpoint_seconds_max=-1
            )
            assert await dispatcher.start_due(now=START) == 3
            await dispatcher.wait()
            await dispatcher.close()
            assert receiver.bodies == []

            # then no other process overtakes it, and everything is sent once its claim expires
            await post(scenario, 1)
            assert await deliver_due(scenario.database, SETTINGS, now=START, rng=Random(1)) == 0
            assert await deliver_due(scenario.database, SETTINGS, now=LATER, rng=Random(1)) == 4
            assert [body["n"] for body in receiver.bodies] == [0, 1, 2, 0]


async def test_a_hanging_endpoint_does_not_delay_others(database_url: str) -> None:
    """A hundred notifications for an endpoint that never responds once delayed all others by half a minute."""

    with open_receiver() as receiver, socket.create_server(("127.0.0.1", 0)) as silent:
        async with open_scenario(database_url) as scenario:
            hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            await register(scenario, hanging, NotificationKind.JOB_POSTING_STATUS)
            await post(scenario, 100)
            await register(scenario, receiver.url, NotificationKind.JOB_POSTING_STATUS)
            dispatcher = NotificationDispatcher(scenario.database, SETTINGS, Random(1))
            for number in (1, 2):
                async with scenario.database.transaction() as connection:
                    await notifications.enqueue_notification(
                        connection,
                        application_id=scenario.customers[0].child.id,
                        kind=NotificationKind.JOB_POSTING_STATUS,
                        subject="another",
                        body={"n": number},
                        now=START,
                    )
                assert await dispatcher.start_due(now=START) > 0
                for _ in range(300):
                    if len(receiver.requests) == number:
                        break
                    await asyncio.sleep(0.01)
                assert [body["n"] for body in receiver.bodies] == list(range(1, number + 1))
                await asyncio.sleep(0.1)
            assert (await scenario.rows("SELECT max(attempts) FROM notices WHERE endpoint_id = 1")) == [(0,)]
            await dispatcher.close()


async def test_a_rolled_back_notification_is_not_sent(database_url: str) -> None:
    async with open_scenario(database_url) as scenario:
        await register(scenario, "http://127.0.0.1:1/", NotificationKind.JOB_POSTING_STATUS)
        try:
            async with scenario.database.transaction() as connection:
                await notifications.enqueue_notification(
                    connection,
                    application_id=scenario.customers[0].child.id,
                    kind=NotificationKind.JOB_POSTING_STATUS,
                    subject="never",
                    body={},
                    now=START,
                )
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert await scenario.rows("SELECT count(*) FROM notices") == [(0,)]


async def test_each_span_of_the_stream_is_notified_once_by_several_processes(database_url: str) -> None:
    """Incident 16: an export that is repeated after a crash or run twice concurrently duplicates nothing."""

    async with open_scenario(database_url) as scenario:
        await register(scenario, "http://127.0.0.1:1/", NotificationKind.CHARGES)
        job_id = await scenario.post("notified", budget_micros=900_000_000)
        other = await Database.open(database_url, connections_max=3)
        for number in range(5):
            now = START + timedelta(minutes=number)
            await scenario.ingest(make_clicks(job_id, 3, now, prefix=f"n{number}-"), now)
            await scenario.run_due(now)
            await asyncio.gather(*(notify_charges(one, now=now) for one in (scenario.database, other, other)))
        # A posting is in the stream once every older transaction of the server has ended, other tests' included.
        spans: list[tuple[int, int, int]] = []
        for _ in range(200):
            await asyncio.gather(*(notify_charges(one, now=now) for one in (scenario.database, other)))
            spans = await scenario.rows(
                "SELECT (body::json ->> 'after')::bigint, (body::json ->> 'cursor')::bigint,"
                " json_array_length(body::json -> 'elements') FROM notices ORDER BY number"
            )
            if sum(row[2] for row in spans) >= 5:
                break
            await asyncio.sleep(0.05)
        await other.close()
        assert sum(row[2] for row in spans) == 5
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_waits_between_attempts_grow_and_end(attempts: int, seed: int) -> None:
    due = next_try(attempts, now=START, rng=Random(seed))
    if attempts > len(WAITS):
        assert due is None
    else:
        assert due is not None
        assert WAITS[attempts - 1] <= due - START <= WAITS[attempts - 1] * (1 + JITTER_SHARE)
