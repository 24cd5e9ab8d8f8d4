"""Owns the statements of the charge stream, one function each. Does not own when they run."""

from datetime import date
from typing import Any

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.explain.model import make_restatement
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.reports.charge_stream.model import MoneyEntry, RestatementEntry, StreamSpan

SQL = load_statements("jobmeter.reports.charge_stream", enums=(AccountKind, Purpose))


async def list_charge_entries(connection: Connection, span: StreamSpan) -> list[MoneyEntry]:
    return await list_rows(connection, MoneyEntry, SQL["list_charge_entries"], vars_of(span))


async def list_correction_entries(connection: Connection, span: StreamSpan) -> list[MoneyEntry]:
    return await list_rows(connection, MoneyEntry, SQL["list_correction_entries"], vars_of(span))


async def list_restatement_entries(connection: Connection, span: StreamSpan) -> list[RestatementEntry]:
    return await list_rows(connection, _make_entry, SQL["list_restatement_entries"], vars_of(span))


def _make_entry(
    *,
    number: int,
    job_id: int,
    external_id: str,
    application_id: int,
    day: date,
    currency: str,
    **restatement: Any,
) -> RestatementEntry:
    return RestatementEntry(
        number=number,
        job_id=job_id,
        external_id=external_id,
        application_id=application_id,
        day=day,
        currency=currency,
        restatement=make_restatement(number=number, **restatement),
    )
