"""Owns what every endpoint needs: of the process (database, settings, clock, caches), and of the request at hand.

Does not own the way of a request (``http.pipeline``).
"""

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
from jobmeter.partners.model import Application, IssuedToken
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.reports.job_reports.model import ByIdsRequest, JobReport
from jobmeter.wire.events import Event


class Clock(Protocol):
    async def read(self) -> datetime:
        """The time that this request lives at."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AppContext:
    """``wake_worker`` never waits. ``singles`` ingests
    the views and clicks that candidates cause one by one, ``tokens`` and ``job_reports`` read what several
    callers request at once in one statement. ``known`` and ``job_lists`` are what this
    process remembers of jobs, for intake and for reports.
    """

    database: Database
    settings: Settings
    clock: Clock
    wake_worker: Callable[[], None]
    rate_limits: RateLimits
    singles: Batcher[Event, ApplyTarget | None]
    tokens: Batcher[str, IssuedToken | None]
    job_reports: Batcher[ByIdsRequest, dict[str, JobReport]]
    known: IntakeCaches
    job_lists: JobListCache
    change_watch: ChangeWatch
    intake_gate: AdmissionControl
    proxies: TrustedProxies


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who signed in. ``sender`` is the name under which idempotency keys are kept; a partner has an application."""

    sender: str
    application: Application | None = None


class RequestContext:
    """One request on its way, filled in by the pipeline alone. ``headers`` are sent with the response, however it ends.

    ``now`` is the machine's time until the installation's is known. ``caller`` and ``body`` are empty until the credentials
    have been judged, and on endpoints that have none.
    """

    __slots__ = ("app", "body", "caller", "headers", "now", "request")

    def __init__(self, request: Request, app: AppContext, *, now: datetime) -> None:
        self.request = request
        self.app = app
        self.now = now
        self.headers: dict[str, str] = {}
        self.caller: Caller | None = None
        self.body = b""

    @property
    def path(self) -> str:
        """The decoded path. ``request.url`` would join and part the whole address for it."""
        path: str = self.request.scope["path"]
        return path

    @property
    def application(self) -> Application:
        """The application whose token this is, on endpoints for partners."""
        assert self.caller is not None, "nobody has signed in"
        assert self.caller.application is not None, "the caller is no partner"
        return self.caller.application


def app_context_of(request: Request) -> AppContext:
    context = request.app.state.jobmeter
    assert isinstance(context, AppContext)
    return context
