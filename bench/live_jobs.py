"""Owns the live jobs that a benchmark sends events for: one customer per sender, with budgets that do not run out.

The jobs are inserted directly into the tables, because posting over HTTP is not what is measured.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import psycopg

from jobmeter.base.money import Money
from jobmeter.contracts.partner import flow as contracts
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.arrays import Column
from jobmeter.database.pool import Database
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.intake import flow as metering
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ApplicationDraft, Credentials

SQL = load_statements("bench", "setup.sql", enums=(AccountKind, Purpose))

CURRENCY = "USD"
PRICE_MICROS = 1_500_000
BUDGET_MICROS = 20_000_000 * 1_000_000
LIMIT_MICROS = 4 * 10**18


@dataclass(frozen=True, slots=True)
class LiveJobs:
    """``job_ids`` has one column of ids per customer; their shards differ."""

    parent: Credentials
    customers: tuple[Credentials, ...]
    job_ids: tuple[Column, ...]


def post_live_jobs(
    url: str, *, jobs: int, customers: int, now: datetime, budget_micros: int = BUDGET_MICROS
) -> LiveJobs:
    """Creates ``jobs`` live P4P jobs, distributed evenly over ``customers`` child applications."""
    parent, contract, children = asyncio.run(_make_customers(url, customers, now))
    return LiveJobs(
        parent,
        children,
        tuple(
            _post_jobs(
                url,
                application=child.application,
                contract=contract,
                jobs=jobs // customers,
                budget_micros=min(budget_micros, LIMIT_MICROS // jobs),
                now=now,
            )
            for child in children
        ),
    )


async def _make_customers(
    url: str, customers: int, now: datetime
) -> tuple[Credentials, PartnerContract, tuple[Credentials, ...]]:
    async with Database.opened(url, connections_max=1) as database, database.transaction() as connection:
        await metering.make_event_days(connection, now=now)
        parent = await partners.create_parent(connection, name="Bench Partner", now=now)
        contract = await contracts.open_partner_contract(
            connection,
            partner_id=parent.application.id,
            limit=Money(LIMIT_MICROS, CURRENCY),
            click_price_micros=PRICE_MICROS,
            term=(now - timedelta(days=1), now + timedelta(days=365)),
            now=now,
        )
        children = [
            await partners.create_child(
                connection,
                parent=parent.application,
                draft=ApplicationDraft(
                    unique_foreign_id=f"customer-{number}",
                    name=f"Bench customer {number}",
                    description="Created for a benchmark",
                ),
                now=now,
            )
            for number in range(customers)
        ]
        for child in children:
            await contracts.set_up_customer_contract(
                connection, child=child.application, partner_contract_id=contract.id, now=now
            )
    return parent, contract, tuple(children)


def _post_jobs(
    url: str,
    *,
    application: Application,
    contract: PartnerContract,
    jobs: int,
    budget_micros: int,
    now: datetime,
) -> Column:
    values = {
        "shard": application.shard,
        "jobs": jobs,
        "application_id": application.id,
        "contract_id": contract.id,
        "currency": CURRENCY,
        "price_micros": PRICE_MICROS,
        "budget_micros": budget_micros,
        "amount": budget_micros * jobs,
        "live_from": now - timedelta(days=3),
        "live_until": now + timedelta(days=30),
    }
    with psycopg.connect(url) as connection:
        rows = connection.execute(SQL["post_jobs"], values).fetchall()
        connection.execute(SQL["reserve_budgets"], values)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL["analyze_jobs"])
    return np.array([row[0] for row in rows], dtype=np.int64)
