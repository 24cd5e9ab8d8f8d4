"""Owns the verb of top-ups that are paid: record the payment and what it adds to a contract, together and once."""

from datetime import datetime
from uuid import UUID

from jobmeter.base.days import day_of, month_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import Money
from jobmeter.billing.accounts import flow as accounts
from jobmeter.billing.accounts.model import Account
from jobmeter.billing.payments import flow as payments
from jobmeter.billing.payments.model import PaymentDraft, PaymentSource, Recorded, TopUpKey
from jobmeter.billing.top_ups import rules
from jobmeter.billing.top_ups.model import PaidTopUp, Price, TopUpDraft
from jobmeter.contracts.credits import flow as credits_flow
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection


async def record_top_up(connection: Connection, draft: TopUpDraft, *, now: datetime) -> PaidTopUp:
    """Records a payment and tops up the contract that it is for, in the caller's transaction, once for each reference.

    If top-ups of the contract are billed, the line of the month's invoice is of the same posting. A repeated call has the
    price of the first. Raises ``Refused``: OPERATOR_UNKNOWN for the account or a contract that it does not bill,
    OPERATOR_INPUT, REFERENCE_REUSED, and those of a payment and of a top-up.
    """
    account = await accounts.find_account(connection, account_id=draft.account_id)
    known = await payments.lock_reference(
        connection, account_id=account.id, source=PaymentSource.OPERATOR, reference=draft.reference
    )
    found = await accounts.find_agreement(connection, contract_id=draft.contract_id)
    agreement = rules.check_agreement(found, draft)
    at = now if known is None else known.recorded_at
    price = await _find_price(connection, account, draft, at)
    paid = price.total_micros if known is None else known.amount_micros
    wanted = PaymentDraft(
        account_id=account.id,
        source=PaymentSource.OPERATOR,
        reference=draft.reference,
        amount_micros=paid if draft.amount_micros is None else draft.amount_micros,
        paid_on=draft.paid_on,
        note=draft.note,
        top_up=TopUpKey(draft.contract_id, refer(draft.contract_id, draft.reference, units=draft.units)),
    )
    recorded = await payments.record_payment(connection, wanted, now=now)
    await _top_up(connection, draft, recorded, account=account, now=now)
    return PaidTopUp(
        payment=recorded.payment,
        is_new=recorded.is_new,
        units=draft.units,
        price=price,
        billed_in=rules.find_billed_month(agreement, month_of(at)),
    )


def refer(contract_id: int, reference: str, *, units: int | None) -> UUID:
    """Returns the reference of the posting of a top-up: paid for or not, the same reference tops up once."""
    return make_reference("top up" if units is None else "top up units", contract_id, reference)


async def _find_price(connection: Connection, account: Account, draft: TopUpDraft, at: datetime) -> Price:
    """Returns what the top-up costs; the price of units is not changed until the transaction ends."""
    rate = await accounts.find_tax_rate(connection, account_id=account.id, day=day_of(at))
    if draft.limit_micros is not None:
        return rules.find_price(draft.limit_micros, rate, currency=account.currency)
    contract = await hiring.find_hiring_contract(connection, contract_id=draft.contract_id)
    assert contract is not None, "an agreement is on a contract"
    assert draft.units is not None, "units are needed of a hiring contract"
    await credits_flow.lock_prices_to_read(connection, contract_id=contract.id)
    unit_micros = await hiring.read_hiring_price(connection, contract=contract, now=at)
    return rules.find_price(draft.units * unit_micros, rate, currency=account.currency)


async def _top_up(
    connection: Connection, draft: TopUpDraft, recorded: Recorded, *, account: Account, now: datetime
) -> None:
    """Books what the payment adds. A reference that tops up already, without this payment, is another act."""
    try:
        is_new = await _add(connection, draft, recorded, account=account, now=now)
    except Refused as refused:
        if refused.fault is not Fault.REFERENCE_REUSED:
            raise
        is_new = None  # it names the posting, whose reference is made of the caller's
    if is_new is not recorded.is_new:
        raise Refused(Fault.REFERENCE_REUSED, reference=draft.reference)


async def _add(
    connection: Connection, draft: TopUpDraft, recorded: Recorded, *, account: Account, now: datetime
) -> bool:
    key, payment_id = recorded.payment.top_up, recorded.payment.id
    assert key is not None, "it was recorded with the payment"
    if draft.units is None:
        assert draft.limit_micros is not None, "money is needed of a partner contract"
        partner_contract = await contracts.find_partner_contract(connection, contract_id=draft.contract_id)
        assert partner_contract is not None, "an agreement is on a contract"
        return await contracts.top_up(
            connection,
            contract=partner_contract,
            amount=Money(draft.limit_micros, account.currency),
            reference=key.posting,
            now=now,
            payment_id=payment_id,
        )
    hiring_contract = await hiring.find_hiring_contract(connection, contract_id=draft.contract_id)
    assert hiring_contract is not None, "an agreement is on a contract"
    return await hiring.add_units(
        connection,
        contract=hiring_contract,
        units=draft.units,
        reference=key.posting,
        now=now,
        payment_id=payment_id,
    )
