"""Owns what every endpoint needs from its surroundings: database, settings, the clock, the bell for the worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request

from jobmeter.api.http.admission import AdmissionControl
from jobmeter.api.http.change_watch import ChangeWatch
from jobmeter.api.http.proxies import TrustedProxies
from jobmeter.api.http.rate_limits import RateLimits
from jobmeter.base.settings import Settings
from jobmeter.database.batching import Batcher
from jobmeter.database.pool import Database
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.partners.model import IssuedToken
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.reports.job_reports.model import ByIdsRequest, JobReport
from jobmeter.wire.events import Event


class Clock(Protocol):
    async def read(self) -> datetime:
        """The time that this request lives at."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """``ring`` tells the background worker that there is something to do; it never waits. ``singles`` takes in
    the views and clicks that candidates cause one by one, ``tokens`` and ``job_reports`` read what several
    callers ask at once in one statement. ``known`` and ``job_lists`` are what this
    process remembers of jobs, for intake and for reports.
    """

    database: Database
    settings: Settings
    clock: Clock
    ring: Callable[[], None]
    rate_limits: RateLimits
    singles: Batcher[Event, ApplyTarget | None]
    tokens: Batcher[str, IssuedToken | None]
    job_reports: Batcher[ByIdsRequest, dict[str, JobReport]]
    known: IntakeCaches
    job_lists: JobListCache
    change_watch: ChangeWatch
    intake_gate: AdmissionControl
    proxies: TrustedProxies


def state_of(request: Request) -> State:
    state = request.app.state.jobmeter
    assert isinstance(state, State)
    return state
