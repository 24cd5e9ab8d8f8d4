"""Owns how a document becomes a file: a writer for each format, which receives the lines page by page.

Does not own when a file is made or where it is kept (``jobmeter.billing.files``).
"""

import contextlib
import io
import zlib
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from importlib.resources import files
from typing import BinaryIO, Protocol, Self

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.formats import en16931, mails, payment_code
from jobmeter.billing.formats.fonts import find_fonts
from jobmeter.billing.formats.model import FULL, FileFormat, MailDraft, Presentation
from jobmeter.billing.formats.parts import is_installed, list_versions
from jobmeter.billing.formats.pdf import PdfWriter
from jobmeter.billing.formats.pdf import check_logo as try_logo
from jobmeter.billing.formats.rules import explain_no_xml
from jobmeter.billing.formats.tables import CsvWriter, JsonWriter, SpreadsheetWriter
from jobmeter.billing.formats.typesetter import Typesetter
from jobmeter.billing.model import Document, DocumentKind, DocumentLine, Logo

ELECTRONIC = (FileFormat.XML, FileFormat.UBL)
# What a file says of a document. It is raised when that changes, as the template's bytes do when the look does.
CONTENT = 2


class LineWriter(Protocol):
    """Receives the lines of a document in order, in pages of any size."""

    def add(self, lines: Sequence[DocumentLine]) -> None: ...


def has_extra() -> bool:
    """Whether ``jobmeter[billing]`` is installed; without it there are CSV and JSON only."""
    return is_installed()


class Press:
    """Makes files. Its process that typesets serves one document after another, until the press is closed."""

    def __init__(self, font_folder: str) -> None:
        self._font_folder = font_folder
        self._typesetter: Typesetter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._typesetter is not None:
            self._typesetter.close()

    def check_logo(self, logo: Logo) -> None:
        """Raises ``Refused(OPERATOR_INPUT)`` for an image that cannot be printed."""
        try_logo(logo, typesetter=self._open_typesetter())

    def _open_typesetter(self) -> Typesetter:
        if self._typesetter is None:
            self._typesetter = Typesetter(find_fonts(self._font_folder))
        return self._typesetter

    def interrupt(self) -> None:
        """Lets a step that another thread is at fail soon."""
        if self._typesetter is not None:
            self._typesetter.interrupt()

    @contextlib.contextmanager
    def open_writer(
        self,
        document: Document,
        file_format: FileFormat,
        target: BinaryIO,
        *,
        presentation: Presentation = FULL,
        logo: Logo | None = None,
    ) -> Iterator[LineWriter]:
        """Writes the file to ``target``, which is complete when the block ends. ``logo`` is the seller's, for the PDF.

        Raises ``Refused`` with FORMAT_UNAVAILABLE if the format cannot express the document, EXTRA_MISSING without
        ``jobmeter[billing]``.
        """
        check_available(document, file_format)
        writer: PdfWriter | CsvWriter | JsonWriter | SpreadsheetWriter | en16931.XmlWriter
        if file_format is FileFormat.PDF:
            writer = PdfWriter(document, target, presentation, typesetter=self._open_typesetter(), logo=logo)
        else:
            writer = _make_writer(document, file_format, target, presentation)
        with contextlib.ExitStack() as ends:
            if isinstance(writer, PdfWriter | SpreadsheetWriter):
                ends.enter_context(contextlib.closing(writer))
            yield writer
            writer.finish()


def _make_writer(
    document: Document, file_format: FileFormat, target: BinaryIO, presentation: Presentation
) -> CsvWriter | JsonWriter | SpreadsheetWriter | en16931.XmlWriter:
    if file_format is FileFormat.CSV:
        return CsvWriter(document, target, presentation)
    if file_format is FileFormat.JSON:
        return JsonWriter(document, target, presentation)
    if file_format is FileFormat.XLSX:
        return SpreadsheetWriter(document, target, presentation)
    return en16931.XmlWriter(document, target, file_format)


def render(
    document: Document,
    lines: Sequence[DocumentLine],
    file_format: FileFormat,
    *,
    presentation: Presentation = FULL,
    font_folder: str = "",
) -> bytes:
    """The file of a document whose lines are few. Raises as ``Press.open_writer`` does."""
    target = io.BytesIO()
    with (
        Press(font_folder) as press,
        press.open_writer(document, file_format, target, presentation=presentation) as writer,
    ):
        writer.add(lines)
    return target.getvalue()


def check_logo(logo: Logo, *, font_folder: str) -> None:
    """Prints an image on a page. Raises ``Refused(OPERATOR_INPUT)`` if that fails. Without ``jobmeter[billing]`` it is not tried."""
    if not has_extra():
        return
    with Press(font_folder) as press:
        press.check_logo(logo)


def check_available(document: Document, file_format: FileFormat) -> None:
    """Raises ``Refused(FORMAT_UNAVAILABLE)`` with the reason if the format cannot express the document."""
    why = explain_no_xml(document) if file_format in ELECTRONIC else ""
    if why:
        raise Refused(
            Fault.FORMAT_UNAVAILABLE, document=name_document(document), format=file_format.value, why=why
        )


def name_document(document: Document) -> str:
    """What a document is called in messages and in the names of its files."""
    if document.number:
        return document.number
    kind = "statement" if document.kind is DocumentKind.STATEMENT else "draft"
    return f"{kind}-{document.month.isoformat()[:7]}-{document.id}"


def name_file(document: Document, file_format: FileFormat) -> str:
    return f"{name_document(document)}.{file_format.extension}"


def make_reference(document: Document) -> str:
    """Returns the reference that the payer of an invoice names."""
    return payment_code.make_reference(document)


def describe_maker(font_folder: str) -> str:
    """The versions that decide about the bytes of a file: the same maker makes the same bytes of a document."""
    template = files("jobmeter.billing.formats").joinpath("document.typ").read_bytes()
    fonts = find_fonts(font_folder)
    fingerprint = zlib.crc32(template + f"{CONTENT} {' '.join(fonts.families)}".encode())
    return f"template-{fingerprint:08x} {list_versions()}"


def make_mail(document: Document, draft: MailDraft, *, pdf: bytes | None) -> EmailMessage:
    """A mail about the document, to its buyer or to its seller."""
    return mails.make_mail(document, draft, pdf=pdf)


def check_electronic(xml: bytes, file_format: FileFormat, *, has_schematron: bool) -> list[str]:
    """Checks an electronic invoice against its schema, and against the rules of EN 16931; returns what breaks these."""
    found = en16931.find_schema_errors(xml)
    return found + (en16931.find_broken_rules(xml, file_format) if has_schematron else [])
