"""Owns the statements of the sandbox: its clock, and the outcomes of generated events."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar, list_rows
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.sandbox.traffic")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """The outcome of an event that is stored; ``rule`` is the settlement rule that reversed it."""

    origin: bytes
    kind: int
    verdict: int
    rule: int | None


@dataclass(frozen=True, slots=True)
class JobMarket:
    """The country number of a job."""

    job_id: int
    market: int


@dataclass(frozen=True, slots=True)
class JobClosing:
    job_id: int
    closed_at: datetime


async def read_offset(connection: Connection) -> int:
    return await find_scalar(connection, int, SQL["read_offset"]) or 0


async def set_offset(connection: Connection, *, offset_ms: int) -> None:
    await connection.execute(SQL["set_offset"], {"offset_ms": offset_ms})


async def list_outcomes(connection: Connection, *, origins: list[bytes]) -> list[EventOutcome]:
    """Returns the outcomes of those events that are stored."""
    return await list_rows(connection, EventOutcome, SQL["list_outcomes"], {"origins": origins})


async def list_markets(connection: Connection, *, job_ids: list[int]) -> list[JobMarket]:
    """Returns the country of each metered job."""
    return await list_rows(connection, JobMarket, SQL["list_markets"], {"job_ids": job_ids})


async def list_closings(connection: Connection, *, job_ids: list[int]) -> list[JobClosing]:
    """Returns when each job was closed, without those that are open."""
    return await list_rows(connection, JobClosing, SQL["list_closings"], {"job_ids": job_ids})
