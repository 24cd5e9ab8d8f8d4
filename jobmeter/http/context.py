"""Owns what every endpoint needs: the process's resources (database, settings, clock, caches) and the current request.

Does not own how a request is processed (``http.pipeline``).
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action, Actor, ActorKind, Door
from jobmeter.base.faults import Fault
from jobmeter.base.settings import Settings
from jobmeter.database.batching import Batcher
from jobmeter.database.connection import Connection, Tenant
from jobmeter.database.pool import Database
from jobmeter.http.admission import AdmissionControl, ExportShares
from jobmeter.http.change_watch import ChangeWatch
from jobmeter.http.proxies import TrustedProxies
from jobmeter.http.rate_limits import RateLimits
from jobmeter.jobs.pages.model import ApplyTarget
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.operator_keys.model import KeyHolder
from jobmeter.partners.model import Application, IssuedToken
from jobmeter.people.mails.flow import MailSender
from jobmeter.people.model import Role, SignedIn
from jobmeter.replicas.flow import ReplicaWatch
from jobmeter.reports.job_reports.flow import JobListCache
from jobmeter.reports.job_reports.model import ByIdsRequest, JobReport
from jobmeter.request_control.model import Request as IdempotentRequest
from jobmeter.request_log.flow import RequestRecorder
from jobmeter.request_log.model import LoggedRequest
from jobmeter.sandbox_controls.model import Assessment, ControlsState, Score
from jobmeter.telemetry.logs.model import Fields
from jobmeter.telemetry.model import UNKNOWN, known_verb
from jobmeter.wire.events import Event

NOTHING: Mapping[str, Any] = MappingProxyType({})
SETTINGS_KEY = "(key of the settings)"
TENANTS_REMEMBERED_MAX = 1_000  # some hundred bytes each
OPERATOR_ROLES = frozenset({Role.OPERATOR, Role.OPERATOR_READER})


class Clock(Protocol):
    async def read(self) -> datetime:
        """Returns the installation's current time; a sandbox's clock can be moved."""
        ...


class Sandbox(Protocol):
    """What a sandbox offers to its pages; a production server has none."""

    async def move_by(self, span: timedelta, *, repeatable: IdempotentRequest | None) -> bool:
        """Moves the clock forward and carries out what falls due on the way. Returns whether the move is over:
        a long one continues after the answer.
        """
        ...

    async def move_to(self, moment: datetime, *, repeatable: IdempotentRequest | None) -> bool:
        """As ``move_by``. Raises ``Refused``: CLOCK_BACKWARDS, OPERATOR_INPUT."""
        ...

    async def set_traffic(self, *, is_on: bool, views_per_job_day: int) -> None: ...

    async def score_traffic(self) -> list[Score]:
        """Returns how well filters and rules detected the traffic of the days that are final."""
        ...

    def assess(self, requests: Sequence[LoggedRequest], *, has_campaigns: bool) -> list[Assessment]:
        """Returns the verdict of these requests on each rule of the certification."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AppContext:
    """The process's resources. ``wake_worker`` never waits; ``sandbox`` is ``None`` in production, ``replica`` without one.

    ``singles`` records candidates' views and clicks in batches; ``tokens``, ``named_keys`` and ``job_reports`` serve
    concurrent callers with one statement. ``known`` and ``job_lists`` cache jobs for intake and for reports.
    ``people_mails`` sends mails to people after the answer.
    """

    database: Database
    settings: Settings
    clock: Clock
    sandbox: Sandbox | None
    wake_worker: Callable[[], None]
    rate_limits: RateLimits
    singles: Batcher[Event, ApplyTarget | None]
    tokens: Batcher[str, IssuedToken | None]
    named_keys: Batcher[str, KeyHolder | None]
    job_reports: Batcher[ByIdsRequest, dict[str, JobReport]]
    known: IntakeCaches
    job_lists: JobListCache
    change_watch: ChangeWatch
    intake_gate: AdmissionControl
    export_shares: ExportShares
    proxies: TrustedProxies
    recorder: RequestRecorder
    people_mails: MailSender
    replica: "Replica | None" = None
    _of_tenants: dict[Tenant, "AppContext"] = field(default_factory=dict, init=False, repr=False)

    def of_tenant(self, tenant: Tenant) -> "AppContext":
        """The same with a database that shows what belongs to the tenant."""
        known = self._of_tenants.get(tenant)
        if known is None:
            if len(self._of_tenants) >= TENANTS_REMEMBERED_MAX:
                self._of_tenants.clear()
            known = replace(self, database=self.database.of_tenant(tenant))
            self._of_tenants[tenant] = known
        return known

    @asynccontextmanager
    async def lend_connection(self) -> AsyncIterator[Connection]:
        """Lends a connection for one page, of the share of the pool that exports have."""
        async with self.export_shares.take_turn(), self.database.connection() as connection:
            yield connection


