"""Owns the streams that can be pulled: their columns, keys and who may read them; and the rows of each. Pure.

Amounts are integers of micros beside their currency. Every row begins with the name of the application in the configuration.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from jobmeter.base.money import Money
from jobmeter.client.rows import (
    Budget,
    Charge,
    DayRestatement,
    Invoice,
    InvoiceLine,
    JobReport,
    UnchargedClicks,
)

Row = tuple[object, ...]


class Kind(StrEnum):
    TEXT = "text"
    WHOLE = "whole number"
    DAY = "day"
    MOMENT = "moment"
    TRUTH = "truth"


class Caller(StrEnum):
    """``customer``: an application that posts jobs; ``partner``: its parent."""

    CUSTOMER = "customer"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """``columns`` are in the order of a row, the key first. Files have one month of ``month_column``, or everything."""

    name: str
    meaning: str
    keys: tuple[str, ...]
    columns: Mapping[str, Kind]
    callers: frozenset[Caller]
    has_linkedin: bool = False
    month_column: str = ""
    indexes: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        names = list(self.columns)
        assert tuple(names[: len(self.keys)]) == self.keys
        object.__setattr__(self, "indexes", {name: index for index, name in enumerate(names)})


T, W, D, M = Kind.TEXT, Kind.WHOLE, Kind.DAY, Kind.MOMENT
CUSTOMER, PARTNER = frozenset({Caller.CUSTOMER}), frozenset({Caller.PARTNER})

JOB_DAYS = Stream(
    name="job_days",
    meaning="views, apply clicks and charge of each job and UTC day",
    keys=("application", "contract", "day", "external_id"),
    columns={"application": T, "contract": W, "day": D, "external_id": T, "views": W, "apply_clicks": W,
             "charge_micros": W, "currency": T, "is_final": Kind.TRUTH},
    callers=CUSTOMER,
    has_linkedin=True,
    month_column="day",
)  # fmt: skip
JOBS = Stream(
    name="jobs",
    meaning="the jobs of these days, as reports show them",
    keys=("application", "contract", "external_id"),
    columns={"application": T, "contract": W, "external_id": T, "job_id": W, "title": T, "company_name": T,
             "apply_url": T, "closed_at": M, "campaign": T},
    callers=CUSTOMER,
    has_linkedin=True,
)  # fmt: skip
CLICKS_NOT_CHARGED = Stream(
    name="clicks_not_charged",
    meaning="clicks that were not charged, by job, UTC day and reason",
    keys=("application", "day", "job_id", "reason"),
    columns={"application": T, "day": D, "job_id": W, "reason": T, "external_id": T, "clicks": W},
    callers=CUSTOMER,
    month_column="day",
)
BUDGET = Stream(
    name="budget",
    meaning="what a contract has spent until the end of a UTC day, and its limit; one row for each day of a pull",
    keys=("application", "contract", "day"),
    columns={"application": T, "contract": W, "day": D, "spent_micros": W, "limit_micros": W, "currency": T,
             "starts_at": M, "ends_at": M},
    callers=PARTNER,
    has_linkedin=True,
    month_column="day",
)  # fmt: skip
CHARGES = Stream(
    name="charges",
    meaning="each charge, and each amount returned for one (`corrects`)",
    keys=("application", "cursor"),
    columns={"application": T, "cursor": W, "kind": T, "external_id": T, "job_id": W, "customer": T, "day": D,
             "reference": T, "amount_micros": W, "currency": T, "booked_at": M, "corrects": T},
    callers=CUSTOMER | PARTNER,
    month_column="booked_at",
)  # fmt: skip
RESTATEMENTS = Stream(
    name="restatements",
    meaning="each change of figures that reports had already shown, with the figures after it",
    keys=("application", "cursor"),
    columns={"application": T, "cursor": W, "external_id": T, "job_id": W, "customer": T, "day": D, "cause": T,
             "views": W, "apply_clicks": W, "clicks_charged": W, "charge": T, "recorded_at": M},
    callers=CUSTOMER | PARTNER,
    month_column="recorded_at",
)  # fmt: skip
INVOICES = Stream(
    name="invoices",
    meaning="invoices and credit notes, with what is open",
    keys=("application", "invoice_id"),
    columns={"application": T, "invoice_id": W, "kind": T, "number": T, "state": T, "month": T, "net_micros": W,
             "tax_micros": W, "total_micros": W, "open_micros": W, "currency": T, "due_on": D, "issued_at": M},
    callers=PARTNER,
)  # fmt: skip
INVOICE_LINES = Stream(
    name="invoice_lines",
    meaning="the lines of these documents",
    keys=("application", "invoice_id", "line"),
    columns={"application": T, "invoice_id": W, "line": W, "kind": T, "contract": W, "job_id": W, "external_id": T,
             "quantity": W, "price_micros": W, "net_micros": W, "currency": T},
    callers=PARTNER,
)  # fmt: skip

STREAMS = {
    stream.name: stream
    for stream in (
        *(JOB_DAYS, JOBS, CLICKS_NOT_CHARGED, BUDGET),
        *(CHARGES, RESTATEMENTS, INVOICES, INVOICE_LINES),
    )
}


def make_job_days(application: str, contract: int, report: JobReport, final_through: date) -> Iterator[Row]:
    for day in report.days:
        micros, currency = _split(day.charge)
        figures = (day.views, day.apply_clicks, micros, currency, day.day <= final_through)
        yield application, contract, day.day, report.external_id, *figures


def make_job(application: str, contract: int, report: JobReport) -> Row:
    about = (
        report.title,
        report.company_name,
        report.apply_url,
        report.closed_at,
        report.partner_campaign_id,
    )
    return application, contract, report.external_id, report.job_id, *about


def make_clicks(application: str, row: UnchargedClicks) -> Iterator[Row]:
    for reason, clicks in row.reasons.items():
        yield application, row.day, row.job_id, reason, row.external_id, clicks


def make_budget(application: str, contract: int, day: date, budget: Budget) -> Row:
    amounts = (budget.spent.amount_micros, budget.limit.amount_micros, budget.spent.currency)
    return application, contract, day, *amounts, budget.starts_at, budget.ends_at


def make_charge(application: str, row: Charge) -> Row:
    about = (row.cursor, row.kind, row.external_id, row.job_id, row.application_urn, row.day, row.reference)
    return application, *about, *_split(row.amount), row.booked_at, row.corrects


def make_restatement(application: str, row: DayRestatement) -> Row:
    about = (row.cursor, row.external_id, row.job_id, row.application_urn, row.day, row.cause)
    return application, *about, row.views, row.apply_clicks, row.clicks_charged, row.charge, row.recorded_at


def make_invoice(application: str, row: Invoice) -> Row:
    amounts = tuple(amount.amount_micros for amount in (row.net, row.tax, row.total, row.open))
    about = (row.id, row.kind, row.number, row.state, row.month)
    return application, *about, *amounts, row.total.currency, row.due_on, row.issued_at


def make_line(application: str, invoice_id: int, row: InvoiceLine) -> Row:
    about = (row.line, row.kind, row.contract_id, row.job_id, row.external_id, row.quantity)
    return application, invoice_id, *about, row.price.amount_micros, *_split(row.net)


def _split(amount: Money | None) -> tuple[int | None, str | None]:
    return (None, None) if amount is None else (amount.amount_micros, amount.currency)
