"""The days of an export: by default all that are kept, never more, and none that reports do not show yet."""

from datetime import UTC, date, datetime

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.exports.model import ExportKind
from jobmeter.exports.rules import check_range

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
TODAY, YESTERDAY, YEAR_AGO = date(2026, 11, 28), date(2026, 11, 27), date(2025, 11, 28)


@pytest.mark.parametrize("kind", ExportKind)
def test_the_default_is_all_that_is_kept(kind):
    last = YESTERDAY if kind in {ExportKind.JOB_REPORTS, ExportKind.BUDGET} else TODAY
    assert check_range(kind, None, None, now=NOW, kept_days=366) == (YEAR_AGO, last)
    assert check_range(kind, None, None, now=NOW, kept_days=30) == (date(2026, 10, 29), last)


@pytest.mark.parametrize(
    ("kind", "first", "last", "kept_days", "fault"),
    [
        ("charges", date(2026, 3, 2), date(2026, 3, 1), 366, Fault.RANGE_REVERSED),
        ("charges", date(2025, 11, 27), None, 366, Fault.RANGE_TOO_OLD),
        ("charges", date(2026, 10, 28), None, 30, Fault.RANGE_TOO_OLD),
        ("charges", None, date(2026, 11, 29), 366, Fault.RANGE_NOT_PAST),
        ("jobReports", None, TODAY, 366, Fault.RANGE_NOT_PAST),
    ],
)
def test_other_days_are_refused(kind, first, last, kept_days, fault):
    with pytest.raises(Refused) as refused:
        check_range(ExportKind(kind), first, last, now=NOW, kept_days=kept_days)
    assert refused.value.fault is fault


def test_documents_of_any_age_are_exported():
    first = date(2019, 1, 1)
    assert check_range(ExportKind.INVOICES, first, None, now=NOW, kept_days=366) == (first, TODAY)
