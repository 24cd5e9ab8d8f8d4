"""Owns what must be true after a round: the auditor compares what was acknowledged with what the database has.

It knows requests and their answers only, and counts by rules of its own: an event that was acknowledged is there once, it was
charged at most once, and a write that is repeated is answered as it was. The laws of the money are checked beside it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import psycopg

from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.metering.intake.columns import make_columns
from jobmeter.metering.pseudonyms.rules import reveal
from jobmeter.wire.events import Event
from tests.slow.faults.receipts import CLICK, Receipts

EVENTS = """
SELECT (to_timestamp(event_key_ms(event_key) / 1000) AT TIME ZONE 'UTC')::date, visitor, count(*), min(job_id), min(kind), min(verdict)
  FROM events
 GROUP BY 1, 2
 ORDER BY 1, 2
"""
SALTS = "SELECT day, salt FROM visitor_salts"
# Of each charge: its job, how many clicks of its job and batch count, how many it charges.
CHARGES = """
WITH counted AS (
    SELECT job_id, batch, count(*) AS clicks FROM events WHERE kind = 1 AND verdict = 0 GROUP BY job_id, batch),
charged AS (
    SELECT job_id, batch, sum(amount_micros) AS micros FROM charges GROUP BY job_id, batch)
SELECT job_id, coalesce(clicks, 0)::bigint, (micros / click_price_micros)::bigint
  FROM charged JOIN job_budgets USING (job_id) LEFT JOIN counted USING (job_id, batch)
"""
AFFORDABLE = "SELECT job_id, budget_micros / click_price_micros FROM job_budgets WHERE click_price_micros > 0"
# An invoice has a digest once it was issued.
INVOICES = "SELECT count(*) FROM billing_documents WHERE kind = 'INVOICE' AND digest <> '' AND issued_at >= to_timestamp(%s)"
KINDS = {0: "view", 1: CLICK}
COUNTED = 0
LOST_NAMED_MAX = 3


@dataclass(frozen=True)
class Verdict:
    """What the auditor found. Every number but ``acknowledged``, ``repeated_writes`` and ``invoices`` must be 0, and every list empty."""

    acknowledged: int
    lost: int
    stored_twice: int
    charged_twice: int
    uncharged: int
    repeated_writes: int = 0
    differing_writes: list[str] = field(default_factory=list)
    lost_postings: list[str] = field(default_factory=list)
    laws: list[str] = field(default_factory=list)
    lost_events: list[str] = field(default_factory=list)
    invoices: int = 0

    @property
    def is_clean(self) -> bool:
        wrong = (self.lost, self.stored_twice, self.charged_twice, self.uncharged)
        return not any((*wrong, self.lost_postings, self.differing_writes, self.laws))


@dataclass(frozen=True)
class Found:
    """An event in the database: how many there are of its visitor, and whether it counts."""

    count: int
    job: int
    kind: str
    is_counted: bool


@dataclass(frozen=True)
class Stored:
    """What the database has: events by visitor; of each charge its job, the clicks that it is for, and those that it charges;
    how many clicks each budget pays for.
    """

    events: dict[int, Found]
    charges: list[tuple[int, int, int]]
    affordable: dict[int, int]


def read_stored(database_url: str) -> Stored:
    with psycopg.connect(database_url) as connection:
        events = find_events(
            connection.execute(EVENTS).fetchall(), dict(connection.execute(SALTS).fetchall())
        )
        charges = connection.execute(CHARGES).fetchall()
        return Stored(events, charges, dict(connection.execute(AFFORDABLE).fetchall()))


def find_events(rows: list[tuple[Any, ...]], salts: dict[date, bytes]) -> dict[int, Found]:
    """The events by the number that their visitor has without the salt of its day. A visitor on two days is an event stored twice."""
    found: dict[int, Found] = {}
    for day, group in groupby(rows, key=itemgetter(0)):
        of_day = list(group)
        numbers = reveal(np.array([row[1] for row in of_day], dtype=np.int64), salts.get(day)).tolist()
        for number, (_, _, count, job, kind, verdict) in zip(numbers, of_day, strict=True):
            before = found[number].count if number in found else 0
            found[number] = Found(before + count, job, KINDS[kind], is_counted=verdict == COUNTED)
    return found


def number_visitors(visitors: Iterable[str]) -> dict[str, int]:
    """The number of each visitor, without the salt of a day."""
    named = sorted(visitors)
    events = [Event(source="-", id="-", type=CLICK, time=0, job=1, visitor=one) for one in named]
    return dict(zip(named, make_columns(events, {}).visitors.tolist(), strict=True)) if named else {}


def audit_events(receipts: Receipts, stored: Stored, *, open_jobs: tuple[int, ...]) -> Verdict:
    """``open_jobs`` were open during the whole round: each acknowledged click on one is charged while its budget lasts."""
    numbers = number_visitors(receipts.sent)
    there = {one: stored.events[number] for one, number in numbers.items() if number in stored.events}
    kept = {one for one in receipts.acknowledged & set(there) if _is_as_sent(there[one], receipts.sent[one])}
    charged, beyond = Counter[int](), 0
    for job, clicks, clicks_charged in stored.charges:
        charged[job] += clicks_charged
        beyond += max(0, clicks_charged - clicks)
    sent = Counter(job for job, kind in receipts.sent.values() if kind == CLICK)
    counted = Counter(there[one].job for one in kept if there[one].kind == CLICK and there[one].is_counted)
    return Verdict(
        acknowledged=len(receipts.acknowledged),
        lost=len(receipts.acknowledged) - len(kept),
        lost_events=sorted(receipts.acknowledged - kept)[:LOST_NAMED_MAX],
        stored_twice=sum(found.count > 1 for found in there.values()),
        charged_twice=max(beyond, sum(max(0, charged[job] - sent[job]) for job in open_jobs)),
        uncharged=sum(max(0, min(counted[job], stored.affordable[job]) - charged[job]) for job in open_jobs),
    )


def _is_as_sent(found: Found, sent: tuple[int, str]) -> bool:
    return (found.job, found.kind) == sent


def list_differing(receipts: Receipts) -> list[str]:
    """Writes whose repeats were answered otherwise than the first time, or that were refused."""
    return [
        f"{write.path}: {write.answers}"
        for write in receipts.writes
        if write.answers and (len(set(write.answers)) > 1 or write.answers[0][0] >= 400)
    ]


def count_invoices(database_url: str, *, since_ms: int) -> int:
    """Those that were issued since a time of the sandbox's clock."""
    with psycopg.connect(database_url) as connection:
        (count,) = connection.execute(INVOICES, [since_ms / 1_000]).fetchall()[0]
        return int(count)


def list_broken_laws(database_url: str) -> list[str]:
    """What ``jobmeter db check`` would report."""
    return asyncio.run(_list_broken_laws(database_url))


async def _list_broken_laws(database_url: str) -> list[str]:
    async with (
        Database.opened(database_url, connections_max=2) as database,
        database.transaction() as connection,
    ):
        checks = await check_laws(connection)
    assert sum(check.checked for check in checks) > 100
    return [f"{check.law}: {check.breaches}, first {check.example}" for check in checks if check.breaches]
