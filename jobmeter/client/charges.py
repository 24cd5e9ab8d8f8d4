"""Owns the stream of charges of a Jobmeter server: each charge, correction and restatement once, in order; and the clicks
that were not charged.

Does not own where a reader continues: keep the ``cursor`` of the last row that you have stored.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import msgspec

from jobmeter.base.ids import URN_JOB, read_urn
from jobmeter.base.readers.times import read_day
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.ranges import Span
from jobmeter.client.http.reading import Amount, Shape, decode, read_moment, read_money
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Charge, DayRestatement, UnchargedClicks

PATH = "/partner/charges"
NOT_CHARGED = "/partner/clicksNotCharged"
PAGE_ROWS = 1_000
RESTATEMENT = "RESTATEMENT"


class _Figures(Shape):
    views: int
    apply_clicks: int
    clicks_charged: int
    charge: str | None = None


class _Entry(Shape):
    type: str
    cursor: str
    external_job_posting_id: str
    job_posting: str
    developer_application: str
    day: str
    reference: str = ""
    amount: Amount | None = None
    booked_at: str = ""
    corrects: str | None = None
    cause: str = ""
    recorded_at: str = ""
    after: _Figures | None = None


class _Page(Shape):
    elements: tuple[_Entry, ...]
    cursor: str
    has_more: bool


class _Reason(Shape):
    reason: str
    clicks: int


class _JobDay(Shape):
    external_job_posting_id: str
    job_posting: str
    developer_application: str
    day: str
    received: int
    charged: int
    not_charged: tuple[_Reason, ...]


class _JobDays(Shape):
    elements: tuple[_JobDay, ...]
    next_after: str | None = None


_PAGE = msgspec.json.Decoder(_Page)
_JOB_DAYS = msgspec.json.Decoder(_JobDays)


class Charges:
    """The charges of a partner's contracts, or, with the token of a customer's application, of its own jobs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def follow(self, after: int = 0) -> Iterator[Charge | DayRestatement]:
        """Yields what was booked after the cursor, up to now; call it again with the last row's cursor for what follows."""
        has_more = True
        while has_more:
            parameters = {"after": after, "limit": PAGE_ROWS}
            rows, after, has_more = self._session.get(PATH, parameters, read=partial(_read_page, after))
            yield from rows

    def not_charged(self, first: date, last: date) -> Iterator[UnchargedClicks]:
        """Yields the jobs and days with clicks that were not charged, for as long as the server keeps their events."""
        span = {"from": first.isoformat(), "to": last.isoformat()}
        after: str | None = ""
        while after is not None:
            read = partial(_read_job_days, after, Span(first, last))
            rows, after = self._session.get(
                NOT_CHARGED, span | {"after": after} if after else span, read=read
            )
            yield from rows


def _read_job_days(after: str, span: Span, answer: Answer) -> tuple[list[UnchargedClicks], str | None]:
    """A page that came before shows jobs and days that are not after the requested ones."""
    page = decode(_JOB_DAYS, answer)
    rows = [_read_job_day(entry) for entry in page.elements]
    known = _read_position(after)
    for row in rows:
        if not span.contains(row.day):
            raise UnreadableError(f"the response is about {row.day}, which was not requested")
        if (row.job_id, row.day) <= known:
            raise UnreadableError(f"the response shows job {row.job_id} on {row.day} after {after!r}")
        known = row.job_id, row.day
    if page.next_after is not None and (not rows or _read_position(page.next_after) != known):
        raise UnreadableError(f"the response continues after {page.next_after[:80]!r}")
    return rows, page.next_after


def _read_position(text: str) -> tuple[int, date]:
    job_id, _, day_text = text.partition("-")
    day = read_day(day_text)
    return (int(job_id), day) if day is not None and job_id.isascii() and job_id.isdigit() else (0, date.min)


def _read_job_day(entry: _JobDay) -> UnchargedClicks:
    job_id = read_urn(entry.job_posting, URN_JOB)
    if job_id is None:
        raise UnreadableError(f"{entry.job_posting[:80]!r} is not a job")
    return UnchargedClicks(
        external_id=entry.external_job_posting_id,
        job_id=job_id,
        application_urn=entry.developer_application,
        day=_read_day(entry.day),
        received=entry.received,
        clicks_charged=entry.charged,
        reasons={one.reason: one.clicks for one in entry.not_charged},
    )


def _read_day(text: str) -> date:
    day = read_day(text)
    if day is None:
        raise UnreadableError(f"{text[:80]!r} is not a day")
    return day


def _read_page(after: int, answer: Answer) -> tuple[list[Charge | DayRestatement], int, bool]:
    """A page that came before shows cursors that are not after the requested one."""
    page = decode(_PAGE, answer)
    cursor = _read_cursor(page.cursor)
    rows = [_read_entry(entry) for entry in page.elements]
    known = after
    for row in rows:
        if row.cursor <= known:
            raise UnreadableError(f"the response shows cursor {row.cursor} after {known}")
        known = row.cursor
    if cursor < known or (page.has_more and cursor == after):
        raise UnreadableError(f"the response ends with cursor {cursor}, after {known}")
    return rows, cursor, page.has_more


def _read_cursor(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UnreadableError(f"{text[:80]!r} is not a cursor")
    return int(text)


def _read_entry(entry: _Entry) -> Charge | DayRestatement:
    about: Mapping[str, Any] = {
        "cursor": _read_cursor(entry.cursor),
        "external_id": entry.external_job_posting_id,
        "job_id": read_urn(entry.job_posting, URN_JOB),
        "application_urn": entry.developer_application,
        "day": _read_day(entry.day),
    }
    if entry.type == RESTATEMENT:
        return _read_restatement(entry, about)
    if entry.amount is None:
        raise UnreadableError(f"the response has a {entry.type[:80]} without an amount")
    return Charge(
        **about,
        kind=entry.type,
        reference=entry.reference,
        amount=read_money(entry.amount),
        booked_at=read_moment(entry.booked_at),
        corrects=entry.corrects,
    )


def _read_restatement(entry: _Entry, about: Mapping[str, Any]) -> DayRestatement:
    if entry.after is None:
        raise UnreadableError("the response has a restatement without figures")
    return DayRestatement(
        **about,
        cause=entry.cause,
        views=entry.after.views,
        apply_clicks=entry.after.apply_clicks,
        clicks_charged=entry.after.clicks_charged,
        charge=entry.after.charge,
        recorded_at=read_moment(entry.recorded_at),
    )
