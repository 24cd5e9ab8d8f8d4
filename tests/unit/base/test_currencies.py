"""The table of currencies: that of ISO 4217, with what earlier versions accepted, whatever locale data says."""

import subprocess
import sys

import iso4217
import pytest
from babel.core import get_global
from babel.localedata import load

from jobmeter.base.currencies import CURRENT_DIGITS, FORMER_DIGITS
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import check_currency, format_amount, minor_digits, parse_amount

# Where locale data differs from ISO 4217, or changed from one version to the next.
DISPUTED = {
    "HUF": 2,
    "COP": 2,
    "IDR": 2,
    "IQD": 3,
    "AFN": 2,
    "RSD": 2,
    "SYP": 2,
    "CLF": 4,
    "UYW": 4,
    "UYI": 0,
}


def test_the_table_is_that_of_the_standard():
    standard = {currency.code: currency.exponent for currency in iso4217.Currency}
    assert {code: digits for code, digits in standard.items() if digits is not None} == CURRENT_DIGITS
    assert {code for code, digits in standard.items() if digits is None} <= set(FORMER_DIGITS)


@pytest.mark.parametrize(("currency", "digits"), DISPUTED.items())
def test_the_standard_decides_where_locale_data_differs(currency, digits):
    assert minor_digits(currency) == digits
    assert parse_amount("7" + ("." + "5" * digits if digits else ""), currency).amount_micros >= 7_000_000


def test_a_code_is_current_or_former():
    assert set(CURRENT_DIGITS).isdisjoint(FORMER_DIGITS)
    for code in (*CURRENT_DIGITS, *FORMER_DIGITS):
        assert (len(code), code.isascii(), code.isupper()) == (3, True, True), code


def test_every_currency_that_earlier_versions_accepted_is_still_read():
    """They took their list from locale data: what they stored is parsed and formatted, with the same decimal places."""
    accepted = load("en")["currency_names"]
    digits = get_global("currency_fractions")
    assert set(accepted) <= {*CURRENT_DIGITS, *FORMER_DIGITS}
    for code in set(accepted) & set(FORMER_DIGITS):
        assert minor_digits(code) == digits.get(code, digits["DEFAULT"])[0], code
        assert parse_amount(format_amount(12_000_000, code), code).amount_micros == 12_000_000


@pytest.mark.parametrize("currency", ["DEM", "HRK", "BGN", "XAU", "XXX", "XTS", "ZZZ", "eur", ""])
def test_a_new_contract_needs_a_current_currency(currency):
    with pytest.raises(Refused) as refused:
        check_currency(currency)
    assert refused.value.fault is Fault.CURRENCY_UNKNOWN
    check_currency("EUR")


def test_amounts_are_read_without_a_library_of_locale_data():
    code = "import sys, jobmeter.base.money; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
