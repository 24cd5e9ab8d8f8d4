"""Owns the delivery of notices: signed HTTP requests to public addresses, mail through the operator's server.

Does not own what is told, when it is tried again or when it is given up (``jobmeter.notices``). At least once: a notice
whose sender was killed goes out again under the same id.
"""

import asyncio
import smtplib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from random import Random
from urllib.parse import unquote, urlsplit

import httpx2

from jobmeter.base.settings import Settings
from jobmeter.notices import flow as notices
from jobmeter.notices.model import Errand, Way
from jobmeter.store.database import Database
from jobmeter.worker.addresses import AddressRefusedError, find_address

ERRANDS_MAX = 50
AT_ONCE_MAX = 10
SECONDS_MAX = 15
ROUNDS_MAX = 1_000


async def deliver_due(database: Database, settings: Settings, *, now: datetime, chance: Random) -> int:
    """Tries every delivery that is due once; returns how many were tried."""
    done = 0
    for _ in range(ROUNDS_MAX):
        async with database.transaction() as connection:
            errands = await notices.claim_errands(
                connection, rows_max=ERRANDS_MAX, secret_key=settings.secret_key, now=now
            )
        if not errands:
            break
        at_once = asyncio.Semaphore(AT_ONCE_MAX)
        of_endpoints = defaultdict(list)
        for errand in errands:
            of_endpoints[errand.delivery.endpoint_id, errand.delivery.way].append(errand)
        await asyncio.gather(
            *(
                _deliver_in_order(database, settings, group, at_once, now=now, chance=chance)
                for group in of_endpoints.values()
            )
        )
        done += len(errands)
    return done


async def _deliver_in_order(
    database: Database,
    settings: Settings,
    errands: Sequence[Errand],
    at_once: asyncio.Semaphore,
    *,
    now: datetime,
    chance: Random,
) -> None:
    """An endpoint is told in the order of what happened. One that fails is spared the rest until they are due again."""
    failure = None
    async with at_once:
        for errand in errands:
            if failure is None:
                send = send_webhook if errand.delivery.way is Way.WEBHOOK else send_mail
                failure = await asyncio.to_thread(send, errand, settings, now)
            async with database.transaction() as connection:
                await notices.note_attempt(
                    connection, errand.delivery, failure=failure, now=now, chance=chance
                )


def send_webhook(errand: Errand, settings: Settings, now: datetime) -> str | None:
    """``None`` for a delivery that was taken (2xx), else one line about why not."""
    if not errand.secrets:
        return "no secret of this webhook opens with the operator's key"
    try:
        target = httpx2.URL(errand.url)
        # Connecting to the address that was judged: asked again, a name may mean another one.
        aimed = target.copy_with(host=find_address(errand.url, is_sandbox=settings.sandbox))
        headers = {
            "Host": target.netloc.decode(),
            "Content-Type": "application/json",
            "User-Agent": "Jobmeter-Webhooks",
            **notices.sign_errand(errand, now=now),
        }
        with (
            httpx2.Client(timeout=SECONDS_MAX, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                aimed,
                headers=headers,
                content=errand.delivery.body.encode(),
                extensions={"sni_hostname": target.host},
            ) as answer,
        ):
            # What the endpoint says beside its status is not read: it could be without end.
            return None if answer.is_success else f"the endpoint answered {answer.status_code}"
    except AddressRefusedError as error:
        return str(error)
    except (OSError, ValueError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"


def send_mail(errand: Errand, settings: Settings, now: datetime) -> str | None:
    """As ``send_webhook``, through the server of ``JOBMETER_SMTP_URL``: ``smtp://user:password@host:port``."""
    if not settings.smtp_url:
        return "no mail server is set: JOBMETER_SMTP_URL"
    try:
        message = make_message(errand, settings, now)
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


def make_message(errand: Errand, settings: Settings, now: datetime) -> EmailMessage:
    """The notice as a mail: its subject in words, its body as it would go to a webhook. Raises ``ValueError``."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = errand.email
    message["Subject"] = errand.delivery.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{errand.delivery.id}@jobmeter>"
    message.set_content(f"{errand.delivery.subject}\n\n{errand.delivery.body}\n")
    return message
