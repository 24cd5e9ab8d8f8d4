"""Owns the verbs of billing accounts: open and change one, agree on contracts, set tax rates; the seller.

Does not own what is billed (``jobmeter.billing.invoices``).
"""

import hashlib
from dataclasses import replace
from datetime import date, datetime

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import minor_digits
from jobmeter.billing.accounts import logos, rules, store
from jobmeter.billing.accounts.model import (
    Account,
    AccountChange,
    AccountDraft,
    Agreement,
    AgreementKind,
    AgreementWish,
    BillableContract,
    Bills,
    Dated,
    TaxRate,
)
from jobmeter.billing.model import Buyer, Logo, Seller
from jobmeter.charging.retention import flow as report_days
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringKind
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners

AGREEMENTS_MAX = 100_000  # of one account, when all of them are read at once


# -- the seller


async def set_seller(
    connection: Connection, seller: Seller, *, valid_from: date | None, now: datetime
) -> Dated[Seller]:
    """Adds a version of the seller, by default from today on; the first one is in force always.

    What is the same as before adds nothing. Raises ``Refused``: OPERATOR_INPUT, OPERATOR_UNKNOWN for a logo that is not
    kept, MONTH_BILLED.
    """
    wanted = rules.normalize_seller(seller)
    if wanted.logo:
        await find_logo(connection, name=wanted.logo)
    await store.lock_sellers(connection)
    known = await store.list_sellers(connection)
    start = _choose_start(valid_from, is_first=not known, now=now)
    if known:
        rules.check_unbilled(start, await store.find_any_billed_through(connection))
    if not rules.is_repeated(wanted, start, known):
        await store.insert_seller(connection, wanted, valid_from=start, now=now)
    found = await store.find_seller(connection, day=start)
    assert found is not None, "the version was added"
    return found


async def list_sellers(connection: Connection) -> list[Dated[Seller]]:
    """Returns all versions in the order in which they are in force."""
    return await store.list_sellers(connection)


async def find_seller(connection: Connection, *, day: date) -> Seller | None:
    """Returns the version in force on ``day``."""
    found = await store.find_seller(connection, day=day)
    return None if found is None else found.value


def read_logo(content: bytes) -> Logo:
    """Returns the logo without metadata. Raises ``Refused(OPERATOR_INPUT)`` with the reason why it is none."""
    return logos.read_logo(content)


async def keep_logo(connection: Connection, logo: Logo, *, now: datetime) -> tuple[str, bool]:
    """Keeps an image under the SHA-256 of its bytes, which a seller names as its logo; returns it, and whether it is new."""
    sha256 = hashlib.sha256(logo.content).digest()
    is_new = await store.insert_logo(
        connection, sha256=sha256, media_type=logo.media_type, content=logo.content, now=now
    )
    return sha256.hex(), is_new


async def find_logo(connection: Connection, *, name: str) -> Logo:
    """Returns a logo by the SHA-256 of its bytes. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    sha256 = bytes.fromhex(name) if rules.is_logo_name(name) else b""
    content = await store.find_logo(connection, sha256=sha256)
    if content is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="logo", key=name)
    return logos.measure_logo(content)


# -- accounts


async def open_account(connection: Connection, draft: AccountDraft, *, now: datetime) -> Account:
    """Opens the account of a partner in a currency, with its first profile.

    Raises ``Refused``: CURRENCY_UNKNOWN, OPERATOR_UNKNOWN for a partner that does not exist, BILLING_ACCOUNT_EXISTS,
    OPERATOR_INPUT.
    """
    minor_digits(draft.currency)
    partner = await partners.find_application(connection, application_id=draft.partner_id)
    if partner is None or partner.parent_id is not None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key=draft.partner_id)
    buyer = rules.normalize_buyer(draft.buyer)
    account = await store.insert_account(connection, draft, now=now)
    if account is None:
        known = await store.find_partner_account(
            connection, partner_id=draft.partner_id, currency=draft.currency
        )
        assert known is not None, "it is what prevented the new one"
        raise Refused(
            Fault.BILLING_ACCOUNT_EXISTS,
            partner=draft.partner_id,
            currency=draft.currency,
            account=known.id,
        )
    await store.insert_buyer(connection, buyer, account_id=account.id, valid_from=rules.ALWAYS, now=now)
    return account


async def find_account(connection: Connection, *, account_id: int) -> Account:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    return _known(await store.find_account(connection, account_id=account_id), account_id)


async def list_accounts(
    connection: Connection, *, after: int, rows_max: int, partner_id: int | None = None
) -> list[Account]:
    """Returns accounts after an id, in order; all of them, or a partner's."""
    return await store.list_accounts(connection, after=after, rows_max=rows_max, partner_id=partner_id)


