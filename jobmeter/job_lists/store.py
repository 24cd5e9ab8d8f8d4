"""Owns the statements of job lists, one function each. Does not own when they run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, find_scalar, list_rows, list_scalars, read_row, read_scalar
from jobmeter.database.statements import load_statements, vars_of
from jobmeter.job_lists.model import (
    ContractDay,
    EstimatedDay,
    ListedJob,
    ListFilter,
    ListOrder,
    NewestQuestion,
    StateCount,
)

SQL = load_statements("jobmeter.job_lists")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """When figures were last counted, and the last day that was final by then.

    While they are counted again, ``counting_through`` is the last day that was final when that began, and ``reached_job`` the last
    job that was reached; otherwise ``None``.
    """

    counted_at: datetime | None
    seen_through: date
    counting_through: date | None
    reached_job: int | None


async def lock_lists(connection: Connection) -> Counting:
    return await read_row(connection, Counting, SQL["lock_lists"])


async def claim_notes(connection: Connection, *, rows_max: int) -> list[int]:
    return await list_scalars(connection, int, SQL["claim_notes"], {"rows_max": rows_max})


async def copy_jobs(connection: Connection, *, job_ids: list[int]) -> None:
    await connection.execute(SQL["copy_jobs"], {"job_ids": job_ids})


async def begin_count(connection: Connection, *, final_through: date) -> None:
    await connection.execute(SQL["begin_count"], {"final_through": final_through})


async def add_uncounted(connection: Connection, *, seen_through: date) -> int:
    """Returns how many jobs are to be counted: those with figures of days after ``seen_through``."""
    return await change_rows(connection, SQL["add_uncounted"], {"seen_through": seen_through})


async def list_uncounted(connection: Connection, *, reached_job: int, rows_max: int) -> list[int]:
    """The next jobs of the count, by their ids."""
    parameters = {"reached_job": reached_job, "rows_max": rows_max}
    return await list_scalars(connection, int, SQL["list_uncounted"], parameters)


async def count_listed_jobs(connection: Connection, *, job_ids: list[int], final_through: date) -> None:
    await connection.execute(SQL["count_listed_jobs"], {"job_ids": job_ids, "final_through": final_through})


async def set_reached(connection: Connection, *, reached_job: int) -> None:
    await connection.execute(SQL["set_reached"], {"reached_job": reached_job})


async def count_contract_days(connection: Connection, *, seen_through: date) -> None:
    await connection.execute(SQL["count_contract_days"], {"seen_through": seen_through})


async def list_estimates(connection: Connection) -> list[EstimatedDay]:
    return await list_rows(connection, EstimatedDay, SQL["list_estimates"])


async def list_contract_days(
    connection: Connection, *, partner_id: int, application_id: int | None, first: date
) -> list[ContractDay]:
    parameters = {"partner_id": partner_id, "application_id": application_id, "first": first}
    return await list_rows(connection, ContractDay, SQL["list_contract_days"], parameters)


async def read_final_day(connection: Connection) -> date:
    return await read_scalar(connection, date, SQL["read_final_day"])


async def has_older_job(connection: Connection, *, partner_id: int, before_ms: int) -> bool:
    parameters = {"partner_id": partner_id, "before_ms": before_ms}
    return await read_scalar(connection, bool, SQL["has_older_job"], parameters)


async def delete_uncounted(connection: Connection) -> None:
    await connection.execute(SQL["delete_uncounted"])


async def end_count(connection: Connection, *, now: datetime) -> None:
    await connection.execute(SQL["end_count"], {"now": now})


async def read_counted_at(connection: Connection) -> datetime | None:
    return await find_scalar(connection, datetime, SQL["read_counted_at"])


async def _list_planned(
    connection: Connection, kind: type[Row], name: str, parameters: dict[str, Any]
) -> list[Row]:
    """Plans the statement for these filters alone: for any filters it takes half as long again."""
    return await list_rows(connection, kind, SQL[name], parameters, prepare=False)


async def list_by_number(
    connection: Connection,
    wanted: ListFilter,
    *,
    order: ListOrder,
    sign: int,
    after_number: int | None,
    after_job: int | None,
    rows_max: int,
) -> list[ListedJob]:
    after = {"after_number": after_number, "after_job": after_job}
    parameters = {"order": order, "sign": sign, "rows_max": rows_max} | after
    return await _list_planned(connection, ListedJob, "list_by_number", vars_of(wanted) | parameters)


async def list_by_title(
    connection: Connection,
    wanted: ListFilter,
    *,
    after_title: str | None,
    after_job: int | None,
    rows_max: int,
) -> list[ListedJob]:
    parameters = {"after_title": after_title, "after_job": after_job, "rows_max": rows_max}
    return await _list_planned(connection, ListedJob, "list_by_title", vars_of(wanted) | parameters)


async def list_by_title_backwards(
    connection: Connection,
    wanted: ListFilter,
    *,
    after_title: str | None,
    after_job: int | None,
    rows_max: int,
) -> list[ListedJob]:
    parameters = {"after_title": after_title, "after_job": after_job, "rows_max": rows_max}
    return await list_rows(
        connection, ListedJob, SQL["list_by_title_backwards"], vars_of(wanted) | parameters
    )


async def count_states(
    connection: Connection,
    wanted: ListFilter,
    *,
    order: ListOrder,
    sign: int,
    first_number: int | None,
    first_title: str | None,
    first_job: int | None,
) -> list[StateCount]:
    """The first job of the page is given by its number or its title; without it no job comes before."""
    first = {"first_number": first_number, "first_title": first_title, "first_job": first_job}
    parameters = {"order": order, "sign": sign} | first
    return await _list_planned(connection, StateCount, "count_states", vars_of(wanted) | parameters)


async def list_newest(connection: Connection, question: NewestQuestion) -> list[ListedJob]:
    return await _list_planned(connection, ListedJob, "list_newest", vars_of(question))


async def count_all_states(connection: Connection, question: NewestQuestion) -> list[StateCount]:
    return await _list_planned(connection, StateCount, "count_all_states", vars_of(question))
