"""Owns composition: builds the ASGI application from settings, database, clock, background loop and routes.

Does not own the behaviour of any of them.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar
from uuid import uuid4

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from jobmeter.api.batchers import batch_job_reports, batch_named_keys, batch_single_events, batch_tokens
from jobmeter.api.candidate.problems import refuse_unknown
from jobmeter.api.routes import make_routes
from jobmeter.api.shutdown import (
    WorkerProcess,
    end_with_parent,
    hand_over_on_signal,
    leave_interrupts_to_parent,
    on_shutdown,
)
from jobmeter.api.worker_memory import keep_freed_memory
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.lists import list_parts
from jobmeter.base.settings import Settings
from jobmeter.certification.rehearsal.assessing import assess_requests
from jobmeter.consumer.addresses import LogAddress
from jobmeter.consumer.loop import StreamConsumer
from jobmeter.consumer.protocol import open_log
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.outages import UNUSABLE, Outage, is_outage
from jobmeter.database.pool import WAIT_SECONDS_MAX, Database
from jobmeter.http.admission import AdmissionControl, ExportShares
from jobmeter.http.change_watch import ChangeWatch
from jobmeter.http.context import AppContext, Replica
from jobmeter.http.pipeline import RouteTable
from jobmeter.http.proxies import read_trusted_proxies
from jobmeter.http.rate_limits import RateLimits, read_rate_limits
from jobmeter.http.responses import restli_refusal
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.people.mails.flow import MailSender
from jobmeter.portal.routes import make_page_routes
from jobmeter.replicas.flow import ReplicaWatch
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.request_log.flow import RequestRecorder
from jobmeter.request_log.model import Depth
from jobmeter.sandbox import endpoints as sandbox_http
from jobmeter.sandbox.clock import MachineClock, SandboxClock
from jobmeter.sandbox.desk import SandboxDesk
from jobmeter.sandbox.traffic.live import TrafficPlayer, play_along
from jobmeter.telemetry.metrics.flow import set_state
from jobmeter.telemetry.metrics.model import ProcessState
from jobmeter.telemetry.traces.flow import send_traces
from jobmeter.worker import chores
from jobmeter.worker.loop import run_loop

START_SECONDS_MAX = 600
RETRY_SECONDS = 1
REPLICA_WAIT_SECONDS = 2  # then the database answers
WATCH_SECONDS = 1

log = logging.getLogger("jobmeter")

Made = TypeVar("Made")


def create_app(settings: Settings | None = None, *, process: WorkerProcess | None = None) -> ASGIApp:
    """Creates the server's application. Without ``settings`` they are read from the environment, as in worker processes.

    With ``process`` it is that of a worker that hands its clients over before it ends.
    """
    chosen = Settings.from_environment() if settings is None else settings

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        end_with_parent()
        leave_interrupts_to_parent()
        keep_freed_memory()
        with send_traces():
            async with contextlib.AsyncExitStack() as opened:
                # All of it is tried again: the database may be lost after any step.
                state = await try_until_usable(lambda: opened.enter_async_context(open_state(chosen)))
                app.state.jobmeter = state
                if process is None:
                    yield
                    return
                with hand_over_on_signal(app, process, state.change_watch.release):
                    process.when_started()
                    yield

    routes = list_routes()
    app = Starlette(
        routes=routes,
        middleware=[Middleware(RouteTable, routes=routes)],
        lifespan=lifespan,
        exception_handlers={404: respond_not_found, Exception: respond_to_failure},
    )
    app.router.redirect_slashes = False
    return app


@cache
def list_routes() -> tuple[Route, ...]:
    """Returns the routes of every application. They hold no state; to make them takes longer than to start one."""
    return (*make_routes(sandbox_http.ENDPOINTS), *make_page_routes())


def open_recorder(database: Database, settings: Settings) -> RequestRecorder:
    """By default a sandbox, where nobody's data is real, records the bodies too."""
    by_default = Depth.BODIES if settings.sandbox else Depth.LINES
    return RequestRecorder(
        database,
        depth=Depth(settings.request_log) if settings.request_log else by_default,
        secret_key=next(iter(list_parts(settings.secret_key)), ""),
    )