@dataclass(frozen=True, slots=True)
class Replica:
    """Resources whose database is a replica, and how far that is behind."""

    app: AppContext
    watch: ReplicaWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The authenticated caller. ``sender`` scopes idempotency keys; only a partner has an application.

    ``key`` is the named key of another caller, ``None`` for a key of the settings. The database shows the request what
    belongs to ``tenant``, everything if it is ``None``.
    """

    sender: str
    application: Application | None = None
    key: KeyHolder | None = None
    tenant: Tenant | None = None


class Row(Protocol):
    """The row of an endpoint in its table."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...


class KeyedHeaders(Headers):
    """Headers by name; of several with one name the first, as in Starlette's, which goes through all of them for each look-up."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        raw = reversed(self.raw)  # so that the first one stays
        self._by_name = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}

    def __getitem__(self, key: str) -> str:
        return self._by_name[key.lower()]

    def __contains__(self, key: Any) -> bool:
        return key.lower() in self._by_name

    def get(self, key: str, default: Any = None) -> Any:
        return self._by_name.get(key.lower(), default)


class IncomingRequest(Request):
    """A request whose headers many steps read."""

    @property
    def headers(self) -> Headers:
        if not hasattr(self, "_headers"):
            self._headers = KeyedHeaders(self.scope)
        return self._headers


class RequestContext:
    """The state of one request; only the pipeline changes it. ``headers`` are sent with every response, refusals included.

    ``request_id`` is set by the dialect; the response carries it, and each line of the log. ``now`` is the machine's time until the installation's time has been read. ``caller`` and ``body`` are empty until
    the credentials are checked, and at endpoints without credentials or body. ``repeatable`` identifies a write that has
    an ``Idempotency-Key``. ``signed_in`` is the person of a web page's session, ``controls`` what is set in a sandbox. ``requester`` is whom the credentials name, also if they are refused, for example expired;
    ``is_recorded`` is ``False`` for a request that reads the log of requests. ``row`` is that of the endpoint once it is known, ``fault`` why
    the request is refused.
    """

    __slots__ = (
        "app",
        "body",
        "caller",
        "controls",
        "fault",
        "headers",
        "is_recorded",
        "now",
        "repeatable",
        "request",
        "request_id",
        "requester",
        "row",
        "signed_in",
    )

    def __init__(self, request: Request, app: AppContext, *, now: datetime) -> None:
        self.request = request
        self.request_id = ""
        self.app = app
        self.now = now
        self.headers: dict[str, str] = {}
        self.caller: Caller | None = None
        self.body = b""
        self.repeatable: IdempotentRequest | None = None
        self.requester: Application | None = None
        self.signed_in: SignedIn | None = None
        self.controls: ControlsState | None = None
        self.is_recorded = True
        self.row: Row | None = None
        self.fault: Fault | None = None

    @property
    def path(self) -> str:
        """The decoded path; ``request.url`` would build and parse the whole URL for it."""
        path: str = self.request.scope["path"]
        return path

    @property
    def application(self) -> Application:
        """The application that the access token belongs to, at partner endpoints."""
        assert self.caller is not None, "the request is not authenticated"
        assert self.caller.application is not None, "the caller is not a partner"
        return self.caller.application

    @property
    def method(self) -> str:
        """That of the endpoint in its table; of a request without one its verb."""
        return known_verb(self.request.method) if self.row is None else self.row.method

    @property
    def route(self) -> str:
        """The path of the endpoint in its table, ``(none)`` without one: the address that was sent may name people."""
        return UNKNOWN if self.row is None else self.row.path

    def describe_for_log(self) -> Fields:
        return {"requestId": self.request_id, "method": self.method, "route": self.route}

    async def record(
        self,
        connection: Connection,
        action: Action,
        subject_id: object,
        *,
        partner_id: int | None,
        before: Mapping[str, Any] = NOTHING,
        after: Mapping[str, Any] = NOTHING,
    ) -> None:
        """Records an administrative act of the caller, or of the person who is logged in, in the transaction that carries it
        out; the response names it by its request id.
        """
        act = Act(
            action=action,
            subject_id=str(subject_id),
            actor=self._describe_actor(),
            at=self.now,
            partner_id=partner_id,
            before=before,
            after=after,
        )
        await audit.record(connection, act)

    def _describe_actor(self) -> Actor:
        assert self.caller is not None, "the request is not authenticated"
        request_id = self.request_id
        if self.signed_in is not None:
            person, role = self.signed_in.person, self.signed_in.grant.role
            kind = ActorKind.OPERATOR_PERSON if role in OPERATOR_ROLES else ActorKind.PERSON
            return Actor(kind=kind, door=Door.PORTAL, name=person.email, id=person.id, request_id=request_id)
        if (application := self.caller.application) is not None:
            kind, name, number = ActorKind.APPLICATION, application.name, application.id
            return Actor(kind=kind, door=Door.API, name=name, id=number, request_id=request_id)
        key = self.caller.key
        name, key_id = (SETTINGS_KEY, None) if key is None else (key.name, key.id)
        return Actor(kind=ActorKind.OPERATOR_KEY, door=Door.API, name=name, id=key_id, request_id=request_id)


def app_context_of(request: Request) -> AppContext:
    context = request.app.state.jobmeter
    assert isinstance(context, AppContext)
    return context
