"""Owns the verbs of files: make those of issued documents, open one, check a sample, mail the PDF to the buyer.

Files are made after issue, by any process; a crash in between is healed by the next round, with the same bytes.
"""

import asyncio
import contextlib
import hashlib
import io
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import IO, BinaryIO, TypeVar

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.files import folder, rules, store
from jobmeter.billing.files.model import DueMail, FileCheck, FileDifference, KeptFile
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import FileFormat, MailDraft
from jobmeter.billing.model import Document, DocumentKind, MailKind
from jobmeter.database.connection import Connection
from jobmeter.notifications.dispatch.flow import send_document
from jobmeter.notifications.model import Failure
from jobmeter.outbound.waiting import run_apart

LINES_AT_ONCE_MAX = 5_000  # of one transaction, if more than one document is made in it
PAGE_LINES = 1_000
CHUNK_BYTES = 1 << 20

Found = TypeVar("Found")

log = logging.getLogger("jobmeter.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file from its start, which the caller closes."""

    file: IO[bytes]
    sha256: bytes
    byte_count: int


async def make_due_files(
    connection: Connection, *, settings: Settings, rows_max: int, now: datetime, is_patient: bool = False
) -> int:
    """Makes the files of up to ``rows_max`` documents that have none; returns how many were tried.

    In the caller's transaction, which locks them: a process that dies leaves them to the next one. If ``is_patient``, those
    that another process is making are waited for.
    """
    claim = store.wait_for_file_tasks if is_patient else store.claim_file_tasks
    claimed = await claim(connection, now=now, rows_max=rows_max)
    if claimed and not formats.has_extra():
        _report_missing_extra()
        return 0
    tried = lines = 0
    with formats.Press(settings.font_folder) as press:
        for document in await documents.list_documents_by_id(connection, document_ids=claimed):
            if lines > LINES_AT_ONCE_MAX:
                break
            await _make_or_postpone(connection, press, document, settings=settings, now=now)
            lines += document.line_count
            tried += 1
    return tried


@lru_cache(maxsize=1)
def _report_missing_extra() -> None:
    """Once for each process: invoices are issued all the same, and their files are made once the extra is there."""
    log.warning("documents get no files: pip install 'jobmeter[billing]'")


async def _make_or_postpone(
    connection: Connection, press: formats.Press, document: Document, *, settings: Settings, now: datetime
) -> None:
    try:
        async with connection.transaction():
            await _make_files(connection, press, document, settings=settings, now=now)
    except Exception as error:
        if connection.closed:
            raise
        # One document that cannot be made keeps no other waiting.
        attempts = await store.find_file_attempts(connection, document_id=document.id) or 0
        why = f"{type(error).__name__}: {error}"[: rules.ERROR_CHARACTERS_MAX].replace("\0", "")
        await store.postpone_file_task(
            connection,
            document_id=document.id,
            due_at=rules.next_try(attempts + 1, now=now),
            last_error=why,
        )
        log.exception("the files of document %s could not be made and will be tried again", document.id)


async def _make_files(
    connection: Connection, press: formats.Press, document: Document, *, settings: Settings, now: datetime
) -> None:
    chosen, maker = rules.list_formats(document), formats.describe_maker(settings.font_folder)
    async with write_files(connection, press, document, chosen) as made:
        for file_format, file in made.items():
            opened = await _run_step(press, partial(_measure, file))
            content = file.read() if file_format in rules.KEPT else None
            if content is not None and settings.document_folder:
                place = settings.document_folder, document.id, file_format
                await _run_step(press, partial(folder.write_file, *place, content))
                content = None
            kept = KeptFile(
                document_id=document.id,
                format=file_format,
                sha256=opened.sha256,
                byte_count=opened.byte_count,
                maker=maker,
                content=content,
                made_at=now,
            )
            await store.insert_file(connection, kept)
    await store.delete_file_task(connection, document_id=document.id)
    if settings.smtp_url and document.kind is not DocumentKind.STATEMENT:
        await documents.queue_mails(
            connection, document, MailKind.DOCUMENT, emails=document.buyer.emails, now=now
        )


@contextlib.asynccontextmanager
async def write_files(
    connection: Connection, press: formats.Press, document: Document, chosen: Sequence[FileFormat]
) -> AsyncIterator[dict[FileFormat, BinaryIO]]:
    """Writes the files of a document, page by page, in a thread of their own, into temporary files that end with the block."""
    name = document.seller.logo
    logo = await accounts.find_logo(connection, name=name) if name and FileFormat.PDF in chosen else None
    with contextlib.ExitStack() as files:
        made: dict[FileFormat, BinaryIO] = {
            one: files.enter_context(tempfile.TemporaryFile()) for one in chosen
        }
        with contextlib.ExitStack() as open_writers:
            writers = await _run_step(
                press,
                lambda: [
                    open_writers.enter_context(press.open_writer(document, one, file, logo=logo))
                    for one, file in made.items()
                ],
            )
            after = 0
            while lines := await documents.list_lines(
                connection, document=document, after=after, rows_max=PAGE_LINES
            ):
                for writer in writers:
                    await _run_step(press, partial(writer.add, lines))
                after = lines[-1].line
            await _run_step(press, open_writers.close)
        yield made


async def _run_step(press: formats.Press, work: Callable[[], Found]) -> Found:
    """Runs a step in a thread. A caller that is cancelled waits for its end: it uses files that the caller closes."""
    step = asyncio.ensure_future(run_apart(work, name="files of a document"))
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        press.interrupt()
        while not step.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([step])
        step.exception()  # it was interrupted, and nobody asks for its result
        raise


def list_formats(document: Document) -> list[FileFormat]:
    """Returns the formats in which a document has files."""
    return rules.list_formats(document)


async def open_file(
    connection: Connection, *, document: Document, file_format: FileFormat, settings: Settings
) -> OpenedFile:
    """Opens a file of an issued document.

    Raises ``Refused`` with FORMAT_UNAVAILABLE if there is none, FILE_PENDING until it is made, or EXTRA_MISSING.
    """
    if not document.digest:
        raise _unavailable(document, file_format, "it is not issued yet")
    formats.check_available(document, file_format)
    if file_format not in rules.KEPT:
        return await _make_again(connection, document, file_format, settings)
    kept = await store.find_file(connection, document_id=document.id, file_format=file_format)
    if kept is None:
        name = formats.name_document(document)
        if formats.has_extra():
            raise Refused(Fault.FILE_PENDING, format=file_format.value, document=name)
        raise Refused(Fault.EXTRA_MISSING, what=f"the {file_format.value} of {name}", extra="billing")
    content = _read_content(kept, settings)
    if content is None:
        return await _restore(connection, document, kept, settings)
    return OpenedFile(file=io.BytesIO(content), sha256=kept.sha256, byte_count=len(content))


def _read_content(kept: KeptFile, settings: Settings) -> bytes | None:
    """The bytes of a file, of the database or the folder; ``None`` if it is not in the folder."""
    if kept.content is not None:
        return kept.content
    return folder.read_file(settings.document_folder, kept.document_id, kept.format)


async def _restore(
    connection: Connection, document: Document, kept: KeptFile, settings: Settings
) -> OpenedFile:
    """Makes a file again that is missing from the folder; only the same bytes are the same file."""
    again = await _make_again(connection, document, kept.format, settings)
    if again.sha256 != kept.sha256:
        again.file.close()
        raise _unavailable(document, kept.format, "the file is missing from the folder of documents")
    return again


async def _make_again(
    connection: Connection, document: Document, file_format: FileFormat, settings: Settings
) -> OpenedFile:
    with contextlib.ExitStack() as until_complete:
        copy = until_complete.enter_context(tempfile.TemporaryFile())
        press = until_complete.enter_context(formats.Press(settings.font_folder))
        async with write_files(connection, press, document, [file_format]) as made:
            made[file_format].seek(0)
            shutil.copyfileobj(made[file_format], copy)
        press.close()
        until_complete.pop_all()
    return _measure(copy)


def _unavailable(document: Document, file_format: FileFormat, why: str) -> Refused:
    name = formats.name_document(document)
    return Refused(Fault.FORMAT_UNAVAILABLE, document=name, format=file_format.value, why=why)


def _measure(file: IO[bytes]) -> OpenedFile:
    """Reads a file from its start, and leaves it there."""
    file.seek(0)
    digest, count = hashlib.sha256(), 0
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        count += len(chunk)
    file.seek(0)
    return OpenedFile(file=file, sha256=digest.digest(), byte_count=count)


async def check_files(connection: Connection, *, settings: Settings, rows_max: int) -> FileCheck:
    """Checks the files of the newest documents and of some of all: each is what it was, and can be made again."""
    sample = await store.list_sample(connection, rows_max=rows_max)
    maker = formats.describe_maker(settings.font_folder)
    differences: list[FileDifference] = []
    checked = others = 0
    with formats.Press(settings.font_folder) as press:
        for document in await documents.list_documents_by_id(connection, document_ids=sample):
            chosen = rules.list_formats(document)
            async with write_files(connection, press, document, chosen) as made:
                for file_format, file in made.items():
                    kept = await store.find_file(connection, document_id=document.id, file_format=file_format)
                    why = _compare(kept, _measure(file), maker=maker, settings=settings)
                    checked += 1
                    others += kept is not None and kept.maker != maker
                    if why:
                        differences.append(
                            FileDifference(
                                document_id=document.id, number=document.number, format=file_format, why=why
                            )
                        )
    return FileCheck(
        document_ids=tuple(sample), checked=checked, other_makers=others, differences=tuple(differences)
    )


def _compare(kept: KeptFile | None, again: OpenedFile, *, maker: str, settings: Settings) -> str:
    """Why a file is not what it was; empty if it is."""
    if kept is None:
        return "it is missing"
    if kept.format in rules.KEPT:
        content = _read_content(kept, settings)
        if content is None:
            return "it is missing from the folder of documents"
        if hashlib.sha256(content).digest() != kept.sha256:
            return "its bytes are not those of its hash"
    if kept.maker == maker and again.sha256 != kept.sha256:
        return "made again, it has other bytes"
    return ""


async def mail_next(connection: Connection, *, settings: Settings, now: datetime) -> int:
    """Sends the mail that has been due longest; returns 0 if there is none, or if it was not accepted.

    In the caller's transaction, which locks it. A mail whose sender dies is sent again under the same id.
    """
    if not settings.smtp_url:
        return 0
    claimed = await store.claim_mails(connection, now=now, rows_max=1)
    sent = [await _mail(connection, mail, settings=settings, now=now) for mail in claimed]
    return int(any(sent))


async def _mail(connection: Connection, mail: DueMail, *, settings: Settings, now: datetime) -> bool:
    (document,) = await documents.list_documents_by_id(connection, document_ids=[mail.document_id])
    why_not = rules.explain_no_mail(mail, document, now=now)
    if why_not:
        await store.update_mail(connection, mail, due_at=None, sent_at=None, last_outcome=why_not)
        return True
    failure = await _send(connection, mail, document, settings=settings, now=now)
    await store.update_mail(
        connection,
        mail,
        due_at=None if failure is None else rules.next_mail(mail.attempts + 1, now=now),
        sent_at=now if failure is None else None,
        last_outcome="" if failure is None else failure.text[: rules.ERROR_CHARACTERS_MAX],
    )
    return failure is None


async def _send(
    connection: Connection, mail: DueMail, document: Document, *, settings: Settings, now: datetime
) -> Failure | None:
    try:
        pdf = await _read_pdf(connection, mail, document, settings)
    except Refused as refused:
        return Failure(text=refused.message)
    profile = await accounts.find_buyer(connection, account_id=document.account_id, day=day_of(now))
    about = MailDraft(
        kind=mail.kind,
        level=mail.level,
        to=mail.email,
        sender=settings.mail_from,
        language=(profile or document.buyer).language,
        now=now,
    )
    return await send_document(formats.make_mail(document, about, pdf=pdf), settings)


async def _read_pdf(
    connection: Connection, mail: DueMail, document: Document, settings: Settings
) -> bytes | None:
    """The PDF that a mail brings; ``None`` for a warning, and without ``jobmeter[billing]`` for what is not its purpose.

    Raises ``Refused`` until it is made.
    """
    if mail.kind is MailKind.WARNING:
        return None
    try:
        opened = await open_file(connection, document=document, file_format=FileFormat.PDF, settings=settings)
    except Refused as refused:
        if refused.fault is Fault.EXTRA_MISSING and mail.kind is not MailKind.DOCUMENT:
            return None
        raise
    with opened.file as file:
        return file.read()
