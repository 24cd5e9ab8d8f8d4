"""Owns the reading of recorded requests: which call each one is, whose, and which job operations and tasks it contains. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from jobmeter.certification.model import Recorded

TOKEN_PATH = "/oauth/v2/accessToken"  # noqa: S105 -- a path
INTROSPECT_PATH = "/oauth/v2/introspectToken"
CREATE, UPDATE, CLOSE, UPGRADE, DOWNGRADE = "CREATE", "UPDATE", "CLOSE", "UPGRADE", "DOWNGRADE"
SUCCEEDED, FAILED, PROCESSED = "SUCCEEDED", "FAILED", "PROCESSED"
ENDED = frozenset({SUCCEEDED, FAILED, PROCESSED})
_MARK = re.compile(r"^\*\*\*(\w+)$")
_PART = re.compile(r"(day|month|year):(\d+)")
_DOTTED = re.compile(r"dateRange\.(start|end)\.(day|month|year)")


class Kind(Enum):
    """What a request is."""

    TOKEN = "TOKEN"  # noqa: S105 -- a name
    INTROSPECT = "INTROSPECT"
    FIND = "FIND"  # a child application by its foreign id
    NEW = "NEW"  # a child application
    SETUP = "SETUP"
    JOBS = "JOBS"
    TASKS = "TASKS"
    STATUS = "STATUS"
    BY_IDS = "BY_IDS"
    BY_RANGE = "BY_RANGE"
    BUDGET = "BUDGET"
    CAMPAIGN = "CAMPAIGN"
    LOCATIONS = "LOCATIONS"
    WEBHOOK = "WEBHOOK"
    OTHER = "OTHER"


# Roots and resources; the first that fits. The method is that of the request, or of the tunnelled one.
_KINDS: tuple[tuple[Kind, str, str, str], ...] = (
    (Kind.TOKEN, "", TOKEN_PATH, ""),
    (Kind.INTROSPECT, "POST", INTROSPECT_PATH, ""),
    (Kind.NEW, "POST", "/v2/provisionedApplications", ""),
    (Kind.FIND, "GET", "/v2/provisionedApplications", "q=credentialsByUniqueForeignId"),
    (Kind.SETUP, "POST", "/rest/provisionedHiringContracts", "action=setup"),
    (Kind.JOBS, "POST", "/*/simpleJobPostings", ""),
    (Kind.TASKS, "GET", "/*/simpleJobPostingTasks", ""),
    (Kind.STATUS, "GET", "/*/jobPostingStatus", ""),
    (Kind.BY_RANGE, "GET", "/rest/partnerJobReports", "q=dateRange"),
    (Kind.BY_IDS, "GET", "/rest/partnerJobReports", ""),
    (Kind.BUDGET, "GET", "/rest/partnerBudgetReports", ""),
    (Kind.CAMPAIGN, "", "/rest/jobCampaigns", ""),
    (Kind.LOCATIONS, "GET", "/rest/jobPostingGeoLocations", ""),
    (Kind.WEBHOOK, "POST", "/partner/webhooks", ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A recorded request, read: ``client`` is the application, also where only its token shows it."""

    record: Recorded
    kind: Kind
    client: str
    method: str
    query: str
    sent: Any  # the decoded body, or ``None``
    returned: Any

    @property
    def number(self) -> int:
        return self.record.number

    @property
    def is_success(self) -> bool:
        return self.record.status < 300

    @property
    def code(self) -> str:
        """The number or name at the beginning of an error, such as 65602."""
        return self.record.error.partition(" ")[0]

    @property
    def target(self) -> tuple[str, str, str]:
        return self.method, self.record.path, self.query

    def parameter(self, name: str) -> str:
        return next((value for key, value in parse_qsl(self.query) if key == name), "")

    def list_ids(self) -> list[str]:
        """The ids of a batch in either protocol: ``ids=List(a,b)`` or ``ids=a&ids=b``."""
        found = [
            value for name, value in parse_qsl(self.query) if name == "ids" or re.match(r"ids\[\d+\]$", name)
        ]
        if len(found) == 1 and found[0].startswith("List("):
            raw = next(part for part in self.query.split("&") if part.startswith("ids="))
            inner = raw.removeprefix("ids=List(").removesuffix(")")
            return [unquote(one) for one in inner.split(",") if one]
        return found

    def read_range(self) -> tuple[date, date] | None:
        """The days of a report in either protocol."""
        parts: dict[str, dict[str, int]] = {"start": {}, "end": {}}
        for name, value in parse_qsl(self.query):
            if (dotted := _DOTTED.fullmatch(name)) and value.isdigit():
                parts[dotted[1]][dotted[2]] = int(value)
            elif name == "dateRange":
                for side in parts:
                    inner = value.partition(f"{side}:(")[2].partition(")")[0]
                    parts[side] = {unit: int(number) for unit, number in _PART.findall(inner)}
        try:
            return date(**parts["start"]), date(**parts["end"])
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One element of a batch, with the row that answered it. ``task`` is empty if it was refused."""

    call: Call
    element: dict[str, Any]
    status: int
    task: str

    @property
    def client(self) -> str:
        return self.call.client

    @property
    def number(self) -> int:
        return self.call.number

    @property
    def verb(self) -> str:
        return str(self.element.get("jobPostingOperationType", ""))

    @property
    def job(self) -> tuple[str, str]:
        """The application and the external id, which name a job."""
        return self.client, str(self.element.get("externalJobPostingId", ""))

    @property
    def is_accepted(self) -> bool:
        return self.status == 202

    @property
    def company(self) -> str:
        """The company, named by its URN or its page; its name alone does not identify it."""
        for field in ("company", "integrationContext", "companyPageUrl"):
            if self.element.get(field):
                return str(self.element[field])
        return ""

    @property
    def is_paid_by_click(self) -> bool:
        return bool(self.element.get("budget") or self.element.get("partnerJobCampaignId"))

    @property
    def is_remote(self) -> bool:
        return any(str(one).lower() == "remote" for one in self.element.get("workplaceTypes") or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one request said of one task."""

    call: Call
    task: str
    status: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one request said of one job's status."""

    call: Call
    job: tuple[str, str]
    shown: dict[str, Any]


