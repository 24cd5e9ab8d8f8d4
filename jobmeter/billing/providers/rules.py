"""Owns the conversion of amounts to a provider's whole minor units, and back. Pure.

This is the only place where amounts have minor units.
"""

from collections.abc import Mapping
from types import MappingProxyType

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import AMOUNT_MICROS_MAX, MICROS_PER_UNIT, Money, format_amount, minor_digits

# Where Stripe's unit is not the minor unit of ISO 4217: the first two are written with two places for compatibility,
# the third has none.
STRIPE_DIGITS: Mapping[str, int] = MappingProxyType({"ISK": 2, "UGX": 2, "MGA": 0})
# Stripe takes three places only if the last is zero.
STRIPE_STEPS: Mapping[str, int] = MappingProxyType(dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 10))
NOTHING: Mapping[str, int] = MappingProxyType({})


def to_minor_units(
    amount: Money, *, digits: Mapping[str, int] = NOTHING, steps: Mapping[str, int] = NOTHING
) -> int:
    """Returns the amount in whole minor units: 500 for 5.00 USD and for 500 JPY, 5000 for 5.000 KWD.

    ``digits`` and ``steps`` are the provider's own, by currency. Raises ``Refused(AMOUNT_TOO_PRECISE)``, never rounds.
    """
    places = digits.get(amount.currency, minor_digits(amount.currency))
    unit_micros = _unit_micros(places)
    minor_micros = unit_micros * steps.get(amount.currency, 1)
    if amount.amount_micros % minor_micros:
        shown = format_amount(amount.amount_micros, amount.currency)
        raise Refused(Fault.AMOUNT_TOO_PRECISE, amount=shown, currency=amount.currency, digits=places)
    return amount.amount_micros // unit_micros


def from_minor_units(units: int, currency: str, *, digits: Mapping[str, int] = NOTHING) -> Money:
    """The amount of whole minor units. Raises ``Refused``: CURRENCY_UNKNOWN, AMOUNT_TOO_LARGE."""
    micros = units * _unit_micros(digits.get(currency, minor_digits(currency)))
    if abs(micros) > AMOUNT_MICROS_MAX:
        raise Refused(Fault.AMOUNT_TOO_LARGE, amount=units)
    return Money(micros, currency)


def _unit_micros(places: int) -> int:
    return MICROS_PER_UNIT // int(10**places)
