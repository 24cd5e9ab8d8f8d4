"""Amounts in the whole minor units of a provider: never rounded, never times 100 where there are no cents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.currencies import CURRENT_DIGITS
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import AMOUNT_MICROS_MAX, Money, parse_amount
from jobmeter.billing.providers.rules import (
    STRIPE_DIGITS,
    STRIPE_STEPS,
    from_minor_units,
    to_minor_units,
)


@pytest.mark.parametrize(
    ("text", "currency", "units", "at_stripe"),
    [
        ("5.00", "USD", 500, 500),
        ("500", "JPY", 500, 500),
        ("5.000", "KWD", 5_000, 5_000),
        ("5.120", "KWD", 5_120, 5_120),
        ("5.0000", "CLF", 50_000, 50_000),
        ("500", "ISK", 500, 50_000),
        ("7", "UGX", 7, 700),
        ("7.00", "MGA", 700, 7),
        ("10.50", "HUF", 1_050, 1_050),
    ],
)
def test_an_amount_has_whole_minor_units(text: str, currency: str, units: int, at_stripe: int) -> None:
    amount = parse_amount(text, currency)
    assert to_minor_units(amount) == units
    assert to_minor_units(amount, digits=STRIPE_DIGITS, steps=STRIPE_STEPS) == at_stripe
    assert from_minor_units(units, currency) == amount
    assert from_minor_units(at_stripe, currency, digits=STRIPE_DIGITS) == amount


@pytest.mark.parametrize(("text", "currency"), [("5.123", "KWD"), ("7.50", "MGA")])
def test_what_stripe_cannot_take_is_refused_and_not_rounded(text: str, currency: str) -> None:
    with pytest.raises(Refused) as refused:
        to_minor_units(parse_amount(text, currency), digits=STRIPE_DIGITS, steps=STRIPE_STEPS)
    assert refused.value.fault is Fault.AMOUNT_TOO_PRECISE


def test_what_is_finer_than_a_minor_unit_is_refused() -> None:
    with pytest.raises(Refused):
        to_minor_units(Money(1, "USD"))


@given(st.sampled_from(sorted(CURRENT_DIGITS)), st.data())
def test_units_survive_a_round_trip(currency: str, data: st.DataObject) -> None:
    most = AMOUNT_MICROS_MAX // 10 ** (6 - STRIPE_DIGITS.get(currency, CURRENT_DIGITS[currency]))
    units = data.draw(st.integers(0, most // 10)) * STRIPE_STEPS.get(currency, 1)
    amount = from_minor_units(units, currency, digits=STRIPE_DIGITS)
    assert to_minor_units(amount, digits=STRIPE_DIGITS, steps=STRIPE_STEPS) == units


def test_units_beyond_all_amounts_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        from_minor_units(10**30, "USD")
    assert refused.value.fault is Fault.AMOUNT_TOO_LARGE
