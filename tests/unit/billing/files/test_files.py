"""Files of issued documents: made once after issue whatever dies, kept with their hash, checked, restored and mailed."""

import asyncio
import hashlib
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, message_from_string, policy

import psycopg
import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import Issuing, ZeroMonth
from jobmeter.billing.files import flow as files
from jobmeter.billing.files.rules import MAIL_WAITS, RETRY_WAITS, next_mail, next_try
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import Buyer, Seller
from jobmeter.worker import chores
from tests.support.books import ADDRESS, TICK, open_books, standard
from tests.support.scenario import PRICE_MICROS, SETTINGS, START
from tests.support.webhook_receiver import open_mailbox

FINAL = datetime(2026, 4, 3, tzinfo=UTC)
ALL = {"csv", "json", "pdf", "ubl", "xlsx", "xml"}
NUMBER = "NL004495445B01"
UNGUARDED = "ALTER TABLE billing_files DISABLE TRIGGER files_stand"


async def issue(books, *, emails=()):
    """An invoice of March whose files are due, of a seller and a buyer with VAT numbers."""
    parties = {"vat_number": NUMBER, **ADDRESS}
    async with books.scenario.database.transaction() as connection:
        await accounts.set_seller(
            connection, Seller(legal_name="Seller", **parties), valid_from=None, now=START
        )
        await accounts.set_buyer(
            connection,
            buyer=Buyer(legal_name="Buyer", emails=tuple(emails), **parties),
            account_id=books.account_id,
            valid_from=None,
            now=START,
        )
    job = await books.scenario.post("job", budget_micros=900 * PRICE_MICROS)
    await books.click(job, 3)
    await books.move_to(FINAL - TICK)
    await books.settle(SETTINGS, now=FINAL)
    (document,) = await books.documents()
    return document


async def make(books, settings=SETTINGS, now=FINAL):
    await chores.run_documents(books.scenario.database, settings, now=now)


async def open_bytes(books, document, file_format, settings=SETTINGS):
    async with books.scenario.database.connection() as connection:
        opened = await files.open_file(
            connection, document=document, file_format=file_format, settings=settings
        )
    with opened.file as file:
        content = file.read()
    assert hashlib.sha256(content).digest() == opened.sha256
    assert len(content) == opened.byte_count
    return content


async def check(books, settings=SETTINGS):
    async with books.scenario.database.connection() as connection:
        return await files.check_files(connection, settings=settings, rows_max=3)


async def kept(books):
    rows = await books.scenario.rows(
        "SELECT format, sha256, content IS NULL FROM billing_files ORDER BY format"
    )
    return [(name, bytes(sha256), is_elsewhere) for name, sha256, is_elsewhere in rows]


async def test_an_issued_document_gets_its_files_once(database_url):
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        # given files that are due, which keeps every law
        assert await kept(books) == []
        assert await books.scenario.breaches() == []
        with pytest.raises(Refused) as refused:
            await open_bytes(books, document, FileFormat.PDF)
        assert refused.value.fault is Fault.FILE_PENDING
        assert b"INV-2026-000001" in await open_bytes(books, document, FileFormat.CSV)

        # when two processes make them at once
        await asyncio.gather(make(books), make(books))

        # then they are there once, and each is the bytes of its hash
        first = await kept(books)
        assert {name for name, _, _ in first} == ALL
        for name, sha256, is_elsewhere in first:
            content = await open_bytes(books, document, FileFormat(name))
            assert hashlib.sha256(content).digest() == sha256
            assert is_elsewhere == (name in {"csv", "json", "xlsx"})
        await make(books)
        assert await kept(books) == first
        assert await books.scenario.rows("SELECT * FROM billing_file_tasks") == []
        assert await books.scenario.breaches() == []
        found = await check(books)
        assert (found.checked, found.other_makers, found.differences) == (6, 0, ())


async def test_a_process_that_dies_between_issue_and_files_leaves_them_to_the_next_with_the_same_bytes(
    database_url,
):
    async with open_books(database_url, rate=standard(210_000)) as books:
        await issue(books)
        async with (
            books.scenario.database.connection() as connection,
            connection.transaction(force_rollback=True),
        ):
            assert await files.make_due_files(connection, settings=SETTINGS, rows_max=5, now=FINAL) == 1
            rows = await connection.execute("SELECT format, sha256 FROM billing_files ORDER BY format")
            lost = [(name, bytes(sha256)) for name, sha256 in await rows.fetchall()]
        assert await kept(books) == []
        await make(books)
        assert [(name, sha256) for name, sha256, _ in await kept(books)] == lost
        assert await books.scenario.breaches() == []


