"""Owns the decisions about top-ups that are paid: what a contract can be topped up with, its tax, where it is billed. Pure."""

from datetime import date

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import AMOUNT_MICROS_MAX, format_amount, share_of
from jobmeter.billing.accounts.model import Agreement, AgreementKind, Bills, TaxRate
from jobmeter.billing.top_ups.model import Price, TopUpDraft


def check_agreement(agreement: Agreement | None, draft: TopUpDraft) -> Agreement:
    """Returns the agreement. Raises ``Refused``: OPERATOR_UNKNOWN if the account does not bill the contract, OPERATOR_INPUT."""
    if agreement is None or agreement.account_id != draft.account_id:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="agreement on contract", key=draft.contract_id)
    is_money = agreement.kind is AgreementKind.CLICKS
    for is_broken, field, why in (
        (
            is_money and draft.limit_micros is None,
            "limit",
            "is needed: a partner contract is topped up with money",
        ),
        (is_money and draft.units is not None, "units", "are of hiring contracts only"),
        (
            not is_money and draft.units is None,
            "units",
            "are needed: a hiring contract is topped up with units",
        ),
        (not is_money and draft.limit_micros is not None, "limit", "is of partner contracts only"),
    ):
        if is_broken:
            raise Refused(Fault.OPERATOR_INPUT, field=field, why=why)
    return agreement


def find_price(net_micros: int, rate: TaxRate | None, *, currency: str) -> Price:
    """Returns the price with its tax, rounded as an invoice's.

    Raises ``Refused``: OPERATOR_INPUT without a tax rate, as what is to be paid is not known then; AMOUNT_TOO_LARGE.
    """
    if rate is None:
        raise Refused(Fault.OPERATOR_INPUT, field="account", why="has no tax rate in force: set one first")
    if net_micros > AMOUNT_MICROS_MAX:
        raise Refused(Fault.AMOUNT_TOO_LARGE, amount=format_amount(net_micros, currency))
    return Price(net_micros, share_of(net_micros, rate.rate_micros, currency=currency))


def find_billed_month(agreement: Agreement, month: date) -> date | None:
    """Returns the month whose invoice has a line of a top-up in ``month``."""
    is_billed = agreement.bills is Bills.TOP_UPS and month >= agreement.first_month
    return month if is_billed else None
