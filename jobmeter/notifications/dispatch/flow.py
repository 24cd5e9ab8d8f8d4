"""Owns the delivery of notifications: signed HTTP requests to public addresses, mail through the operator's server.

Does not own what is sent, when it is retried or when it is given up (``jobmeter.notifications``). Delivery is
at least once: a notification whose sender was killed is sent again under the same id.
"""

import asyncio
import logging
import smtplib
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from random import Random
from urllib.parse import unquote, urlsplit

import httpx2

from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import Channel, DeliveryAttempt
from jobmeter.outbound.addresses import AddressRefusedError, find_address

log = logging.getLogger("jobmeter.worker")

ATTEMPTS_MAX = 50
AT_ONCE_MAX = 20
RECORDED_AT_ONCE_MAX = 4  # requests need the pool's connections too
SECONDS_MAX = 15
ENDPOINT_SECONDS_MAX = (
    notifications.CLAIM_SECONDS - 2 * SECONDS_MAX
)  # the last attempt ends before the claim does


class NotificationDispatcher:
    """Runs one task for each endpoint with due deliveries, so that a slow endpoint delays no other."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        rng: Random,
        *,
        endpoint_seconds_max: float = ENDPOINT_SECONDS_MAX,
    ) -> None:
        self._endpoint_seconds_max = endpoint_seconds_max
        self._database = database
        self._settings = settings
        self._rng = rng
        self._threads = ThreadPoolExecutor(AT_ONCE_MAX, thread_name_prefix="notifications")
        self._recording = asyncio.Semaphore(RECORDED_AT_ONCE_MAX)
        self._tasks: dict[int, asyncio.Task[None]] = {}

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
                    busy_ids=tuple(self._tasks),
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
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _end(self, endpoint_id: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(endpoint_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error(
                "notifications of an endpoint could not be sent and will be tried again", exc_info=error
            )

    async def _deliver(self, attempts: Sequence[DeliveryAttempt], now: datetime) -> None:
        """Sends in the order of events, mails separately. After a failure a channel is skipped until it is due again.

        Deliveries that do not fit into the time of the claim are left until the claim expires.
        """
        failures: dict[Channel, str] = {}
        clock = asyncio.get_running_loop().time
        last_start = clock() + self._endpoint_seconds_max
        for attempt in attempts:
            if clock() > last_start:
                return
            channel = attempt.delivery.channel
            if channel not in failures:
                send = send_webhook if channel is Channel.WEBHOOK else send_mail
                failure = await asyncio.get_running_loop().run_in_executor(
                    self._threads, send, attempt, self._settings, now
                )
                if failure is not None:
                    failures[channel] = failure
            async with self._recording, self._database.transaction() as connection:
                await notifications.record_attempt(
                    connection, attempt.delivery, failure=failures.get(channel), now=now, rng=self._rng
                )
        async with self._recording, self._database.transaction() as connection:
            await notifications.free_endpoint(connection, attempts[0].delivery.endpoint_id)


def send_webhook(attempt: DeliveryAttempt, settings: Settings, now: datetime) -> str | None:
    """Returns ``None`` for an accepted delivery (2xx), else one line with the reason."""
    if not attempt.secrets:
        return "no secret of this webhook can be opened with the operator's key"
    try:
        target = httpx2.URL(attempt.url)
        # Connects to the address that was checked: a second lookup of the name may return another one.
        aimed = target.copy_with(host=find_address(attempt.url, is_sandbox=settings.sandbox))
        headers = {
            "Host": target.netloc.decode(),
            "Content-Type": "application/json",
            "User-Agent": "Jobmeter-Webhooks",
            **notifications.sign_attempt(attempt, now=now),
        }
        with (
            httpx2.Client(timeout=SECONDS_MAX, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                aimed,
                headers=headers,
                content=attempt.delivery.body.encode(),
                extensions={"sni_hostname": target.host},
            ) as answer,
        ):
            # The response body is not read: its size is unbounded.
            return None if answer.is_success else f"the endpoint answered {answer.status_code}"
    except AddressRefusedError as error:
        return str(error)
    except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"


def send_mail(attempt: DeliveryAttempt, settings: Settings, now: datetime) -> str | None:
    """As ``send_webhook``, through the server of ``JOBMETER_SMTP_URL``: ``smtp://user:password@host:port``."""
    if not settings.smtp_url:
        return "no mail server is set: JOBMETER_SMTP_URL"
    try:
        message = make_message(attempt, settings, now)
        parts = urlsplit(settings.smtp_url)
        opened = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with opened(parts.hostname or "", parts.port or 0, timeout=SECONDS_MAX) as server:
            if parts.username:
                if parts.scheme != "smtps":
                    server.starttls()
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None


def make_message(attempt: DeliveryAttempt, settings: Settings, now: datetime) -> EmailMessage:
    """Builds the mail: the subject in words, the body as a webhook would receive it. Raises ``ValueError``."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = attempt.email
    message["Subject"] = attempt.delivery.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{attempt.delivery.id}@jobmeter>"
    message.set_content(f"{attempt.delivery.subject}\n\n{attempt.delivery.body}\n")
    return message
