"""Owns documents as CSV, JSON and Excel, written page by page, Excel in constant memory.

Does not own where the bytes go. In Excel, numbers are numbers and everything else is text: no cell is a formula or a link.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from jobmeter.base.days import start_of
from jobmeter.base.money import format_amount, minor_digits
from jobmeter.base.readers.percents import format_percent
from jobmeter.billing.formats.model import Presentation
from jobmeter.billing.formats.parts import load_xlsxwriter
from jobmeter.billing.formats.rules import find_resale
from jobmeter.billing.model import Document, DocumentLine, LineKind, Party
from jobmeter.wire.csv_cells import guard_cell
from jobmeter.wire.workbooks import OPTIONS, TEXT_CHARACTERS_MAX

Cell = str | int | None
SHEET_ROWS_MAX = 1_000_000  # Excel has 1,048,576
WIDE, NARROW = 28, 14
OF_THE_DOCUMENT = ("document", "currencyCode")  # columns that JSON has once, and not in each line


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table; ``is_price`` if a statement without our prices leaves it out."""

    name: str
    read: Callable[[DocumentLine, Document], Cell]
    is_amount: bool = False
    is_price: bool = False
    is_text: bool = False


def _amount(name: str) -> Column:
    def read(line: DocumentLine, document: Document) -> Cell:
        if line.kind is LineKind.REFUND:
            return None
        return format_amount(getattr(line, f"{name}_micros"), document.currency)

    return Column(name=name, read=read, is_amount=True, is_price=True)


COLUMNS = (
    Column(name="document", read=lambda _, document: document.number, is_text=True),
    Column(name="line", read=lambda line, _: line.line),
    Column(name="kind", read=lambda line, _: line.kind.value),
    Column(name="contract", read=lambda line, _: line.contract_id),
    Column(name="application", read=lambda line, _: line.application_id),
    Column(name="jobId", read=lambda line, _: line.job_id or None),
    Column(name="externalId", read=lambda line, _: line.external_id, is_text=True),
    Column(name="title", read=lambda line, _: line.title, is_text=True),
    Column(name="companyName", read=lambda line, _: line.company_name, is_text=True),
    Column(name="customerJobCode", read=lambda line, _: line.customer_job_code, is_text=True),
    Column(name="posterEmail", read=lambda line, _: line.poster_email, is_text=True),
    Column(name="firstAt", read=lambda line, _: write_moment(line.first_at)),
    Column(name="lastAt", read=lambda line, _: write_moment(line.last_at)),
    Column(name="quantity", read=lambda line, _: line.quantity),
    _amount("price"),
    _amount("net"),
    Column(name="currencyCode", read=lambda _, document: document.currency),
    Column(name="taxCategory", read=lambda line, _: line.category.value, is_price=True),
    Column(name="taxRatePercent", read=lambda line, _: format_percent(line.rate_micros), is_price=True),
    Column(name="correctsNumber", read=lambda line, _: line.corrects_number, is_text=True),
    Column(name="correctsLine", read=lambda line, _: line.corrects_line),
)


def choose_columns(presentation: Presentation) -> tuple[Column, ...]:
    """The columns of the lines: without our prices if these are hidden, with the reseller's own if there is a markup."""
    shown = tuple(column for column in COLUMNS if presentation.has_prices or not column.is_price)
    markup = presentation.markup_micros
    if not presentation.has_resale:
        return shown

    def read_resale(line: DocumentLine, document: Document) -> Cell:
        resale = find_resale(line, markup, currency=document.currency)
        return None if resale is None else format_amount(resale, document.currency)

    return (*shown, Column(name="resale", read=read_resale, is_amount=True))


