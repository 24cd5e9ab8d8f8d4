"""Owns how charges, corrections and restatements are told as JSON values, over HTTP and in notices alike.

Does not own what they are (``model``, ``explain.model``).
"""

from typing import Any

from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.base.money import format_amount
from jobmeter.explain.model import Figures, Restatement
from jobmeter.ledger.model import Purpose
from jobmeter.reports.charge_stream.model import MoneyEntry, RestatementEntry
from jobmeter.settlement.model import RULES


def serialize_entry(entry: MoneyEntry | RestatementEntry) -> dict[str, Any]:
    about = {
        "cursor": str(entry.number),
        "jobPosting": f"{URN_JOB}{entry.job_id}",
        "externalJobPostingId": entry.external_id,
        "developerApplication": f"{URN_APPLICATION}{entry.application_id}",
        "day": entry.day.isoformat(),
    }
    if isinstance(entry, RestatementEntry):
        return {"type": "RESTATEMENT"} | about | serialize_restatement(entry.restatement, entry.currency)
    return (
        {"type": Purpose(entry.purpose).name}
        | about
        | {
            "reference": str(entry.reference),
            "amount": {"currencyCode": entry.unit, "amount": format_amount(entry.amount, entry.unit)},
            "bookedAt": entry.booked_at.isoformat(),
            "corrects": None if entry.corrects is None else str(entry.corrects),
        }
    )


def serialize_restatement(change: Restatement, currency: str) -> dict[str, Any]:
    return {
        "number": change.number,
        "recordedAt": change.recorded_at.isoformat(),
        "cause": "SETTLEMENT" if change.is_settlement else "LATE_EVENTS",
        "batch": None if change.is_settlement else change.batch,
        "reversed": {RULES[int(rule)].name: count for rule, count in sorted(change.reasons.items())},
        "change": serialize_figures(change.change, currency),
        "after": serialize_figures(change.after, currency),
    }


def serialize_figures(figures: Figures, currency: str) -> dict[str, Any]:
    return {
        "views": figures.views,
        "applyClicks": figures.apply_clicks,
        "clicksCharged": figures.clicks_charged,
        "clicksRefused": figures.clicks_refused,
        "charge": format_amount(figures.charge_micros, currency) if currency else None,
    }
