"""Owns a document as PDF/A-3b, with the electronic invoice inside: in parts, each typeset in a process of its own, then joined.

Does not own what a page shows (``layout``, ``document.typ``). The same document and versions give the same bytes.
"""

import io
import logging
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import IO, Any, BinaryIO

from lxml import etree

from jobmeter.base.clock import to_ms
from jobmeter.base.days import start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.formats.en16931 import XmlWriter
from jobmeter.billing.formats.fonts import Cleaner
from jobmeter.billing.formats.layout import Data, Layout, Part
from jobmeter.billing.formats.model import FULL, FileFormat, Presentation
from jobmeter.billing.formats.parts import find_package_folder, load_pikepdf
from jobmeter.billing.formats.payment_code import make_payment_code
from jobmeter.billing.formats.rules import explain_no_xml
from jobmeter.billing.formats.typesetter import Typesetter, TypesettingFailed
from jobmeter.billing.model import Buyer, Document, DocumentKind, DocumentLine, Logo, Seller

log = logging.getLogger("jobmeter.billing")

PART_LINES_MAX = 1_000
NO_GLYPH = "could not be displayed"  # by typst: PDF/A demands a glyph for every character
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
SCHEMAS = "{http://www.aiim.org/pdfa/ns/extension/}schemas"
PAGES = "{http://ns.adobe.com/xap/1.0/t/pg/}NPages"
FACTURX_LEVEL = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}ConformanceLevel"


_PARTY: dict[str, Any] = {"address_lines": ("Street 1",), "city": "City", "postcode": "1", "country": "NL"}
# A page to try a logo on.
SAMPLE = Document(
    id=0,
    kind=DocumentKind.STATEMENT,
    number="",
    account_id=0,
    partner_id=0,
    month=date(2026, 1, 1),
    currency="EUR",
    seller=Seller(legal_name="Seller", **_PARTY),
    buyer=Buyer(legal_name="Buyer", **_PARTY),
    line_count=0,
    net_micros=0,
    tax_micros=0,
    taxes=(),
    issued_at=None,
    due_on=None,
)