async def change_account(connection: Connection, *, account_id: int, change: AccountChange) -> Account:
    """Changes settings; agreements that began with the account's first month follow it.

    Raises ``Refused``: OPERATOR_UNKNOWN, MONTH_BILLED for a first month once one is billed, DAYS_FOLDED.
    """
    account = await _lock_account(connection, account_id)
    changed = replace(
        account,
        issues=change.issues or account.issues,
        zero_month=change.zero_month or account.zero_month,
        first_month=change.first_month or account.first_month,
    )
    if changed.first_month != account.first_month:
        billed_through = await store.find_billed_through(connection, account_id=account.id)
        if billed_through is not None:
            raise Refused(Fault.MONTH_BILLED, day=account.first_month, through=billed_through)
        agreements = await list_agreements(connection, account_id=account.id)
        for agreement in rules.move_agreements(
            agreements, before=account.first_month, after=changed.first_month
        ):
            await _check_days(connection, agreement)
            await store.set_agreement(connection, agreement)
    await store.set_account(connection, changed)
    return changed


async def set_buyer(
    connection: Connection, *, account_id: int, buyer: Buyer, valid_from: date | None, now: datetime
) -> Dated[Buyer]:
    """Adds a version of the account's profile, by default from today on. What is the same as before adds nothing.

    Raises ``Refused``: OPERATOR_UNKNOWN, OPERATOR_INPUT, MONTH_BILLED.
    """
    wanted = rules.normalize_buyer(buyer)
    account = await _lock_account(connection, account_id)
    start = _choose_start(valid_from, is_first=False, now=now)
    rules.check_unbilled(start, await store.find_billed_through(connection, account_id=account.id))
    rules.check_buyer_number(await find_tax_rate(connection, account_id=account.id, day=start), wanted)
    known = await store.list_buyers(connection, account_id=account.id)
    if not rules.is_repeated(wanted, start, known):
        await store.insert_buyer(connection, wanted, account_id=account.id, valid_from=start, now=now)
    found = await store.find_buyer(connection, account_id=account.id, day=start)
    assert found is not None, "the version was added"
    return found


async def find_buyer(connection: Connection, *, account_id: int, day: date) -> Buyer | None:
    """Returns the profile in force on ``day``."""
    found = await store.find_buyer(connection, account_id=account_id, day=day)
    return None if found is None else found.value


async def list_buyers(connection: Connection, *, account_id: int) -> list[Dated[Buyer]]:
    """Returns all versions of an account's profile in the order in which they are in force."""
    return await store.list_buyers(connection, account_id=account_id)


# -- tax rates


async def set_tax_rate(
    connection: Connection, *, account_id: int, rate: TaxRate, valid_from: date | None, now: datetime
) -> Dated[TaxRate]:
    """Adds a version of the account's tax, by default from today on; the first one is in force always.

    What is the same as before adds nothing. Raises ``Refused``: OPERATOR_UNKNOWN, OPERATOR_INPUT, MONTH_BILLED.
    """
    wanted = rules.normalize_tax_rate(rate)
    account = await _lock_account(connection, account_id)
    known = await store.list_tax_rates(connection, account_id=account.id)
    start = _choose_start(valid_from, is_first=not known, now=now)
    if known:
        rules.check_unbilled(start, await store.find_billed_through(connection, account_id=account.id))
    rules.check_buyer_number(wanted, await find_buyer(connection, account_id=account.id, day=start))
    if not rules.is_repeated(wanted, start, known):
        await store.insert_tax_rate(connection, wanted, account_id=account.id, valid_from=start, now=now)
    found = await store.find_tax_rate(connection, account_id=account.id, day=start)
    assert found is not None, "the version was added"
    return found


async def find_tax_rate(connection: Connection, *, account_id: int, day: date) -> TaxRate | None:
    """Returns the tax in force on ``day``; without one a month cannot be issued."""
    found = await store.find_tax_rate(connection, account_id=account_id, day=day)
    return None if found is None else found.value


async def list_tax_rates(connection: Connection, *, account_id: int) -> list[Dated[TaxRate]]:
    """Returns all versions of an account's tax in the order in which they are in force."""
    return await store.list_tax_rates(connection, account_id=account_id)


# -- agreements


