"""Owns the mail that brings a document to its buyer, in the buyer's language. Does not own when it is sent."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from jobmeter.billing.formats.payment_code import make_reference
from jobmeter.billing.formats.rules import is_payable
from jobmeter.billing.formats.texts import choose_language, words_of, write_amount, write_day, write_month
from jobmeter.billing.model import Document


def make_mail(document: Document, *, to: str, sender: str, pdf: bytes, now: datetime) -> EmailMessage:
    """The document as PDF, with what is to be paid until when. The same mail has the same id whenever it is sent."""
    language = choose_language(document.buyer.language)
    words = words_of(language)
    kind, seller = words[document.kind.value], " ".join(document.seller.legal_name.split())
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = words["mail_subject"].format(kind=kind, number=document.number, seller=seller)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{document.number}.{to.replace('@', '.at.')}@jobmeter>"
    total = f"{write_amount(document.total_micros, document.currency, language)} {document.currency}"
    month = write_month(document.month, language)
    lines = [
        words["mail_attached"].format(kind=kind, number=document.number, month=month),
        f"{words['total']}: {total}",
    ]
    if is_payable(document):
        due = write_day(document.due_on, language) if document.due_on else ""
        lines += [
            words["pay_by"].format(due=due),
            f"{words['reference']}: {make_reference(document)}",
        ]
    message.set_content("\n".join([*lines, "", seller]) + "\n")
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{document.number}.pdf")
    return message
