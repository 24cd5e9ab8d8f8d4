"""Owns the statements of the partners' stream, one function each. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.statements import load_statements
from jobmeter.explain.model import make_restatement
from jobmeter.reports.charge_stream.model import MoneyEntry, RestatementEntry

SQL = load_statements("jobmeter.reports.charge_stream")


async def list_charge_entries(
    connection: Connection,
    *,
    after: int,
    until: int,
    contract_ids: list[int],
    application_id: int | None,
    rows_max: int,
) -> list[MoneyEntry]:
    rows = await (await connection.execute(SQL["list_charge_entries"], locals())).fetchall()
    return [MoneyEntry(*row) for row in rows]


async def list_correction_entries(
    connection: Connection,
    *,
    after: int,
    until: int,
    contract_ids: list[int],
    application_id: int | None,
    rows_max: int,
) -> list[MoneyEntry]:
    rows = await (await connection.execute(SQL["list_correction_entries"], locals())).fetchall()
    return [MoneyEntry(*row) for row in rows]


async def list_restatement_entries(
    connection: Connection,
    *,
    after: int,
    until: int,
    contract_ids: list[int],
    application_id: int | None,
    rows_max: int,
) -> list[RestatementEntry]:
    rows = await (await connection.execute(SQL["list_restatement_entries"], locals())).fetchall()
    return [
        RestatementEntry(row[0], row[2], row[3], row[4], row[5], row[6], make_restatement((row[0], *row[7:])))
        for row in rows
    ]
