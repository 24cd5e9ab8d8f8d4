"""Owns how a document becomes a file: a writer for each format, which receives the lines page by page.

Does not own when a file is made or where it is kept (``jobmeter.billing.files``).
"""

import contextlib
import io
import zlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import BinaryIO, Protocol

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.formats import checks
from jobmeter.billing.formats.en16931 import XmlWriter
from jobmeter.billing.formats.fonts import find_fonts
from jobmeter.billing.formats.model import FULL, FileFormat, Presentation
from jobmeter.billing.formats.parts import list_versions
from jobmeter.billing.formats.pdf import PdfWriter
from jobmeter.billing.formats.rules import explain_no_xml
from jobmeter.billing.formats.tables import CsvWriter, JsonWriter, SpreadsheetWriter
from jobmeter.billing.model import Document, DocumentKind, DocumentLine

ELECTRONIC = (FileFormat.XML, FileFormat.UBL)


class LineWriter(Protocol):
    """Receives the lines of a document in order, in pages of any size."""

    def add(self, lines: Sequence[DocumentLine]) -> None: ...


@contextlib.contextmanager
def open_writer(
    document: Document,
    file_format: FileFormat,
    target: BinaryIO,
    *,
    presentation: Presentation = FULL,
    font_folder: str = "",
) -> Iterator[LineWriter]:
    """Writes the file to ``target``, which is complete when the block ends.

    Raises ``Refused`` with FORMAT_UNAVAILABLE if the format cannot express the document, EXTRA_MISSING without
    ``jobmeter[billing]``.
    """
    check_available(document, file_format)
    if file_format is FileFormat.PDF:
        pdf = PdfWriter(document, target, presentation, font_folder=font_folder)
        with contextlib.closing(pdf):
            yield pdf
            pdf.finish()
        return
    writer: CsvWriter | JsonWriter | SpreadsheetWriter | XmlWriter
    if file_format is FileFormat.CSV:
        writer = CsvWriter(document, target, presentation)
    elif file_format is FileFormat.JSON:
        writer = JsonWriter(document, target, presentation)
    elif file_format is FileFormat.XLSX:
        writer = SpreadsheetWriter(document, target, presentation)
    else:
        writer = XmlWriter(document, target, file_format)
    yield writer
    writer.finish()


def render(
    document: Document,
    lines: Sequence[DocumentLine],
    file_format: FileFormat,
    *,
    presentation: Presentation = FULL,
    font_folder: str = "",
) -> bytes:
    """The file of a document whose lines are few. Raises as ``open_writer`` does."""
    target = io.BytesIO()
    with open_writer(
        document, file_format, target, presentation=presentation, font_folder=font_folder
    ) as writer:
        writer.add(lines)
    return target.getvalue()


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


def describe_maker(font_folder: str) -> str:
    """The versions that decide about the bytes of a file: the same maker makes the same bytes of a document."""
    template = files("jobmeter.billing.formats").joinpath("document.typ").read_bytes()
    fonts = find_fonts(font_folder)
    fingerprint = zlib.crc32(template + " ".join(fonts.families).encode())
    return f"template-{fingerprint:08x} {list_versions()}"


def check_electronic(xml: bytes, file_format: FileFormat, *, has_schematron: bool) -> list[str]:
    """Checks an electronic invoice against its schema, and against the rules of EN 16931; returns what breaks these."""
    found = checks.find_schema_errors(xml)
    return found + (checks.find_broken_rules(xml, file_format) if has_schematron else [])
