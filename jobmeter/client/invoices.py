"""Owns the invoices of a Jobmeter server, with the token of a partner: documents, their lines and files.

Does not own what a document means. Files are compared with the hash that the server has stored.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from jobmeter.base.readers.times import read_day
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import FIELDS, Fields, decode, read_fields, read_moment, read_text_money
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Invoice, InvoiceFile, InvoiceLine

PATH = "/partner/invoices"
PAGE_ROWS = 200
ANY_MEDIA = {"Accept": "*/*"}
_NAME = re.compile(r'filename="([A-Za-z0-9._-]+)"')
RowT = TypeVar("RowT")


class Invoices:
    """The invoices and credit notes of a partner. The client's own application is the parent."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, *, month: str | None = None) -> Iterator[Invoice]:
        """Yields the issued documents in the order of their ids; ``month`` such as 2026-11 selects some."""
        wanted = {} if month is None else {"month": month}
        return self._follow(PATH, wanted | {"count": PAGE_ROWS}, _make_invoice, lambda invoice: invoice.id)

    def read(self, invoice_id: int) -> Invoice:
        """Returns a document with its parties and taxes in ``fields``."""
        return self._session.get(f"{PATH}/{invoice_id}", read=partial(_read_invoice, invoice_id))

    def list_lines(self, invoice_id: int) -> Iterator[InvoiceLine]:
        """Yields the lines of a document in their order."""
        currency = self.read(invoice_id).total.currency
        make = partial(_make_line, currency)
        return self._follow(f"{PATH}/{invoice_id}/lines", {}, make, lambda line: line.line)

    def download(self, invoice_id: int, file_format: str = "pdf") -> InvoiceFile:
        """Returns a file: pdf, xml (CII), ubl, csv, json or xlsx. Raises ``UnreadableError`` if it is not that of its hash."""
        return self._session.fetch(
            f"{PATH}/{invoice_id}/files/{file_format}", headers=ANY_MEDIA, read=_read_file
        )

    def _follow(
        self,
        path: str,
        wanted: Mapping[str, object],
        make: Callable[[Fields], RowT],
        number_of: Callable[[RowT], int],
    ) -> Iterator[RowT]:
        after: int | None = 0
        while after is not None:
            read = partial(_read_rows, after, make, number_of)
            rows, after = self._session.get(path, {**wanted, "after": after}, read=read)
            yield from rows


def _read_rows(
    after: int, make: Callable[[Fields], RowT], number_of: Callable[[RowT], int], answer: Answer
) -> tuple[list[RowT], int | None]:
    """A page that came before shows numbers that are not after the requested one."""
    page = decode(FIELDS, answer)
    rows = [read_fields(make, fields) for fields in page.get("elements", ())]
    known = after
    for row in rows:
        if number_of(row) <= known:
            raise UnreadableError(f"the response shows {number_of(row)} after {known}")
        known = number_of(row)
    following = page.get("nextAfter")
    if following is not None and (not isinstance(following, int) or following <= after):
        raise UnreadableError(f"the response continues at {following!r}, after {after}")
    return rows, following


def _read_invoice(invoice_id: int, answer: Answer) -> Invoice:
    invoice = read_fields(_make_invoice, decode(FIELDS, answer))
    if invoice.id != invoice_id:
        raise UnreadableError(f"the response is about invoice {invoice.id}, not {invoice_id}")
    return invoice


def _make_invoice(fields: Fields) -> Invoice:
    currency = fields["currencyCode"]
    amounts = {name: read_text_money(fields[name], currency) for name in ("net", "tax", "total", "open")}
    return Invoice(
        id=fields["id"],
        kind=fields["kind"],
        number=fields["number"],
        state=fields["state"],
        month=fields["month"],
        line_count=fields["lineCount"],
        due_on=_read_optional_day(fields["dueOn"]),
        issued_at=_read_optional_moment(fields["issuedAt"]),
        fields=fields,
        **amounts,
    )


def _make_line(currency: str, fields: Fields) -> InvoiceLine:
    return InvoiceLine(
        line=fields["line"],
        kind=fields["kind"],
        contract_id=fields["contract"],
        job_id=fields["jobId"],
        external_id=fields["externalId"],
        quantity=fields["quantity"],
        price=read_text_money(fields["price"], currency),
        net=read_text_money(fields["net"], currency),
        fields=fields,
    )


def _read_optional_day(text: str | None) -> date | None:
    return None if text is None else read_day(text)


def _read_optional_moment(text: str | None) -> datetime | None:
    return None if text is None else read_moment(text)


def _read_file(answer: Answer) -> InvoiceFile:
    tag = answer.headers.get("etag", "").strip('"')
    if hashlib.sha256(answer.body).hexdigest() != tag:
        raise UnreadableError(f"what the server sent is not the file of its hash {tag[:80]!r}")
    named = _NAME.search(answer.headers.get("content-disposition", ""))
    return InvoiceFile(
        name=named[1] if named else "",
        media_type=answer.headers.get("content-type", ""),
        sha256=tag,
        content=answer.body,
    )
