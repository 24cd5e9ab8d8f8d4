"""Owns reading reports within a time limit, and reporting which data could not be read (codes 6003 to 6026).

Does not own what is read. A report is one statement; only if it fails, each of its sources is checked
separately.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum

import psycopg
from psycopg_pool import PoolTimeout

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.reports.sources import store

PROBE_SECONDS_MAX = 1.0

Probe = Callable[[Connection, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Source:
    """``not_found`` when the data do not exist or may not be read, ``failed`` when they do not arrive in time."""

    probe: Probe
    not_found: Fault
    failed: Fault


def _of_shard(probe: Callable[..., Awaitable[None]]) -> Probe:
    return lambda connection, shard: probe(connection, shard=shard)


def _of_all(probe: Callable[..., Awaitable[None]]) -> Probe:
    return lambda connection, _: probe(connection)


_try_postings, _try_limits, _try_spends, _try_charges, _try_metrics = map(
    _of_shard,
    (
        store.probe_postings,
        store.probe_limits,
        store.probe_spends,
        store.probe_charges,
        store.probe_metrics,
    ),
)
_try_terms, _try_contracts = map(_of_all, (store.probe_terms, store.probe_limits_of_contracts))


class ReportKind(Enum):
    """What each report needs, in the order in which failures are searched (reports page, error table)."""

    BY_IDS = (
        Source(_try_postings, Fault.POSTINGS_UNREADABLE, Fault.POSTINGS_UNREADABLE),
        Source(_try_limits, Fault.LIMIT_UNREADABLE, Fault.SPEND_FAILED),
        Source(_try_spends, Fault.SPEND_UNREADABLE, Fault.SPEND_FAILED),
        Source(_try_charges, Fault.CHARGES_UNREADABLE, Fault.ANALYTICS_FAILED),
        Source(_try_metrics, Fault.ANALYTICS_UNREADABLE, Fault.ANALYTICS_FAILED),
    )
    BY_RANGE = (
        Source(_try_postings, Fault.PARTNER_POSTINGS, Fault.PARTNER_POSTINGS),
        Source(_try_charges, Fault.PARTNER_CHARGES, Fault.PARTNER_CHARGES),
        Source(_try_metrics, Fault.PARTNER_ANALYTICS, Fault.PARTNER_ANALYTICS),
    )
    BUDGET = (
        Source(_try_terms, Fault.TERM_UNREADABLE, Fault.TERM_UNREADABLE),
        Source(_try_contracts, Fault.BUDGET_UNREADABLE, Fault.BUDGET_UNREADABLE),
        Source(_try_charges, Fault.BUDGET_UNREADABLE, Fault.BUDGET_UNREADABLE),
    )


@asynccontextmanager
async def open_report(
    database: Database, kind: ReportKind, *, shard: int, seconds_max: float
) -> AsyncIterator[Connection]:
    """Opens a connection to read one report. Raises ``Refused`` as ``name_failed_source`` does."""
    async with (
        name_failed_source(database, kind, shard=shard, seconds_max=seconds_max),
        database.connection() as connection,
    ):
        yield connection


@asynccontextmanager
async def name_failed_source(
    database: Database, kind: ReportKind, *, shard: int, seconds_max: float
) -> AsyncIterator[None]:
    """Wraps reading one report. Raises ``Refused`` with the fault of the data that cannot be read."""
    try:
        async with asyncio.timeout(seconds_max):
            yield
    except (psycopg.Error, TimeoutError, PoolTimeout) as error:
        fault = await _find_unreadable(database, kind, shard)
        if fault is None:
            raise
        raise Refused(fault) from error


async def _find_unreadable(database: Database, kind: ReportKind, shard: int) -> Fault | None:
    sources: tuple[Source, ...] = kind.value
    for source in sources:
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX), database.connection() as connection:
                await source.probe(connection, shard)
        except (TimeoutError, PoolTimeout):
            return source.failed
        except psycopg.Error:
            return source.not_found
    return None
