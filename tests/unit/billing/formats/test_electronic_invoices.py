"""Electronic invoices: valid against the schemas and the Schematron of EN 16931, or refused with the reason."""

import io
from dataclasses import replace

import pytest
from lxml import etree

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.billing.formats.en16931 import XmlWriter
from jobmeter.billing.formats.flow import check_electronic, render
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.formats.rules import XML_LINES_MAX
from jobmeter.billing.model import DocumentKind, LineKind, TaxCategory
from tests.unit.billing.formats.samples import BUYER, SELLER, make_document, make_line, make_lines

UBL = {
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
}
BOTH = (FileFormat.XML, FileFormat.UBL)
ZERO = {"rate_micros": 0}
CREDIT_NOTE = {
    "kind": DocumentKind.CREDIT_NOTE,
    "number": "CN-2026-000001",
    "corrects_number": "INV-2026-000042",
    "due_on": None,
}
HOSTILE = [
    make_line(
        1,
        title="\x00\x07 <b>&amp; ]]> \ud800 \U0001f680",
        external_id="=1+1",
        company_name="\N{ARABIC LETTER ALEF}" * 300,
    ),
    make_line(2, title="", external_id="", company_name="", customer_job_code="", poster_email=""),
]
CASES = {
    "standard": (make_lines(), {}),
    "two rates": ([make_line(1), make_line(2, rate_micros=190_000)], {}),
    "a rate with decimals": ([make_line(1, rate_micros=55_000)], {}),
    "reverse charge": (make_lines(category=TaxCategory.REVERSE_CHARGE, **ZERO), {}),
    "exempt": (make_lines(category=TaxCategory.EXEMPT, **ZERO), {}),
    "zero rated": (make_lines(category=TaxCategory.ZERO, **ZERO), {}),
    "intra-Community": (make_lines(category=TaxCategory.INTRA_COMMUNITY, **ZERO), {}),
    "export": (
        make_lines(category=TaxCategory.EXPORT, **ZERO),
        {"buyer": replace(BUYER, country="US", vat_number="")},
    ),
    "out of scope": (make_lines(category=TaxCategory.OUT_OF_SCOPE, **ZERO), {}),
    "out of scope, without registration": (
        make_lines(category=TaxCategory.OUT_OF_SCOPE, **ZERO),
        {"seller": replace(SELLER, registration_number="")},
    ),
    "a correction": (make_lines(4), {}),
    "below zero": ([make_line(1, quantity=-1)], {}),
    # 19 % of it is 324.995, which rules on rounding disagree about below zero
    "a half below zero": ([make_line(1, quantity=-1, price_micros=1_710_500_000, rate_micros=190_000)], {}),
    "a credit note of a half": ([make_line(1, price_micros=1_710_500_000, rate_micros=190_000)], CREDIT_NOTE),
    "a credit note": (make_lines(3), CREDIT_NOTE),
    "a line for nothing": ([make_line(1, price_micros=0)], {}),
    "yen": ([make_line(1, price_micros=500_000_000)], {"currency": "JPY"}),
    "dollars to an account": ([make_line(1)], {"currency": "USD"}),
    "without account, address and order": (
        [make_line(1)],
        {
            "seller": replace(SELLER, iban="", bic="", endpoint="", emails=(), address_lines=()),
            "buyer": replace(BUYER, purchase_order="", endpoint="", address_lines=("a", "b", "c", "d")),
            "due_on": None,
        },
    ),
    "paid by credit in part": ([make_line(1)], {"prepaid_micros": 10_010_000}),
    "paid by credit": ([make_line(1)], {"prepaid_micros": make_document([make_line(1)]).total_micros}),
    "hostile texts": (HOSTILE, {}),
    "long": (make_lines(XML_LINES_MAX + 2), {}),
}


@pytest.mark.parametrize("file_format", BOTH)
@pytest.mark.parametrize("name", CASES)
def test_documents_are_valid_against_schema_and_rules(name, file_format):
    lines, changes = CASES[name]
    document = make_document(lines, **changes)
    xml = render(document, lines, file_format)
    assert check_electronic(xml, file_format, has_schematron=True) == []
    assert render(document, lines, file_format) == xml


@pytest.mark.parametrize("file_format", BOTH)
def test_the_check_finds_a_broken_schema_and_a_broken_rule(file_format):
    lines = make_lines()
    xml = render(make_document(lines), lines, file_format)
    (schema_error,) = check_electronic(b"<Invoice/>", file_format, has_schematron=False)
    assert schema_error
    wrong = xml.replace(b"414.43", b"514.43")
    assert any(one.startswith("BR-CO-") for one in check_electronic(wrong, file_format, has_schematron=True))
    assert check_electronic(wrong, file_format, has_schematron=False) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"currency": "KWD"}, "KWD has 3 decimal places, and EN 16931 allows 2"),
        ({"number": ""}, "a draft has no number"),
        ({"kind": DocumentKind.STATEMENT}, "a statement is not an invoice"),
        ({"seller": replace(SELLER, vat_number="")}, "the seller has no VAT number"),
        ({"seller": replace(SELLER, vat_number="123456789")}, "the seller has no VAT number"),
    ],
)
@pytest.mark.parametrize("file_format", BOTH)
def test_what_the_standard_cannot_express_is_refused_with_the_reason(changes, why, file_format):
    lines = [make_line(1)]
    with pytest.raises(Refused) as refused:
        render(make_document(lines, **changes), lines, file_format)
    assert refused.value.fault is Fault.FORMAT_UNAVAILABLE
    assert refused.value.message.endswith(f"is not available as {file_format.value}: {why}")


