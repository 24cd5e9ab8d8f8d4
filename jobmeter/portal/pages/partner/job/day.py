"""``/portal/partner/jobs/ID/days/DAY``: the clicks of a job's day, each with what became of it; its restatements and postings."""

from collections.abc import Iterable
from datetime import date
from functools import partial
from uuid import UUID

from starlette.responses import Response

from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers import times
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explanations
from jobmeter.explain.model import ClickOutcome, ExplainedClick
from jobmeter.exports.model import CURRENCY, Column, ColumnType, Table
from jobmeter.http.parameters import IDS_MAX, read_query_number
from jobmeter.ledger.model import Purpose
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.click_reasons import write_reason
from jobmeter.portal.pages.files import read_pages, send_tables
from jobmeter.portal.pages.my.jobs import describe
from jobmeter.portal.pages.my.owned import find_job, read_job_id
from jobmeter.portal.pages.partner.listed_jobs import StateChip
from jobmeter.settlement.model import RULES

ROWS_SHOWN = 50
COLUMNS = (
    Column("time", ColumnType.TIME, "when the click happened"),
    Column("outcome", ColumnType.TEXT, "CHARGED, BEYOND_BUDGET, NOT_PRICED, REFUSED or REVERSED"),
    Column("reason", ColumnType.TEXT, "why, in words"),
    Column(
        "amount",
        ColumnType.AMOUNT,
        "its price when it was charged, also if that was reversed; empty if it was not",
    ),
    Column(CURRENCY, ColumnType.TEXT, "currency of the amount (ISO 4217)"),
    Column(
        "charge", ColumnType.TEXT, "reference of the charge that contains the click, also after its reversal"
    ),
)


CHIPS = {
    ClickOutcome.CHARGED: StateChip(kind="good", shape="full", text=mark("Charged")),
    ClickOutcome.BEYOND_BUDGET: StateChip(kind="still", shape="empty", text=mark("Counted, free")),
    ClickOutcome.NOT_PRICED: StateChip(kind="still", shape="empty", text=mark("Counted, free")),
    ClickOutcome.REFUSED: StateChip(kind="still", shape="square", text=mark("Not counted")),
    ClickOutcome.REVERSED: StateChip(kind="warn", shape="half", text=mark("Reversed")),
}
PURPOSES = {
    Purpose.CHARGE: mark("Charge"),
    Purpose.REVERSE: mark("Reversal"),
    Purpose.RESERVE: mark("Reservation"),
    Purpose.RELEASE: mark("Release"),
}
OTHER_PURPOSE = mark("Correction")


async def show_day(visit: Visit) -> Response:
    """``?after=`` continues the clicks, ``?postings=`` the postings. Raises ``Refused``: JOB_UNKNOWN, OPERATOR_UNKNOWN, PARAMETER_INVALID."""
    found, day = await find_job(visit), _read_day(visit)
    postings_after = read_query_number(visit.context.request, "postings", 0, largest=IDS_MAX)
    async with visit.app.database.connection() as connection:
        explained = await explanations.explain_day(
            connection,
            job_id=read_job_id(visit),
            day=day,
            after=_read_after(visit),
            postings_after=postings_after,
            rows_max=ROWS_SHOWN,
        )
    return visit.show(
        "partner/job/day.html",
        **describe(visit, found),
        day=day,
        day_of=explained.day,
        currency=explained.job.currency,
        final_at=final_at(day, final_after_days=visit.app.settings.final_after_days),
        is_today=day >= day_of(visit.context.now),
        clicks=explained.click_page,
        postings=explained.page,
        numbers={one.reference: one.number for one in explained.page.postings},
        restatements=explained.restatements,
        chips=CHIPS,
        purposes=PURPOSES,
        other_purpose=OTHER_PURPOSE,
        rules=RULES,
        write_reason=partial(write_reason, visit),
    )


async def download_clicks(visit: Visit) -> Response:
    """Raises ``Refused``: JOB_UNKNOWN, OPERATOR_UNKNOWN, and as ``send_tables``."""
    found, day = await find_job(visit), _read_day(visit)
    async with visit.app.database.connection() as connection:
        await explanations.explain_day(connection, job_id=found.job.job_id, day=day, rows_max=1)

    async def read(connection: Connection, after: UUID) -> tuple[Table, UUID | None]:
        shown = await explanations.explain_day(connection, job_id=found.job.job_id, day=day, after=after)
        page = shown.click_page
        return _make_table(page.clicks, shown.job.currency), page.next_after

    name = f"job-{found.job.job_id}-clicks-{day.isoformat()}"
    return await send_tables(visit, name, COLUMNS, read_pages(visit, read, first=explanations.FIRST_KEY))


def _make_table(clicks: Iterable[ExplainedClick], currency: str) -> Table:
    rows = list(clicks)
    charged = [one.charge is not None and bool(currency) for one in rows]
    return Table(
        (
            [one.at for one in rows],
            [one.outcome.value for one in rows],
            [one.reason for one in rows],
            [
                one.amount_micros if is_charged else None
                for one, is_charged in zip(rows, charged, strict=True)
            ],
            [currency if is_charged else None for is_charged in charged],
            [None if one.charge is None else str(one.charge) for one in rows],
        ),
        [str(one.event_key) for one in rows],
    )


def _read_day(visit: Visit) -> date:
    day = times.read_day(visit.context.request.path_params["day"])
    if day is None:
        raise Refused(Fault.ROUTE_UNKNOWN)
    return day


def _read_after(visit: Visit) -> UUID:
    try:
        return UUID(visit.context.request.query_params.get("after") or str(explanations.FIRST_KEY))
    except ValueError as error:
        raise Refused(Fault.PARAMETER_INVALID, name="after") from error
