"""Owns the stream of charges of a Jobmeter server: each charge, correction and restatement once, in order.

Does not own where a reader continues: keep the ``cursor`` of the last row that you have stored.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from jobmeter.base.ids import URN_JOB, read_urn
from jobmeter.base.readers.times import read_day
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.reading import Amount, Shape, decode, read_moment, read_money
from jobmeter.client.http.session import Session
from jobmeter.client.http.transport import Answer
from jobmeter.client.rows import Charge, DayRestatement

PATH = "/partner/charges"
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


_PAGE = msgspec.json.Decoder(_Page)


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
    day = read_day(entry.day)
    if day is None:
        raise UnreadableError(f"{entry.day[:80]!r} is not a day")
    about: Mapping[str, Any] = {
        "cursor": _read_cursor(entry.cursor),
        "external_id": entry.external_job_posting_id,
        "job_id": read_urn(entry.job_posting, URN_JOB),
        "application_urn": entry.developer_application,
        "day": day,
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
