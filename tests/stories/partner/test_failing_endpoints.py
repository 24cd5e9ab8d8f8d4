"""Endpoints that fail: an attempt that was not made does not count, and one partner's failures do not delay another's."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.dispatch.flow import AT_ONCE_MAX, NotificationDispatcher
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.model import NotificationEndpoint, NotificationKind
from jobmeter.notifications.rules import (
    GIVE_UP_AFTER,
    REFUSALS_MAX,
    TASKS_OF_PARTNER_MAX,
    WAITS,
    read_retry_after,
)
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from tests.stories.partner.test_deliveries import SETTINGS, deliver_due, post, register
from tests.support.scenario import START, Scenario, open_scenario
from tests.support.webhook_receiver import Receiver, open_receiver

KIND = NotificationKind.JOB_POSTING_STATUS
NOTICES = 40
ATTEMPT_SECONDS = 0.4


async def count_states(scenario: Scenario) -> dict[str, tuple[int, int]]:
    """Returns for each state how many notifications are in it, and the sum of their attempts."""
    rows = await scenario.rows("SELECT state, count(*), sum(attempts)::int FROM notices GROUP BY state")
    return {state: (count, attempts) for state, count, attempts in rows}


async def deliver_for(scenario: Scenario, *moments: timedelta) -> None:
    for moment in moments:
        await deliver_due(scenario.database, SETTINGS, now=START + moment, rng=Random(1))


async def test_one_notification_that_is_always_refused_holds_up_no_other(database_url: str) -> None:
    """Forty notifications were given up with 440 attempts, of which eleven had been made."""
    with open_receiver() as receiver:
        receiver.choose = lambda body: 500 if body["n"] == 7 else 200
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, KIND)
            await post(scenario, NOTICES)
            await deliver_for(scenario, *(timedelta(hours=29 * turn) for turn in range(12)))
            states = await count_states(scenario)
    assert states == {"DELIVERED": (NOTICES - 1, NOTICES - 1), "DEAD": (1, len(WAITS) + 1)}
    assert len(receiver.requests) == NOTICES + len(WAITS)


async def test_an_endpoint_that_refuses_everything_is_asked_less_and_less(database_url: str) -> None:
    with open_receiver() as receiver:
        receiver.choose = lambda _: 500
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, KIND)
            await post(scenario, NOTICES)
            await deliver_for(scenario, timedelta(0), timedelta(seconds=4))
            assert len(receiver.requests) == REFUSALS_MAX
            hours = 24 * (GIVE_UP_AFTER.days + 2)
            await deliver_for(scenario, *(timedelta(hours=hour) for hour in range(1, hours)))
            states = await count_states(scenario)
    # Every attempt that is reported was made, and each pause is as long as after failures of a single notification.
    assert states == {"DEAD": (NOTICES, len(receiver.requests))}
    assert len(receiver.requests) <= REFUSALS_MAX * (len(WAITS) + 2)


async def test_an_endpoint_that_recovers_receives_what_was_not_sent(database_url: str) -> None:
    with open_receiver() as receiver:
        receiver.choose = lambda _: 503
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, KIND)
            await post(scenario, NOTICES)
            await deliver_for(scenario, timedelta(0))
            assert await count_states(scenario) == {"WAITING": (NOTICES, 1)}
            # what is queued during the pause waits for its end
            await post(scenario, 1)
            await deliver_for(scenario, timedelta(seconds=4))
            assert len(receiver.requests) == 1
            receiver.choose = lambda _: 200
            await deliver_for(scenario, timedelta(seconds=8))
            assert await count_states(scenario) == {"DELIVERED": (NOTICES + 1, NOTICES + 2)}
    numbers = [body["n"] for body in receiver.bodies]
    assert numbers == [0, *range(1, NOTICES), 0, 0]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["120", "date"])
async def test_an_endpoint_that_asks_for_time_is_left_alone(
    database_url: str, status: int, form: str
) -> None:
    with open_receiver() as receiver:
        later = read_machine_clock() + timedelta(seconds=120)
        receiver.choose = lambda _: status
        receiver.more_headers = {
            "Retry-After": form if form == "120" else format_datetime(later, usegmt=True)
        }
        async with open_scenario(database_url) as scenario:
            await register(scenario, receiver.url, KIND)
            await post(scenario, 3)
            await deliver_for(scenario, *(timedelta(seconds=second) for second in (0, 4, 30, 60, 117)))
            assert len(receiver.requests) == 1
            receiver.choose = lambda _: 200
            await deliver_for(scenario, timedelta(seconds=130))
            assert await count_states(scenario) == {"DELIVERED": (3, 4)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta(0)),
        ("120", timedelta(seconds=120)),
        ("9" * 400, GIVE_UP_AFTER),
        ("-5", timedelta(0)),
        ("1.5", timedelta(0)),
        ("soon", timedelta(0)),
        ("", timedelta(0)),
        ("٣", timedelta(0)),
        ("Mon, 02 Mar 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 02 Mar 2026 08:00:00 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 -2300", GIVE_UP_AFTER),
        ("Mon, 01 Jan 0001 00:00:00 +2300", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", GIVE_UP_AFTER),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, expected: timedelta) -> None:
    assert read_retry_after(text, machine_now=datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) == expected


# -- an endpoint that is gone


async def register_other(scenario: Scenario, application: Application, url: str) -> NotificationEndpoint:
    async with scenario.database.transaction() as connection:
        endpoint, _ = await endpoints.register_endpoint(
            connection,
            application=application,
            url=url,
            email="",
            kinds=[NotificationKind.BUDGET_ALERT],
            secret_key=SETTINGS.secret_key,
            now=START,
        )
    return endpoint


async def test_an_endpoint_that_is_gone_is_disabled_and_its_owner_notified(database_url: str) -> None:
    with open_receiver() as gone, open_receiver() as other:
        gone.choose = lambda _: 410
        async with open_scenario(database_url) as scenario:
            child = scenario.customers[0].child
            endpoint = await register(scenario, gone.url, KIND)
            await register_other(scenario, child, other.url)
            await post(scenario, 3)
            await deliver_for(scenario, timedelta(0), timedelta(seconds=1), timedelta(days=1))

            # then it is asked once, nothing is sent there any more, and the owner's other endpoint says so
            assert len(gone.requests) == 1
            assert await scenario.rows("SELECT state, attempts FROM notices WHERE endpoint_id = 1") == [
                ("DEAD", 1),
                ("DEAD", 0),
                ("DEAD", 0),
            ]
            (received,) = other.bodies
            assert (received["type"], received["webhook"], received["url"]) == (
                "WEBHOOK_DISABLED",
                endpoint.id,
                gone.url,
            )
            await post(scenario, 1)
            assert (await scenario.rows("SELECT count(*) FROM notices WHERE endpoint_id = 1")) == [(3,)]

            # and once it is registered again, what was given up can be sent again
            gone.choose = lambda _: 200
            async with scenario.database.transaction() as connection:
                locked = await endpoints.lock_endpoint(connection, application=child, endpoint_id=endpoint.id)
                await endpoints.change_endpoint(
                    connection, locked, url=gone.url, email="", kinds=[KIND], now=START
                )
                locked = await endpoints.lock_endpoint(connection, application=child, endpoint_id=endpoint.id)
                assert await notifications.replay(connection, locked, notice_ids=None, now=START) == 3
            await deliver_for(scenario, timedelta(days=1, seconds=1))
            assert len(gone.requests) == 4


# -- endpoints that hang


@contextlib.asynccontextmanager
async def open_dripping_server() -> AsyncIterator[str]:
    """A server that sends a line of its header every 0.1 seconds and never ends it: no single read takes long."""
    writers = []

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-More: 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.1)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in writers:
            writer.close()


async def wait_until(condition: Callable[[], Any]) -> None:
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


async def make_partner(scenario: Scenario, name: str, receiver: Receiver) -> None:
    """Makes another partner with one webhook, and a notification for it."""
    async with scenario.database.transaction() as connection:
        partner = (await partners.create_parent(connection, name=name, now=START)).application
    await register_other(scenario, partner, receiver.url)
    async with scenario.database.transaction() as connection:
        await notifications.enqueue_notification(
            connection,
            application_id=partner.id,
            kind=NotificationKind.BUDGET_ALERT,
            subject="another partner's",
            body={"n": 1},
            now=START,
        )


async def test_a_partner_whose_endpoints_hang_does_not_delay_another(database_url: str) -> None:
    """Twenty of them held all tasks, and stopping the server took as long as one of them."""
    with open_receiver() as receiver:
        async with open_scenario(database_url) as scenario, open_dripping_server() as hanging:
            for _ in range(AT_ONCE_MAX):
                await register(scenario, hanging, KIND)
            async with scenario.database.transaction() as connection:
                await notifications.enqueue_notification(
                    connection,
                    application_id=scenario.customers[0].child.id,
                    kind=KIND,
                    subject="hangs",
                    body={"n": 0},
                    now=START,
                )
            dispatcher = NotificationDispatcher(scenario.database, SETTINGS, Random(1))
            assert await dispatcher.start_due(now=START) == TASKS_OF_PARTNER_MAX
            await make_partner(scenario, "Another", receiver)
            assert await dispatcher.start_due(now=START) == 1
            await wait_until(lambda: receiver.requests)

            begun = time.monotonic()
            await dispatcher.close()
            assert time.monotonic() - begun < 2
    assert receiver.bodies[0]["n"] == 1


async def test_an_attempt_has_a_deadline_however_the_server_spends_it(database_url: str) -> None:
    async with open_scenario(database_url) as scenario, open_dripping_server() as hanging:
        await register(scenario, hanging, KIND)
        await post(scenario, 3)
        dispatcher = NotificationDispatcher(
            scenario.database, SETTINGS, Random(1), attempt_seconds_max=ATTEMPT_SECONDS
        )
        await dispatcher.start_due(now=START)
        await dispatcher.wait()
        await dispatcher.close()
        # one attempt ends the turn: the others would hang as well
        assert await scenario.rows("SELECT attempts, last_outcome FROM notices ORDER BY number") == [
            (1, f"the endpoint did not answer within {ATTEMPT_SECONDS} seconds"),
            (0, ""),
            (0, ""),
        ]