def test_reverse_charge_needs_the_buyers_number_and_out_of_scope_no_other_category():
    reverse = [make_line(1, category=TaxCategory.REVERSE_CHARGE, rate_micros=0)]
    mixed = [make_line(1), make_line(2, category=TaxCategory.OUT_OF_SCOPE, rate_micros=0)]
    for lines, changes, why in (
        (reverse, {"buyer": replace(BUYER, vat_number="")}, "the buyer has no VAT number"),
        (mixed, {}, "EN 16931 allows no other tax category beside O"),
    ):
        with pytest.raises(Refused, match=why):
            render(make_document(lines, **changes), lines, FileFormat.XML)


def read_ubl(document, lines):
    return etree.fromstring(render(document, lines, FileFormat.UBL))


def texts(root, path):
    return [found.text for found in root.iterfind(path, UBL)]


def test_a_correction_has_a_negative_quantity_and_names_the_document_that_it_corrects():
    lines = make_lines(4)
    root = read_ubl(make_document(lines), lines)
    assert texts(root, "cac:InvoiceLine/cbc:InvoicedQuantity")[3] == "-1"
    assert texts(root, "cac:InvoiceLine/cac:Price/cbc:PriceAmount")[3] == "3.75"
    assert texts(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["INV-2026-000007"]
    assert "line 12" in texts(root, "cac:InvoiceLine/cbc:Note")[0]


def test_what_credit_paid_at_issue_is_prepaid_and_the_rest_is_to_be_paid():
    lines = [make_line(1)]
    whole = make_document(lines)
    for prepaid, left in ((10_010_000, whole.total_micros - 10_010_000), (whole.total_micros, 0)):
        root = read_ubl(make_document(lines, prepaid_micros=prepaid), lines)
        total = "cac:LegalMonetaryTotal/cbc:"
        assert texts(root, f"{total}TaxInclusiveAmount") == [format_amount(whole.total_micros, "EUR")]
        assert texts(root, f"{total}PrepaidAmount") == [format_amount(prepaid, "EUR")]
        assert texts(root, f"{total}PayableAmount") == [format_amount(left, "EUR")]
        assert len(texts(root, "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID")) == (left > 0)
    assert texts(read_ubl(whole, lines), f"{total}PrepaidAmount") == []


def test_a_credit_note_has_positive_amounts_and_names_its_invoice():
    lines = make_lines(3)
    root = read_ubl(make_document(lines, **CREDIT_NOTE), lines)
    assert root.tag.endswith("}CreditNote")
    assert texts(root, "cbc:CreditNoteTypeCode") == ["381"]
    assert texts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["418.96"]
    assert texts(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["INV-2026-000042"]


def test_more_than_a_thousand_lines_are_added_up_and_attached():
    lines = make_lines(XML_LINES_MAX + 2)
    document = make_document(lines)
    root = read_ubl(document, lines)
    amounts = texts(root, "cac:InvoiceLine/cbc:LineExtensionAmount")
    assert len(amounts) == len(LineKind) - 3
    assert sum(int(amount.replace(".", "")) for amount in amounts) * 10_000 == document.net_micros
    assert texts(root, "cac:InvoiceLine/cbc:Note")[0].startswith("251 lines, added up")
    (attached,) = root.iterfind("cac:AdditionalDocumentReference/cac:Attachment/*", UBL)
    assert attached.get("filename") == "INV-2026-000042.csv"


def test_summaries_of_different_prices_have_the_quantity_one():
    lines = [make_line(at, price_micros=1_000_000 * (at % 7)) for at in range(1, XML_LINES_MAX + 2)]
    lines.append(make_line(XML_LINES_MAX + 2, contract_id=2, quantity=-1))
    lines.append(make_line(XML_LINES_MAX + 3, contract_id=2, quantity=-1, price_micros=0))
    root = read_ubl(make_document(lines), lines)
    assert texts(root, "cac:InvoiceLine/cbc:InvoicedQuantity") == ["1", "-1"]
    assert texts(root, "cac:InvoiceLine/cac:Price/cbc:PriceAmount") == ["3003.00", "150.00"]


def test_a_table_too_large_for_readers_of_xml_is_only_named():
    lines = [make_line(at, title="x" * 900) for at in range(1, 9_001)]
    target = io.BytesIO()
    writer = XmlWriter(make_document(lines), target, FileFormat.UBL)
    writer.add(lines)
    writer.finish()
    root = etree.fromstring(target.getvalue())
    assert texts(root, "cac:AdditionalDocumentReference/cbc:ID") == ["INV-2026-000042.csv"]
    assert texts(root, "cac:AdditionalDocumentReference/cbc:DocumentDescription") == ["9000 lines"]
    assert not root.findall("cac:AdditionalDocumentReference/cac:Attachment", UBL)


def test_customers_are_not_named_if_the_buyer_does_not_want_it():
    lines = [make_line(1)]
    xml = render(make_document(lines, buyer=replace(BUYER, shows_customers=False)), lines, FileFormat.UBL)
    assert b"Harbour Logistics" not in xml
    assert b"Harbour Logistics" in render(make_document(lines), lines, FileFormat.UBL)