def write_moment(moment: datetime) -> str:
    """UTC with milliseconds, as in the API."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class CsvWriter:
    """One row for each line. Text that a spreadsheet would run as a formula is quoted, numbers are not."""

    def __init__(self, document: Document, target: BinaryIO, presentation: Presentation) -> None:
        self._document, self._columns = document, choose_columns(presentation)
        self._text = io.TextIOWrapper(target, encoding="utf-8", errors="replace", newline="")
        self._rows = csv.writer(self._text)
        self._rows.writerow([column.name for column in self._columns])

    def add(self, lines: Sequence[DocumentLine]) -> None:
        self._rows.writerows([self._read(column, line) for column in self._columns] for line in lines)

    def finish(self) -> None:
        self._text.flush()
        self._text.detach()

    def _read(self, column: Column, line: DocumentLine) -> Cell:
        found = column.read(line, self._document)
        return guard_cell(str(found)) if column.is_text else found


class JsonWriter:
    """The document with its parties, taxes and lines, in the names and forms of the API."""

    def __init__(self, document: Document, target: BinaryIO, presentation: Presentation) -> None:
        self._document, self._target = document, target
        chosen = choose_columns(presentation)
        self._columns = [column for column in chosen if column.name not in OF_THE_DOCUMENT]
        self._write(_dump(serialize_document(document, presentation))[:-1] + ', "lines": [')
        self._separator = "\n"

    def add(self, lines: Sequence[DocumentLine]) -> None:
        for line in lines:
            self._write(self._separator + _dump(self._serialize(line)))
            self._separator = ",\n"

    def finish(self) -> None:
        self._write("\n]}\n")

    def _serialize(self, line: DocumentLine) -> dict[str, Any]:
        found = {column.name: column.read(line, self._document) for column in self._columns}
        return {name: value for name, value in found.items() if value not in {None, ""}}

    def _write(self, text: str) -> None:
        self._target.write(text.encode("utf-8", "replace"))


class SpreadsheetWriter:
    """A sheet about the document, then sheets of at most a million lines."""

    ROWS_MAX = SHEET_ROWS_MAX

    def __init__(self, document: Document, target: BinaryIO, presentation: Presentation) -> None:
        self._document, self._columns = document, choose_columns(presentation)
        self._book = load_xlsxwriter().Workbook(target, OPTIONS)
        # Without a time of its own the file would have the time at which it was made.
        created = (document.issued_at or start_of(document.month)).astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": document.number, "created": created})
        digits = minor_digits(document.currency)
        self._bold = self._book.add_format({"bold": True})
        self._money = self._book.add_format({"num_format": f"#,##0.{'0' * digits}" if digits else "#,##0"})
        self._write_head(serialize_document(document, presentation))
        self._sheets = 0
        self._row = self.ROWS_MAX
        self._sheet: Any = None

    def add(self, lines: Sequence[DocumentLine]) -> None:
        for line in lines:
            if self._row >= self.ROWS_MAX:
                self._open_sheet()
            self._row += 1
            for at, column in enumerate(self._columns):
                self._write(at, column, column.read(line, self._document))

    def finish(self) -> None:
        if self._sheet is None:
            self._open_sheet()
        self._book.close()

    def close(self) -> None:
        """Deletes the rows that wait on the disk: the library does so only when it completes a file."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()
            Path(sheet.row_data_filename).unlink(missing_ok=True)

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._row = 0
        self._sheet = self._book.add_worksheet("Lines" if self._sheets == 1 else f"Lines {self._sheets}")
        for at, column in enumerate(self._columns):
            self._sheet.set_column(at, at, WIDE if column.is_text else NARROW)
        self._sheet.freeze_panes(1, 0)
        for at, column in enumerate(self._columns):
            self._sheet.write_string(0, at, column.name, self._bold)

    def _write(self, at: int, column: Column, value: Cell) -> None:
        if value is None or value == "":
            return
        if column.is_amount:
            self._sheet.write_number(self._row, at, Decimal(str(value)), self._money)
        elif isinstance(value, int):
            self._sheet.write_number(self._row, at, value)
        else:
            self._sheet.write_string(self._row, at, value[:TEXT_CHARACTERS_MAX])

    def _write_head(self, head: dict[str, Any]) -> None:
        sheet = self._book.add_worksheet("Document")
        sheet.set_column(0, 0, WIDE)
        sheet.set_column(1, 1, 2 * WIDE)
        for row, (name, value) in enumerate(list_fields(head)):
            sheet.write_string(row, 0, name, self._bold)
            sheet.write_string(row, 1, value[:TEXT_CHARACTERS_MAX])


def list_fields(value: object, name: str = "") -> list[tuple[str, str]]:
    """The fields of nested objects, one below the other: ``seller.city``."""
    if isinstance(value, dict):
        inner = [(f"{name}.{key}" if name else str(key), one) for key, one in value.items()]
    elif isinstance(value, list):
        inner = [(f"{name}.{at}", one) for at, one in enumerate(value, start=1)]
    else:
        return [(name, str(value))]
    return [field for key, one in inner for field in list_fields(one, key)]


def serialize_document(document: Document, presentation: Presentation) -> dict[str, Any]:
    """The document without its lines. Fields without a value are left out."""
    currency, has_prices = document.currency, presentation.has_prices

    def amount(micros: int) -> str:
        return format_amount(micros, currency)

    head = {
        "kind": document.kind.value,
        "number": document.number,
        "month": document.month.isoformat()[:7],
        "issuedAt": document.issued_at and write_moment(document.issued_at),
        "dueOn": document.due_on and document.due_on.isoformat(),
        "corrects": document.corrects_number,
        "note": document.note,
        "finalThrough": presentation.final_through and presentation.final_through.isoformat(),
        "seller": serialize_party(document.seller),
        "buyer": serialize_party(document.buyer),
        "customer": presentation.customer,
        "counts": {count.kind.value: count.number for count in presentation.counts},
        "lineCount": document.line_count,
        "currencyCode": currency,
        "net": amount(document.net_micros) if has_prices else None,
        "tax": amount(document.tax_micros) if has_prices else None,
        "total": amount(document.total_micros) if has_prices else None,
        "prepaid": amount(document.prepaid_micros) if has_prices and document.prepaid_micros else None,
        "taxes": [
            {
                "category": tax.category.value,
                "ratePercent": format_percent(tax.rate_micros),
                "reason": tax.reason,
                "base": amount(tax.base_micros),
                "tax": amount(tax.tax_micros),
            }
            for tax in document.taxes
            if has_prices
        ],
    }
    return {name: value for name, value in head.items() if value not in (None, "", {}, [])}


def serialize_party(party: Party) -> dict[str, Any]:
    found = {
        "legalName": party.legal_name,
        "addressLines": list(party.address_lines),
        "postcode": party.postcode,
        "city": party.city,
        "country": party.country,
        "vatNumber": party.vat_number,
        "registrationNumber": party.registration_number,
        "purchaseOrder": getattr(party, "purchase_order", ""),
        "iban": getattr(party, "iban", ""),
        "bic": getattr(party, "bic", ""),
    }
    return {name: value for name, value in found.items() if value}


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
