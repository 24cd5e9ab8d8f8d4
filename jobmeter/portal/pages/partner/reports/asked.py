"""Owns what the address of a page of figures asks for: a range of days, an application, and what is wrong with them.

What is wrong is said at its field, and nothing is read then. The ranges are those that the flows allow.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from jobmeter.base.days import day_of, one_year_before
from jobmeter.base.readers import times
from jobmeter.database.connection import Connection
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import ExportKind, ExportQuery
from jobmeter.http.parameters import CURSOR_DIGITS_MAX
from jobmeter.partners.model import Application
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit

# More customers than these are chosen by their number, not from a list.
CHOICES_MAX = 100
NO_DAY = mark("Enter a day such as 2026-11-27")
REVERSED = mark("The last day is before the first one")
TOO_OLD = mark("Figures are kept by day since %(day)s: choose that day or a later one")
TOO_NEW = mark("The day is not over: choose %(day)s or an earlier one")
NO_APPLICATION = mark("There is no such application: enter the number of one of your customers")
QUICK = {
    "yesterday": mark("Yesterday"),
    "week": mark("7 days"),
    "month": mark("This month"),
    "last-month": mark("Last month"),
    "year": mark("A year"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``texts`` are the fields as they were entered. Without ``problems`` the range is one that can be read."""

    first: date
    last: date
    earliest: date
    latest: date
    application_id: int | None
    texts: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    def write(self, **changed: str) -> str:
        """Returns the query of the same page with some parts changed."""
        return urlencode({name: text for name, text in (self.texts | changed).items() if text})


def read_asked(visit: Visit, *, latest: date, days: int) -> Asked:
    """``latest`` is the last day that may be asked for; by default, the last ``days`` days are."""
    today = day_of(visit.context.now)
    kept = timedelta(days=visit.app.settings.report_retention_days)
    earliest, given = max(one_year_before(today), today - kept), visit.context.request.query_params
    default = {"from": max(earliest, latest - timedelta(days=days - 1)).isoformat(), "to": latest.isoformat()}
    texts = {name: (given.get(name) or text).strip()[:40] for name, text in default.items()}
    texts["application"] = given.get("application", "").strip()[:40]
    read = {name: times.read_day(texts[name]) for name in default}
    first, last = read["from"] or earliest, read["to"] or latest
    problems = {name: visit.gettext(NO_DAY) for name, day in read.items() if day is None}
    if not problems:
        problems = _find_problems(visit, first, last, earliest=earliest, latest=latest)
    application_id = _read_number(texts["application"])
    if application_id is None and texts["application"]:
        problems["application"] = visit.gettext(NO_APPLICATION)
    return Asked(
        first=first,
        last=last,
        earliest=earliest,
        latest=latest,
        application_id=application_id,
        texts=texts,
        problems=problems,
    )


def _find_problems(visit: Visit, first: date, last: date, *, earliest: date, latest: date) -> dict[str, str]:
    problems = {}
    if first < earliest:
        problems["from"] = visit.gettext(TOO_OLD) % {"day": visit.viewer.day(earliest)}
    if last > latest:
        problems["to"] = visit.gettext(TOO_NEW) % {"day": visit.viewer.day(latest)}
    elif last < first:
        problems["to"] = visit.gettext(REVERSED)
    return problems


def _read_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX else None


def list_quick_ranges(asked: Asked) -> dict[str, str]:
    """Returns links to ranges that are often asked for, by their name."""
    last = asked.latest
    month = month_of_day(last)
    before = month_of_day(month - timedelta(days=1))
    ranges = {
        "yesterday": (last, last),
        "week": (last - timedelta(days=6), last),
        "month": (month, last),
        "last-month": (before, month - timedelta(days=1)),
        "year": (asked.earliest, last),
    }
    return {
        QUICK[
            name
        ]: f"?{asked.write(**{'from': max(first, asked.earliest).isoformat(), 'to': last_day.isoformat()})}"
        for name, (first, last_day) in ranges.items()
    }


def month_of_day(day: date) -> date:
    return day.replace(day=1)


async def list_children(
    connection: Connection, parent: Application, asked: Asked, visit: Visit
) -> tuple[Application, ...]:
    """Returns all customers of a partner."""
    every = ExportQuery(
        kind=ExportKind.JOB_REPORTS, caller=parent, first=asked.first, last=asked.last, now=visit.context.now
    )
    return (await kinds.find_scope(connection, every)).applications
