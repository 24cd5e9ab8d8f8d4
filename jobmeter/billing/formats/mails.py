"""Owns the mails about a document: the document itself, reminders, the receipt; the warning to its seller. Not when they are sent."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime

from jobmeter.base.days import day_of
from jobmeter.billing.formats.model import MailDraft
from jobmeter.billing.formats.payment_code import make_reference, write_iban
from jobmeter.billing.formats.rules import is_payable
from jobmeter.billing.formats.texts import (
    LANGUAGES,
    choose_language,
    words_of,
    write_amount,
    write_day,
    write_month,
)
from jobmeter.billing.model import Document, MailKind

SUBJECTS = {
    MailKind.DOCUMENT: "mail_subject",
    MailKind.REMINDER: "reminder_subject",
    MailKind.RECEIPT: "receipt_subject",
}
# The seller reads one language, that of no buyer.
WARNING_SUBJECT = "{kind} {number} of {buyer} has been overdue since {due}"
WARNING = (
    "{kind} {number} of {buyer} (account {account}) was due on {due}. Days overdue: {days}.\n"
    "Still open: {open} of {total}. Reminder {level}, the last one, was sent. Nothing is switched off by itself."
)


def make_mail(document: Document, draft: MailDraft, *, pdf: bytes | None) -> EmailMessage:
    """What the mail says, with the document as PDF. The same mail has the same id whenever it is sent."""
    is_warning = draft.kind is MailKind.WARNING
    language = LANGUAGES[0] if is_warning else choose_language(draft.language)
    facts = _list_facts(document, draft, language)
    subject = WARNING_SUBJECT if is_warning else words_of(language)[SUBJECTS[draft.kind]]
    message = EmailMessage()
    message["From"] = draft.sender
    message["To"] = draft.to
    message["Subject"] = subject.format(**facts)
    message["Date"] = format_datetime(draft.now)
    message["Message-ID"] = f"<{_name(document, draft)}.{draft.to.replace('@', '.at.')}@jobmeter>"
    message.set_content("\n".join(_list_lines(document, draft, language, facts)) + "\n")
    if pdf is not None:
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{document.number}.pdf")
    return message


def _name(document: Document, draft: MailDraft) -> str:
    if draft.kind is MailKind.DOCUMENT:
        return document.number
    return f"{document.number}.{draft.kind.lower()}" + (f"-{draft.level}" if draft.level else "")


def _list_facts(document: Document, draft: MailDraft, language: str) -> dict[str, object]:
    def amount(micros: int) -> str:
        return f"{write_amount(micros, document.currency, language)} {document.currency}"

    late = (day_of(draft.now) - document.due_on).days if document.due_on else 0
    return {
        "kind": words_of(language)[document.kind.value],
        "number": document.number,
        "seller": _one_line(document.seller.legal_name),
        "buyer": _one_line(document.buyer.legal_name),
        "account": document.account_id,
        "month": write_month(document.month, language),
        "total": amount(document.total_micros),
        "open": amount(document.open_micros),
        "due": write_day(document.due_on, language) if document.due_on else "",
        "days": late,
        "level": draft.level,
    }


def _list_lines(document: Document, draft: MailDraft, language: str, facts: dict[str, object]) -> list[str]:
    words = words_of(language)
    if draft.kind is MailKind.WARNING:
        return [WARNING.format(**facts)]
    if draft.kind is MailKind.RECEIPT:
        return [words["receipt"].format(**facts), "", str(facts["seller"])]
    if draft.kind is MailKind.REMINDER:
        lines = [
            words["reminder"].format(**facts),
            f"{words['days_overdue']}: {facts['days']}",
            f"{words['open_amount']}: {facts['open']}",
        ]
    else:
        lines = [words["mail_attached"].format(**facts), f"{words['total']}: {facts['total']}"]
        lines += _say_payment(document, words, facts)
    if is_payable(document) and document.open_micros:
        lines.append(f"{words['reference']}: {make_reference(document)}")
    if draft.kind is MailKind.REMINDER:
        seller = document.seller
        lines += [f"{words['iban']}: {write_iban(seller.iban)}"] if seller.iban else []
        lines += ["", words["reminder_crossed"]]
    return [*lines, "", str(facts["seller"])]


def _say_payment(document: Document, words: Mapping[str, str], facts: Mapping[str, object]) -> list[str]:
    """What is to be paid of a new invoice: credit of the account, such as a paid top-up, has paid some of it already."""
    if not is_payable(document):
        return []
    if document.open_micros == 0:
        return [words["receipt"].format(**facts)]
    is_partly_paid = document.open_micros < document.total_micros
    more = [f"{words['open_amount']}: {facts['open']}"] if is_partly_paid else []
    return [*more, words["pay_by"].format(**facts)]


def _one_line(text: str) -> str:
    return " ".join(text.split())
