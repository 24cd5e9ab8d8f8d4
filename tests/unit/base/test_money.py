"""Amounts: decimal strings on the wire, integer micros inside, and no rounding."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import (
    AMOUNT_MICROS_MAX,
    MICROS_PER_UNIT,
    Money,
    format_amount,
    minor_digits,
    parse_amount,
    parse_positive_amount,
)

DIGITS = {"JPY": 0, "USD": 2, "EUR": 2, "KWD": 3}
CURRENCIES = st.sampled_from(sorted(DIGITS))


@pytest.mark.parametrize(("currency", "digits"), DIGITS.items())
def test_each_currency_has_its_number_of_decimal_places(currency, digits):
    assert minor_digits(currency) == digits


@given(CURRENCIES, st.data())
def test_whole_minor_units_survive_a_round_trip(currency, data):
    minor = 10 ** (6 - DIGITS[currency])
    units = data.draw(st.integers(-(AMOUNT_MICROS_MAX // minor), AMOUNT_MICROS_MAX // minor))

    text = format_amount(units * minor, currency)

    assert parse_amount(text, currency) == Money(units * minor, currency)
    whole, _, fraction = text.partition(".")
    assert len(fraction) == DIGITS[currency]
    assert whole.lstrip("-").isdigit()


@given(CURRENCIES, st.integers(-AMOUNT_MICROS_MAX, AMOUNT_MICROS_MAX))
def test_micros_finer_than_the_minor_unit_are_shown_in_full(currency, micros):
    whole, _, fraction = format_amount(micros, currency).lstrip("-").partition(".")

    assert int(whole) * MICROS_PER_UNIT + int(fraction.ljust(6, "0") or "0") == abs(micros)


@pytest.mark.parametrize(
    ("text", "currency", "micros"),
    [
        ("5", "USD", 5_000_000),
        ("5.0", "USD", 5_000_000),
        ("21.84", "USD", 21_840_000),
        ("0.01", "USD", 10_000),
        ("000.01", "USD", 10_000),
        ("500", "JPY", 500_000_000),
        ("1.234", "KWD", 1_234_000),
        ("-3.50", "USD", -3_500_000),
        ("-0", "USD", 0),
    ],
)
def test_an_amount_is_parsed(text, currency, micros):
    assert parse_amount(text, currency) == Money(micros, currency)


@pytest.mark.parametrize(
    ("text", "currency", "fault"),
    [
        ("1.001", "USD", Fault.AMOUNT_TOO_PRECISE),
        ("30.000", "USD", Fault.AMOUNT_TOO_PRECISE),  # zeros are decimal places too
        ("1000.0", "JPY", Fault.AMOUNT_TOO_PRECISE),
        ("1.0000", "KWD", Fault.AMOUNT_TOO_PRECISE),
        ("0.5", "JPY", Fault.AMOUNT_TOO_PRECISE),
        ("1.0001", "KWD", Fault.AMOUNT_TOO_PRECISE),
        ("1.000000000000000001", "USD", Fault.AMOUNT_TOO_PRECISE),
        ("9999999999999", "USD", Fault.AMOUNT_TOO_LARGE),
        ("12345678901234", "USD", Fault.AMOUNT_MALFORMED),  # more digits than any account can hold
        ("", "USD", Fault.AMOUNT_MALFORMED),
        (".5", "USD", Fault.AMOUNT_MALFORMED),
        ("5.", "USD", Fault.AMOUNT_MALFORMED),
        ("1e3", "USD", Fault.AMOUNT_MALFORMED),
        ("1,000", "USD", Fault.AMOUNT_MALFORMED),
        (" 5", "USD", Fault.AMOUNT_MALFORMED),
        ("+5", "USD", Fault.AMOUNT_MALFORMED),
        ("\u0665", "USD", Fault.AMOUNT_MALFORMED),  # a digit, but not ASCII
        ("5\n", "USD", Fault.AMOUNT_MALFORMED),
        ("NaN", "USD", Fault.AMOUNT_MALFORMED),
        ("5", "usd", Fault.CURRENCY_UNKNOWN),
        ("5", "US", Fault.CURRENCY_UNKNOWN),
        ("5", "ZZZ", Fault.CURRENCY_UNKNOWN),
        ("5", "ÜSD", Fault.CURRENCY_UNKNOWN),
        ("x", "", Fault.CURRENCY_UNKNOWN),  # the currency is checked first
    ],
)
def test_other_texts_are_refused(text, currency, fault):
    with pytest.raises(Refused) as refused:
        parse_amount(text, currency)
    assert refused.value.fault is fault


@pytest.mark.parametrize(("currency", "text"), [("USD", "0.00"), ("JPY", "0"), ("KWD", "0.000")])
def test_zero_has_no_sign(currency, text):
    assert format_amount(0, currency) == text


@pytest.mark.parametrize("text", ["0", "0.00", "-0.01", "-5"])
def test_a_positive_amount_must_be_above_zero(text):
    with pytest.raises(Refused) as refused:
        parse_positive_amount(text, "USD")
    assert refused.value.fault is Fault.AMOUNT_NOT_POSITIVE
    assert parse_positive_amount("0.01", "USD").amount_micros == 10_000


@given(st.text(max_size=30), CURRENCIES)
def test_any_text_is_parsed_or_refused(text, currency):
    with suppress(Refused):
        assert abs(parse_amount(text, currency).amount_micros) <= AMOUNT_MICROS_MAX


def test_money_accepts_only_integers():
    with pytest.raises(AssertionError):
        Money(True, "USD")
