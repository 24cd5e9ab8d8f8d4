"""The PDF: PDF/A-3b with the electronic invoice inside, in any script, whatever the texts are, the same bytes each time."""

import io
import logging
import re
from dataclasses import replace
from pathlib import Path

import facturx
import pikepdf
import pytest
from lxml import etree

from jobmeter.billing.formats import payment_code
from jobmeter.billing.formats.flow import describe_maker, render
from jobmeter.billing.formats.fonts import Cleaner, find_fonts, is_right_to_left
from jobmeter.billing.formats.model import FULL, Count, CountKind, FileFormat, Presentation
from jobmeter.billing.formats.pdf import PART_LINES_MAX, typeset_anyway
from jobmeter.billing.formats.rules import make_rf_reference
from jobmeter.billing.formats.texts import (
    LANGUAGES,
    choose_language,
    choose_reason,
    write_amount,
    write_days,
    write_month,
)
from jobmeter.billing.formats.typesetter import Typesetter, TypesettingFailed
from jobmeter.billing.model import DocumentKind, LineKind, TaxCategory
from tests.support.missing_part import report_missing
from tests.unit.billing.formats.samples import (
    BUYER,
    LINE,
    SELLER,
    make_document,
    make_line,
    make_lines,
)

CJK_FONTS = Path("/usr/share/fonts/opentype/noto")
HOSTILE = (
    "Pilot \U0001f680 wanted \u2708\ufe0f now",
    "Donaudampfschifffahrt" * 10,
    '#panic("x") *b* $x$ _i_ <label> @ref',
    "\u202eevil\u202c \x00ctrl\x07 a\u200bb \ud800 e\u0301\u0323\u0301",
    "ممرضة (m/f/d) في مستشفى Berlin 24/7",
    "日本語の名前 エンジニア 한국어",
    "\u064b\u064b\u0301\u0e31\u0e49\u093f\u20e3",
    "\U000e0041\ufdd0\uffff\ue000",
    "",
)


def render_pdf(lines, presentation=FULL, folder="", **changes):
    document = make_document(lines, **changes)
    return render(document, lines, FileFormat.PDF, presentation=presentation, font_folder=folder)


