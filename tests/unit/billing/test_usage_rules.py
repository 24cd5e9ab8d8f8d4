"""The days of a month's usage, and the forecast to its end."""

from dataclasses import replace
from datetime import date

import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.usage import rules
from jobmeter.billing.usage.model import Amount, UsageKind, UsedContract

TODAY = date(2026, 11, 10)
CONTRACT = UsedContract(
    contract_id=1,
    shard=1,
    kind=UsageKind.CLICKS,
    currency="EUR",
    is_postpaid=False,
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    account_id=None,
    bills=None,
)


@pytest.mark.parametrize(
    ("month", "days_left"),
    [(date(2026, 11, 1), 20), (date(2026, 10, 1), 0), (date(2025, 12, 1), 0)],
)
def test_a_month_has_its_days(month, days_left):
    span = rules.make_span(month, today=TODAY, settled_through=date(2026, 11, 7))
    assert (span.days_left, span.final_through, span.mean_from) == (
        days_left,
        date(2026, 11, 7),
        date(2026, 11, 1),
    )


@pytest.mark.parametrize("month", [date(2026, 12, 1), date(2025, 11, 1), date(2020, 1, 1)])
def test_a_month_that_has_not_begun_or_is_not_kept_is_refused(month):
    with pytest.raises(Refused) as refused:
        rules.make_span(month, today=TODAY, settled_through=None)
    assert refused.value.fault is Fault.PARAMETER_INVALID


def test_without_a_settled_day_all_is_estimated():
    span = rules.make_span(date(2026, 11, 1), today=TODAY, settled_through=None)
    assert span.final_through < span.month
    assert rules.count_mean_days(CONTRACT, span) == 0


@pytest.mark.parametrize(
    ("starts_on", "days"), [(date(2026, 11, 6), 2), (date(2026, 11, 8), 0), (date(2020, 1, 1), 7)]
)
def test_the_mean_is_of_days_on_which_the_contract_existed(starts_on, days):
    span = rules.make_span(date(2026, 11, 1), today=TODAY, settled_through=date(2026, 11, 7))
    contract = replace(CONTRACT, starts_on=starts_on)
    assert rules.count_mean_days(contract, span) == days


@pytest.mark.parametrize(
    ("ends_on", "days"), [(date(2026, 12, 31), 20), (date(2026, 11, 13), 3), (date(2026, 11, 2), 0)]
)
def test_nothing_is_expected_after_the_end_of_a_contract(ends_on, days):
    span = rules.make_span(date(2026, 11, 1), today=TODAY, settled_through=date(2026, 11, 7))
    assert rules.count_days_left(replace(CONTRACT, ends_on=ends_on), span) == days


@pytest.mark.parametrize(
    ("currency", "recent", "mean_days", "days_left", "expected"),
    [
        ("EUR", Amount(quantity=7, micros=7_000_000), 7, 20, Amount(quantity=21, micros=21_000_000)),
        ("EUR", Amount(quantity=1, micros=1_000_000), 7, 1, Amount(quantity=1, micros=1_140_000)),
        ("EUR", Amount(quantity=1, micros=1_000_000), 8, 4, Amount(quantity=2, micros=1_500_000)),
        ("JPY", Amount(quantity=1, micros=100_000_000), 7, 1, Amount(quantity=1, micros=15_000_000)),
        ("KWD", Amount(quantity=1, micros=1_000_000), 7, 1, Amount(quantity=1, micros=1_143_000)),
        ("EUR", Amount(quantity=9, micros=9_000_000), 0, 20, Amount(quantity=1, micros=1_000_000)),
        ("EUR", Amount(quantity=9, micros=9_000_000), 7, 0, Amount(quantity=1, micros=1_000_000)),
    ],
)
def test_a_forecast_is_in_whole_minor_units(currency, recent, mean_days, days_left, expected):
    used = Amount(quantity=1, micros=1_000_000)
    found = rules.forecast(used, recent, mean_days=mean_days, days_left=days_left, currency=currency)
    assert found == expected