@pytest.mark.parametrize("steps", [0, 1, 3])
async def test_a_server_that_ends_while_files_are_made_leaves_them_to_the_next(database_url, steps):
    async with open_books(database_url, rate=standard(210_000)) as books:
        await issue(books)
        making = asyncio.create_task(make(books))
        for _ in range(20 * steps):
            await asyncio.sleep(0.01)
        making.cancel()
        await asyncio.wait([making])
        await chores.run_until_idle(books.scenario.database, SETTINGS, now=FINAL)
        assert {name for name, _, _ in await kept(books)} == ALL
        assert await books.scenario.breaches() == []


async def test_files_that_cannot_be_made_are_tried_again_and_keep_no_other_waiting(database_url, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        await make(books, replace(SETTINGS, document_folder=str(blocked)))
        ((attempts, due_at, last_error),) = await books.scenario.rows(
            "SELECT attempts, due_at, last_error FROM billing_file_tasks"
        )
        assert (attempts, due_at) == (1, FINAL + RETRY_WAITS[0])
        assert "Error" in last_error
        assert await kept(books) == []
        await make(books)
        assert await kept(books) == []
        await make(books, now=due_at)
        assert len(await kept(books)) == len(ALL)
        assert await open_bytes(books, document, FileFormat.PDF)


def test_waits_grow_and_mails_are_given_up():
    assert [next_try(attempts, now=FINAL) - FINAL for attempts in (1, 4, 99)] == [
        RETRY_WAITS[0],
        RETRY_WAITS[-1],
        RETRY_WAITS[-1],
    ]
    assert next_mail(1, now=FINAL) == FINAL + MAIL_WAITS[0]
    assert next_mail(len(MAIL_WAITS) + 1, now=FINAL) is None


async def test_a_document_that_en_16931_cannot_express_has_no_xml(database_url):
    async with open_books(database_url, currency="KWD", rate=standard(210_000)) as books:
        contract = await books.open_hiring(price_micros=10_500_000)
        await books.post_xml("job", contract)
        await books.finish_month()
        (document,) = await books.documents()
        assert {name for name, _, _ in await kept(books)} == ALL - {"xml", "ubl"}
        with pytest.raises(Refused, match="KWD has 3 decimal places"):
            await open_bytes(books, document, FileFormat.UBL)
        assert (await open_bytes(books, document, FileFormat.PDF)).startswith(b"%PDF")
        assert await books.scenario.breaches() == []


async def test_drafts_have_no_files_and_statements_have_no_xml(database_url):
    async with open_books(
        database_url, rate=standard(210_000), issues=Issuing.HELD, zero_month=ZeroMonth.STATEMENT
    ) as books:
        draft = await issue(books)
        assert draft.number == ""
        for file_format in (FileFormat.PDF, FileFormat.CSV):
            with pytest.raises(Refused, match="it is not issued yet"):
                await open_bytes(books, draft, file_format)
        await make(books)
        assert await kept(books) == []


async def test_a_changed_address_changes_no_file_of_an_issued_document(database_url):
    """9. A changed address made a new PDF under the old number."""
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        await make(books)
        before = {one: await open_bytes(books, document, one) for one in FileFormat}
        parties = {"vat_number": NUMBER, **ADDRESS, "city": "Delft"}
        async with books.scenario.database.transaction() as connection:
            await accounts.set_seller(
                connection, Seller(legal_name="Another", **parties), valid_from=None, now=FINAL
            )
            await accounts.set_buyer(
                connection,
                buyer=Buyer(legal_name="Another", language="de", **parties),
                account_id=books.account_id,
                valid_from=None,
                now=FINAL,
            )
        assert {one: await open_bytes(books, document, one) for one in FileFormat} == before
        assert (await check(books)).differences == ()


async def test_files_of_issued_documents_are_guarded_and_checked(database_url):
    async with open_books(database_url, rate=standard(210_000)) as books:
        await issue(books)
        await make(books)
        for statement in ("UPDATE billing_files SET maker = ''", "DELETE FROM billing_files"):
            with pytest.raises(psycopg.errors.RaiseException, match="never changed or removed"):
                await books.scenario.execute(statement)

        # given a changed PDF, a changed hash of the CSV, files of another version, and one that is gone
        await books.scenario.execute(
            UNGUARDED,
            "UPDATE billing_files SET content = content || '\\x00' WHERE format = 'pdf'",
            "UPDATE billing_files SET sha256 = sha256('x') WHERE format = 'csv'",
            "UPDATE billing_files SET maker = 'older', sha256 = sha256('x') WHERE format = 'json'",
            "DELETE FROM billing_files WHERE format = 'ubl'",
        )
        found = await check(books)
        assert {one.format.value: one.why for one in found.differences} == {
            "pdf": "its bytes are not those of its hash",
            "csv": "made again, it has other bytes",
            "ubl": "it is missing",
        }
        assert (found.checked, found.other_makers) == (6, 1)
        broken = {one.law for one in await books.scenario.breaches()}
        assert broken == {
            "16: every issued document has its files, or they are due",
            "16: every kept file has the bytes of its hash",
        }


@pytest.mark.long
async def test_files_in_a_folder_are_restored_only_with_the_same_bytes(database_url, tmp_path):
    settings = replace(SETTINGS, document_folder=str(tmp_path))
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        await make(books, settings)
        assert all(is_elsewhere for _, _, is_elsewhere in await kept(books))
        assert await books.scenario.breaches() == []
        (path,) = tmp_path.rglob("*.pdf")
        content = await open_bytes(books, document, FileFormat.PDF, settings)
        assert path.read_bytes() == content
        assert {one.suffix for one in path.parent.iterdir()} == {".pdf", ".xml"}

        # a file that was removed is made again; one of another version cannot be
        path.unlink()
        (difference,) = (await check(books, settings)).differences
        assert difference.why == "it is missing from the folder of documents"
        assert await open_bytes(books, document, FileFormat.PDF, settings) == content
        await books.scenario.execute(
            UNGUARDED, "UPDATE billing_files SET sha256 = sha256('x') WHERE format = 'pdf'"
        )
        with pytest.raises(Refused, match="missing from the folder"):
            await open_bytes(books, document, FileFormat.PDF, settings)


async def test_without_the_extra_there_are_csv_and_json_and_the_files_follow_later(
    database_url, monkeypatch, caplog
):
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books)
        with monkeypatch.context() as lacking:
            for name in ("typst", "xlsxwriter"):
                lacking.setitem(sys.modules, name, None)
            await make(books)
            assert await kept(books) == []
            assert b"INV-2026-000001" in await open_bytes(books, document, FileFormat.JSON)
            for file_format in (FileFormat.PDF, FileFormat.XLSX):
                with pytest.raises(Refused) as refused:
                    await open_bytes(books, document, file_format)
                assert refused.value.fault is Fault.EXTRA_MISSING
                assert refused.value.message.endswith("pip install 'jobmeter[billing]'")
        await make(books)
        assert len(await kept(books)) == len(ALL)


