"""Owns how far an application has been pulled, and its form in a destination: one JSON text. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

import msgspec

from jobmeter.base.faults import CommandFailed
from jobmeter.client.http.ranges import Span
from jobmeter.pull.reading.spans import Spans, add_span, remove_day
from jobmeter.pull.reading.streams import (
    CHARGES,
    CLICKS_NOT_CHARGED,
    INVOICE_LINES,
    JOB_DAYS,
    JOBS,
    RESTATEMENTS,
)

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``streams`` are those of the last pull, ``job_days`` the final days that are stored, by contract, and ``invoices`` those
    whose lines are.
    """

    version: int = VERSION
    streams: frozenset[str] = frozenset()
    cursor: int = 0
    job_days: Mapping[int, Spans] = field(default_factory=dict)
    clicks_not_charged: Spans = ()
    invoices: frozenset[int] = frozenset()

    def choose_streams(self, streams: frozenset[str]) -> Self:
        """Returns the state for these streams. One that was not in the last pull is read from its beginning."""
        added = streams - self.streams
        return replace(
            self,
            streams=streams,
            cursor=0 if added & {CHARGES.name, RESTATEMENTS.name} else self.cursor,
            job_days={} if added & {JOB_DAYS.name, JOBS.name} else self.job_days,
            clicks_not_charged=() if CLICKS_NOT_CHARGED.name in added else self.clicks_not_charged,
            invoices=frozenset() if INVOICE_LINES.name in added else self.invoices,
        )

    def store_days(self, contract: int, span: Span, final_through: date) -> Self:
        final = Span(span.first, min(span.last, final_through))
        stored = add_span(self.job_days.get(contract, ()), final)
        return replace(self, job_days={**self.job_days, contract: stored})

    def store_clicks(self, span: Span, final_through: date) -> Self:
        final = Span(span.first, min(span.last, final_through))
        return replace(self, clicks_not_charged=add_span(self.clicks_not_charged, final))

    def restate(self, day: date) -> Self:
        """Returns the state in which a day is needed again, because its figures have changed since."""
        days = {contract: remove_day(spans, day) for contract, spans in self.job_days.items()}
        return replace(self, job_days=days, clicks_not_charged=remove_day(self.clicks_not_charged, day))


def write_state(state: State) -> str:
    return msgspec.json.encode(state).decode()


def read_state(text: str, *, application: str) -> State:
    """Raises ``CommandFailed`` for what another version has written."""
    try:
        state = msgspec.json.decode(text, type=State)
    except msgspec.DecodeError as error:
        raise CommandFailed(
            f"the state of {application} in the destination cannot be read: {error}"
        ) from error
    if state.version != VERSION:
        raise CommandFailed(
            f"the state of {application} was stored by another version of Jobmeter; upgrade this one"
        )
    return state
