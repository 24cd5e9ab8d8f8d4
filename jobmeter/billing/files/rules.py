"""Owns the decisions about files: which a document has, which of them are kept, when a failure is tried again. Pure."""

from datetime import datetime, timedelta

from jobmeter.billing.files.model import DueMail
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.formats.rules import explain_no_xml
from jobmeter.billing.model import Document, MailKind

KEPT = (FileFormat.PDF, FileFormat.XML, FileFormat.UBL)
ELECTRONIC = (FileFormat.XML, FileFormat.UBL)
RETRY_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 60))
# About two days in all; then the mail is given up, and the document can be downloaded.
MAIL_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720, 1_440))
ERROR_CHARACTERS_MAX = 500
# A mail that waits longer for its first attempt is out of date: no mail server was set then.
MAIL_KEPT = timedelta(days=7)


def list_formats(document: Document) -> list[FileFormat]:
    """The formats in which a document has files."""
    has_xml = not explain_no_xml(document)
    return [one for one in FileFormat if has_xml or one not in ELECTRONIC]


def next_try(attempts: int, *, now: datetime) -> datetime:
    """Returns when files that could not be made are tried again; they are never given up."""
    return now + RETRY_WAITS[min(attempts, len(RETRY_WAITS)) - 1]


def explain_no_mail(mail: DueMail, document: Document, *, now: datetime) -> str:
    """Why a mail is not sent any more; empty if it is."""
    if mail.attempts == 0 and now - mail.due_at > MAIL_KEPT:
        return f"not sent: it waited for more than {MAIL_KEPT.days} days"
    is_open = document.open_micros > 0
    if mail.kind in {MailKind.REMINDER, MailKind.WARNING} and not is_open:
        return "not sent: nothing of the invoice is open"
    if mail.kind is MailKind.RECEIPT and is_open:
        return "not sent: the invoice is open again"
    return ""


def next_mail(attempts: int, *, now: datetime) -> datetime | None:
    """Returns when a mail that was refused ``attempts`` times is sent again; ``None`` when it is given up."""
    return now + MAIL_WAITS[attempts - 1] if attempts <= len(MAIL_WAITS) else None