def opened_database(
    settings: Settings, *, wait_seconds: float = WAIT_SECONDS_MAX
) -> AbstractAsyncContextManager[Database]:
    """Upgrades the schema, then opens the pool until the block ends. Raises ``DatabaseUnusable``."""
    return Database.opened(
        settings.database_url,
        connections_max=settings.pool_connections_max,
        wait_seconds=wait_seconds,
        direct_url=settings.direct_database_url,
        prepares=settings.prepared_statements,
    )


async def try_until_usable(
    act: Callable[[], Awaitable[Made]], *, seconds_max: float = START_SECONDS_MAX
) -> Made:
    """Repeats what needs the database while that cannot be used: a process may be started during an outage, or just before one.

    Raises what ``act`` raised last, at once if waiting cannot help.
    """
    outage, give_up_at = Outage(), time.monotonic() + seconds_max
    while True:
        try:
            return await act()
        except (DatabaseUnusable, *UNUSABLE) as error:
            cause = error.__cause__ if isinstance(error, DatabaseUnusable) else error
            if cause is None or not is_outage(cause) or time.monotonic() > give_up_at:
                raise
            outage.report(cause)
            await asyncio.sleep(RETRY_SECONDS)


@contextlib.asynccontextmanager
async def open_state(
    settings: Settings, *, wait_seconds: float = WAIT_SECONDS_MAX
) -> AsyncIterator[AppContext]:
    """Opens everything the endpoints need until the block ends; runs chores in the background if the settings say so.

    ``wait_seconds`` is how long a request may wait for a connection to the database.
    """
    async with (
        opened_database(settings, wait_seconds=wait_seconds) as database,
        _open_state_on(database, settings) as state,
    ):
        yield state


@contextlib.asynccontextmanager
async def _open_state_on(database: Database, settings: Settings) -> AsyncIterator[AppContext]:
    rate_limits = RateLimits(database, read_rate_limits(settings.rate_limits))
    known = IntakeCaches()
    clock = SandboxClock(database, settings, known) if settings.sandbox else MachineClock()
    # Before the first request, because events need the partition of their day.
    await chores.make_event_days(database, now=await clock.read())
    wakeup, change_watch = asyncio.Event(), ChangeWatch(database)
    recorder, people_mails = open_recorder(database, settings), MailSender(settings)
    desk = SandboxDesk(database, clock, assess_requests) if isinstance(clock, SandboxClock) else None
    try:
        state = AppContext(
            database=database,
            settings=settings,
            clock=clock,
            sandbox=desk,
            wake_worker=wakeup.set,
            rate_limits=rate_limits,
            singles=batch_single_events(database, settings, read_clock=clock.read, known=known),
            tokens=batch_tokens(database),
            named_keys=batch_named_keys(database),
            job_reports=batch_job_reports(database, seconds_max=settings.report_seconds_max),
            known=known,
            job_lists=JobListCache(),
            change_watch=change_watch,
            intake_gate=AdmissionControl(
                at_once=settings.pool_connections_max // 2, waiting_max=settings.batches_waiting_max
            ),
            export_shares=ExportShares(connections_max=settings.pool_connections_max),
            proxies=read_trusted_proxies(settings.trusted_proxies),
            recorder=recorder,
            people_mails=people_mails,
        )
        beside = list_beside(state, wakeup) if settings.chores else []
        async with run_beside(watch_process(state), *beside), open_replica(state) as reading:
            with on_shutdown(change_watch.release):
                yield reading
    finally:
        for part in (desk, change_watch, recorder, people_mails, rate_limits):
            if part is not None:
                await part.close()


