"""Owns what the pages of a partner's money share: the document that an address names, its state in words, files."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.documents import flow as documents
from jobmeter.billing.files import flow as files
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import Document, DocumentState
from jobmeter.database.connection import Connection
from jobmeter.http.responses import file_response
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.headers import NO_STORE
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.listed_jobs import StateChip
from jobmeter.portal.pages.partner.owned import find_partner_id

STATES = {
    DocumentState.OPEN: StateChip(kind="warn", shape="half", text=mark("To pay")),
    DocumentState.PARTLY_PAID: StateChip(kind="warn", shape="half", text=mark("Partly paid")),
    DocumentState.OVERDUE: StateChip(kind="bad", shape="triangle", text=mark("Overdue")),
    DocumentState.PAID: StateChip(kind="good", shape="full", text=mark("Paid")),
    DocumentState.CREDITED: StateChip(kind="still", shape="square", text=mark("Credited")),
    DocumentState.ISSUED: StateChip(kind="still", shape="full", text=mark("Issued")),
}
KINDS = {"INVOICE": mark("Invoice"), "CREDIT_NOTE": mark("Credit note"), "STATEMENT": mark("Statement")}


async def find_document(connection: Connection, visit: Visit) -> Document:
    """Returns the document that the address names. Raises ``Refused(OPERATOR_UNKNOWN)``, for another partner's too."""
    name: str = visit.context.request.path_params["number"]
    return await documents.find_named(connection, name=name, partner_id=find_partner_id(visit))


def name_document(document: Document) -> str:
    """Returns how addresses name a document: a statement has no number."""
    return document.number or str(document.id)


async def send_file(visit: Visit, connection: Connection, document: Document) -> Response:
    """Sends the file of a document in the format that the address asks for. Raises as ``files.open_file``."""
    text = visit.context.request.query_params.get("format", FileFormat.PDF)
    if text not in set(FileFormat):
        raise Refused(Fault.PARAMETER_INVALID, name="format")
    file_format = FileFormat(text)
    opened = await files.open_file(
        connection, document=document, file_format=file_format, settings=visit.app.settings
    )
    return file_response(
        opened.file,
        byte_count=opened.byte_count,
        name=formats.name_file(document, file_format),
        media_type=file_format.media_type,
        headers=NO_STORE,
    )


def send_table(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Sends rows as a CSV file with a header; ``name`` is one of ours."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)
