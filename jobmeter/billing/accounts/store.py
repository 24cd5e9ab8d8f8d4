"""Owns the statements of billing accounts, one function each. Does not own when they run."""

from datetime import date, datetime
from typing import Any

from jobmeter.billing.accounts.model import Account, AccountDraft, Agreement, Dated, TaxRate
from jobmeter.billing.model import Buyer, Seller
from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, value_of
from jobmeter.database.statements import load_statements, vars_of

SQL = load_statements("jobmeter.billing.accounts")


def _dated_seller(*, valid_from: date, recorded_at: datetime, **columns: Any) -> Dated[Seller]:
    return Dated(value_of(Seller, columns), valid_from, recorded_at)


def _dated_buyer(*, valid_from: date, recorded_at: datetime, **columns: Any) -> Dated[Buyer]:
    return Dated(value_of(Buyer, columns), valid_from, recorded_at)


def _dated_tax_rate(*, valid_from: date, recorded_at: datetime, **columns: Any) -> Dated[TaxRate]:
    return Dated(value_of(TaxRate, columns), valid_from, recorded_at)


# -- accounts


async def insert_account(connection: Connection, draft: AccountDraft, *, now: datetime) -> Account | None:
    return await find_row(connection, Account, SQL["insert_account"], vars_of(draft) | {"now": now})


async def find_account(connection: Connection, *, account_id: int) -> Account | None:
    return await find_row(connection, Account, SQL["find_account"], {"account_id": account_id})


async def lock_account(connection: Connection, *, account_id: int) -> Account | None:
    return await find_row(connection, Account, SQL["lock_account"], {"account_id": account_id})


async def find_partner_account(connection: Connection, *, partner_id: int, currency: str) -> Account | None:
    parameters = {"partner_id": partner_id, "currency": currency}
    return await find_row(connection, Account, SQL["find_partner_account"], parameters)


async def list_accounts(
    connection: Connection, *, after: int, rows_max: int, partner_id: int | None
) -> list[Account]:
    parameters = {"after": after, "rows_max": rows_max, "partner_id": partner_id}
    return await list_rows(connection, Account, SQL["list_accounts"], parameters)


async def set_account(connection: Connection, account: Account) -> None:
    await connection.execute(SQL["set_account"], vars_of(account))


async def find_billed_through(connection: Connection, *, account_id: int) -> date | None:
    return await find_scalar(connection, date, SQL["find_billed_through"], {"account_id": account_id})


async def find_any_billed_through(connection: Connection) -> date | None:
    return await find_scalar(connection, date, SQL["find_any_billed_through"])


# -- sellers and buyers


async def lock_sellers(connection: Connection) -> None:
    await connection.execute(SQL["lock_sellers"])


async def insert_seller(connection: Connection, seller: Seller, *, valid_from: date, now: datetime) -> None:
    parameters = vars_of(seller) | {"valid_from": valid_from, "now": now}
    await connection.execute(SQL["insert_seller"], parameters)


async def find_seller(connection: Connection, *, day: date) -> Dated[Seller] | None:
    return await find_row(connection, _dated_seller, SQL["find_seller"], {"day": day})


async def list_sellers(connection: Connection) -> list[Dated[Seller]]:
    return await list_rows(connection, _dated_seller, SQL["list_sellers"])


async def insert_logo(
    connection: Connection, *, sha256: bytes, media_type: str, content: bytes, now: datetime
) -> bool:
    """Returns whether this call inserted it."""
    parameters = {"sha256": sha256, "media_type": media_type, "content": content, "now": now}
    return await find_scalar(connection, bytes, SQL["insert_logo"], parameters) is not None


async def find_logo(connection: Connection, *, sha256: bytes) -> bytes | None:
    return await find_scalar(connection, bytes, SQL["find_logo"], {"sha256": sha256})


async def insert_buyer(
    connection: Connection, buyer: Buyer, *, account_id: int, valid_from: date, now: datetime
) -> None:
    parameters = vars_of(buyer) | {"account_id": account_id, "valid_from": valid_from, "now": now}
    await connection.execute(SQL["insert_buyer"], parameters)


async def find_buyer(connection: Connection, *, account_id: int, day: date) -> Dated[Buyer] | None:
    parameters = {"account_id": account_id, "day": day}
    return await find_row(connection, _dated_buyer, SQL["find_buyer"], parameters)


async def list_buyers(connection: Connection, *, account_id: int) -> list[Dated[Buyer]]:
    return await list_rows(connection, _dated_buyer, SQL["list_buyers"], {"account_id": account_id})


# -- tax rates


async def insert_tax_rate(
    connection: Connection, rate: TaxRate, *, account_id: int, valid_from: date, now: datetime
) -> None:
    parameters = vars_of(rate) | {"account_id": account_id, "valid_from": valid_from, "now": now}
    await connection.execute(SQL["insert_tax_rate"], parameters)


async def find_tax_rate(connection: Connection, *, account_id: int, day: date) -> Dated[TaxRate] | None:
    parameters = {"account_id": account_id, "day": day}
    return await find_row(connection, _dated_tax_rate, SQL["find_tax_rate"], parameters)


async def list_tax_rates(connection: Connection, *, account_id: int) -> list[Dated[TaxRate]]:
    return await list_rows(connection, _dated_tax_rate, SQL["list_tax_rates"], {"account_id": account_id})


# -- agreements


async def insert_agreement(
    connection: Connection, agreement: Agreement, *, now: datetime
) -> Agreement | None:
    return await find_row(connection, Agreement, SQL["insert_agreement"], vars_of(agreement) | {"now": now})


async def find_agreement(connection: Connection, *, contract_id: int) -> Agreement | None:
    return await find_row(connection, Agreement, SQL["find_agreement"], {"contract_id": contract_id})


async def set_agreement(connection: Connection, agreement: Agreement) -> None:
    await connection.execute(SQL["set_agreement"], vars_of(agreement))


async def delete_agreement(connection: Connection, *, contract_id: int) -> None:
    await connection.execute(SQL["delete_agreement"], {"contract_id": contract_id})


async def list_agreements(
    connection: Connection, *, account_id: int, after: int, rows_max: int
) -> list[Agreement]:
    parameters = {"account_id": account_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, Agreement, SQL["list_agreements"], parameters)
