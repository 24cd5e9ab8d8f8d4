"""Owns the steps of a new partner to its first charged click: what is done is read from its data."""

from dataclasses import dataclass

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.database.connection import Connection
from jobmeter.job_lists import flow as job_lists
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.owned import find_partner_id
from jobmeter.reports.overview.model import Overview


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``path`` is where it is done, empty if nowhere on the pages. ``is_next`` marks the first that is not done."""

    text: str
    hint: str
    action: str = ""
    path: str = ""
    is_done: bool
    is_next: bool = False


async def read_steps(connection: Connection, visit: Visit, found: Overview) -> list[Step]:
    """Returns the steps of a partner that is new; none once something was charged, or its first job is a day old."""
    if found.days or any(one.final_micros or one.estimated_micros for one in found.contracts):
        return []
    partner_id = find_partner_id(visit)
    # A list in the order of posting would read all jobs of a partner that has many.
    today_ms = to_ms(start_of(day_of(visit.context.now)))
    if await job_lists.has_older_job(connection, partner_id=partner_id, before_ms=today_ms):
        return []
    two = ListedPage(after=0, rows_max=2)
    has_child = len(await partners.list_applications(connection, two, partner_id=partner_id)) > 1
    return _list_steps(visit, has_child=has_child, has_job=any(one.jobs for one in found.states))


def _list_steps(visit: Visit, *, has_child: bool, has_job: bool) -> list[Step]:
    """Returns all steps. The first is done: somebody looks at it."""
    hint = visit.gettext("Figures come the day after and are final on the third.")
    if visit.app.settings.sandbox:
        sandbox = visit.gettext(
            "In the sandbox: send clicks or turn traffic on, then move the clock by three days."
        )
        hint = f"{sandbox} {hint}"
    return [
        Step(text=visit.gettext("The partner's application is made"), hint="", is_done=True),
        Step(
            text=visit.gettext("Make a customer's application"),
            hint=visit.gettext("Each customer posts with its own credentials. The secret is shown once."),
            action=visit.gettext("Applications"),
            path=visit.site.find_own(f"{ROOT}/partner/applications") or "",
            is_done=has_child,
            is_next=not has_child,
        ),
        Step(
            text=visit.gettext("Post a job"),
            hint=visit.gettext("By the endpoints or a feed, with the id of a contract."),
            action=visit.gettext("Endpoints, each with an example"),
            path="/docs",
            is_done=has_job,
            is_next=has_child and not has_job,
        ),
        Step(text=visit.gettext("Let a day pass"), hint=hint, is_done=False),
    ]
