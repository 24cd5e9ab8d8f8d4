"""CSV, JSON and Excel: every line with its amounts as they are, the same bytes each time, and no cell that is run."""

import contextlib
import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from jobmeter.base.faults import Refused
from jobmeter.billing.formats import tables
from jobmeter.billing.formats.flow import Press, name_file, render
from jobmeter.billing.formats.model import Count, CountKind, FileFormat, Presentation
from jobmeter.billing.formats.tables import SpreadsheetWriter
from jobmeter.billing.model import DocumentKind
from tests.unit.billing.formats.samples import make_document, make_line, make_lines

SHEET = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
HIDDEN = Presentation(customer="Harbour Logistics", has_prices=False, counts=(Count(CountKind.POSTINGS, 2),))


def read_csv(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def read_sheet(content, number):
    """The cells of a sheet, as numbers and texts."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        root = etree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    rows = []
    for row in root.iterfind(".//x:row", SHEET):
        rows.append(["".join(cell.itertext()) for cell in row])
        assert row.find(".//x:f", SHEET) is None
    return rows


def test_each_line_is_a_row_with_its_amounts():
    lines = make_lines(4)
    rows = read_csv(render(make_document(lines), lines, FileFormat.CSV))
    assert [row["net"] for row in rows] == ["150.00", "150.00", "46.25", "-3.75"]
    assert [row["quantity"] for row in rows] == ["1", "1", "37", "-1"]
    assert rows[3]["correctsNumber"] == "INV-2026-000007"
    assert rows[1]["title"] == "ممرضة في مستشفى الملك"
    assert rows[0]["taxRatePercent"] == "21"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_cells_that_begin_like_a_formula_are_quoted(text):
    line = make_line(
        1, title=text, external_id=text, company_name=text, customer_job_code=text, poster_email=text
    )
    lines = [replace(line, quantity=-1, net_micros=-line.net_micros)]
    (row,) = read_csv(render(make_document(lines), lines, FileFormat.CSV))
    names = ("title", "externalId", "companyName", "customerJobCode", "posterEmail")
    assert [row[name] for name in names] == [f"'{text}"] * len(names)
    assert row["net"] == "-150.00"  # a number, and not text from outside


@pytest.mark.parametrize(("currency", "net"), [("JPY", "3"), ("EUR", "3.00"), ("KWD", "3.000")])
def test_amounts_have_the_digits_of_their_currency(currency, net):
    lines = [make_line(1, price_micros=3_000_000)]
    document = make_document(lines, currency=currency)
    assert read_csv(render(document, lines, FileFormat.CSV))[0]["net"] == net
    assert json.loads(render(document, lines, FileFormat.JSON))["net"] == net


def test_json_has_the_document_and_its_lines():
    lines = make_lines(3)
    found = json.loads(render(make_document(lines), lines, FileFormat.JSON))
    assert found["number"] == "INV-2026-000042"
    assert found["seller"]["iban"] == "NL91ABNA0417164300"
    assert found["buyer"]["purchaseOrder"] == "PO-2026-118"
    assert (found["total"], found["currencyCode"]) == ("418.96", "EUR")
    assert [line["line"] for line in found["lines"]] == [1, 2, 3]
    assert found["lines"][0]["price"] == "150.00"
    assert "correctsNumber" not in found["lines"][0]


def test_a_document_without_lines_is_complete():
    document = make_document([])
    assert json.loads(render(document, [], FileFormat.JSON))["lines"] == []
    assert read_csv(render(document, [], FileFormat.CSV)) == []
    assert len(read_sheet(render(document, [], FileFormat.XLSX), 2)) == 1


def test_a_statement_without_our_prices_shows_only_the_resellers_own():
    lines = [make_line(1), make_line(2, quantity=-1, price_micros=10_000)]
    document = make_document(lines, kind=DocumentKind.STATEMENT, number="", issued_at=None)
    shown = replace(HIDDEN, markup_micros=150_000)
    rows = read_csv(render(document, lines, FileFormat.CSV, presentation=shown))
    assert [row["resale"] for row in rows] == ["172.50", "-0.01"]
    assert not {"price", "net", "taxRatePercent"} & rows[0].keys()
    found = json.loads(render(document, lines, FileFormat.JSON, presentation=shown))
    assert found["counts"] == {"POSTINGS": 2}
    assert found["customer"] == "Harbour Logistics"
    assert not {"net", "tax", "total", "taxes"} & found.keys()
    assert "resale" not in read_csv(render(document, lines, FileFormat.CSV, presentation=HIDDEN))[0]


def test_excel_has_numbers_as_numbers_and_no_formula():
    lines = [make_line(1, title="=1+1", external_id="https://example.com"), make_line(2, title="x" * 40_000)]
    content = render(make_document(lines), lines, FileFormat.XLSX)
    header, first, second = read_sheet(content, 2)
    assert first[header.index("title")] == "=1+1"
    assert first[header.index("price")] == "150.00"
    assert len(second[header.index("title")]) == tables.TEXT_CHARACTERS_MAX
    assert ["seller.vatNumber", "NL123456782B90"] in read_sheet(content, 1)
    assert ["total", "363.00"] in read_sheet(content, 1)


@pytest.mark.parametrize("file_format", [FileFormat.CSV, FileFormat.JSON, FileFormat.XLSX])
def test_the_same_document_gives_the_same_bytes(file_format):
    lines = make_lines(5)
    document = make_document(lines)
    paged = io.BytesIO()
    with Press("") as press, press.open_writer(document, file_format, paged) as writer:
        writer.add(lines[:2])
        writer.add(lines[2:])
    assert paged.getvalue() == render(document, lines, file_format)


def test_lines_that_a_sheet_cannot_hold_are_on_the_next():
    class SmallSheets(SpreadsheetWriter):
        ROWS_MAX = 3

    target = io.BytesIO()
    lines = make_lines(7)
    writer = SmallSheets(make_document(lines), target, Presentation())
    writer.add(lines)
    writer.finish()
    sizes = [len(read_sheet(target.getvalue(), number)) for number in (2, 3, 4)]
    assert sizes == [4, 4, 2]


def test_a_spreadsheet_that_is_not_completed_leaves_nothing_on_the_disk():
    opened = []
    document = make_document(make_lines(2))
    with (
        contextlib.suppress(ZeroDivisionError),
        Press("").open_writer(document, FileFormat.XLSX, io.BytesIO()) as writer,
    ):
        writer.add(make_lines(2))
        opened += [Path(sheet.row_data_filename) for sheet in writer._book.worksheets()]
        assert all(path.exists() for path in opened)
        raise ZeroDivisionError
    assert len(opened) == 2
    assert not any(path.exists() for path in opened)


def test_files_are_named_after_the_document():
    lines = [make_line(1)]
    assert name_file(make_document(lines), FileFormat.UBL) == "INV-2026-000042.ubl.xml"
    assert name_file(make_document(lines, number=""), FileFormat.PDF) == "draft-2026-10-5000001.pdf"
    statement = make_document(lines, number="", kind=DocumentKind.STATEMENT)
    assert name_file(statement, FileFormat.CSV) == "statement-2026-10-5000001.csv"


def test_a_writer_that_fails_writes_no_file():
    lines = make_lines(2)
    with (
        pytest.raises(Refused),
        Press("").open_writer(make_document(lines, currency="KWD"), FileFormat.UBL, io.BytesIO()),
    ):
        pytest.fail("the block must not begin")
