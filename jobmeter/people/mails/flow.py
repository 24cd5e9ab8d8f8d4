"""Owns sending the mails of a process while nobody waits for them, so that an answer takes as long with a mail as without one.

A mail is not kept: one that cannot be sent is logged, and the person asks for another.
"""

import asyncio
import logging
from collections import deque
from email.message import EmailMessage
from uuid import uuid4

from jobmeter.base.settings import Settings
from jobmeter.database.throttled_log import ThrottledLog
from jobmeter.notifications.dispatch.flow import send_document
from jobmeter.people.mails import rules
from jobmeter.people.mails.model import Invitation, LoginMail, SentMail

AT_ONCE_MAX = 4
WAITING_MAX = 200
CLOSE_SECONDS_MAX = 5
RECENT_MAX = 20
# The answer leaves first: what is done for a known address alone must not delay it.
PAUSE_SECONDS = 0.05

log = logging.getLogger("jobmeter.people")


class MailSender:
    """Sends a few mails at once; beyond ``waiting_max`` that wait, further ones are dropped."""

    def __init__(self, settings: Settings, *, waiting_max: int = WAITING_MAX) -> None:
        self._settings = settings
        self._waiting_max = waiting_max
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = ThrottledLog(log)
        self._recent: deque[SentMail] = deque(maxlen=RECENT_MAX)

    def submit(self, mail: LoginMail | Invitation) -> None:
        """Returns at once. Called after the commit of what the mail is about."""
        if len(self._tasks) >= self._waiting_max:
            self._failures.log(logging.ERROR, "a mail to a person was dropped: too many are waiting")
            return
        task = asyncio.create_task(self._send(mail))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def list_recent(self) -> list[SentMail]:
        """In a sandbox the last mails of this process, newest first: most have no mail server. Elsewhere none is kept."""
        return list(reversed(self._recent))

    async def close(self) -> None:
        """Waits a little for the mails that are being sent, then drops them."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS_MAX)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, mail: LoginMail | Invitation) -> None:
        await asyncio.sleep(PAUSE_SECONDS)
        async with self._turns:
            try:
                message = self._make_message(mail)
                if self._settings.sandbox:
                    self._keep(message)
                failure = await send_document(message, self._settings)
                why = None if failure is None else failure.text
            except Exception as error:  # noqa: BLE001 -- also an address that no mail can be written to
                why = type(error).__name__
        if why is not None and not self._settings.sandbox:
            self._failures.log(logging.ERROR, "a mail to a person was not sent: %s", why, kind=why)

    def _keep(self, message: EmailMessage) -> None:
        self._recent.append(
            SentMail(to=message["To"], subject=message["Subject"], text=message.get_content())
        )

    def _make_message(self, mail: LoginMail | Invitation) -> EmailMessage:
        settings = self._settings
        base_url, sender = settings.base_url, settings.mail_from
        if isinstance(mail, LoginMail):
            message = rules.make_login_mail(mail, base_url=base_url, sender=sender)
        else:
            message = rules.make_invitation(mail, base_url=base_url, sender=sender)
        message["Message-ID"] = f"<{uuid4()}@jobmeter>"
        return message
