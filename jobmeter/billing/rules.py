"""Owns the decisions that every room of billing shares: months, series of numbers, the states of a document. Pure."""

import re
from datetime import date, datetime, timedelta

from jobmeter.base.days import FINAL_AFTER_DAYS, final_at, month_after, month_of
from jobmeter.billing.model import DocumentKind, DocumentState

SERIES_PREFIXES = {DocumentKind.INVOICE: "INV", DocumentKind.CREDIT_NOTE: "CN"}
_NUMBER = re.compile(r"([A-Z]{2,3}-[0-9]{4})-([0-9]{6,12})")


def last_day_of(month: date) -> date:
    return month_after(month) - timedelta(days=1)


def month_before(month: date) -> date:
    """Returns the first day of the month before."""
    return (month - timedelta(days=1)).replace(day=1)


def billable_at(month: date, *, final_after_days: int) -> datetime:
    """Returns when the last day of ``month`` becomes final, and so the month can be billed.

    A day is never settled before it accepts no more events, whatever the setting; see settlement.
    """
    return final_at(last_day_of(month), final_after_days=max(final_after_days, FINAL_AFTER_DAYS))


def last_billable_month(now: datetime, *, final_after_days: int) -> date:
    """Returns the last month that is over and final at ``now``."""
    month = month_before(month_of(now))
    while billable_at(month, final_after_days=final_after_days) > now:
        month = month_before(month)
    return month


def name_series(kind: DocumentKind, issued_on: date) -> str:
    """Returns the name of the series that numbers documents issued on that day: one series for each kind and year."""
    return f"{SERIES_PREFIXES[kind]}-{issued_on.year}"


def read_number(text: str) -> tuple[str, int] | None:
    """Returns series and sequence of ``INV-2026-000001``; ``None`` for every other text."""
    found = _NUMBER.fullmatch(text)
    return None if found is None else (found[1], int(found[2]))


def state_of(
    *,
    kind: DocumentKind,
    is_issued: bool,
    total_micros: int,
    credited_micros: int,
    paid_micros: int,
    due_on: date | None,
    today: date,
) -> DocumentState:
    """Returns the state of a document. Only a draft and an issued one differ in storage; the rest is derived."""
    if not is_issued:
        return DocumentState.DRAFT
    if kind is not DocumentKind.INVOICE:
        return DocumentState.ISSUED
    if credited_micros >= total_micros > 0:
        return DocumentState.CREDITED
    if paid_micros + credited_micros >= total_micros:
        return DocumentState.PAID
    if due_on is not None and due_on < today:
        return DocumentState.OVERDUE
    return DocumentState.PARTLY_PAID if paid_micros > 0 else DocumentState.OPEN
