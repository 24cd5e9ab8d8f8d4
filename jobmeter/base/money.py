"""Owns amounts: integers in millionths of a currency unit, and their decimal form on the wire.

Does not own prices, budgets or accounts. Never uses floats. Pure.
"""

import re
from dataclasses import dataclass

from jobmeter.base.currencies import CURRENT_DIGITS, KNOWN_DIGITS
from jobmeter.base.faults import Fault, Refused

MICROS_PER_UNIT = 1_000_000
AMOUNT_MICROS_MAX = 10**18 - 1  # sums of several still fit a signed 64-bit column

_DECIMAL = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    amount_micros: int
    currency: str

    def __post_init__(self) -> None:
        assert type(self.amount_micros) is int


def minor_digits(currency: str) -> int:
    """Returns the decimal places of ``currency`` (ISO 4217): 2 for USD, 0 for JPY, 3 for KWD.

    Withdrawn currencies are known too: a contract in one keeps working. Raises ``Refused(CURRENCY_UNKNOWN)``.
    """
    digits = KNOWN_DIGITS.get(currency)
    if digits is None:
        raise Refused(Fault.CURRENCY_UNKNOWN, currency=currency)
    return digits


def check_currency(currency: str) -> None:
    """Checks that a new contract or account may be kept in ``currency``. Raises ``Refused(CURRENCY_UNKNOWN)``."""
    if currency not in CURRENT_DIGITS:
        raise Refused(Fault.CURRENCY_UNKNOWN, currency=currency)


def parse_amount(text: str, currency: str) -> Money:
    """Parses a decimal string such as ``"5.00"``.

    Raises ``Refused`` with CURRENCY_UNKNOWN, AMOUNT_MALFORMED, AMOUNT_TOO_PRECISE (more decimal places than
    the currency has, zeros included) or AMOUNT_TOO_LARGE. Negative amounts are parsed; the caller decides whether to accept them.
    """
    digits_max = minor_digits(currency)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise Refused(Fault.AMOUNT_MALFORMED, amount=text[:40])
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > digits_max:
        raise Refused(Fault.AMOUNT_TOO_PRECISE, amount=text[:40], currency=currency, digits=digits_max)
    micros = int(whole) * MICROS_PER_UNIT + int(fraction.ljust(6, "0") or "0")
    if micros > AMOUNT_MICROS_MAX:
        raise Refused(Fault.AMOUNT_TOO_LARGE, amount=text[:40])
    return Money(-micros if sign else micros, currency)


def parse_positive_amount(text: str, currency: str) -> Money:
    """Like ``parse_amount``, but also raises ``Refused(AMOUNT_NOT_POSITIVE)``."""
    money = parse_amount(text, currency)
    if money.amount_micros <= 0:
        raise Refused(Fault.AMOUNT_NOT_POSITIVE, amount=text[:40])
    return money


def share_of(amount_micros: int, share_micros: int, *, currency: str) -> int:
    """Returns a share of an amount, in millionths of it, half away from zero in whole minor units; in SQL, `tax_of`."""
    minor_micros: int = MICROS_PER_UNIT // 10 ** minor_digits(currency)
    whole = 2 * MICROS_PER_UNIT * minor_micros
    minors = (2 * abs(amount_micros) * share_micros + MICROS_PER_UNIT * minor_micros) // whole
    return (-1 if amount_micros < 0 else 1) * minors * minor_micros


def format_amount(amount_micros: int, currency: str) -> str:
    """Returns an amount as a decimal string with the currency's number of decimal places: ``"21.84"``, ``"500"``.

    An amount finer than the minor unit is shown in full, not rounded.
    """
    digits = minor_digits(currency)
    sign = "-" if amount_micros < 0 else ""
    whole, micros = divmod(abs(amount_micros), MICROS_PER_UNIT)
    fraction = f"{micros:06d}"
    kept = max(digits, len(fraction.rstrip("0")))
    return f"{sign}{whole}.{fraction[:kept]}" if kept else f"{sign}{whole}"
