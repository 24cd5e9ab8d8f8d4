"""``/portal/sandbox``: the clock, traffic with what it really is and how well it is detected, forced failures, credentials."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ListedPage
from jobmeter.people.model import OPERATOR_ROLES, PARTNER_ROLES
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.sandbox.only_there import SANDBOX, sandbox_of
from jobmeter.sandbox_controls import flow as controls
from jobmeter.sandbox_controls.model import VIEWS_PER_JOB_DAY_MAX

NUMBER_DIGITS_MAX = 9
APPLICATIONS_SHOWN = 20
NO_NUMBER = mark("Enter a number from 1 to %(most)s")
ENVIRONMENT = 'eval "$(jobmeter env)"'
EVERY_CALL = "all"
CALLS = {
    "1": mark("the next call"),
    "10": mark("the next 10 calls"),
    EVERY_CALL: mark("every call until it is turned off"),
}

# What the sandbox's visitors really are.
LABELS = {
    "genuine": mark("Genuine"),
    "late": mark("Genuine, arrived late"),
    "too_late": mark("Arrived too late"),
    "after_close": mark("After the job was closed"),
    "double_click": mark("Double click"),
    "crawler": mark("Crawler"),
    "declared_crawler": mark("Crawler that says so"),
    "robotic": mark("Robot that looks like a person"),
    "elsewhere": mark("From another country"),
    "staff": mark("The customer's own staff"),
}
# The filters and rules that detect them.
DETECTORS = {
    "TOO_OLD": mark("Too old"),
    "JOB_NOT_LIVE": mark("Job not live"),
    "CRAWLER": mark("Crawler"),
    "OUTSIDE_MARKET": mark("Outside the market"),
    "EXCLUDED_VISITOR": mark("Excluded visitor"),
    "REPEATED_CLICK": mark("Repeated click"),
    "VISITOR_BURST": mark("Burst of a visitor"),
    "together, clicks": mark("All together, apply clicks"),
}
# The errors that calls of partners return, by what they are about.
FAILURES = (
    (mark("Tokens and limits"), ("TOKEN_", "ACCESS_DENIED", "THROTTLED", "VERSION_")),
    (
        mark("Reports and budgets"),
        (
            "JOB_REPORT",
            "BUDGET_",
            "TERM_",
            "RANGE_",
            "POSTINGS_",
            "SPEND_",
            "LIMIT_",
            "CHARGES_",
            "ANALYTICS_",
            "REPORT_",
            "PARTNER_CHARGES",
            "PARTNER_ANALYTICS",
            "PARTNER_POSTINGS",
            "JOB_NOT_REPORTED",
        ),
    ),
    (mark("Jobs and contracts"), ("JOB_", "JOBS_TOO_MANY", "CONTRACT_")),
    (mark("Server"), ("OVERLOADED", "UNAVAILABLE", "INTERNAL", "GATEWAY_TIMEOUT")),
)
FAULTS_OTHERS_MIN = 7000  # from here on those of other protocols, except of the server itself
SERVER_MIN = 9000


async def show_controls(visit: Visit) -> Response:
    """Raises ``Refused(ROUTE_UNKNOWN)`` in production."""
    return await show_controls_page(visit, {})


async def set_traffic(visit: Visit) -> Response:
    """Turns traffic on or off, or changes how many visitors come. Raises ``Refused(ROUTE_UNKNOWN)`` in production."""
    sandbox, views = sandbox_of(visit), _read_number(visit.form.get("views", ""))
    if views is None or not 1 <= views <= VIEWS_PER_JOB_DAY_MAX:
        most = visit.viewer.number(VIEWS_PER_JOB_DAY_MAX)
        return await show_controls_page(visit, {"views": visit.gettext(NO_NUMBER) % {"most": most}})
    await sandbox.set_traffic(is_on=visit.form.get("state") != "off", views_per_job_day=views)
    return visit.redirect(SANDBOX, done="traffic")


async def set_failure(visit: Visit) -> Response:
    """Raises ``Refused``: ROUTE_UNKNOWN in production, OPERATOR_INPUT."""
    sandbox_of(visit)
    code, calls = visit.form.get("code", ""), visit.form.get("calls", "1")
    async with visit.app.database.transaction() as connection:
        await controls.set_failure(
            connection, code=_read_number(code), calls=None if calls == EVERY_CALL else _read_number(calls)
        )
    return visit.redirect(SANDBOX, done="failure" if code else "failure-off")


async def show_controls_page(visit: Visit, problems: Mapping[str, str]) -> Response:
    sandbox = sandbox_of(visit)
    async with visit.app.database.connection() as connection:
        traffic = await controls.read_traffic(connection)
        labels = await controls.count_labels(connection)
        failure = await controls.find_failure(connection)
        applications = await _list_applications(connection, visit)
    now = visit.context.now
    return visit.show(
        "sandbox/controls.html",
        problems=problems,
        ahead=_describe_span(visit, now - read_machine_clock()),
        wanted=visit.form.get("to") or (now + timedelta(days=1)).strftime("%Y-%m-%dT00:00"),
        earliest=now.strftime("%Y-%m-%dT%H:%M"),
        traffic=traffic,
        views=visit.form.get("views") or traffic.views_per_job_day,
        views_max=VIEWS_PER_JOB_DAY_MAX,
        labels=labels,
        label_names=LABELS,
        scores=await sandbox.score_traffic(),
        detectors=DETECTORS,
        failure=failure,
        failures=_list_failures(),
        calls=CALLS,
        applications=applications,
        environment=ENVIRONMENT,
        wrong=partial(_mark_wrong, problems),
        base_url=visit.app.settings.base_url or str(visit.context.request.base_url).rstrip("/"),
    )


def _mark_wrong(problems: Mapping[str, str], name: str) -> dict[str, str]:
    """The attributes of a field with a problem."""
    return {"aria-invalid": "true", "aria-describedby": f"{name}-problem"} if name in problems else {}


async def _list_applications(connection: Connection, visit: Visit) -> list[Application]:
    """Those of the partner, or of everybody for the operator; a member has none."""
    grant = visit.signed_in.grant
    if grant.role not in PARTNER_ROLES | OPERATOR_ROLES:
        return []
    page = ListedPage(after=0, rows_max=APPLICATIONS_SHOWN)
    return await partners.list_applications(connection, page, partner_id=grant.partner_id)


def _describe_span(visit: Visit, span: timedelta) -> str:
    """Returns how far the clock is ahead of the machine's, in its largest unit."""
    hours = span // timedelta(hours=1)
    days = hours // 24
    if days:
        text = visit.ngettext("%(num)s day ahead of the machine", "%(num)s days ahead of the machine", days)
        return text % {"num": visit.viewer.number(days)}
    if hours:
        text = visit.ngettext(
            "%(num)s hour ahead of the machine", "%(num)s hours ahead of the machine", hours
        )
        return text % {"num": visit.viewer.number(hours)}
    return visit.gettext("as the machine's")


def _list_failures() -> list[tuple[str, list[tuple[int, str]]]]:
    """Returns the errors by group: each with its code, and a line that says what it is. An error is in the first group that fits."""
    found: dict[str, list[tuple[int, str]]] = {name: [] for name, _ in FAILURES}
    for fault in Fault:
        code, row = fault.row.code, fault.row
        if FAULTS_OTHERS_MIN <= code < SERVER_MIN:
            continue
        for name, begins in FAILURES:
            if fault.name.startswith(begins):
                found[name].append((code, f"{row.service or code} · {row.status} · {row.message}"))
                break
    return list(found.items())


def _read_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else None
