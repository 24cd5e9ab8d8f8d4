"""Owns reading reports within a time limit, and reporting which data could not be read (codes 6003 to 6026).

Does not own what is read. Only if a report fails, each of its sources is checked separately.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum

import psycopg
from psycopg_pool import PoolTimeout

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.database.outages import UNUSABLE, is_outage
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


@dataclass(frozen=True, slots=True)
class Sources:
    """``unknown`` is the fault of a report that failed although each of its sources can be read by itself."""

    listed: tuple[Source, ...]
    unknown: Fault


def _of_shard(probe: Callable[..., Awaitable[None]]) -> Probe:
    return lambda connection, shard: probe(connection, shard=shard)


def _of_all(probe: Callable[..., Awaitable[None]]) -> Probe:
    return lambda connection, _: probe(connection)


_POSTINGS = (_of_shard(store.probe_postings), _of_shard(store.probe_versions))
_LIMITS, _SPENDS = map(_of_shard, (store.probe_limits, store.probe_spends))
_EVER_CHARGED = (
    _of_shard(store.probe_ever_charged),
    _of_all(store.probe_past_days),
    _of_all(store.probe_folded_days),
)
_CHARGES = tuple(
    map(
        _of_shard,
        (
            store.probe_charges,
            store.probe_charges_of_days,
            store.probe_live_charges,
            store.probe_restatements,
        ),
    )
)
_METRICS = (
    *map(
        _of_shard,
        (store.probe_metrics, store.probe_metrics_of_days, store.probe_live_metrics, store.probe_months),
    ),
    _of_all(store.probe_rollup),
)
_TERMS = _of_all(store.probe_terms)
_SPENT = (
    _of_all(store.probe_limits_of_contracts),
    _of_all(store.probe_contract_days),
    _of_all(store.probe_contract_charges),
    _of_all(store.probe_rollup),
)


def _list(probes: Iterable[Probe], not_found: Fault, failed: Fault | None = None) -> tuple[Source, ...]:
    return tuple(Source(probe, not_found, failed or not_found) for probe in probes)


class ReportKind(Enum):
    """What each report needs, in the order in which failures are searched (reports page, error table)."""

    BY_IDS = Sources(
        (
            *_list(_POSTINGS, Fault.POSTINGS_UNREADABLE),
            *_list((_LIMITS,), Fault.LIMIT_UNREADABLE, Fault.SPEND_FAILED),
            *_list((_SPENDS, *_EVER_CHARGED), Fault.SPEND_UNREADABLE, Fault.SPEND_FAILED),
            *_list(_CHARGES, Fault.CHARGES_UNREADABLE, Fault.ANALYTICS_FAILED),
            *_list(_METRICS, Fault.ANALYTICS_UNREADABLE, Fault.ANALYTICS_FAILED),
        ),
        Fault.ANALYTICS_FAILED,
    )
    BY_RANGE = Sources(
        (
            *_list(_POSTINGS, Fault.PARTNER_POSTINGS),
            *_list((_LIMITS, _SPENDS, *_EVER_CHARGED, *_CHARGES), Fault.PARTNER_CHARGES),
            *_list(_METRICS, Fault.PARTNER_ANALYTICS),
        ),
        Fault.PARTNER_ANALYTICS,
    )
    BUDGET = Sources(
        (*_list((_TERMS,), Fault.TERM_UNREADABLE), *_list(_SPENT, Fault.BUDGET_UNREADABLE)),
        Fault.BUDGET_UNREADABLE,
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
    """Wraps reading one report. Raises ``Refused`` with the fault of the data that cannot be read, and ``psycopg.Error`` if the
    database as a whole is or was out of order: the request may be sent again.
    """
    try:
        async with asyncio.timeout(seconds_max):
            yield
    except (psycopg.Error, TimeoutError, PoolTimeout) as error:
        sources: Sources = kind.value
        fault = await _find_unreadable(database, sources.listed, shard)
        if fault is None and isinstance(error, UNUSABLE):
            raise
        raise Refused(fault or sources.unknown) from error


async def _find_unreadable(database: Database, sources: Iterable[Source], shard: int) -> Fault | None:
    """An outage of the database, or a pool without a free connection, is the fault of no source: raises its error."""
    for source in sources:
        is_connected = False
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX), database.connection() as connection:
                is_connected = True
                await source.probe(connection, shard)
        except TimeoutError as error:
            if not is_connected:
                raise PoolTimeout("no connection became free to look for what cannot be read") from error
            return source.failed
        except psycopg.Error as error:
            if is_outage(error):
                raise
            return source.not_found
    return None