class Trace:
    """All recorded requests of a rehearsal, in order."""

    def __init__(self, records: Sequence[Recorded]) -> None:
        ordered = sorted(records, key=lambda one: (one.received_at, one.number))
        owners = dict(_find_owners(ordered))
        self.calls = [read_call(one, owners) for one in ordered]

    def of(self, *kinds: Kind) -> list[Call]:
        return [call for call in self.calls if call.kind in kinds]

    def succeeded(self, *kinds: Kind) -> list[Call]:
        return [call for call in self.of(*kinds) if call.is_success]

    @cached_property
    def operations(self) -> list[Operation]:
        return [operation for call in self.of(Kind.JOBS) for operation in _list_operations(call)]

    def jobs(self, *verbs: str) -> list[Operation]:
        """The accepted operations with these verbs."""
        return [one for one in self.operations if one.verb in verbs and one.is_accepted]

    @cached_property
    def polls(self) -> list[Poll]:
        return [poll for call in self.succeeded(Kind.TASKS) for poll in _list_polls(call)]

    @cached_property
    def outcomes(self) -> dict[str, Poll]:
        """The last word on each task that has ended."""
        return {poll.task: poll for poll in self.polls if poll.status in ENDED}

    @cached_property
    def first_ends(self) -> dict[str, Poll]:
        """Where each task was first reported as ended."""
        found: dict[str, Poll] = {}
        for poll in self.polls:
            if poll.status in ENDED:
                found.setdefault(poll.task, poll)
        return found

    def ended(self, operation: Operation, status: str = SUCCEEDED) -> Poll | None:
        """Returns where the task of an operation was first reported with this status."""
        poll = self.first_ends.get(operation.task)
        return poll if poll is not None and poll.status == status else None

    @cached_property
    def statuses(self) -> list[Seen]:
        return [
            Seen(call=call, job=(call.client, str(external_id)), shown=shown)
            for call in self.succeeded(Kind.STATUS)
            for external_id, shown in _map_of(call.returned, "results").items()
            if isinstance(shown, dict)
        ]

    @cached_property
    def children(self) -> dict[str, Call]:
        """The applications that were created, by client id."""
        found = {}
        for call in self.succeeded(Kind.NEW):
            client = _map_of(call.returned, "credentials").get("client_id")
            if client:
                found[str(client)] = call
        return found

    @cached_property
    def setups(self) -> dict[str, list[Call]]:
        """The successful set-ups of each customer's contract."""
        found: dict[str, list[Call]] = {}
        for call in self.succeeded(Kind.SETUP):
            found.setdefault(call.client, []).append(call)
        return found

    def after(self, number: int, *kinds: Kind) -> Iterator[Call]:
        """The calls that follow a request."""
        is_after = False
        for call in self.calls:
            if is_after and (not kinds or call.kind in kinds):
                yield call
            is_after = is_after or call.number == number

    def is_before(self, one: int, other: int) -> bool:
        return self.positions[one] < self.positions[other]

    @cached_property
    def positions(self) -> dict[int, int]:
        return {call.number: position for position, call in enumerate(self.calls)}


