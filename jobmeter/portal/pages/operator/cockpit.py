"""``/portal/operator``: what the installation and its partners are doing; one field finds anything."""

from collections import Counter
from datetime import date, timedelta

from starlette.responses import Response

from jobmeter.audit import flow as audit
from jobmeter.audit.model import AuditFilter
from jobmeter.base.days import day_of, end_of
from jobmeter.base.readers.times import EARLIEST
from jobmeter.database.connection import Connection
from jobmeter.http.parameters import NO_ID, read_query_text
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.model import VERDICTS
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.audit import list_changes
from jobmeter.portal.pages.operator.programme.settlement import STATES, find_next_final, list_rows
from jobmeter.portal.pages.operator.standing import PARTNER_CHIPS
from jobmeter.reports.cockpit import flow as cockpit
from jobmeter.reports.search import flow as search
from jobmeter.reports.search.model import Hit, HitKind
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import RULES

OPERATOR = f"{ROOT}/operator"
PARTNERS_SHOWN, ACTS_SHOWN, DAYS_SHOWN, TRAFFIC_DAYS = 10, 5, 5, 7
# Of each kind of thing: its name, and the page that shows one.
KINDS = {
    HitKind.PARTNER: (mark("Partner"), f"{OPERATOR}/partners/"),
    HitKind.APPLICATION: (mark("Application"), f"{OPERATOR}/applications/"),
    HitKind.CONTRACT: (mark("Contract"), f"{OPERATOR}/contracts/"),
    HitKind.CUSTOMER_CONTRACT: (mark("Contract of a customer"), f"{OPERATOR}/contracts/"),
    HitKind.HIRING_CONTRACT: (mark("Hiring contract"), f"{OPERATOR}/hiring/"),
    HitKind.JOB: (mark("Job"), f"{OPERATOR}/explain/jobs/"),
    HitKind.CHARGE: (mark("Charge"), f"{OPERATOR}/explain/charges/"),
    HitKind.EVENT: (mark("Event"), f"{OPERATOR}/explain/events/"),
    HitKind.INVOICE: (mark("Invoice"), f"{OPERATOR}/billing/documents/"),
    HitKind.PERSON: (mark("Person"), f"{OPERATOR}/people/"),
}


async def show_cockpit(visit: Visit) -> Response:
    now = visit.context.now
    today = day_of(now)
    async with visit.app.database.snapshot() as connection:
        activity = await cockpit.read_activity(connection, now=now)
        settled_through = await settlement.read_settled_through(connection)
        days = await list_rows(connection, visit, before=today + timedelta(days=1), rows_max=DAYS_SHOWN)
        listed = await partners.list_partners(connection, ListedPage(after=0, rows_max=PARTNERS_SHOWN + 1))
        shown = listed[:PARTNERS_SHOWN]
        figures = await cockpit.list_partner_figures(
            connection, partner_ids=[one.id for one in shown], now=now
        )
        acts = await audit.list_records(connection, _make_filter(today))
        traffic = await _count_traffic(connection, today)
    return visit.show(
        "operator/cockpit.html",
        activity=activity,
        queues=activity.queues,
        settled_through=settled_through,
        next_final=find_next_final(visit, settled_through),
        days=days,
        states=STATES,
        traffic=traffic,
        partners=shown,
        has_more_partners=len(listed) > PARTNERS_SHOWN,
        figures={one.partner_id: one for one in figures},
        chips=PARTNER_CHIPS,
        acts=[(one, list_changes(one)) for one in acts],
    )


async def _count_traffic(connection: Connection, today: date) -> list[tuple[str, int]]:
    """Returns why clicks of the last days were refused at once or reversed at settlement, the most frequent reason first."""
    first, counts = today - timedelta(days=TRAFFIC_DAYS), Counter[str]()
    for refused in await filters.count_refusals(connection, first=first, last=today):
        counts[VERDICTS[refused.verdict].message] += refused.clicks
    for day in await settlement.list_days_before(connection, before=today, rows_max=TRAFFIC_DAYS):
        if day.day >= first:
            for rule, clicks in (day.reversed_by_rule or {}).items():
                counts[RULES[int(rule)].message] += clicks
    return counts.most_common()


def _make_filter(today: date) -> AuditFilter:
    return AuditFilter(below=NO_ID, rows_max=ACTS_SHOWN, since=EARLIEST, until=end_of(today))


async def find_anything(visit: Visit) -> Response:
    """The only thing that is found is opened at once."""
    text = read_query_text(visit.context.request, "q")
    async with visit.app.database.connection() as connection:
        hits = await search.find_anything(connection, text) if text else []
    if len(hits) == 1:
        return visit.redirect(_write_path(hits[0]))
    found = [(hit, KINDS[hit.kind][0], _write_path(hit)) for hit in hits]
    return visit.show("operator/found.html", search=text, hits=found)


def _write_path(hit: Hit) -> str:
    return f"{KINDS[hit.kind][1]}{hit.target}"
