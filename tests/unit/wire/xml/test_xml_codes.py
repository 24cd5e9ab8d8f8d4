"""The code tables: complete, distinct, and consistent with the JSON successor and ISO's countries."""

import re

import pytest
from babel import Locale

from jobmeter.wire.xml import code_tables

# Regions that CLDR lists in addition to the countries of ISO 3166-1, and one user-assigned code.
NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA", "XK"}


@pytest.mark.parametrize(
    ("table", "count", "form"),
    [
        (code_tables.JOB_FUNCTIONS, 34, "[a-z]{2,4}"),
        (code_tables.JOB_TYPES, 5, "[FPCTO]"),
        (code_tables.EXPERIENCE_LEVELS, 7, "[0-6]"),
        (code_tables.POSTER_ROLES, 4, "[HRSW]"),
        (code_tables.INDUSTRIES, 147, "[1-9][0-9]{0,2}"),
        (code_tables.COUNTRIES, 249, "[a-z]{2}"),
    ],
)
def test_tables_are_complete(table, count, form):
    assert len(table.names) == len(set(table.names.values())) == count
    assert all(re.fullmatch(form, code) and name == name.strip() != "" for code, name in table.names.items())
    assert all(table.find_code(symbol) == code for code, symbol in table.successors.items())


def test_industries_omit_only_two():
    assert {int(code) for code in code_tables.INDUSTRIES.names} == set(range(1, 149)) - {2}


def test_countries_are_those_of_cldr():
    territories = {code for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", code)} - NO_COUNTRIES
    assert set(code_tables.COUNTRIES.successors.values()) == territories


@pytest.mark.parametrize(
    ("table", "code", "name", "symbol"),
    [
        (code_tables.JOB_TYPES, "F", "Full-time", "FULL_TIME"),
        (code_tables.EXPERIENCE_LEVELS, "4", "Mid-Senior level", "MID_SENIOR_LEVEL"),
        (code_tables.JOB_FUNCTIONS, "prjm", "Project Management", "prjm"),
        (code_tables.INDUSTRIES, "4", "Computer Software", "urn:li:industry:4"),
        (code_tables.POSTER_ROLES, "R", "Company recruiter", None),
        (code_tables.COUNTRIES, "gb", "United Kingdom", "GB"),
    ],
)
def test_codes_have_names_and_successors(table, code, name, symbol):
    assert code in table
    assert table.names[code] == name
    assert table.successors.get(code) == symbol


@pytest.mark.parametrize(
    ("table", "text", "code"),
    [
        ("INDUSTRIES", "95", "95"),
        ("INDUSTRIES", "2125", "2125"),
        ("INDUSTRIES", "urn:li:industry:95", "95"),
        ("INDUSTRIES", "maritime", "95"),
        ("INDUSTRIES", "0", None),
        ("INDUSTRIES", "123456", None),
        ("INDUSTRIES", "shipping and so on", None),
        ("JOB_FUNCTIONS", "ENG", "eng"),
        ("JOB_FUNCTIONS", "Engineering", "eng"),
        ("JOB_FUNCTIONS", "hcpr", None),
        ("EXPERIENCE_LEVELS", "mid-senior level", "4"),
        ("EXPERIENCE_LEVELS", "MID_SENIOR_LEVEL", "4"),
        ("JOB_TYPES", "full-time", "F"),
        ("JOB_TYPES", "", None),
    ],
)
def test_a_code_is_found_by_code_symbol_and_name(table, text, code):
    assert getattr(code_tables, table).find(text) == code


@pytest.mark.parametrize("code", ["1", "148", "149", "2", "3256"])
def test_old_and_new_industries_are_codes(code):
    assert code in code_tables.INDUSTRIES


def test_unknown_codes_are_not_found():
    assert not any(code in code_tables.INDUSTRIES for code in ("0", "x", "123456", "", "٣", 7))
    assert code_tables.JOB_TYPES.find_code("VOLUNTEER") is None