async def test_the_buyer_receives_the_pdf_by_mail_once(database_url, tmp_path):
    settings = replace(SETTINGS, smtp_url=f"folder://{tmp_path}", mail_from="billing@board.example")
    async with open_books(database_url, rate=standard(210_000)) as books:
        document = await issue(books, emails=("ap@partner.example", "cfo@partner.example"))
        for _ in range(2):
            await make(books, settings)
        mails = sorted(tmp_path.glob("*.eml"))
        assert len(mails) == 2
        message = message_from_bytes(mails[0].read_bytes(), policy=policy.default)
        assert message["To"] == "ap@partner.example"
        assert message["Subject"] == "Invoice INV-2026-000001 from Seller"
        (attached,) = message.iter_attachments()
        assert attached.get_filename() == "INV-2026-000001.pdf"
        assert attached.get_content() == await open_bytes(books, document, FileFormat.PDF)
        text = message.get_body().get_content()
        assert "Total: 5.45 EUR" in text
        assert "Please pay by 3 May 2026." in text
        rows = await books.scenario.rows("SELECT attempts, due_at, sent_at FROM billing_mails")
        assert rows == [(1, None, FINAL)] * 2
        assert await books.scenario.breaches() == []


async def test_the_mail_is_accepted_by_a_mail_server(database_url):
    with open_mailbox() as (url, mails):
        async with open_books(database_url, rate=standard(210_000)) as books:
            document = await issue(books, emails=("ap@partner.example",))
            await make(books, Settings(smtp_url=url))
            message = message_from_string(mails[0], policy=policy.default)
            (attached,) = message.iter_attachments()
            assert attached.get_content() == await open_bytes(books, document, FileFormat.PDF)


async def test_a_mail_that_is_not_accepted_is_sent_again_until_it_is_given_up(database_url):
    settings = Settings(smtp_url="smtp://127.0.0.1:1")
    async with open_books(database_url, rate=standard(210_000)) as books:
        await issue(books, emails=("ap@partner.example",))
        now, moments = FINAL, []
        for _ in range(len(MAIL_WAITS) + 2):
            await make(books, settings, now=now)
            ((attempts, due_at, outcome),) = await books.scenario.rows(
                "SELECT attempts, due_at, last_outcome FROM billing_mails"
            )
            moments.append(due_at)
            now = due_at or now + timedelta(days=9)
        assert attempts == len(MAIL_WAITS) + 1
        assert moments[-2:] == [None, None]
        assert "refused" in outcome