async def set_agreement(
    connection: Connection, *, account_id: int, contract_id: int, wish: AgreementWish, now: datetime
) -> Agreement:
    """Agrees that the account bills the contract, or changes how, until a month of it is billed.

    Raises ``Refused``: OPERATOR_UNKNOWN, CONTRACT_BILLED when another account bills the contract or a month of it is
    billed, DAYS_FOLDED, and those of ``rules.make_agreement``.
    """
    account = await _lock_account(connection, account_id)
    contract = await _find_contract(connection, contract_id)
    billed_through = await store.find_billed_through(connection, account_id=account.id)
    known = await store.find_agreement(connection, contract_id=contract.id)
    if known is not None and known.account_id == account.id:
        wish = AgreementWish(
            bills=wish.bills or known.bills, first_month=wish.first_month or known.first_month
        )
        if wish == AgreementWish(bills=known.bills, first_month=known.first_month):
            return known
    _check_changeable(known, account, billed_through)
    wanted = rules.make_agreement(account, contract, wish, billed_through=billed_through)
    await _check_days(connection, wanted)
    if known is not None:
        await store.set_agreement(connection, wanted)
    elif await store.insert_agreement(connection, wanted, now=now) is None:
        _check_changeable(
            await store.find_agreement(connection, contract_id=contract.id), account, billed_through
        )
    return wanted


async def remove_agreement(connection: Connection, *, account_id: int, contract_id: int) -> None:
    """Raises ``Refused``: OPERATOR_UNKNOWN, CONTRACT_BILLED once a month of the contract is billed."""
    account = await _lock_account(connection, account_id)
    known = await store.find_agreement(connection, contract_id=contract_id)
    if known is None or known.account_id != account.id:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="agreement on contract", key=contract_id)
    billed_through = await store.find_billed_through(connection, account_id=account.id)
    _check_changeable(known, account, billed_through)
    await store.delete_agreement(connection, contract_id=contract_id)


async def list_agreements(
    connection: Connection, *, account_id: int, after: int = 0, rows_max: int = AGREEMENTS_MAX
) -> list[Agreement]:
    """Returns the account's agreements on contracts after an id, in the order of the contracts' ids."""
    return await store.list_agreements(connection, account_id=account_id, after=after, rows_max=rows_max)


async def find_agreement(connection: Connection, *, contract_id: int) -> Agreement | None:
    """Returns the agreement by which an account bills the contract."""
    return await store.find_agreement(connection, contract_id=contract_id)


def _check_changeable(known: Agreement | None, account: Account, billed_through: date | None) -> None:
    if known is None:
        return
    if known.account_id != account.id or not rules.may_change(known, billed_through):
        raise Refused(Fault.CONTRACT_BILLED, contract=known.contract_id, account=known.account_id)


async def _check_days(connection: Connection, agreement: Agreement) -> None:
    """The lines of clicks are made from the days of their jobs; those of top-ups from postings, which stay."""
    if agreement.kind is AgreementKind.CLICKS and agreement.bills is Bills.USE:
        folded_before = await report_days.find_folded_before(connection, contract_id=agreement.contract_id)
        rules.check_days(agreement, folded_before)


async def _find_contract(connection: Connection, contract_id: int) -> BillableContract:
    """The partner contract or hiring contract of this number. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    partner_contract = await contracts.find_partner_contract(connection, contract_id=contract_id)
    if partner_contract is not None:
        return BillableContract(
            id=contract_id,
            kind=AgreementKind.CLICKS,
            currency=partner_contract.currency,
            partner_id=partner_contract.partner_id,
        )
    found = await hiring.find_hiring_contract(connection, contract_id=contract_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="contract", key=contract_id)
    owner = None
    if found.owner_application_id is not None:
        owner = await partners.find_application(connection, application_id=found.owner_application_id)
    return BillableContract(
        id=contract_id,
        kind=AgreementKind.CREDITS,
        currency=found.currency,
        partner_id=None if owner is None else owner.partner_id,
        has_slots=found.kind is HiringKind.SLOTS,
        is_postpaid=found.is_postpaid,
    )


async def _lock_account(connection: Connection, account_id: int) -> Account:
    return _known(await store.lock_account(connection, account_id=account_id), account_id)


def _known(account: Account | None, account_id: int) -> Account:
    if account is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="billing account", key=account_id)
    return account


def _choose_start(valid_from: date | None, *, is_first: bool, now: datetime) -> date:
    if valid_from is not None:
        return valid_from
    return rules.ALWAYS if is_first else day_of(now)