class PdfWriter:
    """Keeps the lines of one part; the last part has the totals and the electronic invoice, so it is made at the end."""

    def __init__(
        self,
        document: Document,
        target: BinaryIO,
        presentation: Presentation,
        *,
        typesetter: Typesetter,
        logo: Logo | None = None,
    ) -> None:
        fonts = typesetter.fonts
        self._document, self._target = document, target
        self._families = fonts.families
        self._cleaner = Cleaner(fonts)
        self._layout = Layout(document, presentation, self._cleaner, logo=logo)
        self._typesetter = typesetter
        self._xml = io.BytesIO()
        has_xml = presentation == FULL and not explain_no_xml(document)
        self._electronic = XmlWriter(document, self._xml, FileFormat.XML) if has_xml else None
        self._waiting: list[DocumentLine] = []
        self._parts: list[IO[bytes]] = []
        self._pages = 0

    def add(self, lines: Sequence[DocumentLine]) -> None:
        if self._electronic is not None:
            self._electronic.add(lines)
        self._waiting += lines
        while len(self._waiting) > PART_LINES_MAX:
            self._keep_part(self._waiting[:PART_LINES_MAX])
            del self._waiting[:PART_LINES_MAX]

    def finish(self) -> None:
        if self._electronic is not None:
            self._electronic.finish()
        last = self._typeset(self._waiting, is_last=True)
        self._cleaner.report(self._document.number or f"document {self._document.id}")
        self._join(last)

    def close(self) -> None:
        for part in self._parts:
            part.close()

    def _keep_part(self, lines: Sequence[DocumentLine]) -> None:
        made = self._typeset(lines, is_last=False)
        part = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the writer
        part.write(made)
        self._parts.append(part)
        with load_pikepdf().open(part) as opened:
            self._pages += len(opened.pages)

    def _typeset(self, lines: Sequence[DocumentLine], *, is_last: bool) -> bytes:
        is_first = not self._parts
        part = Part(lines=lines, first_page=self._pages + 1, is_first=is_first, is_last=is_last)
        data = self._layout.make_part(part, families=self._families)
        data["code"] = make_payment_code(self._document) if is_last else ""
        data["xml"] = self._xml.getvalue().decode() if is_last else ""
        # Tags, for readers who cannot see the page, need ten times the memory of the page in long tables.
        has_tags = is_first and is_last
        moment = self._document.issued_at or start_of(self._document.month)
        return typeset_anyway(self._typesetter, data, timestamp=to_ms(moment) // 1_000, has_tags=has_tags)

    def _join(self, last: bytes) -> None:
        """The pages of all parts, in the file of the last part: it has the electronic invoice."""
        pikepdf = load_pikepdf()
        with pikepdf.open(io.BytesIO(last)) as whole:
            for part in reversed(self._parts):
                with pikepdf.open(part) as made:
                    whole.pages[0:0] = made.pages
            metadata = describe_whole(
                bytes(whole.Root.Metadata.read_bytes()),
                pages=len(whole.pages),
                is_facturx=self._electronic is not None,
            )
            whole.Root.Metadata = whole.make_stream(
                metadata, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML
            )
            whole.save(
                self._target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate
            )


def check_logo(logo: Logo, *, typesetter: Typesetter) -> None:
    """Typesets a page with the logo. Raises ``Refused(OPERATOR_INPUT)`` with what typst says if that fails."""
    layout = Layout(SAMPLE, FULL, Cleaner(typesetter.fonts), logo=logo)
    part = Part(lines=(), first_page=1, is_first=True, is_last=True)
    data = layout.make_part(part, families=typesetter.fonts.families)
    try:
        typesetter.typeset(data | {"code": "", "xml": ""}, timestamp=0, has_tags=True)
    except TypesettingFailed as error:
        why = f"cannot be printed: {' '.join(str(error).split())[:200]}"
        raise Refused(Fault.OPERATOR_INPUT, field="logo", why=why) from error


def typeset_anyway(typesetter: Typesetter, data: Data, *, timestamp: int, has_tags: bool) -> bytes:
    """Typesets a part. If a character has no glyph in its place all the same, all but plain letters is replaced, and logged.

    A logo that cannot be printed is left out, and logged: it was printed when it was kept, by another version.
    """
    try:
        return typesetter.typeset(data, timestamp=timestamp, has_tags=has_tags)
    except TypesettingFailed as error:
        if NO_GLYPH not in str(error):
            if data.get("logo") is None:
                raise
            log.warning("%s: %s; its logo is left out", data["number"] or data["title"], error)
            return typeset_anyway(typesetter, data | {"logo": None}, timestamp=timestamp, has_tags=has_tags)
        log.warning("%s: %s; the part is written in plain letters", data["number"] or data["title"], error)
        return typesetter.typeset(_map_texts(data, _make_plain), timestamp=timestamp, has_tags=has_tags)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Changes the texts of people, which are pieces of the data."""
    if isinstance(value, dict):
        if value.keys() == {"text", "rtl"}:
            return {"text": change(value["text"]), "rtl": False}
        return {name: _map_texts(one, change) for name, one in value.items()}
    return [_map_texts(one, change) for one in value] if isinstance(value, list) else value


def _make_plain(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")


def describe_whole(metadata: bytes, *, pages: int, is_facturx: bool) -> bytes:
    """Corrects the number of pages in the metadata of the last part, and adds what Factur-X demands."""
    packet = etree.fromstring(metadata)
    count = packet.find(f".//{PAGES}")
    if count is not None:
        count.text = str(pages)
    if is_facturx:
        _add_facturx(packet)
    body = etree.tostring(packet, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{body}\n<?xpacket end="r"?>'.encode()


def _add_facturx(packet: Any) -> None:
    """The name and level of the electronic invoice, and their schema beside those that typst declares: there is one list."""
    path = f"{find_package_folder('facturx')}/xmp/Factur-X_extension_schema.xmp"
    facts, extension = etree.parse(path).getroot().findall(f"{RDF}Description")
    level = facts.find(FACTURX_LEVEL)
    assert level is not None
    level.text = "EN 16931"
    packet.find(f".//{RDF}RDF").append(facts)
    packet.find(f".//{SCHEMAS}/{RDF}Bag").append(extension.find(f".//{SCHEMAS}/{RDF}Bag/{RDF}li"))
