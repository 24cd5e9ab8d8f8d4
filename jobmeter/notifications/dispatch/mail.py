"""Owns one attempt by e-mail: through the operator's mail server, over verified TLS, within a deadline.

Does not own which notifications are due or when a failed one is retried (``flow``).
"""

import asyncio
import contextlib
import smtplib
import socket
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from jobmeter.base.settings import Settings
from jobmeter.notifications.model import DeliveryAttempt, Failure
from jobmeter.outbound.waiting import run_apart

FOLDER = "folder://"


async def send_mail(
    attempt: DeliveryAttempt, settings: Settings, now: datetime, *, seconds_max: float
) -> Failure | None:
    """Sends a notification; ``None`` if it was accepted."""
    try:
        message = make_message(attempt, settings, now)
    except ValueError as error:
        return Failure(text=f"{type(error).__name__}: {error}")
    return await send_message(message, settings, seconds_max=seconds_max)


async def send_message(message: EmailMessage, settings: Settings, *, seconds_max: float) -> Failure | None:
    """Sends through the server of ``JOBMETER_SMTP_URL``, ``smtp://user:password@host:port``, or writes into its folder,
    ``folder:///path``; ``None`` if the mail was accepted.
    """
    if not settings.smtp_url:
        return Failure(text="no mail server is set: JOBMETER_SMTP_URL")
    server: MailServer | None = None
    try:
        if settings.smtp_url.startswith(FOLDER):
            write_message(message, Path(unquote(urlsplit(settings.smtp_url).path)))
            return None
        server = MailServer(urlsplit(settings.smtp_url), seconds_max=seconds_max)
        async with asyncio.timeout(seconds_max):
            await run_apart(partial(server.deliver, message), name="a mail")
    except TimeoutError:
        return Failure(text=f"the mail server did not answer within {seconds_max:g} seconds")
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return Failure(text=f"{type(error).__name__}: {error}")
    finally:
        if server is not None:
            server.abort()
    return None


class MailServer(smtplib.SMTP):
    """A connection that another thread can end: the library's time-outs apply to each read, and not to the whole."""

    def __init__(self, url: SplitResult, *, seconds_max: float) -> None:
        super().__init__(timeout=seconds_max)
        self._url = url
        self._host = url.hostname or ""  # the name that the certificate must have
        self._context = ssl.create_default_context()
        self._socket: socket.socket | None = None
        self._is_over = False

    def deliver(self, message: EmailMessage) -> None:
        """Raises ``smtplib.SMTPException`` or ``OSError``, also if the server's certificate is not trusted."""
        try:
            self._deliver(message)
        finally:
            self.close()
            if self._socket is not None:
                self._socket.close()

    def _deliver(self, message: EmailMessage) -> None:
        is_secure = self._url.scheme == "smtps"
        self.connect(self._host, self._url.port or (smtplib.SMTP_SSL_PORT if is_secure else 0))
        self.ehlo_or_helo_if_needed()
        if not is_secure and self.has_extn("starttls"):
            self.starttls(context=self._context)
            is_secure = True
        if self._url.username:
            if not is_secure:
                raise smtplib.SMTPNotSupportedError("the server offers no TLS, so the password is not sent")
            self.login(unquote(self._url.username), unquote(self._url.password or ""))
        self.send_message(message)
        with contextlib.suppress(smtplib.SMTPException):
            self.quit()  # the mail was accepted, whatever the server says now

    def abort(self) -> None:
        """Ends an exchange that is still going on."""
        self._is_over = True
        opened = self.sock or self._socket
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._socket = socket.create_connection((host, port), timeout)
        if self._is_over:
            self._socket.close()
            raise TimeoutError("the deadline passed while connecting")
        if self._url.scheme == "smtps":
            wrapped = self._context.wrap_socket(
                self._socket, server_hostname=host, do_handshake_on_connect=False
            )
            self._socket = wrapped
            wrapped.do_handshake()
        return self._socket


def write_message(message: EmailMessage, folder: Path) -> None:
    """Writes a mail as a file that mail programs open, named after its id: the same mail again replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(
        character if character.isalnum() or character in "-._" else "_"
        for character in message["Message-ID"].strip("<>")
    )
    part = folder.joinpath(f".{name}.part")
    part.write_bytes(message.as_bytes(policy=SMTP))
    part.replace(folder.joinpath(f"{name}.eml"))


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
