"""Owns the delivery of notifications: which endpoints are served, in which order, and when a turn ends.

Does not own one attempt (``webhooks``, ``mail``), nor when it is retried or given up (``jobmeter.notifications``).
Delivery is at least once: a notification whose sender was killed is sent again under the same id.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from random import Random
from uuid import UUID

from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.dispatch.mail import send_mail, send_message
from jobmeter.notifications.dispatch.webhooks import send_webhook
from jobmeter.notifications.model import Channel, DeliveryAttempt, Failure, Sent, Turn
from jobmeter.notifications.rules import REFUSALS_MAX

log = logging.getLogger("jobmeter.worker")

ATTEMPTS_MAX = 50
AT_ONCE_MAX = 20
RECORDED_AT_ONCE_MAX = 4  # requests need the pool's connections too
SECONDS_MAX = 15  # for a whole attempt, however the server spends them
ENDPOINT_SECONDS_MAX = (
    notifications.CLAIM_SECONDS - 2 * SECONDS_MAX
)  # the last attempt ends before the claim does


async def send_document(message: EmailMessage, settings: Settings) -> Failure | None:
    """Sends a mail that is no notification, within the deadline of one; ``None`` if it was accepted."""
    return await send_message(message, settings, seconds_max=SECONDS_MAX)


class _ChannelTurn:
    """What came of one channel's deliveries so far. It is over at the first failure that the next one would share."""

    def __init__(self) -> None:
        self.has_delivered = False
        self.refusals = 0
        self.stopped_by: Failure | None = None
        self.attempts = 0
        self.tried: list[UUID] = []
        self.skipped: list[UUID] = []

    def record(self, attempt: DeliveryAttempt, failure: Failure | None) -> None:
        self.tried.append(attempt.delivery.id)
        self.attempts = attempt.delivery.attempts + 1
        if failure is None:
            self.has_delivered, self.refusals = True, 0
            return
        self.refusals += 1
        if failure.is_of_endpoint or self.refusals >= REFUSALS_MAX:
            self.stopped_by = failure

    def end(self, endpoint_id: int, channel: Channel) -> Turn:
        return Turn(
            endpoint_id=endpoint_id,
            channel=channel,
            has_delivered=self.has_delivered,
            failure=self.stopped_by,
            attempts=self.attempts,
            skipped_ids=tuple(self.skipped),
            tried_ids=tuple(self.tried),
        )


class NotificationDispatcher:
    """Runs one task for each endpoint with due deliveries, so that a slow endpoint delays no other."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        rng: Random,
        *,
        endpoint_seconds_max: float = ENDPOINT_SECONDS_MAX,
        attempt_seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._turn_max = timedelta(seconds=endpoint_seconds_max)
        self._attempt_seconds_max = attempt_seconds_max
        self._database = database
        self._settings = settings
        self._rng = rng
        self._recording = asyncio.Semaphore(RECORDED_AT_ONCE_MAX)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._partners: dict[int, int] = {}

    async def start_due(self, *, now: datetime) -> int:
        """Starts delivery to endpoints that no task is serving yet; returns the number of deliveries started."""
        started = 0
        while len(self._tasks) < AT_ONCE_MAX:
            async with self._database.transaction() as connection:
                attempts = await notifications.claim_delivery_attempts(
                    connection,
                    rows_max=ATTEMPTS_MAX,
                    secret_key=self._settings.secret_key,
                    now=now,
                    busy=self._partners,
                )
            if not attempts:
                break
            started += len(attempts)
            of_endpoints = defaultdict(list)
            for attempt in attempts:
                of_endpoints[attempt.delivery.endpoint_id].append(attempt)
            for endpoint_id, group in of_endpoints.items():
                task = asyncio.create_task(self._deliver(group, now))
                self._tasks[endpoint_id] = task
                self._partners[endpoint_id] = group[0].partner_id
                task.add_done_callback(partial(self._end, endpoint_id))
        return started

    async def wait(self) -> None:
        """Waits until all started deliveries have been attempted."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def close(self) -> None:
        """Cancels all tasks at once; attempts that were not recorded are retried later, under the same id."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, endpoint_id: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(endpoint_id, None)
        self._partners.pop(endpoint_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error(
                "notifications of an endpoint could not be sent and will be tried again", exc_info=error
            )

    async def _deliver(self, attempts: Sequence[DeliveryAttempt], now: datetime) -> None:
        """Sends in the order of events, mails separately. A failure that the next one would share ends a channel's turn.

        Deliveries that do not fit into the time of the claim are left until the claim expires.
        """
        turns: dict[Channel, _ChannelTurn] = defaultdict(_ChannelTurn)
        clock = asyncio.get_running_loop().time
        started = clock()

        def passed() -> timedelta:
            return timedelta(seconds=clock() - started)

        for attempt in attempts:
            turn = turns[attempt.delivery.channel]
            if turn.stopped_by is not None:
                turn.skipped.append(attempt.delivery.id)
                continue
            if passed() > self._turn_max:
                return
            sent = await self._send(attempt, now)
            turn.record(attempt, sent.failure)
            async with self._recording, self._database.transaction() as connection:
                await notifications.record_attempt(
                    connection, attempt.delivery, sent, now=now + passed(), rng=self._rng
                )
        endpoint_id = attempts[0].delivery.endpoint_id
        async with self._recording, self._database.transaction() as connection:
            for channel, turn in turns.items():
                await notifications.end_turn(
                    connection, turn.end(endpoint_id, channel), now=now + passed(), rng=self._rng
                )
            await notifications.free_endpoint(connection, endpoint_id)

    async def _send(self, attempt: DeliveryAttempt, now: datetime) -> Sent:
        if attempt.delivery.channel is Channel.WEBHOOK:
            return await send_webhook(attempt, self._settings, seconds_max=self._attempt_seconds_max)
        return Sent(await send_mail(attempt, self._settings, now, seconds_max=self._attempt_seconds_max))
