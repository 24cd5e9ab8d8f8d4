"""The code tables: complete, distinct, and in step with the JSON successor and with ISO's countries."""

import re

import pytest
from babel import Locale

from jobmeter.wire.xml import codes

# Regions that CLDR names beside the countries of ISO 3166-1, and one code that users assigned themselves.
NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA", "XK"}


@pytest.mark.parametrize(
    ("table", "count", "form"),
    [
        (codes.JOB_FUNCTIONS, 34, "[a-z]{2,4}"),
        (codes.JOB_TYPES, 5, "[FPCTO]"),
        (codes.EXPERIENCE_LEVELS, 7, "[0-6]"),
        (codes.POSTER_ROLES, 4, "[HRSW]"),
        (codes.INDUSTRIES, 147, "[1-9][0-9]{0,2}"),
        (codes.COUNTRIES, 249, "[a-z]{2}"),
    ],
)
def test_tables_are_complete(table, count, form):
    assert len(table.names) == len(set(table.names.values())) == count
    assert all(re.fullmatch(form, code) and name == name.strip() != "" for code, name in table.names.items())
    assert all(table.find_code(symbol) == code for code, symbol in table.successors.items())


def test_industries_leave_out_two_only():
    assert {int(code) for code in codes.INDUSTRIES.names} == set(range(1, 149)) - {2}


def test_countries_are_those_of_cldr():
    territories = {code for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", code)} - NO_COUNTRIES
    assert set(codes.COUNTRIES.successors.values()) == territories


@pytest.mark.parametrize(
    ("table", "code", "name", "symbol"),
    [
        (codes.JOB_TYPES, "F", "Full-time", "FULL_TIME"),
        (codes.EXPERIENCE_LEVELS, "4", "Mid-Senior level", "MID_SENIOR_LEVEL"),
        (codes.JOB_FUNCTIONS, "prjm", "Project Management", "prjm"),
        (codes.INDUSTRIES, "4", "Computer Software", "urn:li:industry:4"),
        (codes.POSTER_ROLES, "R", "Company recruiter", None),
        (codes.COUNTRIES, "gb", "United Kingdom", "GB"),
    ],
)
def test_codes_have_names_and_successors(table, code, name, symbol):
    assert code in table
    assert table.names[code] == name
    assert table.successors.get(code) == symbol


def test_unknown_codes_are_not_found():
    assert "2" not in codes.INDUSTRIES
    assert codes.JOB_TYPES.find_code("VOLUNTEER") is None