@contextlib.asynccontextmanager
async def open_replica(state: AppContext) -> AsyncIterator[AppContext]:
    """Yields the resources with a replica, if one is set. It need not answer yet, and may go away."""
    settings = state.settings
    if not settings.replica_url:
        yield state
        return
    opened = await state.database.open_replica(
        settings.replica_url,
        connections_max=settings.pool_connections_max,
        wait_seconds=REPLICA_WAIT_SECONDS,
        prepares=settings.prepared_statements,
    )
    watch = ReplicaWatch(state.database, opened, seconds_max=settings.replica_stale_seconds_max)
    job_reports = batch_job_reports(opened, seconds_max=settings.report_seconds_max)
    # Its lists of jobs are as old as it is, and never those of the database.
    reading = replace(state, database=opened, job_reports=job_reports, job_lists=JobListCache())
    try:
        async with run_beside(watch.watch()):
            yield replace(state, replica=Replica(reading, watch))
    finally:
        await opened.close()


def list_beside(state: AppContext, wakeup: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
    """Returns what runs beside the server: chores, and in a sandbox the traffic."""
    database, settings, read_clock = state.database, state.settings, state.clock.read
    beside = [run_loop(database, settings, read_clock=read_clock, wakeup=wakeup)]
    if settings.sandbox:
        beside.append(play_along(TrafficPlayer(database, settings, state.known), read_clock=read_clock))
    return beside


async def watch_process(state: AppContext) -> None:
    """Reports each second what this process holds and what waits in it."""
    while True:
        begun_at = time.perf_counter()
        await asyncio.sleep(WATCH_SECONDS)
        pool = state.database.count_connections()
        set_state(
            ProcessState(
                connections_open=pool.opened,
                connections_lent=pool.lent,
                connections_awaited=pool.awaited,
                batches_waiting=state.intake_gate.waiting,
                loop_delay_seconds=time.perf_counter() - begun_at - WATCH_SECONDS,
            )
        )


async def run_worker(settings: Settings, *, is_over: asyncio.Event, when_running: Callable[[], None]) -> None:
    """Runs the background work in a process without requests, until ``is_over``. What it has begun is finished or taken back.

    Nobody wakes it: it looks for work at its intervals, as every process does.
    """
    async with open_beside_servers(settings) as database:
        clock = MachineClock()
        await chores.make_event_days(database, now=await clock.read())
        async with run_beside(run_loop(database, settings, read_clock=clock.read, wakeup=asyncio.Event())):
            when_running()
            await is_over.wait()


async def run_consumer(
    settings: Settings, address: LogAddress, *, is_over: asyncio.Event, when_running: Callable[[], None]
) -> None:
    """Records the events of a log in a process without requests, until ``is_over``. Raises ``LogUnusableError``."""
    async with open_beside_servers(settings) as database:
        consumer = StreamConsumer(
            database,
            settings,
            stream=settings.stream_name or f"{address.kind}/{address.name}",
            consumer=uuid4(),
            open_log=partial(open_log, address),
            read_clock=MachineClock().read,
            is_over=is_over,
        )
        when_running()
        await consumer.run()


@contextlib.asynccontextmanager
async def open_beside_servers(settings: Settings) -> AsyncIterator[Database]:
    """Yields the database of a process without requests, once it can be used, and sends the spans of the process."""
    with send_traces():
        async with contextlib.AsyncExitStack() as opened:
            yield await try_until_usable(lambda: opened.enter_async_context(opened_database(settings)))


@contextlib.asynccontextmanager
async def run_beside(*tasks: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs what never ends by itself until the block ends."""
    begun = [asyncio.create_task(task) for task in tasks]
    try:
        yield
    finally:
        for task in begun:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def respond_not_found(request: Request, _: Exception) -> Response:
    return refuse_unknown(request, restli_refusal(Refused(Fault.ROUTE_UNKNOWN)))


async def respond_to_failure(_: Request, error: Exception) -> Response:
    # The text of an unexpected error may contain a tenant's data, as may the address: neither is sent nor logged.
    log.error("a request failed", exc_info=error)
    return restli_refusal(Refused(Fault.INTERNAL))