def read_texts(content):
    """The characters on each page, by the maps that the PDF has for those who copy text."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [_read_page(page) for page in pdf.pages]


def _read_page(page):
    maps = {name: _read_map(font) for name, font in page.Resources.Font.items()}
    shown, current = [], {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            current = maps[str(operands[0])]
        elif str(operator) in {"Tj", "TJ"}:
            parts = operands[0] if str(operator) == "TJ" else operands
            codes = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
            shown += [current.get(codes[at : at + 2], "") for at in range(0, len(codes), 2)]
            shown.append(" " if str(operator) == "Tj" else "")
    return "".join(shown)


def _read_map(font):
    text = font.ToUnicode.read_bytes().decode()
    found = {}
    for code, target in re.findall(r"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>$", text, re.MULTILINE):
        found[bytes.fromhex(code)] = bytes.fromhex(target).decode("utf-16-be")
    return found


def test_the_pdf_has_the_electronic_invoice_and_says_so_in_its_metadata():
    lines = make_lines()
    content = render_pdf(lines)
    name, xml = facturx.get_xml_from_pdf(content)
    assert name == "factur-x.xml"
    assert xml == render(make_document(lines), lines, FileFormat.XML)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        metadata = etree.fromstring(pdf.Root.Metadata.read_bytes())
        (attached,) = pdf.Root.AF
        assert attached.AFRelationship == "/Alternative"
    found = {etree.QName(one).localname: one.text for one in metadata.iter() if isinstance(one.tag, str)}
    assert (found["part"], found["conformance"]) == ("3", "B")
    assert (found["ConformanceLevel"], found["DocumentFileName"]) == ("EN 16931", "factur-x.xml")
    schemas = metadata.findall(".//{http://www.aiim.org/pdfa/ns/extension/}schemas")
    assert len(schemas) == 1, "a property that occurs twice is not valid"
    prefixes = [one.text for one in schemas[0].iter("{http://www.aiim.org/pdfa/ns/schema#}prefix")]
    assert "fx" in prefixes


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"number": ""},
        {"currency": "KWD"},
        {"kind": DocumentKind.CREDIT_NOTE, "number": "CN-2026-000001", "corrects_number": "INV-2026-000042"},
        {"kind": DocumentKind.STATEMENT, "number": "", "issued_at": None, "due_on": None},
    ],
)
def test_the_same_document_gives_the_same_bytes(changes):
    lines = make_lines(3)
    first = render_pdf(lines, **changes)
    assert render_pdf(lines, **changes) == first
    assert first.startswith(b"%PDF-1.7")


def test_documents_that_are_no_electronic_invoice_have_none_inside():
    lines = make_lines(1)
    for content in (
        render_pdf(lines, currency="KWD"),
        render_pdf(lines, number=""),
        render_pdf(lines, presentation=Presentation(customer="Harbour")),
    ):
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert not pdf.attachments
            assert b"ConformanceLevel" not in pdf.Root.Metadata.read_bytes()


@pytest.mark.long
def test_long_documents_are_made_in_parts_and_their_pages_are_numbered_through():
    lines = make_lines(PART_LINES_MAX + 3)
    content = render_pdf(lines)
    pages = read_texts(content)
    assert facturx.get_xml_from_pdf(content)[0] == "factur-x.xml"
    assert [f"Page {at}" in text for at, text in enumerate(pages, start=1)] == [True] * len(pages)
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]
    assert "Bill to" in pages[0]
    assert not any("Bill to" in text for text in pages[1:])
    assert all("Time (UTC)" in text for text in pages)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert f"NPages>{len(pages)}<".encode() in pdf.Root.Metadata.read_bytes()
    assert render_pdf(lines) == content


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_stops_a_document(text):
    line = make_line(
        1, title=text, company_name=text, customer_job_code=text, external_id=text, poster_email=text
    )
    buyer = replace(BUYER, legal_name=text or "?", address_lines=(text, text), city=text, purchase_order=text)
    content = render_pdf([line], buyer=buyer, seller=replace(SELLER, legal_name=text or "?", emails=(text,)))
    assert len(read_texts(content)) >= 1


def test_markup_in_a_title_is_text():
    (page,) = read_texts(render_pdf([make_line(1, title='#panic("x") *b* $x$')]))
    assert '#panic("x") *b* $x$' in page


def test_what_no_font_has_is_replaced_and_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="jobmeter.billing"):
        (page,) = read_texts(render_pdf([make_line(1, title="Pilot \U0001f680 wanted")]))
    assert "Pilot ? wanted" in page
    (record,) = caplog.records
    assert "U+1F680" in record.getMessage()
    assert "INV-2026-000042" in record.getMessage()


def test_a_part_that_typst_refuses_for_a_glyph_is_written_in_plain_letters(caplog):
    class RefusesArabic(Typesetter):
        def typeset(self, data, *, timestamp, has_tags):
            if "ش" in str(data):
                raise TypesettingFailed('PDF/A-3b error: the text "ش" could not be displayed')
            return str(data).encode()

    data = {"number": "INV-1", "rows": [], "buyer": {"name": {"text": "Aش", "rtl": False}}}
    with caplog.at_level(logging.WARNING, logger="jobmeter.billing"):
        made = typeset_anyway(RefusesArabic(find_fonts("")), data, timestamp=0, has_tags=True)
    assert b"A?" in made
    assert "plain letters" in caplog.text


def test_errors_of_the_template_are_not_hidden():
    error = pytest.raises(TypesettingFailed, match="dictionary does not contain key")
    with Typesetter(find_fonts("")) as typesetter, error:
        typeset_anyway(typesetter, {"number": "INV-1", "rows": []}, timestamp=0, has_tags=True)


def test_a_process_that_is_killed_is_replaced():
    with Typesetter(find_fonts("")) as typesetter:
        for _ in range(2):
            with pytest.raises(TypesettingFailed, match="dictionary"):
                typesetter.typeset({"rows": []}, timestamp=0, has_tags=True)
            typesetter._process.kill()
            with pytest.raises(TypesettingFailed, match="has ended"):
                typesetter.typeset({"rows": []}, timestamp=0, has_tags=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb\u202e\x07c\u00ad", "abc"),
        ("a \n\t\u00a0\u3000 b", "a b"),
        ("\u2708\ufe0f", "?"),
        ("क\u200dष", "क\u200dष"),
        ("x" * 30, "x" * 30),
        ("x" * 40, "\u200b".join(["x" * 8] * 5)),
        ("e\u0301", "é"),
    ],
)
def test_texts_are_cleaned(text, shown):
    assert Cleaner(find_fonts("")).clean(text) == shown


def test_a_word_is_not_broken_before_a_mark():
    word = "क" * 7 + "\u093f\u0902" * 20
    assert "\u200b\u093f" not in Cleaner(find_fonts("")).clean(word)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("שלום", True), ("(123) عربي", True), ("a عربي", False), ("123", False), ("", False)],
)
def test_the_direction_of_a_text_is_that_of_its_first_letter(text, expected):
    assert is_right_to_left(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "Łódź đặc biệt",
        "Ελληνικά",
        "Кранівник Ѳ",
        "عربي پارسی",
        "שָׁלוֹם",
        "ภาษาไทย",
        "हिन्दी मराठी",
        "€ £ ¥ ₹ ₽ ₪ ₺ ฿",
    ],
)
def test_shipped_fonts_have_the_scripts(text):
    cleaner = Cleaner(find_fonts(""))
    cleaner.clean(text)
    assert cleaner.replaced == set()


def test_chinese_japanese_and_korean_need_a_folder_of_fonts():
    text = "日本語の名前 株式会社 한국어 简体 繁體"
    without = Cleaner(find_fonts(""))
    without.clean(text)
    assert without.replaced
    if not CJK_FONTS.is_dir():
        report_missing("fonts-noto-cjk")
    fonts = find_fonts(str(CJK_FONTS))
    assert Cleaner(fonts).clean(text) == text
    assert fonts.families[5] == "Noto Sans CJK JP"
    lines = [make_line(1, title=text)]
    (page,) = read_texts(render_pdf(lines, folder=str(CJK_FONTS)))
    assert "日本語の名前" in page.replace(" ", "")
    assert describe_maker(str(CJK_FONTS)) != describe_maker("")


def test_a_broken_font_in_the_folder_stops_nothing(tmp_path, caplog):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with caplog.at_level(logging.WARNING, logger="jobmeter.billing"):
        assert read_texts(render_pdf([make_line(1)], folder=str(tmp_path)))
    assert "broken.ttf" in caplog.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_are_in_the_buyers_language(language):
    lines = make_lines(2, category=TaxCategory.REVERSE_CHARGE, rate_micros=0)
    (page,) = read_texts(render_pdf(lines, buyer=replace(BUYER, language=language)))
    heading, reason, month = {
        "en": ("Invoice", "Reverse charge", "October 2026"),
        "de": ("Rechnung", "Steuerschuldnerschaft", "Oktober 2026"),
        "fr": ("Facture", "Autoliquidation", "octobre 2026"),
        "nl": ("Factuur", "Btw verlegd", "oktober 2026"),
        "es": ("Factura", "sujeto pasivo", "octubre de 2026"),
    }[language]
    assert all(text in page for text in (heading, reason, month))


@pytest.mark.parametrize(
    ("amount_micros", "currency", "language", "shown"),
    [
        (1_234_567_890_000, "EUR", "en", "1,234,567.89"),
        (1_234_567_890_000, "EUR", "de", "1.234.567,89"),
        (-1_234_000_000, "JPY", "fr", "-1\u00a0234"),
        (1_500_000, "KWD", "nl", "1,500"),
        (10_000, "EUR", "es", "0,01"),
    ],
)
def test_amounts_have_the_digits_of_the_currency_and_the_form_of_the_language(
    amount_micros, currency, language, shown
):
    assert write_amount(amount_micros, currency, language) == shown


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("", "Btw verlegd"),
        ("Reverse charge", "Btw verlegd"),
        ("Artikel 44 der Richtlinie", "Artikel 44 der Richtlinie"),
    ],
)
def test_the_usual_reason_is_translated_and_the_operators_own_is_not(reason, shown):
    assert choose_reason("AE", reason, language="nl") == shown


def test_other_languages_get_english_words_and_regions_their_language():
    assert [choose_language(name) for name in ("de-AT", "DE", "pt", "", "nl_BE")] == [
        "de",
        "de",
        "en",
        "en",
        "nl",
    ]
    assert write_month(LINE.first_at.date(), "de") == "Oktober 2026"
    assert write_days(LINE.first_at, LINE.last_at, "en") == "02/10/2026"


def test_an_invoice_that_credit_paid_asks_for_the_rest_or_for_nothing():
    lines = [make_line(1)]
    whole = make_document(lines)
    (page,) = read_texts(render_pdf(lines, prepaid_micros=10_000_000))
    left = write_amount(whole.total_micros - 10_000_000, "EUR", "en")
    for said in ("Paid with your credit-10.00", f"To pay EUR{left}", "Please pay by"):
        assert said in page, page
    (page,) = read_texts(render_pdf(lines, prepaid_micros=whole.total_micros))
    assert "Nothing is left to pay" in page
    assert "Please pay" not in page
    assert "Account holder" not in page
    assert payment_code.make_payment_code(replace(whole, prepaid_micros=whole.total_micros)) == ""


def test_a_statement_shows_counts_and_the_resellers_price_and_asks_for_nothing():
    lines = [make_line(1), make_line(2)]
    shown = Presentation(
        customer="Harbour Logistics",
        has_prices=False,
        markup_micros=150_000,
        counts=(Count(CountKind.FREE_CLICKS, 1_234), Count(CountKind.CLICKS, 3)),
    )
    (page,) = read_texts(render_pdf(lines, shown, kind=DocumentKind.STATEMENT, number="", issued_at=None))
    assert "172.50" in page
    assert "345.00" in page
    assert "1,234" in page
    assert "not an invoice" in page
    assert "150.00" not in page
    assert "Please pay" not in page


@pytest.mark.parametrize(
    ("changes", "has_code"),
    [
        ({}, True),
        ({"seller": replace(SELLER, bic="WRONG")}, True),
        ({"currency": "USD"}, False),
        ({"seller": replace(SELLER, iban="NL91ABNA0417164301")}, False),
        ({"seller": replace(SELLER, iban="")}, False),
        ({"kind": DocumentKind.CREDIT_NOTE}, False),
        ({"number": ""}, False),
        ({"net_micros": 0, "tax_micros": 0}, False),
        ({"net_micros": 10_000, "tax_micros": 0}, True),
        ({"net_micros": 999_999_999_990_000, "tax_micros": 0}, True),
        ({"net_micros": 1_000_000_000_000_000, "tax_micros": 0}, False),
        ({"number": "X" * 40}, True),
    ],
)
def test_only_payable_amounts_in_euros_to_an_iban_have_a_code(changes, has_code):
    code = payment_code.make_payment_code(make_document([make_line(1)], **changes))
    assert code.startswith("<svg") is has_code
    assert bool(code) is has_code


@pytest.mark.parametrize(
    ("number", "reference"),
    [("INV-2026-000042", "RF54INV2026000042"), ("INV-2027-000001", "RF44INV2027000001")],
)
def test_references_are_those_of_iso_11649(number, reference):
    assert make_rf_reference(number) == reference
    assert payment_code.is_reference(reference)
    assert not payment_code.is_reference(reference.replace("RF5", "RF6").replace("RF4", "RF3"))


def test_a_line_without_a_job_says_what_it_is_once():
    (text,) = read_texts(render_pdf([make_line(kind=LineKind.TOP_UP, job_id=0, title="", external_id="")]))
    assert text.count("Top-up") == 1
