"""Owns the figures of a job by day, as its page shows them: a chart, its sentence, a table, and clicks not charged."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from jobmeter.base.days import day_of
from jobmeter.base.money import MICROS_PER_UNIT, minor_digits
from jobmeter.charts.model import Chart, Curve, Unit
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explanations
from jobmeter.explain.model import ExplainedDay
from jobmeter.jobs.members.model import JobKind, MemberJob
from jobmeter.partners.applications import flow as partners
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.click_reasons import write_reason
from jobmeter.reports.uncharged_clicks import flow as uncharged

DAYS_SHOWN_MAX = 92
MEASURES = {"charge": mark("Charge"), "clicks": mark("Apply clicks"), "views": mark("Views")}
FIRST_DAY = date(1970, 1, 1)


async def read_days(visit: Visit, shown: MemberJob) -> dict[str, Any]:
    """Returns what the page shows by day. Today is not shown: it would look like a collapse."""
    today, pays = day_of(visit.context.now), shown.job.kind is JobKind.CLICKS
    async with visit.app.database.connection() as connection:
        days = await explanations.list_days(connection, job_id=shown.job.job_id)
        reasons = await _count_reasons(connection, shown, today) if pays else Counter()
    past = [one for one in days if one.day < today]
    measures = {name: text for name, text in MEASURES.items() if pays or name != "charge"}
    wanted = visit.context.request.query_params.get("show", "")
    measure = wanted if wanted in measures else next(iter(measures))
    currency = shown.snapshot.limit.currency
    return {
        "days": past[::-1],
        "reasons": [(write_reason(visit, message), clicks) for message, clicks in reasons.most_common()],
        "measure": measure,
        "measures": measures,
        "chart": _make_chart(visit, past, measure, currency=currency) if past else None,
    }


async def _count_reasons(connection: Connection, shown: MemberJob, today: date) -> Counter[str]:
    job = shown.job
    application = await partners.find_application(connection, application_id=job.application_id)
    assert application is not None, "a job has an application"
    found: Counter[str] = Counter()
    after = (job.job_id, FIRST_DAY)
    while page := await uncharged.list_not_charged(
        connection,
        application=application,
        external_id=job.external_id,
        first=FIRST_DAY,
        last=today,
        after=after,
    ):
        for one in page:
            if one.job_id == job.job_id:
                found.update({message: clicks for _, message, clicks in one.list_reasons()})
        after = (page[-1].job_id, page[-1].day)
        if after[0] > job.job_id:
            break
    return found


def _make_chart(visit: Visit, past: list[ExplainedDay], measure: str, *, currency: str) -> Chart:
    """Every day from the first to the last has a bar, also one without figures."""
    last = past[-1].day
    first = max(past[0].day, last - timedelta(days=DAYS_SHOWN_MAX - 1))
    by_day = {one.day: one for one in past if one.day >= first}
    days = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
    estimated = [
        number for number, day in enumerate(days) if day in by_day and by_day[day].settled_at is None
    ]
    title = visit.gettext(MEASURES[measure])
    unit = (
        Unit(name=title)
        if measure != "charge"
        else Unit(name=currency, size=MICROS_PER_UNIT, digits=minor_digits(currency))
    )
    values = tuple(_measure(by_day.get(day), measure) for day in days)
    return Chart(
        title=title,
        days=days,
        curves=(Curve(name=title, values=values),),
        estimated_from=min(estimated, default=len(days)),
        unit=unit,
    )


def _measure(day: ExplainedDay | None, measure: str) -> int:
    if day is None:
        return 0
    return {"charge": day.charge_micros, "clicks": day.apply_clicks, "views": day.views}[measure]
