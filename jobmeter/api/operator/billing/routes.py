"""Owns the rows of the operator's billing in the table of endpoints.

Does not own the table itself (``api.routes``), which includes these rows.
"""

from jobmeter.api.operator.billing import accounts as billing_accounts
from jobmeter.api.operator.billing import credit_notes as billing_credit_notes
from jobmeter.api.operator.billing import files as billing_files
from jobmeter.api.operator.billing import invoices as billing_invoices
from jobmeter.api.operator.billing import links as billing_links
from jobmeter.api.operator.billing import payments as billing_payments
from jobmeter.api.operator.billing import runs as billing_runs
from jobmeter.api.operator.billing import seller as billing_seller
from jobmeter.api.operator.billing import statements as billing_statements
from jobmeter.api.operator.billing import usage as billing_usage
from jobmeter.api.operator.billing.parties import SellerBody
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import PAGE
from jobmeter.http.plain import PlainEndpoint

OPERATOR = Audience.OPERATOR
STATEMENT = (
    "customer",
    "customerJobCode",
    "currency",
    "prices",
    "markupPercent",
    "format",
    "cursor",
    "count",
)

# fmt: off
BILLING: tuple[PlainEndpoint, ...] = (
    Endpoint("PUT", "/operator/billing/seller", billing_seller.put_seller, audience=OPERATOR,
             body=SellerBody, summary="Set who issues the invoices, from a day on"),
    Endpoint("GET", "/operator/billing/seller", billing_seller.show_seller, audience=OPERATOR, parameters=("day",),
             summary="Get who issues the invoices"),
    Endpoint("POST", "/operator/billing/logos", billing_seller.add_logo, audience=OPERATOR,
             body=billing_seller.LogoBody, statuses=(201, 200), summary="Keep an image as a seller's logo"),
    Endpoint("GET", "/operator/billing/logos/{logo}", billing_seller.show_logo, audience=OPERATOR, media="image/*",
             reply="", summary="Get a logo"),
    Endpoint("POST", "/operator/billing/accounts", billing_accounts.open_account, audience=OPERATOR,
             body=billing_accounts.AccountBody, statuses=(201,), parameters=("day",), summary="Open a billing account"),
    Endpoint("GET", "/operator/billing/accounts", billing_accounts.list_accounts, audience=OPERATOR,
             parameters=("partnerId", *PAGE), summary="List billing accounts"),
    Endpoint("GET", "/operator/billing/accounts/{account_id:int}", billing_accounts.show_account, audience=OPERATOR,
             parameters=("day",), summary="Get a billing account with its profile and tax rates"),
    Endpoint("PUT", "/operator/billing/accounts/{account_id:int}", billing_accounts.change_account, audience=OPERATOR, parameters=("day",),
             body=billing_accounts.AccountChangeBody, summary="Change a billing account, its profile from a day on"),
    Endpoint("GET", "/operator/billing/accounts/{account_id:int}/agreements", billing_accounts.list_agreements,
             audience=OPERATOR, parameters=PAGE, summary="List the contracts that an account bills"),
    Endpoint("PUT", "/operator/billing/accounts/{account_id:int}/agreements/{contract_id:int}",
             billing_accounts.put_agreement, audience=OPERATOR, body=billing_accounts.AgreementBody,
             summary="Bill a contract by an account"),
    Endpoint("DELETE", "/operator/billing/accounts/{account_id:int}/agreements/{contract_id:int}",
             billing_accounts.remove_agreement, audience=OPERATOR, reply="", statuses=(204,),
             summary="Remove a contract from an account that has not billed it yet"),
    Endpoint("GET", "/operator/billing/accounts/{account_id:int}/usage", billing_usage.show_usage, audience=OPERATOR,
             parameters=("month",), summary="Get what an account's contracts used in a month, with a forecast"),
    Endpoint("GET", "/operator/billing/accounts/{account_id:int}/taxRates", billing_accounts.list_tax_rates,
             audience=OPERATOR, summary="List the tax rates of an account"),
    Endpoint("POST", "/operator/billing/accounts/{account_id:int}/taxRates", billing_accounts.add_tax_rate,
             audience=OPERATOR, body=billing_accounts.TaxRateBody, statuses=(201,),
             summary="Set the tax of an account, from a day on"),
    Endpoint("POST", "/operator/billing/runs", billing_runs.run_billing, audience=OPERATOR,
             body=billing_runs.BillingRunBody, statuses=(202,), summary="Bill a month now"),
    Endpoint("GET", "/operator/billing/runs", billing_runs.show_run, audience=OPERATOR,
             parameters=("month", "account"), required=("month",), summary="Get how far a month is billed"),
    Endpoint("GET", "/operator/invoices", billing_invoices.list_invoices, audience=OPERATOR,
             parameters=("account", "month", "state", *PAGE), summary="List invoices, credit notes and drafts"),
    Endpoint("GET", "/operator/invoices/{invoice_id:int}", billing_invoices.show_invoice, audience=OPERATOR,
             summary="Get an invoice or credit note"),
    Endpoint("GET", "/operator/invoices/{invoice_id:int}/lines", billing_invoices.list_lines, audience=OPERATOR,
             parameters=("after",), summary="List the lines of an invoice"),
    Endpoint("GET", "/operator/invoices/{invoice_id:int}/lines/{line:int}/charges", billing_invoices.list_charges,
             audience=OPERATOR, parameters=("after",), summary="List the postings of a line"),
    Endpoint("GET", "/operator/invoices/{invoice_id:int}/lines/{line:int}/clicks", billing_invoices.list_clicks,
             audience=OPERATOR, parameters=("after",), summary="List the clicks that a line charges"),
    Endpoint("GET", "/operator/invoices/{invoice_id:int}/files/{format}", billing_files.download_file,
             audience=OPERATOR, summary="Download an invoice as PDF, XML, UBL, CSV, JSON or Excel"),
    Endpoint("GET", "/operator/billing/check", billing_files.check_files, audience=OPERATOR, parameters=("sample",),
             summary="Make the files of a sample of documents again and compare them"),
    Endpoint("POST", "/operator/invoices/{invoice_id:int}/issue", billing_invoices.issue_invoice, audience=OPERATOR,
             statuses=(201, 200), summary="Issue a draft"),
    Endpoint("POST", "/operator/invoices/{invoice_id:int}/refresh", billing_invoices.refresh_invoice,
             audience=OPERATOR, summary="Make a draft again, with the settings of today"),
    Endpoint("DELETE", "/operator/invoices/{invoice_id:int}", billing_invoices.drop_invoice, audience=OPERATOR,
             reply="", statuses=(204,), summary="Drop a draft"),
    Endpoint("POST", "/operator/invoices/{invoice_id:int}/payments", billing_payments.pay_invoice, audience=OPERATOR,
             body=billing_payments.PaymentBody, statuses=(201, 200), summary="Record a payment of an invoice"),
    Endpoint("POST", "/operator/billing/accounts/{account_id:int}/payments", billing_payments.pay_account,
             audience=OPERATOR, body=billing_payments.PaymentBody, statuses=(201, 200),
             summary="Record a payment into an account"),
    Endpoint("POST", "/operator/billing/accounts/{account_id:int}/topUps", billing_payments.pay_top_up,
             audience=OPERATOR, body=billing_payments.PaidTopUpBody, statuses=(201, 200),
             summary="Record a payment that tops up a contract, and top it up"),
    Endpoint("GET", "/operator/billing/accounts/{account_id:int}/payments", billing_payments.list_payments,
             audience=OPERATOR, parameters=PAGE, summary="List the payments of an account and what they pay"),
    Endpoint("POST", "/operator/billing/payments/{payment_id:int}/reversals", billing_payments.reverse_payment,
             audience=OPERATOR, body=billing_payments.ReversalBody, statuses=(201, 200),
             summary="Record that a payment, or a part of it, went back"),
    Endpoint("GET", "/operator/invoices/{invoice_id:int}/paymentLink", billing_links.show_payment_link,
             audience=OPERATOR, parameters=("returnUrl",), required=("returnUrl",),
             summary="Get the page at which an invoice can be paid"),
    Endpoint("POST", "/payments/stripe/events", billing_links.take_stripe_event, audience=Audience.PUBLIC,
             body="StripeEvent", is_unique=True, summary="Take an event of Stripe"),
    Endpoint("GET", "/operator/billing/ages", billing_payments.list_ages, audience=OPERATOR,
             parameters=("day", *PAGE), summary="List what accounts owe, by how long it is overdue"),
    Endpoint("POST", "/operator/invoices/{invoice_id:int}/creditNotes", billing_credit_notes.create_credit_note,
             audience=OPERATOR, body=billing_credit_notes.CreditNoteBody, statuses=(201, 200),
             summary="Credit lines of an invoice, or the whole of it"),
    Endpoint("GET", "/operator/partners/{partner_id:int}/statements/{month}", billing_statements.show_statement,
             audience=OPERATOR, parameters=STATEMENT,
             summary="Get a month's statement of a partner's customer, or the list of customers"),
    Endpoint("GET", "/operator/partners/{partner_id:int}/refunds", billing_statements.list_refunds, audience=OPERATOR,
             parameters=PAGE, summary="List the refunds of a partner to its customers"),
    Endpoint("POST", "/operator/partners/{partner_id:int}/refunds", billing_statements.record_refund, audience=OPERATOR,
             body=billing_statements.RefundBody, statuses=(201, 200), summary="Record a refund of a partner to its customer"),
)
# fmt: on
