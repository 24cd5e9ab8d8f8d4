"""Mails about documents: reminders, receipts and the warning to the seller go to whom they concern, once, in their language."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from jobmeter.base.days import start_of
from jobmeter.base.settings import Settings
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.files.rules import MAIL_KEPT
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import MailDraft
from jobmeter.billing.formats.texts import LANGUAGES
from jobmeter.billing.model import Buyer, Document, MailKind, Seller
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import PaymentDraft, PaymentSource
from jobmeter.worker import chores
from tests.support.books import ADDRESS, TICK, Books, open_books, standard
from tests.support.scenario import PRICE_MICROS, SETTINGS, START
from tests.support.webhook_receiver import open_mailbox
from tests.unit.billing.formats.samples import make_document, make_lines

FINAL = datetime(2026, 4, 3, tzinfo=UTC)
DUE = date(2026, 5, 3)
NUMBER = "INV-2026-000001"


async def set_buyer(books: Books, *, emails: tuple[str, ...], language: str = "en") -> None:
    async with books.scenario.database.transaction() as connection:
        await accounts.set_buyer(
            connection,
            buyer=Buyer(legal_name="Buyer", emails=emails, language=language, **ADDRESS),
            account_id=books.account_id,
            valid_from=None if books.now == START else DUE,
            now=books.now,
        )


async def issue(books: Books) -> Document:
    """An invoice of March, 5.45 EUR, issued on 3 April and due on 3 May."""
    seller = Seller(
        legal_name="Seller", emails=("billing@board.example",), iban="NL91ABNA0417164300", **ADDRESS
    )
    async with books.scenario.database.transaction() as connection:
        await accounts.set_seller(connection, seller, valid_from=None, now=START)
    await set_buyer(books, emails=("ap@partner.example", "cfo@partner.example"))
    job = await books.scenario.post("job", budget_micros=900 * PRICE_MICROS)
    await books.click(job, 3)
    await books.move_to(FINAL - TICK)
    await books.settle(SETTINGS, now=FINAL)
    (document,) = await books.documents()
    return document


async def run_day(books: Books, settings: Settings, days_overdue: int) -> None:
    """What the worker does shortly after midnight."""
    now = start_of(DUE + timedelta(days=days_overdue)) + timedelta(minutes=1)
    await chores.run_settlement(books.scenario.database, settings, now=now)
    await chores.run_documents(books.scenario.database, settings, now=now)


async def pay(books: Books, document: Document, micros: int, now: datetime) -> None:
    draft = PaymentDraft(
        account_id=books.account_id,
        source=PaymentSource.OPERATOR,
        reference=f"{micros} {now}",
        amount_micros=micros,
        document_id=document.id,
    )
    async with books.scenario.database.transaction() as connection:
        await payments.record_payment(connection, draft, now=now)


def list_mails(folder: Path) -> list[tuple[str, str]]:
    """The address and the subject of each mail that was written."""
    found = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in folder.glob("*.eml")]
    return sorted((one["To"], one["Subject"]) for one in found)


def read_mail(folder: Path, name: str) -> EmailMessage:
    (written,) = folder.glob(name)
    return message_from_bytes(written.read_bytes(), policy=policy.default)


async def test_reminders_go_to_the_profiles_addresses_and_the_last_one_to_the_seller_too(
    database_url: str, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, smtp_url=f"folder://{tmp_path}", mail_from="no-reply@board.example")
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        await chores.run_documents(books.scenario.database, settings, now=FINAL)
        subject = f"Invoice {NUMBER} from Seller"
        expected = [("ap@partner.example", subject), ("cfo@partner.example", subject)]
        assert list_mails(tmp_path) == expected

        # the first one, after three days, once
        for days in (2, 3, 4):
            await run_day(books, settings, days)
        subject = f"Reminder 1: Invoice {NUMBER} from Seller is overdue"
        expected += [("ap@partner.example", subject), ("cfo@partner.example", subject)]
        assert list_mails(tmp_path) == sorted(expected)
        message = read_mail(tmp_path, f"{NUMBER}.reminder-1.ap*.eml")
        (attached,) = message.iter_attachments()
        assert (attached.get_filename(), attached.get_content()[:5]) == (f"{NUMBER}.pdf", b"%PDF-")
        text = message.get_body().get_content()
        assert f"Invoice {NUMBER} for March 2026 was due on 3 May 2026 and" in text
        assert "Days overdue: 3" in text.splitlines()
        assert "Still open: 5.45 EUR" in text
        assert "IBAN: NL91 ABNA 0417 1643 00" in text

        # the next ones go to the addresses of then, in the language of then, about what is open then
        await pay(books, document, 3_450_000, start_of(DUE) + timedelta(days=10))
        await set_buyer(books, emails=("neu@partner.example",), language="de")
        for days in (14, 30, 31, 60):
            await run_day(books, settings, days)
        expected += [
            ("neu@partner.example", f"{level}. Zahlungserinnerung: Rechnung {NUMBER} von Seller")
            for level in (2, 3)
        ]
        expected.append(
            ("billing@board.example", f"Invoice {NUMBER} of Buyer has been overdue since 3 May 2026")
        )
        assert list_mails(tmp_path) == sorted(expected)
        message = read_mail(tmp_path, f"{NUMBER}.warning-3.billing*.eml")
        assert "Days overdue: 30." in message.get_content()
        assert "Still open: 2.00 EUR of 5.45 EUR. Reminder 3" in message.get_content()
        assert await books.scenario.breaches() == []


async def test_what_is_paid_is_receipted_and_no_longer_reminded_of(database_url: str) -> None:
    with open_mailbox() as (url, mails):
        settings = replace(SETTINGS, smtp_url=url)
        async with open_books(database_url, rate=standard(210_000)) as books:
            document = await issue(books)
            # reminders are queued with the work, and paid before they are sent
            now = start_of(DUE + timedelta(days=3))
            await chores.run_settlement(books.scenario.database, settings, now=now)
            await pay(books, document, 5_450_000, now)
            await chores.run_documents(books.scenario.database, settings, now=now)
            found = [message_from_string(mail, policy=policy.default) for mail in mails]
            receipts = [one for one in found if one["Subject"] == f"Invoice {NUMBER} from Seller is paid"]
            assert len(receipts) == 2
            assert not any("Reminder" in one["Subject"] for one in found)
            assert "5.45 EUR, is settled" in receipts[0].get_body().get_content()
            outcomes = await books.scenario.rows(
                "SELECT last_outcome FROM billing_mails WHERE kind = 'REMINDER'"
            )
            assert outcomes == [("not sent: nothing of the invoice is open",)] * 2
            await run_day(books, settings, 40)
            assert len(mails) == len(found)


async def test_work_that_is_rolled_back_sends_nothing(database_url: str, tmp_path: Path) -> None:
    settings = replace(SETTINGS, smtp_url=f"folder://{tmp_path}")
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        now = start_of(DUE + timedelta(days=3))
        async with (
            books.scenario.database.connection() as connection,
            connection.transaction(force_rollback=True),
        ):
            sent = await payments.remind_overdue(connection, reminder_days=[3], rows_max=9, now=now)
            assert [one.id for one, _ in sent] == [document.id]
            rows = await connection.execute("SELECT DISTINCT kind FROM billing_mails ORDER BY kind")
            assert await rows.fetchall() == [("REMINDER",), ("WARNING",)]
        await chores.run_documents(books.scenario.database, settings, now=now)
        assert not any("Reminder" in subject for _, subject in list_mails(tmp_path))


async def test_what_waited_for_a_mail_server_too_long_is_not_sent(database_url: str, tmp_path: Path) -> None:
    settings = replace(SETTINGS, smtp_url=f"folder://{tmp_path}")
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        await pay(books, document, 5_450_000, FINAL)
        await chores.run_documents(books.scenario.database, SETTINGS, now=FINAL)
        await chores.run_documents(books.scenario.database, settings, now=FINAL + MAIL_KEPT + TICK)
        assert list_mails(tmp_path) == []
        assert (
            await books.scenario.rows("SELECT kind, due_at, last_outcome FROM billing_mails")
            == [("RECEIPT", None, "not sent: it waited for more than 7 days")] * 2
        )


@pytest.mark.parametrize(
    ("paid", "said"),
    [
        (0, ["Please pay by 3 December 2026.", "Reference: RF54INV2026000042"]),
        (100_000_000, ["Still open: 314.43 EUR", "Please pay by 3 December 2026."]),
        (414_430_000, ["Invoice INV-2026-000042 for October 2026, 414.43 EUR, is settled. Thank you."]),
    ],
)
def test_the_mail_of_an_invoice_asks_for_what_is_open(paid: int, said: list[str]) -> None:
    document = replace(make_document(make_lines()), paid_micros=paid)
    draft = MailDraft(
        kind=MailKind.DOCUMENT, level=0, to="a@b.example", sender="c@d.example", language="en", now=FINAL
    )
    lines = formats.make_mail(document, draft, pdf=None).get_content().splitlines()
    assert [line for line in said if line not in lines] == []
    assert ("Please pay by 3 December 2026." in lines) is (document.open_micros > 0)


@pytest.mark.parametrize("language", [*LANGUAGES, "ja"])
@pytest.mark.parametrize("kind", MailKind)
def test_every_mail_is_complete_in_every_language(language: str, kind: MailKind) -> None:
    document = make_document(make_lines())
    draft = MailDraft(
        kind=kind,
        level=2 if kind in {MailKind.REMINDER, MailKind.WARNING} else 0,
        to="ap@partner.example",
        sender="no-reply@board.example",
        language=language,
        now=FINAL,
    )
    message = formats.make_mail(document, draft, pdf=b"%PDF-")
    text = message.get_body().get_content()
    for said in (message["Subject"], text):
        assert "{" not in said
        assert document.number in said
    assert "Board B.V." in f"{message['Subject']}{text}" or kind is MailKind.WARNING
    ids = {formats.make_mail(document, replace(draft, kind=one), pdf=None)["Message-ID"] for one in MailKind}
    assert len(ids) == len(MailKind)
