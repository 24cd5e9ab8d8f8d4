"""Owns the commands ``jobmeter billing pay``, ``receive``, ``top-up``, ``reverse``, ``payments`` and ``ages``, on a running server.

Does not own payments: each command calls the operator's endpoints.
"""

from typing import Annotated

from cyclopts import Parameter

from jobmeter.cli.operator.calls import (
    OPERATOR,
    Operator,
    list_given,
)
from jobmeter.cli.options import BIGINT_MAX, UNITS_MAX, AccountNumber, InvoiceId, check_day, whole_number

PaymentId = Annotated[int, whole_number(least=0, most=BIGINT_MAX, meaning="Id of the payment.")]
Amount = Annotated[str, Parameter(help="Amount in the account's currency, such as 120.50.")]
Reference = Annotated[
    str, Parameter(help="What identifies it, such as the bank's reference; a repetition has no effect.")
]
PaidOn = Annotated[str | None, Parameter(validator=check_day, help="Day of the payment; default: today.")]
Note = Annotated[str | None, Parameter(help="What the bank said of it, or any other text.")]


def pay(
    invoice: InvoiceId,
    *,
    amount: Amount,
    reference: Reference,
    paid_on: PaidOn = None,
    note: Note = None,
    server: Operator = OPERATOR,
) -> None:
    """Records a payment of INVOICE; what is more pays others of its account, or is credit.

    Example: jobmeter billing pay 5000042 --amount 250.00 --reference "bank 2026-11-28/17"
    """
    body = list_given(amount=amount, reference=reference, paidOn=paid_on, note=note)
    server.show("POST", f"/operator/invoices/{invoice}/payments", body)


def receive(
    account: AccountNumber,
    *,
    amount: Amount,
    reference: Reference,
    paid_on: PaidOn = None,
    note: Note = None,
    server: Operator = OPERATOR,
) -> None:
    """Records a payment into ACCOUNT, which pays the invoice that is due first, then the next.

    Example: jobmeter billing receive 5000001 --amount 1000.00 --reference "bank 2026-11-28/18"
    """
    body = list_given(amount=amount, reference=reference, paidOn=paid_on, note=note)
    server.show("POST", f"/operator/billing/accounts/{account}/payments", body)


def top_up(
    account: AccountNumber,
    contract: Annotated[int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the contract.")],
    *,
    reference: Reference,
    units: Annotated[
        int | None,
        whole_number(least=1, most=UNITS_MAX, meaning="Slots or credits to add to a hiring contract."),
    ] = None,
    limit: Annotated[
        str | None, Parameter(help="Money to add to the limit of a partner contract, without tax.")
    ] = None,
    amount: Annotated[
        str | None, Parameter(help="Amount that was paid; default: the price with its tax.")
    ] = None,
    paid_on: PaidOn = None,
    note: Note = None,
    server: Operator = OPERATOR,
) -> None:
    """Records a payment into ACCOUNT that tops up CONTRACT, and tops it up: both, once for each reference.

    Example: jobmeter billing top-up 5000001 2008000005 --units 20 --reference "bank 2026-11-28/19"
    """
    body = list_given(
        contract=contract,
        units=units,
        limit=limit,
        amount=amount,
        reference=reference,
        paidOn=paid_on,
        note=note,
    )
    server.show("POST", f"/operator/billing/accounts/{account}/topUps", body)


def reverse(
    payment: PaymentId,
    *,
    reference: Reference,
    amount: Annotated[str | None, Parameter(help="Amount that went back; default: all that is left.")] = None,
    paid_on: PaidOn = None,
    note: Note = None,
    server: Operator = OPERATOR,
) -> None:
    """Records that PAYMENT went back; what it paid is open again.

    Example: jobmeter billing reverse 5000013 --amount 50.00 --reference "complaint 7"
    """
    body = list_given(amount=amount, reference=reference, paidOn=paid_on, note=note)
    server.show("POST", f"/operator/billing/payments/{payment}/reversals", body)


def payments(account: AccountNumber, *, server: Operator = OPERATOR) -> None:
    """Lists all payments of ACCOUNT; as JSON, with what each pays.

    Example: jobmeter billing payments 5000001
    """
    server.print_rows(
        server.read_all(f"/operator/billing/accounts/{account}/payments"),
        ("id", "kind", "paidOn", "amount", "currencyCode", "credit", "reference"),
    )


def ages(
    *,
    day: Annotated[str | None, Parameter(validator=check_day, help="As of this day; default: today.")] = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists what accounts owe, by how long it is overdue, and their credit.

    Example: jobmeter billing ages --day 2026-12-31
    """
    rows = server.read_all("/operator/billing/ages", day=day)
    server.print_rows(rows, ("account", "legalName", "currencyCode", "open", "overdue", "credit"))
