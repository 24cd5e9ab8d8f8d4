"""``/partner/invoices``: the invoices and credit notes that a partner received, their lines down to charges and clicks."""

from starlette.responses import Response

from jobmeter.api.operator.billing.documents import list_documents_of, list_lines_of, show_document_of
from jobmeter.api.operator.billing.files import download_file_of
from jobmeter.api.operator.billing.invoices import list_charges_of, list_clicks_of
from jobmeter.api.operator.billing.links import show_payment_link_of
from jobmeter.http.context import RequestContext


async def list_invoices(context: RequestContext) -> Response:
    """Issued documents in the order of their ids. An account is the partner's: its customers have none."""
    return await list_documents_of(context, partner_id=context.application.id)


async def show_invoice(context: RequestContext) -> Response:
    """Another partner's invoice answers as one that does not exist."""
    return await show_document_of(context, partner_id=context.application.id)


async def list_lines(context: RequestContext) -> Response:
    """At most 1,000 lines; ``?after=`` continues the list."""
    return await list_lines_of(context, partner_id=context.application.id)


async def list_charges(context: RequestContext) -> Response:
    """The postings of a line: at most 1,000; ``?after=`` continues the list. Each charge of clicks is in ``/partner/charges``."""
    return await list_charges_of(context, partner_id=context.application.id)


async def list_clicks(context: RequestContext) -> Response:
    """The clicks that a line charges, while the events of its days are kept: ``clicksKept`` says so, and since when not.

    A page reads at most 1,000 clicks, of which it shows those that were charged; ``?after=`` continues the list.
    """
    return await list_clicks_of(context, partner_id=context.application.id)


async def show_payment_link(context: RequestContext) -> Response:
    """The page at which what is open of the invoice can be paid. The payer returns to ``returnUrl``."""
    return await show_payment_link_of(context, partner_id=context.application.id)


async def download_file(context: RequestContext) -> Response:
    """``pdf``, ``xml`` (CII), ``ubl``, ``csv``, ``json`` or ``xlsx``. The ``ETag`` is the SHA-256 of the file."""
    return await download_file_of(context, partner_id=context.application.id)
