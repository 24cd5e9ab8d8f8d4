"""Typed readers and versions: what is accepted as a long, a date, a URN, an active version."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.restli.syntax import RestliSyntaxError
from jobmeter.wire.restli.values import (
    ArgumentTypeError,
    RawDate,
    RawDateRange,
    Urn,
    parse_urn,
    read_date,
    read_date_range,
    read_long,
    read_record,
    read_text,
    read_texts,
)
from jobmeter.wire.restli.versions import (
    ACTIVE_VERSIONS,
    Version,
    VersionMissing,
    VersionNonexistent,
    check_version,
    expand_version,
    find_sunset,
    read_sunsets,
)

MARCH_3 = {"year": "2026", "month": "3", "day": "3"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, RawDateRange()),
        ("yesterday", RawDateRange()),
        ({}, RawDateRange()),
        ({"start": MARCH_3}, RawDateRange(RawDate(2026, 3, 3), None)),
        ({"end": "x"}, RawDateRange(None, RawDate())),
        ({"start": {"month": "1"}, "end": MARCH_3}, RawDateRange(RawDate(None, 1), RawDate(2026, 3, 3))),
        ({"start": {"year": "MMXX", "day": ["1"]}, "end": {}}, RawDateRange(RawDate(), RawDate())),
        ({"start": {"year": 2026, "month": 3, "day": True}}, RawDateRange(RawDate(2026, 3))),
    ],
)
def test_a_date_range_is_read_as_sent(value, expected):
    assert read_date_range(value) == expected


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (MARCH_3, date(2026, 3, 3)),
        ({"year": "2024", "month": "2", "day": "29"}, date(2024, 2, 29)),
        ({"year": "2026", "month": "2", "day": "29"}, None),
        ({"year": "2026", "month": "13", "day": "1"}, None),
        ({"year": "-5", "month": "1", "day": "1"}, None),
        ({"year": "999999999999999999", "month": "1", "day": "1"}, None),
        ({"year": "2026", "month": "3"}, None),
        ({"year": "2026", "day": "3"}, None),
        ({"month": "3", "day": "3"}, None),
    ],
)
def test_a_date_is_a_calendar_day_or_none(value, day):
    assert read_date(value).as_day() == day


@pytest.mark.parametrize(
    ("value", "number"),
    [("2008128679", 2008128679), ("-7", -7), (12, 12), ("9223372036854775807", 2**63 - 1)],
)
def test_a_long_is_read(value, number):
    assert read_long("id", value) == number


@pytest.mark.parametrize(
    "value",
    ["", "1.0", "9223372036854775808", "9" * 5000, True, None, ["1"], 2**63, "\N{ARABIC-INDIC DIGIT ONE}"],
)
def test_other_values_are_refused_with_the_message_of_the_framework(value):
    with pytest.raises(ArgumentTypeError) as caught:
        read_long("partnerContractId", value)
    text = f"Argument parameter 'partnerContractId' value '{value}' must be of type 'java.lang.Long'"
    assert caught.value.text == text == str(caught.value)


def test_texts_and_records_are_read():
    assert read_text("q", "x") == "x"
    assert read_texts("ids", ["a", "b"]) == ("a", "b")
    assert read_texts("ids", "a", single=True) == ("a",)
    money = {"currencyCode": "EUR", "amount": "5.00"}
    assert read_record("budget", money) == money


@pytest.mark.parametrize(
    ("read", "value"),
    [(read_text, ["x"]), (read_texts, "a"), (read_texts, ["a", {}]), (read_texts, {}), (read_record, "x")],
)
def test_wrong_shapes_are_refused(read, value):
    with pytest.raises(ArgumentTypeError, match="Argument parameter 'p' value "):
        read("p", value)


@pytest.mark.parametrize(
    ("text", "urn"),
    [
        ("urn:li:contract:5", Urn("li", "contract", "5")),
        ("urn:li:simpleJobPostingTask:0f-9e", Urn("li", "simpleJobPostingTask", "0f-9e")),
        ("urn:li:pair:(urn:li:a:1,2)", Urn("li", "pair", "(urn:li:a:1,2)")),
    ],
)
def test_a_urn_is_parsed_and_formatted(text, urn):
    assert parse_urn(text) == urn
    assert parse_urn(text, kind=urn.kind) == urn
    assert str(urn) == text


@pytest.mark.parametrize(
    "text", ["", "5", "urn:li:contract", "urn:li:contract:", "urn:li::5", "URN:li:x:5", "urn:li:x:a b"]
)
def test_malformed_urns_are_refused(text):
    with pytest.raises(RestliSyntaxError, match=r"is not a valid urn$"):
        parse_urn(text)


def test_a_urn_of_another_kind_is_refused():
    with pytest.raises(RestliSyntaxError, match="is not a valid urn of type contract"):
        parse_urn("urn:li:organization:5", kind="contract")


@given(st.text(max_size=30))
def test_any_text_is_refused_or_a_urn_with_the_same_text(text):
    with suppress(RestliSyntaxError):
        assert str(parse_urn(text)) == text


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("202504", "20250401"),
        ("202504.01", "20250401"),
        ("20250401", "20250401"),
        ("202508.02", "20250802"),
        ("2025", "2025"),
        ("2025041", "2025041"),
        ("latest", "latest"),
    ],
)
def test_a_version_is_expanded(text, expanded):
    assert expand_version(text) == expanded


@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        (None, VersionMissing()),
        ("  ", VersionMissing()),
        (" 202504 ", Version("20250401")),
        ("20250401", Version("20250401")),
        ("202508.02", Version("20250802")),
        ("202504.02", VersionNonexistent("20250402")),
        ("201901", VersionNonexistent("20190101")),
        ("latest", VersionNonexistent("latest")),
    ],
)
def test_a_version_is_active_missing_or_nonexistent(header, outcome):
    assert check_version(header) == outcome


def test_the_active_versions_can_be_set():
    assert check_version("209901", ("209901",)) == Version("20990101")
    assert check_version("202504", ()) == VersionNonexistent("20250401")


@pytest.mark.parametrize("version", ACTIVE_VERSIONS)
def test_a_version_is_served_until_its_sunset(version):
    sunset = find_sunset(version)
    assert sunset == date(int(version[:4]) + 4, int(version[4:6]), 1)
    assert check_version(version, today=sunset - timedelta(days=1)) == Version(expand_version(version))
    assert check_version(version, today=sunset) == VersionNonexistent(expand_version(version))
    moved = read_sunsets(f"202001 = 2020-02-01, {version}=2031-07-09")
    assert isinstance(check_version(version, today=date(2031, 7, 8), sunsets=moved), Version)
    assert isinstance(check_version(version, today=date(2031, 7, 9), sunsets=moved), VersionNonexistent)
    never = read_sunsets(f"{version}=never")
    assert isinstance(check_version(version, today=date(9999, 12, 30), sunsets=never), Version)


@pytest.mark.parametrize(
    "setting", ["202504", "202504=", "202504=soon", "latest=2027-01-01", "202504=2027-02-30"]
)
def test_a_malformed_sunset_is_named(setting):
    with pytest.raises(ValueError, match="is not a version and the day of its sunset"):
        read_sunsets(setting)


def test_versions_compare_chronologically():
    versions = [check_version(text) for text in ACTIVE_VERSIONS]
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)