def read_call(record: Recorded, owners: dict[str, str]) -> Call:
    method, query, body = record.method, record.query, record.body
    override = record.headers.get("x-http-method-override", "")
    if override and method == "POST":
        method = override.strip().upper()
        if "form" in record.headers.get("content-type", ""):
            query, body = "&".join(filter(None, (query, body))), ""
    form = dict(parse_qsl(body)) if "form" in record.headers.get("content-type", "form") else {}
    sent = form if record.path.startswith("/oauth/") else _decode(body)
    client = record.client_id or str(form.get("client_id", "")) or owners.get(record.token, "")
    return Call(
        record=record,
        kind=_find_kind(method=method, path=record.path, query=query),
        client=client,
        method=method,
        query=query,
        sent=sent,
        returned=_decode(record.response),
    )


def _find_owners(records: Sequence[Recorded]) -> Iterator[tuple[str, str]]:
    """Yields the mark of each issued token with the application that it was issued to."""
    for record in records:
        if record.path == TOKEN_PATH and record.status < 300:
            returned = _decode(record.response)
            marked = (
                _MARK.match(str(returned.get("access_token", ""))) if isinstance(returned, dict) else None
            )
            client = record.client_id or dict(parse_qsl(record.body)).get("client_id", "")
            if marked and client:
                yield marked[1], client


def _find_kind(*, method: str, path: str, query: str) -> Kind:
    for kind, verb, wanted, part in _KINDS:
        pattern = wanted.replace("*", "(rest|v2)")
        if verb in {"", method} and re.match(rf"{pattern}(/|$)", path) and part in query:
            return kind
    return Kind.OTHER


def _decode(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode()) if text else None
    except (msgspec.MsgspecError, UnicodeError):
        return None


def _map_of(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def list_of(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _list_operations(call: Call) -> Iterator[Operation]:
    rows = list_of(call.returned, "elements")
    for index, element in enumerate(list_of(call.sent, "elements")):
        row = rows[index] if index < len(rows) and isinstance(rows[index], dict) else {}
        if isinstance(element, dict):
            status = row.get("status")
            yield Operation(
                call=call,
                element=element,
                status=status if isinstance(status, int) else call.record.status,
                task=str(row.get("id") or ""),
            )


def _list_polls(call: Call) -> Iterator[Poll]:
    returned = call.returned
    found = _map_of(returned, "results")
    if not found and isinstance(returned, dict) and "status" in returned and "id" in returned:
        found = {str(returned["id"]): returned}
    for task, shown in found.items():
        if isinstance(shown, dict):
            yield Poll(
                call=call,
                task=task,
                status=str(shown.get("status", "")),
                message=str(shown.get("errorMessage") or ""),
            )
